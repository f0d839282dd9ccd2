//! Promotion to live: who may, what would change, and what stands in the way.

mod canary;
mod commands;
mod review;

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Serialize;

pub use canary::{canary_allows, canary_share};
pub use commands::{PromotionError, SwitchOutcome};
pub use review::{PlanError, Review};

use super::campaign::plain_number;
use super::words::OverrideStatus;
use crate::ir::PromotionMode;

/// Seconds for which a risk snapshot is fresh.
pub const RISK_SNAPSHOT_FRESH: i64 = 900;

/// What stands in the way of a promotion, in the order of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockReason {
    /// The policy promotes nothing, or nothing may go live.
    PromotionDisabled,
    /// The run is not a paper run.
    NotPaperStage,
    /// The run is not judged, did not meet its rules, or does not stand any more.
    ValidationFailed,
    /// A campaign is asked for and not complete.
    CampaignIncomplete,
    /// The risk snapshot is missing, too old or from the future.
    RiskSnapshotMissingOrExpired,
    /// The last apply is too recent.
    CooldownActive,
    /// More would be live than may be.
    MaxLiveSlotsExceeded,
    /// A person has turned the run down.
    OverrideRejected,
    /// What a person said about the run is due for review.
    OverrideExpired,
    /// The strategy has a later paper run.
    RunNotLatest,
    /// The world is halted.
    WorldHalted,
    /// The canary leaves the run out.
    CanaryExcluded,
    /// An approval is needed and not there.
    ManualApprovalRequired,
}

impl BlockReason {
    /// All reasons, in order.
    pub const ALL: [Self; 13] = [
        Self::PromotionDisabled,
        Self::NotPaperStage,
        Self::ValidationFailed,
        Self::CampaignIncomplete,
        Self::RiskSnapshotMissingOrExpired,
        Self::CooldownActive,
        Self::MaxLiveSlotsExceeded,
        Self::OverrideRejected,
        Self::OverrideExpired,
        Self::RunNotLatest,
        Self::WorldHalted,
        Self::CanaryExcluded,
        Self::ManualApprovalRequired,
    ];

    /// The name in documents.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PromotionDisabled => "promotion_disabled",
            Self::NotPaperStage => "not_paper_stage",
            Self::ValidationFailed => "validation_failed",
            Self::CampaignIncomplete => "campaign_incomplete",
            Self::RiskSnapshotMissingOrExpired => "risk_snapshot_missing_or_expired",
            Self::CooldownActive => "cooldown_active",
            Self::MaxLiveSlotsExceeded => "max_live_slots_exceeded",
            Self::OverrideRejected => "override_rejected",
            Self::OverrideExpired => "override_expired",
            Self::RunNotLatest => "run_not_latest",
            Self::WorldHalted => "world_halted",
            Self::CanaryExcluded => "canary_excluded",
            Self::ManualApprovalRequired => "manual_approval_required",
        }
    }

    /// Whether it is about the moment or the whole set, and not about the strategy itself.
    #[must_use]
    pub fn is_passing(self) -> bool {
        matches!(self, Self::CooldownActive | Self::MaxLiveSlotsExceeded)
    }
}

/// What a promotion depends on beside policy and runs.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Circumstances {
    /// What is live now; none where nobody says.
    pub current_active: Option<BTreeSet<String>>,
    /// When the risk snapshot was taken.
    pub risk_snapshot: Option<Timestamp>,
    /// When the newest apply was completed.
    pub last_apply: Option<Timestamp>,
    /// Whether the world is halted; none where nobody can say.
    pub halted: Option<bool>,
    /// Whether the runs are the whole record of the world, so that other strategies of an active set go live
    /// only if they qualify themselves. Run records of a file say nothing about those.
    pub whole_record: bool,
}

/// What applying a run would change.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct PlannedChange {
    /// What becomes live, sorted.
    pub activate: Vec<String>,
    /// What stops being live, sorted.
    pub deactivate: Vec<String>,
}

/// What promoting a run would change, and what stands in the way.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PromotionPlan {
    /// Version of this form.
    pub schema_version: u32,
    /// The world.
    pub world_id: String,
    /// The strategy.
    pub strategy_id: String,
    /// The run.
    pub run_id: String,
    /// What would change.
    pub plan: PlannedChange,
    /// What would be live, sorted.
    pub target_active: Vec<String>,
    /// What is live, sorted.
    pub current_active: Vec<String>,
    /// How live is decided.
    pub promotion_mode: PromotionMode,
    /// What a person said about the run; `none` where an approval does not hold for this policy.
    pub override_status: OverrideStatus,
    /// Whether only an approval is missing.
    pub pending_manual_approval: bool,
    /// Whether nothing stands in the way, or only a missing approval.
    pub eligible: bool,
    /// What stands in the way, all of it, in order.
    pub blocked_reasons: Vec<BlockReason>,
    /// Seconds until the next apply; none without a cooldown.
    pub cooldown_remaining_sec: Option<i64>,
    /// Most live strategies.
    #[serde(serialize_with = "plain_number")]
    pub max_live_slots: Option<f64>,
    /// Share of runs that `auto_apply` takes.
    pub canary_fraction: Option<f64>,
    /// What was taken for granted because nobody said otherwise, and what is not enforced here.
    pub assumptions: Vec<String>,
}

/// The strategies that may be next to go live.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Candidates {
    /// Version of this form.
    pub schema_version: u32,
    /// The world.
    pub world_id: String,
    /// When it was asked.
    pub generated_at: Timestamp,
    /// How live is decided.
    pub promotion_mode: PromotionMode,
    /// Each strategy with a paper run that is not live, by id.
    pub candidates: Vec<Candidate>,
}

/// A strategy that may be next to go live, by its latest paper run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Candidate {
    /// The strategy.
    pub strategy_id: String,
    /// The run.
    pub run_id: String,
    /// What a person said about the run.
    pub override_status: OverrideStatus,
    /// Whether only an approval is missing.
    pub pending_manual_approval: bool,
    /// Whether nothing stands in the way, or only a missing approval.
    pub eligible: bool,
    /// What stands in the way, all of it, in order.
    pub blocked_reasons: Vec<BlockReason>,
    /// What would change.
    pub plan: PlannedChange,
}
