//! QP3011: a correlation limit that no correlation can meet or break.

use super::{Lint, wording};
use crate::check::Facts;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::ir::Step;

static RULE: Rule = Rule {
    code: "QP3011",
    slug: "correlation-out-of-bounds",
    severity: Severity::Error,
    summary: "A limit on correlation lies outside 0 to 1.",
    why: "The limit is held against the size of a correlation, which lies between 0 and 1. A larger limit limits \
          nothing, so that a book of look-alikes passes; a negative one lets only a single strategy in.",
    wrong: "world: demo\nselection:\n  gates: [sharpe >= 0.5]\n  constraints: { correlation: { max_pairwise: 80 } }\n",
    right: "world: demo\nselection:\n  gates: [sharpe >= 0.5]\n  constraints: { correlation: { max_pairwise: 0.8 } }\n",
};

pub(super) const LINT: Lint = Lint { rule: &RULE, run, partial: true };

fn run(facts: &Facts<'_>) -> Vec<Diagnostic> {
    let limits = facts.program.steps.iter().filter_map(|step| match step {
        Step::Correlation(limit) => Some(("max_pairwise", &limit.max_pairwise)),
        Step::PostCorrelation(limit) => Some(("max", limit)),
        _ => None,
    });
    let outside = limits.filter(|(_, limit)| !(0.0..=1.0).contains(&limit.value));
    outside
        .filter_map(|(key, limit)| {
            let value = limit.value;
            let message = format!("`{key}` of a correlation must lie between 0 and 1, not at {value}");
            let help = match value {
                value if (2.0..=100.0).contains(&value) => {
                    format!("did you mean `{}`?", wording::percent(value / 100.0))
                }
                value if (-1.0..0.0).contains(&value) => format!("the sign does not count: did you mean `{}`?", -value),
                _ => "write a number from 0 to 1".to_owned(),
            };
            Some(Diagnostic::new(&RULE, limit.written?, message).help(help))
        })
        .collect()
}
