//! The report of a world as facts: what renderers write down, and the JSON form of a report.

use jiff::Timestamp;
use serde::Serialize;

use super::history::HistoryEntry;
use super::judged::Judged;
use super::limits::Limit;
use crate::ir::PromotionMode;
use crate::lifecycle::{CampaignConfig, Correlated, Happening, RunState, Stage, StrategyStatus};

/// What is to be known about a world, by its record.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WorldReport {
    /// Version of this form.
    pub schema_version: u32,
    /// The world.
    pub world_id: String,
    /// When it was asked.
    pub generated_at: Timestamp,
    /// The language of its sentences; none until they are written.
    pub language: Option<&'static str>,
    /// The policy that rules it.
    pub policy: PolicyFacts,
    /// What the report covers.
    pub scope: Scope,
    /// Since when, by whom and why it is halted, if it is.
    pub halted: Option<Deed>,
    /// The apply that is not finished, during which orders are frozen.
    pub under_way: Option<Deed>,
    /// What the policy limits.
    pub limits: Vec<Limit>,
    /// What campaigns ask for.
    pub campaign: CampaignConfig,
    /// How many strategies each recorded decision selected, oldest first.
    pub decisions: Vec<DecisionPoint>,
    /// What people did to promotions and the world, oldest first.
    pub happenings: Vec<Happening>,
    /// Each strategy: live ones first, then those that are nearest to it, then by rank and id.
    pub strategies: Vec<StrategyReport>,
}

/// The policy that rules a world.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PolicyFacts {
    /// Its version, if written.
    pub version: Option<String>,
    /// `native` or `threshold`.
    pub dialect: &'static str,
    /// Hash of all that has meaning.
    pub ruleset_hash: String,
    /// Hash of what can alter a selection.
    pub selection_hash: String,
    /// Whether anything may go live.
    pub allow_live: bool,
    /// How live is decided.
    pub promotion_mode: PromotionMode,
}

/// What a report covers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Scope {
    /// The only strategy told, where one was asked for.
    pub strategy: Option<String>,
    /// How many strategies the record knows.
    pub strategies: usize,
    /// How many of them are live.
    pub live: usize,
    /// How many are selected by the last decision.
    pub selected: usize,
    /// How many decisions are recorded.
    pub decisions: usize,
    /// The last of them.
    pub last_decision: Option<DecisionFacts>,
    /// When the first event was recorded.
    pub recorded_from: Option<Timestamp>,
    /// When the last was.
    pub recorded_until: Option<Timestamp>,
    /// Hash of the last event, which a copy of the record can be checked against.
    pub head: String,
}

/// The last decision about all strategies.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DecisionFacts {
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// The instant judged.
    pub as_of: Option<String>,
    /// Until when it stands.
    pub valid_until: Option<String>,
    /// The stage judged.
    pub stage: Option<String>,
    /// The profile that judged.
    pub profile: Option<String>,
    /// The version of the policy that judged.
    pub policy_version: Option<String>,
    /// Its hash.
    pub ruleset_hash: String,
    /// Whether that is the policy of this report.
    pub by_this_policy: bool,
    /// Whether it does not stand any more.
    pub expired: bool,
}

/// What somebody did to the whole world.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Deed {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// Why.
    pub reason: String,
}

/// A recorded decision as a point in time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DecisionPoint {
    /// When it was recorded.
    pub at: Timestamp,
    /// The instant judged.
    pub as_of: Option<String>,
    /// How many strategies it selected.
    pub selected: usize,
}

/// What is to be known about one strategy.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StrategyReport {
    /// The strategy.
    pub strategy_id: String,
    /// Where it stands in the end.
    pub verdict: Verdict,
    /// The run that it is live by.
    pub live_by: Option<String>,
    /// The stage it may come to next.
    pub next: Option<Stage>,
    /// What stands in the way of that, or of executing live.
    pub blocked_by: Vec<&'static str>,
    /// How far its campaigns are; none where it has no run.
    pub campaign: Option<StrategyStatus>,
    /// How it was judged last, by a run or by a decision about all; none where it never was.
    pub judged: Option<Judged>,
    /// How it goes with active strategies.
    pub overlaps: Overlaps,
    /// What the record knows of its promotion.
    pub promotion: Promotion,
    /// Its runs, oldest first.
    pub runs: Vec<RunFacts>,
    /// What happened to it, oldest first; decisions that say the same are one entry.
    pub history: Vec<HistoryEntry>,
}

