//! Decisions as rows of a table: one for each strategy that is told in detail.

use crate::eval::{Decision, StrategyDecision};

/// A strategy in a decision as a row.
pub(super) struct DecisionRow<'d> {
    pub as_of: Option<&'d str>,
    pub id: &'d str,
    pub own: &'d StrategyDecision,
}

impl<'d> DecisionRow<'d> {
    /// The names of the columns.
    pub const COLUMNS: [&'static str; 14] = [
        "as_of",
        "strategy_id",
        "selected",
        "action",
        "effective_mode",
        "status",
        "rank",
        "score",
        "rejected_step",
        "rejected_code",
        "rejected_rule",
        "rejected_by",
        "downgrade_reason",
        "missing",
    ];

    /// The rows of a decision, in its order.
    pub fn all(decision: &'d Decision) -> impl Iterator<Item = Self> {
        let as_of = decision.as_of.as_deref();
        decision.strategies.iter().map(move |(id, own)| Self { as_of, id, own })
    }

    /// The texts of the row: the step, code, rule and ids of a rejection, the reason of a downgrade, and
    /// what is missing; lists with `;` between.
    pub fn texts(&self) -> [Option<String>; 6] {
        let rejection = self.own.rejected_by.as_ref();
        let list = |items: &[String]| (!items.is_empty()).then(|| items.join(";"));
        [
            rejection.map(|rejection| rejection.step.to_owned()),
            rejection.map(|rejection| rejection.code.clone()),
            rejection.and_then(|rejection| rejection.rule.clone()),
            rejection.and_then(|rejection| list(&rejection.by)),
            self.own.downgrade_reason.map(str::to_owned),
            list(&self.own.missing),
        ]
    }

    /// The row as fields of CSV.
    pub fn fields(&self) -> [String; 14] {
        let [step, code, rule, by, reason, missing] = self.texts().map(Option::unwrap_or_default);
        [
            self.as_of.unwrap_or_default().to_owned(),
            self.id.to_owned(),
            self.own.selected.to_string(),
            self.own.action.as_str().to_owned(),
            self.own.effective_mode.to_owned(),
            self.own.status.as_str().to_owned(),
            self.own.rank.map(|rank| rank.to_string()).unwrap_or_default(),
            self.own.score.map(|score| score.to_string()).unwrap_or_default(),
            step,
            code,
            rule,
            by,
            reason,
            missing,
        ]
    }
}
