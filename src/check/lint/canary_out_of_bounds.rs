//! QP4001: a canary share that is no share.

use super::{Lint, wording};
use crate::check::Facts;
use crate::diag::{Diagnostic, Rule, Severity};

static RULE: Rule = Rule {
    code: "QP4001",
    slug: "canary-out-of-bounds",
    severity: Severity::Error,
    summary: "`canary_fraction` lies outside 0 to 1.",
    why: "It is the share of eligible strategies that may go live without a person, from 0 (none) to 1 (all). A value \
          above 1 would silently mean all of them: a canary of 25 is no canary.",
    wrong: "world: demo\nselection:\n  gates: [sharpe >= 0.5]\ngovernance:\n  live_promotion: { mode: auto_apply, canary_fraction: 25 }\n",
    right: "world: demo\nselection:\n  gates: [sharpe >= 0.5]\ngovernance:\n  live_promotion: { mode: auto_apply, canary_fraction: 25% }\n",
};

pub(super) const LINT: Lint = Lint { rule: &RULE, run, partial: true };

fn run(facts: &Facts<'_>) -> Vec<Diagnostic> {
    let canary = facts.program.lifecycle.governance.canary_fraction.as_ref();
    let outside = canary.filter(|canary| !(0.0..=1.0).contains(&canary.value));
    let found = outside.and_then(|canary| {
        let value = canary.value;
        let message = format!("`canary_fraction` must lie between 0 and 1, not at {value}");
        let help = if (2.0..=100.0).contains(&value) {
            format!("did you mean `{}`?", wording::percent(value / 100.0))
        } else {
            "write a number from 0 to 1".to_owned()
        };
        Some(Diagnostic::new(&RULE, canary.written?, message).help(help))
    });
    found.into_iter().collect()
}
