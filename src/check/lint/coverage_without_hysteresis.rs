//! QP3017: a demand on the coverage of snapshots that nothing reads.

use super::Lint;
use crate::check::Facts;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::ir::Step;

static RULE: Rule = Rule {
    code: "QP3017",
    slug: "coverage-without-hysteresis",
    severity: Severity::Warning,
    summary: "`min_coverage` stands without the hysteresis that it is for.",
    why: "`data_currency.min_coverage` makes hysteresis keep its strategies where a snapshot holds too few of them. \
          Without streak hysteresis whoever the snapshot lacks is out at once, whatever the coverage: the policy \
          promises a protection that it does not have.",
    wrong: "world: demo\ndata_currency: { min_coverage: 50% }\nselection:\n  gates: [sharpe >= 0.5]\n",
    right: "world: demo\ndata_currency: { min_coverage: 50% }\nselection:\n  gates: [sharpe >= 0.5]\n  hysteresis: { promote_after: 2, demote_after: 2 }\n",
};

pub(super) const LINT: Lint = Lint { rule: &RULE, run, partial: false };

fn run(facts: &Facts<'_>) -> Vec<Diagnostic> {
    let has_streaks = facts.program.steps.iter().any(|step| matches!(step, Step::Streaks(_)));
    let coverage = facts.program.currency.min_coverage.as_ref().filter(|_| !has_streaks);
    let message = "`min_coverage` does nothing: there is no `selection.hysteresis` that keeps strategies";
    let help = "add `selection.hysteresis` with `promote_after` and `demote_after`, or leave `min_coverage` out";
    let place = coverage.and_then(|coverage| coverage.written);
    place.map(|span| Diagnostic::new(&RULE, span, message).help(help)).into_iter().collect()
}
