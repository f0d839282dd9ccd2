//! What is to be known about one strategy: facts, in the order of its story.

use serde::Serialize;

use crate::eval::decision::{Action, Rejection, Status};
use crate::eval::notes::Note;
use crate::ir::{Layer, RuleSeverity};

/// The story of one strategy, from its data to its action, and what would change it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    /// Version of this form.
    pub schema_version: u32,
    /// The world.
    pub world: Option<String>,
    /// The policy's version.
    pub policy_version: Option<String>,
    /// The strategy.
    pub strategy: String,
    /// The instant judged.
    pub as_of: Option<String>,
    /// The stage judged.
    pub stage: Option<String>,
    /// The profile that judged.
    pub profile: Option<String>,
    /// Whether it is active now.
    pub selected: bool,
    /// Whether it was active before.
    pub was_active: bool,
    /// Whether it is admitted now, whatever hysteresis makes of it.
    pub qualified: bool,
    /// What changes for it.
    pub action: Action,
    /// How it may run.
    pub effective_mode: &'static str,
    /// Whether data keeps it below what it would be.
    pub downgraded: bool,
    /// Why.
    pub downgrade_reason: Option<&'static str>,
    /// The stage that it is fit for.
    pub recommended_stage: Option<&'static str>,
    /// The gravest of its results.
    pub status: Status,
    /// What kept it out first.
    pub rejected_by: Option<Rejection>,
    /// What keeps it from being admitted, where hysteresis holds it nevertheless or data hides it.
    pub not_admitted_by: Option<Rejection>,
    /// How fresh and how long its data is.
    pub data: DataFacts,
    /// Every rule it faced.
    pub rules: Vec<RuleFacts>,
    /// Its score and its place.
    pub score: Option<ScoreFacts>,
    /// Who stands in its way.
    pub blocked_by: Vec<Blocker>,
    /// The budgets that it needs room in.
    pub exposure: Vec<ExposureFacts>,
    /// Its past, where the policy smooths selection over time.
    pub hysteresis: Option<HysteresisFacts>,
    /// Changes of a single metric, each of which gets it admitted.
    pub changes: Vec<Change>,
    /// Changes that get it admitted together, where no single one does.
    pub changes_together: Vec<Change>,
    /// What the last evaluation with these changes says; none where nothing needs to change.
    pub outcome: Option<ChangeOutcome>,
    /// What stands in the way even where every rule is met; none where changes suffice.
    pub obstacle: Option<Rejection>,
    /// How far it is from losing its place, where it is admitted.
    pub room: Option<Room>,
}

/// How numbers of a metric are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Quantity {
    /// The unit by its name in policies.
    pub unit: &'static str,
    /// Whether people write it in percent.
    pub percent: bool,
}

/// A value of a metric.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Amount {
    /// A number in the metric's unit.
    Number(f64),
    /// A truth value.
    Truth(bool),
    /// A text.
    Text(String),
}

/// A metric with its value.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reading {
    /// Its name.
    pub metric: String,
    /// Its value; none where it is missing.
    pub value: Option<Amount>,
    /// How it is written.
    #[serde(flatten)]
    pub quantity: Quantity,
}

/// Data currency. Times in seconds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DataFacts {
    /// How far the data lies behind, where that is known.
    pub lag: Option<f64>,
    /// Where the lag comes from: `data_end` or `data_lag`.
    pub lag_source: Option<&'static str>,
    /// Up to when its data reaches.
    pub data_end: Option<String>,
    /// Up to when it should reach.
    pub expected_end: Option<String>,
    /// Largest lag allowed.
    pub max_lag: Option<f64>,
    /// How long its history is.
    pub history: Option<f64>,
    /// The metric that says so.
    pub history_source: Option<&'static str>,
    /// Shortest history allowed.
    pub min_history: Option<f64>,
    /// Metrics of its rules that are missing.
    pub missing: Vec<String>,
    /// What is wrong with its values.
    pub notes: Vec<Note>,
}

/// One rule as this strategy faced it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RuleFacts {
    /// The rule.
    pub id: String,
    /// Its layer.
    pub layer: Layer,
    /// What failing does.
    pub severity: RuleSeverity,
    /// Who answers for it.
    pub owner: String,
    /// What its author says about it.
    pub reason: Option<String>,
    /// Whether it was judged by `keep`, being active.
    pub keep: bool,
    /// The condition in the language of policies.
    pub condition: String,
    /// The metric compared, where the condition is one comparison of a metric with a constant.
    pub metric: Option<String>,
    /// What is compared with a constant, if the condition is such a comparison.
    pub operand: Option<String>,
    /// How the numbers compared are written.
    #[serde(flatten)]
    pub quantity: Quantity,
    /// The comparison.
    pub operator: Option<&'static str>,
    /// The constant.
    pub threshold: Option<f64>,
    /// The value compared.
    pub value: Option<f64>,
    /// Signed distance of the two, positive when it passes.
    pub margin: Option<f64>,
    /// `true`, `false` or `missing`.
    pub outcome: &'static str,
    /// How the outcome is read.
    pub status: Status,
    /// Every metric that the condition reads.
    pub readings: Vec<Reading>,
}

