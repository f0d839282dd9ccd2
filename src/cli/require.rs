//! `--require`: whether strategies that must be selected are, and whether only missing data keeps them out.

use std::io::Write;

use super::{Failure, Outcome};
use crate::diag::nearest;
use crate::eval::{Decision, Rejection, Snapshot, Status, StrategyDecision, lacks_history};
use crate::ir::RuleSeverity;
use crate::policy::Policy;

/// Strategies that must be selected, with what their snapshot says beyond the decision.
pub(super) struct Requirements<'r> {
    required: Vec<Required<'r>>,
}

struct Required<'r> {
    id: &'r str,
    /// Why there is no verdict, where the snapshot does not have it.
    absent: Option<String>,
    lacks_history: bool,
}

impl<'r> Requirements<'r> {
    /// The requirements for the decision on a snapshot.
    pub fn new(ids: &'r [String], policy: &Policy, snapshot: &Snapshot) -> Self {
        let required = |id: &'r String| {
            let row = snapshot.strategies.position(id);
            Required {
                id,
                absent: row.is_none().then(|| absent(id, snapshot)),
                lacks_history: row.is_some_and(|row| lacks_history(policy.program(), snapshot, row)),
            }
        };
        Self { required: ids.iter().map(required).collect() }
    }

    /// Whether all are selected, or lack nothing but data. What the snapshot does not have is told.
    pub fn outcome(&self, decision: &Decision) -> Result<Outcome, Failure> {
        let mut outcome = Outcome::Fine;
        for required in self.required.iter().filter(|required| !decision.selected.iter().any(|id| id == required.id)) {
            if let Some(absent) = &required.absent {
                writeln!(std::io::stderr(), "{absent}")?;
            }
            let inconclusive = outcome != Outcome::Findings && required.lacks_data_only(decision);
            outcome = if inconclusive { Outcome::Inconclusive } else { Outcome::Findings };
        }
        Ok(outcome)
    }
}

fn absent(id: &str, snapshot: &Snapshot) -> String {
    let ids = (0..snapshot.strategies.len()).map(|row| snapshot.strategies.id(row));
    let near = nearest(id, ids).map(|near| format!(": did you mean `{near}`?")).unwrap_or_default();
    format!("--require: the snapshot has no strategy `{id}`{near}")
}

impl Required<'_> {
    /// Whether what keeps it out is missing data and nothing else.
    fn lacks_data_only(&self, decision: &Decision) -> bool {
        let found = decision.strategies.iter().find(|(id, _)| id == self.id);
        let Some((_, own)) = found else { return true };
        let blocks = own.checks.iter().filter(|check| check.severity == RuleSeverity::Blocking);
        let failed: Vec<_> = blocks.filter(|check| check.status == Status::Fail).collect();
        if failed.is_empty() {
            return own.rejected_by.as_ref().is_some_and(|rejection| self.waits_for_data(rejection, own, decision));
        }
        failed.iter().all(|check| check.outcome == "missing")
    }

    /// Whether a step keeps it out for want of data.
    fn waits_for_data(&self, rejection: &Rejection, own: &StrategyDecision, decision: &Decision) -> bool {
        match rejection.code.as_str() {
            "score_missing" | "correlation_missing" | "side_missing" | "sector_missing" | "weight_missing" => true,
            "hysteresis_pending" if decision.as_of.is_none() => true,
            "hysteresis_pending" => own.downgrade_reason.is_some_and(|reason| self.is_unknown(reason)),
            code => rejection.step == "data_currency" && self.is_unknown(code),
        }
    }

    /// Whether a downgrade says that something about the data is unknown, not that it is bad.
    fn is_unknown(&self, downgrade: &str) -> bool {
        match downgrade {
            "missing_data_end" | "missing_as_of" => true,
            "insufficient_history" => self.lacks_history,
            _ => false,
        }
    }
}
