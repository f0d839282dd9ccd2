//! The questions that the logic lints ask of the solver, each with its share of the work.

use super::Facts;
use super::encode::Encoder;
use super::logic::{Budget, Domain, Formula, Outcome, solve_all, unsatisfiable_core};
use crate::ir::{Expr, MissingMode, Rule, RuleSeverity};

/// Most steps that one question may take, so that a hard one leaves work for the others.
const STEPS_PER_QUESTION: u64 = 50_000;
/// Most steps for the search over all rules at once.
const STEPS_FOR_ALL: u64 = 500_000;

impl Facts<'_> {
    /// Runs a question with a share of the budget.
    fn within<T>(&self, share: u64, question: impl FnOnce(&mut Budget) -> T) -> T {
        let mut budget = self.budget.borrow_mut();
        let granted = budget.steps.min(share);
        let mut own = Budget::new(granted);
        let answer = question(&mut own);
        budget.steps -= granted - own.steps.min(granted);
        answer
    }

    /// Whether a condition can never be true, or can never be false; none where neither is shown.
    #[must_use]
    pub fn always(&self, condition: &Expr) -> Option<bool> {
        if let Some(value) = self.constant_truth(condition) {
            return Some(value);
        }
        // One comparison of one metric is decided by intervals alone.
        if condition.as_threshold().is_some_and(|(operand, ..)| operand.children().is_empty()) {
            return None;
        }
        let mut encoder = Encoder::new(self);
        let formula = encoder.formula(condition);
        let domains = encoder.domains();
        if self.refuted(domains, &[&formula]) {
            return Some(false);
        }
        self.refuted(domains, &[&Formula::not(formula)]).then_some(true)
    }

    /// Whether formulas are shown to be unsatisfiable together.
    #[must_use]
    pub fn refuted(&self, domains: &[Domain], formulas: &[&Formula]) -> bool {
        self.within(STEPS_PER_QUESTION, |budget| matches!(solve_all(domains, formulas, budget), Outcome::Unsatisfiable))
    }

    /// Whether formulas are shown to be satisfiable together.
    #[must_use]
    pub fn satisfied(&self, domains: &[Domain], formulas: &[&Formula]) -> bool {
        self.within(STEPS_PER_QUESTION, |budget| {
            matches!(solve_all(domains, formulas, budget), Outcome::Satisfiable(_))
        })
    }

    /// A smallest set of conditions that exclude each other, as positions; none where none is shown.
    #[must_use]
    pub fn contradiction(&self, domains: &[Domain], formulas: &[&Formula]) -> Option<Vec<usize>> {
        self.within(STEPS_FOR_ALL, |budget| unsatisfiable_core(domains, formulas, budget))
    }
}

/// Whether a rule keeps out whatever it is not true for.
pub(super) fn demands(rule: &Rule) -> bool {
    rule.severity == RuleSeverity::Blocking && rule.on_missing == MissingMode::Fail
}