impl RuleFacts {
    /// Whether it keeps the strategy out.
    #[must_use]
    pub fn blocks(&self) -> bool {
        self.severity == RuleSeverity::Blocking && self.status == Status::Fail
    }
}

/// A strategy among those ranked.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Placed {
    /// Its id.
    pub strategy: String,
    /// Its place.
    pub rank: Option<usize>,
    /// Its score.
    pub score: Option<f64>,
}

/// Score and place.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ScoreFacts {
    /// The score; none where it is missing or nothing scores.
    pub value: Option<f64>,
    /// The expression, where there is one.
    pub expression: Option<String>,
    /// What a sum is made of; empty for anything else.
    pub terms: Vec<Term>,
    /// Its place among those that met the rules.
    pub rank: Option<usize>,
    /// The place it would have if it met the rules.
    pub would_rank: Option<usize>,
    /// How many have a place.
    pub of: usize,
    /// Who stands directly before it.
    pub before: Option<Placed>,
    /// The cut.
    pub cut: Option<CutFacts>,
}

/// A part of a score.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Term {
    /// The expression.
    pub expression: String,
    /// What it contributes, with its sign.
    pub value: Option<f64>,
}

/// How many places there are and who took the last.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CutFacts {
    /// Places in all.
    pub total: Option<f64>,
    /// Places of its side.
    pub side: Option<f64>,
    /// Admitted in all.
    pub taken: usize,
    /// Admitted of its side.
    pub side_taken: usize,
    /// The last one admitted: of its side where sides have places of their own.
    pub last: Option<Placed>,
}

/// Someone in the way.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Blocker {
    /// Who.
    pub strategy: String,
    /// The step that it stands in the way of.
    pub step: &'static str,
    /// Its correlation with the strategy, where one is given.
    pub rho: Option<f64>,
    /// The largest |rho| allowed.
    pub max_pairwise: Option<f64>,
    /// Its place.
    pub rank: Option<usize>,
    /// Its score.
    pub score: Option<f64>,
}

/// A budget and who uses it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExposureFacts {
    /// `gross_budget`, `per_sector` or `max_leverage`.
    pub limit: &'static str,
    /// The side or sector.
    pub group: Option<String>,
    /// How much there is.
    pub cap: f64,
    /// How much the strategy needs.
    pub own: Option<f64>,
    /// How much those admitted before it use.
    pub used: f64,
    /// Who they are, with their sizes.
    pub by: Vec<(String, f64)>,
}

/// Selection over time.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum HysteresisFacts {
    /// Passes and failures in a row.
    Streaks {
        /// Passes in a row, this evaluation included.
        pass_streak: u32,
        /// Failures in a row, this evaluation included.
        fail_streak: u32,
        /// Whether this evaluation counted.
        counted: bool,
        /// Whether the snapshot lacks too many of the active strategies, so that only risk exits happen.
        incomplete: bool,
        /// Passes needed.
        promote_after: f64,
        /// Failures needed.
        demote_after: f64,
        /// Since when it is what it is.
        since: Option<String>,
        /// Seconds between changes.
        min_dwell: f64,
        /// From when on it may change, where that is not now.
        may_change_from: Option<String>,
        /// The code of what waits.
        waits: Option<String>,
        /// Whether a false risk rule demotes at once.
        immediate_risk_exit: bool,
    },
    /// Levels of a metric.
    Levels {
        /// What is compared.
        metric: String,
        /// Its value.
        value: Option<f64>,
        /// How it is written.
        #[serde(flatten)]
        quantity: Quantity,
        /// Others enter at or above.
        enter: f64,
        /// Active ones stay at or above.
        exit: f64,
    },
}

/// A change of a metric.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// The metric.
    pub metric: String,
    /// How it is written.
    #[serde(flatten)]
    pub quantity: Quantity,
    /// Its value now; none where it is missing.
    pub from: Option<f64>,
    /// The value needed.
    pub to: f64,
    /// Whether `to` is the very boundary; otherwise it is a short number near it.
    pub exact: bool,
    /// Whether an evaluation of the changed snapshot admitted the strategy. Others are not reported.
    pub verified: bool,
    /// What that evaluation says; for changes that act together it stands beside them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<ChangeOutcome>,
}

/// What an evaluation of a changed snapshot says.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ChangeOutcome {
    /// Whether the strategy is admitted.
    pub qualified: bool,
    /// Whether it is active at once.
    pub selected: bool,
    /// Its place.
    pub rank: Option<usize>,
    /// Who is no longer admitted.
    pub displaced: Vec<String>,
    /// What it still waits for.
    pub rejected_by: Option<Rejection>,
    /// What still is wrong with its data.
    pub downgrade_reason: Option<&'static str>,
}

/// How safe a place is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Room {
    /// The rule it is nearest to failing, by its id.
    pub nearest: Option<String>,
    /// The margin of that rule relative to its threshold.
    pub relative: Option<f64>,
    /// Who would be admitted if it were not there.
    pub successors: Vec<String>,
}
