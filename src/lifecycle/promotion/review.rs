//! Looks at the runs of a world and says of each whether it may go live, and what that would change.

use std::collections::{BTreeSet, HashMap, HashSet};

use jiff::Timestamp;

use super::{BlockReason, Candidate, Candidates, Circumstances, PlannedChange, PromotionPlan, RISK_SNAPSHOT_FRESH};
use crate::diag::nearest;
use crate::ir::PromotionMode;
use crate::lifecycle::campaign::{campaign_status, whole_seconds};
use crate::lifecycle::record::{RunRecord, Standing};
use crate::lifecycle::rules::WorldRules;
use crate::lifecycle::words::{OverrideStatus, Stage};

use super::canary::canary_allows;

/// Version of the documents.
const SCHEMA_VERSION: u32 = 1;

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// A strategy without runs.
    #[error("there is no run of `{strategy}`{hint}")]
    UnknownStrategy {
        /// The strategy.
        strategy: String,
        /// What was probably meant.
        hint: String,
    },
    /// A run that the strategy has not.
    #[error("`{strategy}` has no run `{run}`{hint}")]
    UnknownRun {
        /// The strategy.
        strategy: String,
        /// The run.
        run: String,
        /// What was probably meant.
        hint: String,
    },
}

/// The runs of a world under its rules, at a moment.
pub struct Review<'r> {
    rules: &'r WorldRules,
    circumstances: &'r Circumstances,
    now: Timestamp,
    runs: HashMap<(&'r str, &'r str), &'r RunRecord>,
    latest: HashMap<(&'r str, Stage), &'r RunRecord>,
    promotable: HashSet<String>,
    live: BTreeSet<String>,
}

impl<'r> Review<'r> {
    /// Looks at the runs of a world.
    #[must_use]
    pub fn new(rules: &'r WorldRules, runs: &'r [RunRecord], circumstances: &'r Circumstances, now: Timestamp) -> Self {
        let mut latest: HashMap<(&str, Stage), &RunRecord> = HashMap::new();
        for run in runs.iter().filter(|run| run.standing != Standing::Superseded) {
            let known = latest.entry((&run.strategy_id, run.stage)).or_insert(run);
            if known.order() < run.order() {
                *known = run;
            }
        }
        let status = campaign_status(rules, runs, None, now).strategies;
        Self {
            rules,
            circumstances,
            now,
            runs: runs.iter().map(|run| ((run.strategy_id.as_str(), run.run_id.as_str()), run)).collect(),
            latest,
            promotable: status.into_iter().filter(|one| one.promotable_to_live).map(|one| one.strategy_id).collect(),
            live: circumstances.current_active.clone().unwrap_or_default(),
        }
    }

    /// What promoting a run would change, and what stands in the way.
    ///
    /// # Errors
    /// If the run is unknown.
    pub fn plan(&self, strategy: &str, run: &str) -> Result<PromotionPlan, PlanError> {
        let found = self.find(strategy, run)?;
        let target = self.target(found);
        let reasons = self.blocked(found, target.len());
        let pending = reasons == [BlockReason::ManualApprovalRequired];
        Ok(PromotionPlan {
            schema_version: SCHEMA_VERSION,
            world_id: self.rules.world.clone(),
            strategy_id: strategy.to_owned(),
            run_id: run.to_owned(),
            plan: self.change(&target),
            target_active: target.iter().cloned().collect(),
            current_active: self.live.iter().cloned().collect(),
            promotion_mode: self.rules.mode,
            override_status: self.override_status(found),
            pending_manual_approval: pending,
            eligible: pending || reasons.is_empty(),
            blocked_reasons: reasons,
            cooldown_remaining_sec: self.cooldown_remaining(),
            max_live_slots: self.rules.max_live_slots,
            canary_fraction: self.rules.canary_fraction,
            assumptions: self.assumptions(found, &target),
        })
    }

