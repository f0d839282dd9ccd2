//! QP3010: a count that is too small to mean anything.

use super::Lint;
use crate::check::Facts;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::ir::{Setting, Step};

static RULE: Rule = Rule {
    code: "QP3010",
    slug: "below-one",
    severity: Severity::Error,
    summary: "A number of strategies or evaluations is below 1.",
    why: "A cut to no strategy selects nobody, and a change after no evaluation at all cannot be counted. Such values \
          come from a slip or from switching a step off: leave the key out for that.",
    wrong: "world: demo\nselection:\n  gates: [sharpe >= 0.5]\n  score: sharpe\n  topk: { total: 0 }\n",
    right: "world: demo\nselection:\n  gates: [sharpe >= 0.5]\n  score: sharpe\n  topk: { total: 8 }\n",
};

pub(super) const LINT: Lint = Lint { rule: &RULE, run, partial: true };

fn run(facts: &Facts<'_>) -> Vec<Diagnostic> {
    facts.program.steps.iter().flat_map(of_step).collect()
}

fn of_step(step: &Step) -> Vec<Diagnostic> {
    match step {
        Step::Streaks(streaks) => {
            let counts = [("promote_after", &streaks.promote_after), ("demote_after", &streaks.demote_after)];
            counts.into_iter().filter_map(|(key, count)| below(key, count, 1.0)).collect()
        }
        Step::TopK(cut) => below("k", &cut.k, 1.0).into_iter().collect(),
        Step::Cut(cut) => {
            let total = cut.total.as_ref().and_then(|total| below("total", total, 1.0));
            let sides = cut.by_side.iter().filter_map(|(side, count)| below(&format!("by_side.{side}"), count, 0.0));
            total.into_iter().chain(sides).collect()
        }
        _ => Vec::new(),
    }
}

fn below(key: &str, count: &Setting<f64>, least: f64) -> Option<Diagnostic> {
    let span = count.written.filter(|_| count.value < least)?;
    let message = format!("`{key}` must be at least {least}, not {}", count.value);
    Some(Diagnostic::new(&RULE, span, message).help(format!("write {least} or more, or leave `{key}` out")))
}
