//! QP5001: a severity that changes nothing.

use super::Lint;
use crate::check::Facts;
use crate::diag::{Diagnostic, Rule, Severity};

static RULE: Rule = Rule {
    code: "QP5001",
    slug: "severity-without-effect",
    severity: Severity::Warning,
    summary: "A severity does not soften the thresholds it stands beside.",
    why: "In a threshold document every threshold blocks, whatever its section says: a strategy that misses a `soft` one \
          is kept out all the same. If the rule should only warn, make the policy native, for instance by moving its \
          bounds to `selection.gates` or to sections under `validation`.",
    wrong: "world: demo\nvalidation_profiles:\n  paper: { performance: { severity: soft, sharpe_min: 0.5 } }\n",
    right: "world: demo\nvalidation_profiles:\n  paper: { performance: { sharpe_min: 0.5 } }\n",
};

pub(super) const LINT: Lint = Lint { rule: &RULE, run, partial: true };

fn run(facts: &Facts<'_>) -> Vec<Diagnostic> {
    let message = "this severity softens nothing: every threshold of a threshold document blocks";
    let help = "remove it, or move the bounds to `selection.gates` of a native policy, where severities count";
    let places = facts.program.idle_severities.iter();
    places.map(|span| Diagnostic::new(&RULE, *span, message).help(help)).collect()
}