    /// The strategies that are not live and have a paper run, each by its latest.
    #[must_use]
    pub fn candidates(&self) -> Candidates {
        let papers = self.latest.iter().filter(|((id, stage), _)| *stage == Stage::Paper && !self.live.contains(*id));
        let mut papers: Vec<_> = papers.map(|(_, run)| *run).collect();
        crate::order::sort_by(&mut papers, |left, right| left.strategy_id.cmp(&right.strategy_id));
        let candidate = |run: &RunRecord| {
            let target = self.target(run);
            let reasons = self.blocked(run, target.len());
            let pending = reasons == [BlockReason::ManualApprovalRequired];
            Candidate {
                strategy_id: run.strategy_id.clone(),
                run_id: run.run_id.clone(),
                override_status: self.override_status(run),
                pending_manual_approval: pending,
                eligible: pending || reasons.is_empty(),
                blocked_reasons: reasons,
                plan: self.change(&target),
            }
        };
        Candidates {
            schema_version: SCHEMA_VERSION,
            world_id: self.rules.world.clone(),
            generated_at: self.now,
            promotion_mode: self.rules.mode,
            candidates: papers.into_iter().map(candidate).collect(),
        }
    }

    /// The latest paper run of a strategy, if nothing about the strategy itself keeps it from being live.
    #[must_use]
    pub fn qualified(&self, strategy: &str) -> Option<&'r RunRecord> {
        let run = self.latest.get(&(strategy, Stage::Paper))?;
        self.blocked(run, 0).into_iter().all(BlockReason::is_passing).then_some(*run)
    }

    fn find(&self, strategy: &str, run: &str) -> Result<&'r RunRecord, PlanError> {
        if let Some(found) = self.runs.get(&(strategy, run)) {
            return Ok(found);
        }
        let near = |name: &str, known: BTreeSet<&str>| {
            let near = nearest(name, known.iter().copied()).map(|near| format!(": did you mean `{near}`?"));
            near.unwrap_or_else(|| format!(": there are {}", shortened(known)))
        };
        let own: BTreeSet<_> = self.runs.keys().filter(|(id, _)| *id == strategy).map(|(_, run)| *run).collect();
        let strategy = strategy.to_owned();
        if own.is_empty() {
            let hint = near(&strategy, self.runs.keys().map(|(id, _)| *id).collect());
            return Err(PlanError::UnknownStrategy { strategy, hint });
        }
        Err(PlanError::UnknownRun { strategy, run: run.to_owned(), hint: near(run, own) })
    }

    /// What would be live: the active set of the run; nothing changes where it names none.
    fn target(&self, run: &RunRecord) -> BTreeSet<String> {
        let Some(active) = &run.active_set else { return self.live.clone() };
        let comes_along = |id: &&String| {
            !self.circumstances.whole_record
                || **id == run.strategy_id
                || self.live.contains(*id)
                || self.qualified(id).is_some()
        };
        active.iter().filter(comes_along).cloned().collect()
    }

    fn change(&self, target: &BTreeSet<String>) -> PlannedChange {
        PlannedChange {
            activate: target.difference(&self.live).cloned().collect(),
            deactivate: self.live.difference(target).cloned().collect(),
        }
    }

    fn blocked(&self, run: &RunRecord, slots: usize) -> Vec<BlockReason> {
        let (rules, id) = (self.rules, run.strategy_id.as_str());
        let latest = self.latest.get(&(id, run.stage)).is_some_and(|latest| latest.run_id == run.run_id);
        let manual = rules.mode == PromotionMode::ManualApproval;
        let canary = || canary_allows(rules.canary_fraction, &rules.world, id, &run.run_id);
        let holds = |reason: BlockReason| match reason {
            BlockReason::PromotionDisabled => rules.mode == PromotionMode::Disabled || !rules.allow_live,
            BlockReason::NotPaperStage => run.stage != Stage::Paper,
            BlockReason::ValidationFailed => !run.qualifies() || rules.mode == PromotionMode::AutoApply && run.stopped,
            BlockReason::CampaignIncomplete => rules.campaign.is_some() && !self.promotable.contains(id),
            BlockReason::RiskSnapshotMissingOrExpired => !self.risk_is_known(),
            BlockReason::CooldownActive => self.cooldown_remaining().is_some_and(|seconds| seconds > 0),
            BlockReason::MaxLiveSlotsExceeded => rules.max_live_slots.is_some_and(|most| slots as f64 > most),
            BlockReason::OverrideRejected => run.spoken.status == OverrideStatus::Rejected,
            BlockReason::OverrideExpired => self.override_is_overdue(run),
            BlockReason::RunNotLatest => !latest,
            BlockReason::WorldHalted => self.circumstances.halted == Some(true),
            BlockReason::CanaryExcluded => rules.mode == PromotionMode::AutoApply && !canary(),
            BlockReason::ManualApprovalRequired => manual && self.override_status(run) != OverrideStatus::Approved,
        };
        BlockReason::ALL.into_iter().filter(|reason| holds(*reason)).collect()
    }

    /// Where nobody needs a snapshot none is fine, but one that is given must be fresh.
    fn risk_is_known(&self) -> bool {
        match self.circumstances.risk_snapshot {
            None => !self.rules.require_risk_snapshot,
            Some(taken) => taken <= self.now && self.now.duration_since(taken) <= fresh(),
        }
    }

    /// Seconds until the next apply. An apply in the future has just happened.
    fn cooldown_remaining(&self) -> Option<i64> {
        let cooldown = libm::ceil(self.rules.cooldown?) as i64;
        let last = self.circumstances.last_apply;
        Some(last.map_or(0, |last| cooldown.saturating_sub(whole_seconds(last, self.now)).max(0)))
    }

    /// What a person said, as far as it holds: an approval names its policy, comes from somebody who may
    /// approve, and nothing has made it void since.
    fn override_status(&self, run: &RunRecord) -> OverrideStatus {
        let holds = run.spoken.source.as_ref().is_none_or(|source| {
            !source.void && source.ruleset_hash == self.rules.ruleset_hash && self.rules.is_approver(&source.actor)
        });
        match run.spoken.status {
            OverrideStatus::Approved if !holds => OverrideStatus::None,
            status => status,
        }
    }

    fn override_is_overdue(&self, run: &RunRecord) -> bool {
        let said = self.override_status(run) != OverrideStatus::None;
        let source = run.spoken.source.as_ref().filter(|_| said);
        source.is_some_and(|source| whole_seconds(source.at, self.now) >= self.rules.review_after())
    }

    fn assumptions(&self, run: &RunRecord, target: &BTreeSet<String>) -> Vec<String> {
        let circumstances = self.circumstances;
        let mut said = Vec::new();
        let mut say = |condition: bool, text: &str| {
            if condition {
                said.push(text.to_owned());
            }
        };
        say(circumstances.current_active.is_none(), "nobody says what is live now: taken as nothing");
        let cooled = self.rules.cooldown.is_some() && circumstances.last_apply.is_none();
        say(cooled && !circumstances.whole_record, "nobody says when the last apply was: taken as never");
        say(circumstances.halted.is_none(), "nobody says whether the world is halted: taken as not");
        let unneeded = circumstances.risk_snapshot.is_none() && !self.rules.require_risk_snapshot;
        say(unneeded, "no risk snapshot is given, and none is required");
        let bare = run.spoken.source.is_none() && run.spoken.status != OverrideStatus::None;
        say(bare, "the run record does not say who overrode it, when and under which policy: taken as valid");
        say(run.active_set.is_none(), "the run names no active set: nothing would change");
        let overlooked = run.active_set.is_some() && !run.selects_itself();
        say(overlooked, "the active set of the run lacks the strategy itself: it was judged and not selected");
        let void = run.spoken.status == OverrideStatus::Approved && self.override_status(run) == OverrideStatus::None;
        say(void, "the run was approved, but the approval does not hold any more or not for this policy");
        let others = target.iter().filter(|id| **id != run.strategy_id && !self.live.contains(*id));
        let unjudged = !circumstances.whole_record && others.count() > 0;
        say(unjudged, "other strategies of the active set that would go live are not judged here");
        let left_out = run.active_set.iter().flatten().filter(|id| !target.contains(*id));
        said.extend(
            left_out.map(|id| format!("`{id}` is in the active set and stays out: it does not qualify itself")),
        );
        said.extend(self.rules.carried.iter().map(|carried| format!("not enforced here: {carried}")));
        said
    }
}

fn fresh() -> jiff::SignedDuration {
    jiff::SignedDuration::from_secs(RISK_SNAPSHOT_FRESH)
}

/// A few names of many.
fn shortened(names: BTreeSet<&str>) -> String {
    let more = if names.len() > 5 { ", …" } else { "" };
    if names.is_empty() { "none".to_owned() } else { names.into_iter().take(5).collect::<Vec<_>>().join(", ") + more }
}
