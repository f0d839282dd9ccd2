//! The decision document.

use serde::{Deserialize, Serialize, Serializer};

use super::notes::Note;
use super::state::State;
use crate::ir::RuleSeverity;

/// What a policy decides about a snapshot. Written as JSON it is the document that programs read.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Decision {
    /// Version of this form.
    pub schema_version: u32,
    /// The world.
    pub world: Option<String>,
    /// The policy's version.
    pub policy_version: Option<String>,
    /// Hash of the whole policy.
    pub ruleset_hash: String,
    /// Hash of what can alter a selection.
    pub selection_hash: String,
    /// The instant judged.
    pub as_of: Option<String>,
    /// Until when the decision stands.
    pub valid_until: Option<String>,
    /// The stage judged.
    pub stage: Option<String>,
    /// The profile that judged.
    pub profile: Option<String>,
    /// The active set.
    pub selected: Vec<String>,
    /// How many were left after each step.
    pub funnel: Vec<Funnel>,
    /// What is worth knowing.
    pub notes: Vec<Note>,
    /// How many strategies each rule or step kept out first, most first; rules only where any strategy is
    /// told in detail. Not part of the document.
    #[serde(skip)]
    pub causes: Vec<(String, usize)>,
    /// The judged strategies that are told in detail, in input order.
    #[serde(serialize_with = "by_id")]
    pub strategies: Vec<(String, StrategyDecision)>,
    /// What the next evaluation needs.
    pub state: State,
}

/// How many strategies were left after a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Funnel {
    /// The step.
    pub step: &'static str,
    /// How many were left.
    pub count: usize,
}

/// Pass, warn or fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Nothing to say.
    Pass,
    /// Worth a look.
    Warn,
    /// Not met.
    Fail,
}

/// What changes for a strategy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Becomes active.
    Promote,
    /// Stops being active.
    Demote,
    /// Nothing.
    Hold,
}

impl Status {
    /// The word in decisions.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

impl Action {
    /// The word in decisions.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Promote => "promote",
            Self::Demote => "demote",
            Self::Hold => "hold",
        }
    }
}

/// What is decided about one strategy.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StrategyDecision {
    /// The gravest of its results.
    pub status: Status,
    /// Whether it is active now.
    pub selected: bool,
    /// What changes.
    pub action: Action,
    /// How it may run: `validate`, `compute-only`, `paper`, `shadow` or `live`.
    pub effective_mode: &'static str,
    /// Whether data keeps it below what it would be.
    pub downgraded: bool,
    /// Why.
    pub downgrade_reason: Option<&'static str>,
    /// The stage that it is fit for.
    pub recommended_stage: Option<&'static str>,
    /// Its score.
    pub score: Option<f64>,
    /// Its place among those that met the rules.
    pub rank: Option<usize>,
    /// Metrics of its rules that are missing.
    pub missing: Vec<String>,
    /// What kept it out first.
    pub rejected_by: Option<Rejection>,
    /// Results by layer.
    #[serde(serialize_with = "by_name")]
    pub rules: Vec<(String, RuleResult)>,
    /// Every rule.
    pub checks: Vec<Check>,
}

/// What kept a strategy out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rejection {
    /// The step.
    pub step: &'static str,
    /// The code.
    pub code: String,
    /// The rule, where it was one.
    pub rule: Option<String>,
    /// Who stands in the way.
    pub by: Vec<String>,
}

/// The result of one layer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RuleResult {
    /// Met or not.
    pub status: Status,
    /// How grave.
    pub severity: RuleSeverity,
    /// Who answers for it.
    pub owner: String,
    /// The code.
    pub reason_code: String,
    /// In words.
    pub reason: String,
    /// Tags.
    pub tags: Vec<String>,
    /// Further facts.
    pub details: serde_json::Map<String, serde_json::Value>,
}

/// The outcome of one rule.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Check {
    /// The rule.
    pub id: String,
    /// Its layer.
    pub layer: &'static str,
    /// `true`, `false` or `missing`.
    pub outcome: &'static str,
    /// How the outcome is read.
    pub status: Status,
    /// The value compared, where the check is one comparison with a constant.
    pub value: Option<f64>,
    /// That constant.
    pub threshold: Option<f64>,
    /// Signed distance to it, positive when it passes.
    pub margin: Option<f64>,
    /// What failing does.
    pub severity: RuleSeverity,
    /// Who answers for it.
    pub owner: String,
}

fn by_id<S: Serializer>(entries: &[(String, StrategyDecision)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(entries.iter().map(|(id, decision)| (id, decision)))
}

fn by_name<S: Serializer>(entries: &[(String, RuleResult)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(entries.iter().map(|(name, result)| (name, result)))
}
