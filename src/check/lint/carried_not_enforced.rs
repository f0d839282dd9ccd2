//! QP5002: a key that is shown but not enforced.

use super::Lint;
use crate::check::Facts;
use crate::diag::{Diagnostic, Rule, Severity};

static RULE: Rule = Rule {
    code: "QP5002",
    slug: "carried-not-enforced",
    severity: Severity::Note,
    summary: "A key is carried into decisions and plans, and not enforced here.",
    why: "Its value is checked for its type and handed on, so that the program that acts on it can read it there. \
          Nothing in this tool keeps to it: make sure that some other program does.",
    wrong: "world: demo\nselection:\n  gates: [sharpe >= 0.5]\nposition_policy: { on_promote: flat_then_enable }\n",
    right: "world: demo\nselection:\n  gates: [sharpe >= 0.5]\n",
};

pub(super) const LINT: Lint = Lint { rule: &RULE, run, partial: true };

fn run(facts: &Facts<'_>) -> Vec<Diagnostic> {
    let carried = facts.program.carried.iter();
    carried
        .map(|key| {
            let message = format!("`{}` is carried along, and not enforced here", key.path);
            Diagnostic::new(&RULE, key.span, message).help("make sure that the program which acts on it enforces it")
        })
        .collect()
}