/// Where a strategy stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Verdict {
    /// In one word.
    pub code: VerdictCode,
    /// In one sentence; none until it is written in a language.
    pub sentence: Option<String>,
}

/// Where a strategy stands, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum VerdictCode {
    /// It is live.
    Live,
    /// It was made live, and something keeps it from executing.
    LiveBlocked,
    /// Only an approval is missing.
    LiveCandidate,
    /// Nothing stands in the way of live.
    LiveReady,
    /// Something stands in the way of live.
    NotReadyForLive,
    /// It may go on to paper.
    PaperReady,
    /// Something stands in the way of paper.
    NotReadyForPaper,
    /// The last decision selects it; nothing is known of runs.
    Selected,
    /// The last decision does not select it; nothing is known of runs.
    NotSelected,
    /// Its next step is nobody's business here.
    Observed,
    /// Nobody has judged it.
    NotJudged,
}

impl VerdictCode {
    /// All of them, from live to unknown.
    pub const ALL: [Self; 11] = [
        Self::Live,
        Self::LiveBlocked,
        Self::LiveCandidate,
        Self::LiveReady,
        Self::NotReadyForLive,
        Self::PaperReady,
        Self::NotReadyForPaper,
        Self::Selected,
        Self::NotSelected,
        Self::Observed,
        Self::NotJudged,
    ];

    /// The name in documents.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::LiveBlocked => "live_blocked",
            Self::LiveCandidate => "live_candidate",
            Self::LiveReady => "live_ready",
            Self::NotReadyForLive => "not_ready_for_live",
            Self::PaperReady => "paper_ready",
            Self::NotReadyForPaper => "not_ready_for_paper",
            Self::Selected => "selected",
            Self::NotSelected => "not_selected",
            Self::Observed => "observed",
            Self::NotJudged => "not_judged",
        }
    }
}

/// How a strategy goes with active ones.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Overlaps {
    /// Whether correlations were recorded with the judgement.
    pub recorded: bool,
    /// Largest |rho| that the policy allows, if it says.
    pub limit: Option<f64>,
    /// The active strategies it goes with most, strongest first.
    pub pairs: Vec<Overlap>,
    /// Who kept it out for being too like it.
    pub kept_out_by: Vec<String>,
}

/// A pair of a strategy and an active one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Overlap {
    /// The pair.
    #[serde(flatten)]
    pub pair: Correlated,
    /// Whether it is at or near what is too much, and a person should look.
    pub close: bool,
}

/// What the record knows of the promotion of a strategy.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Promotion {
    /// The run that would go live, or is live.
    pub run_id: Option<String>,
    /// Whether nothing stands in the way, or only a missing approval.
    pub eligible: bool,
    /// Whether only an approval is missing.
    pub pending_manual_approval: bool,
    /// What somebody said about that run.
    pub said: Option<Said>,
}

/// What somebody said about a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Said {
    /// What.
    pub status: crate::lifecycle::OverrideStatus,
    /// When, by whom and why.
    #[serde(flatten)]
    pub by: Deed,
    /// Whether an approval holds for this policy.
    pub holds: bool,
}

/// A run in a line.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunFacts {
    /// The run.
    pub run_id: String,
    /// What it observes.
    pub stage: Stage,
    /// Where it stands.
    pub state: RunState,
    /// When it became known.
    pub created_at: Timestamp,
    /// Until when it observed.
    pub updated_at: Timestamp,
    /// How it was judged, if it was.
    pub status: Option<crate::eval::Status>,
    /// Whether its decision selected the strategy.
    pub selected: Option<bool>,
    /// The run that took its place.
    pub superseded_by: Option<String>,
}
