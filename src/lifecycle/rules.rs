//! What a policy says about the life of its strategies, ready to be asked.

use crate::ir::{CampaignSettings, Lifecycle, PromotionMode, RiskExit, Step};
use crate::policy::Policy;

/// After how many days an override falls due for review.
const REVIEW_DAYS: i64 = 90;
/// The same in a world of the high tier.
const REVIEW_DAYS_HIGH_TIER: i64 = 30;
/// Seconds of a day.
const DAY: i64 = 86_400;

/// The lifecycle settings of a policy for one world.
#[derive(Debug, Clone)]
pub struct WorldRules {
    /// The world.
    pub world: String,
    /// Hash of the policy: approvals name it.
    pub ruleset_hash: String,
    /// Whether anything may go live.
    pub allow_live: bool,
    /// Whether a promotion needs a fresh risk snapshot.
    pub require_risk_snapshot: bool,
    /// How live is decided.
    pub mode: PromotionMode,
    /// Seconds between applies.
    pub cooldown: Option<f64>,
    /// Most live strategies.
    pub max_live_slots: Option<f64>,
    /// Share of runs that `auto_apply` takes.
    pub canary_fraction: Option<f64>,
    /// Who may approve, reject and resume; anyone where empty.
    pub approvers: Vec<String>,
    /// Whether a broken risk rule stops a live strategy at once.
    pub risk_exit: bool,
    /// `campaign`, if written.
    pub campaign: Option<CampaignSettings>,
    /// Whether the world is of the high tier.
    pub high_tier: bool,
    /// Keys for other programs, as `key: value`.
    pub carried: Vec<String>,
}

/// Why a policy cannot rule a world.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RulesError {
    /// The policy is another world's.
    #[error("the policy is for world `{policy}`, not `{asked}`: leave the world out or take the policy of `{asked}`")]
    OtherWorld {
        /// The policy's world.
        policy: String,
        /// The world asked for.
        asked: String,
    },
    /// Nobody names a world.
    #[error("the policy names no world: give one")]
    NoWorld,
}

impl WorldRules {
    /// The rules of a policy. `world` is for policies that name none; `allow_live` counts only where the
    /// policy does not write it.
    ///
    /// # Errors
    /// If the policy is another world's, or nobody names a world.
    pub fn new(policy: &Policy, world: Option<&str>, allow_live: Option<bool>) -> Result<Self, RulesError> {
        let program = policy.program();
        let world = match (program.world.as_deref(), world) {
            (Some(policy), Some(asked)) if policy != asked => {
                return Err(RulesError::OtherWorld { policy: policy.to_owned(), asked: asked.to_owned() });
            }
            (Some(world), _) | (None, Some(world)) => world.to_owned(),
            (None, None) => return Err(RulesError::NoWorld),
        };
        let carried = program.carried.iter().map(|carried| format!("{}: {}", carried.path, carried.value));
        let mut rules = Self::of(&program.lifecycle, world, policy.ruleset_hash().to_owned(), allow_live);
        rules.carried = carried.collect();
        rules.risk_exit = program
            .steps
            .iter()
            .all(|step| !matches!(step, Step::Streaks(streaks) if streaks.risk_exit == RiskExit::Hysteresis));
        Ok(rules)
    }

    fn of(lifecycle: &Lifecycle, world: String, ruleset_hash: String, given: Option<bool>) -> Self {
        let governance = &lifecycle.governance;
        let written = lifecycle.allow_live.written.is_some();
        let allow_live = if written { lifecycle.allow_live.value } else { given.unwrap_or(lifecycle.allow_live.value) };
        let required = &governance.require_risk_snapshot;
        Self {
            world,
            ruleset_hash,
            allow_live,
            // Unwritten, the requirement follows what holds in the end.
            require_risk_snapshot: if required.written.is_some() { required.value } else { allow_live },
            mode: governance.mode.value,
            cooldown: governance.cooldown.as_ref().map(|setting| setting.value),
            max_live_slots: governance.max_live_slots.as_ref().map(|setting| setting.value),
            canary_fraction: governance.canary_fraction.as_ref().map(|setting| setting.value),
            approvers: governance.approvers.value.iter().map(|name| name.trim().to_owned()).collect(),
            risk_exit: true,
            campaign: lifecycle.campaign.clone(),
            high_tier: lifecycle.risk_profile.tier.as_ref().is_some_and(|tier| tier.value == "high"),
            carried: Vec::new(),
        }
    }

    /// Whether an actor may approve, reject and resume.
    #[must_use]
    pub fn is_approver(&self, actor: &str) -> bool {
        self.approvers.is_empty() || self.approvers.iter().any(|known| known == actor.trim())
    }

    /// Seconds after which an override falls due for review.
    #[must_use]
    pub fn review_after(&self) -> i64 {
        DAY * if self.high_tier { REVIEW_DAYS_HIGH_TIER } else { REVIEW_DAYS }
    }
}
