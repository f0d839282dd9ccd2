//! QP3012: side quotas that leave places of the cut empty.

use super::Lint;
use crate::check::Facts;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::ir::{Cut, Step};

static RULE: Rule = Rule {
    code: "QP3012",
    slug: "quotas-cannot-fill",
    severity: Severity::Warning,
    summary: "The quotas of the sides add up to less than `total`.",
    why: "A side that is not named has no place, so the cut can never reach `total`, however many strategies qualify. \
          Either `total` promises more than the policy allows or a quota was forgotten.",
    wrong: "world: demo\nselection:\n  gates: [sharpe >= 0.5]\n  score: sharpe\n  topk: { total: 8, by_side: { long: 5 } }\n",
    right: "world: demo\nselection:\n  gates: [sharpe >= 0.5]\n  score: sharpe\n  topk: { total: 8, by_side: { long: 5, short: 3 } }\n",
};

pub(super) const LINT: Lint = Lint { rule: &RULE, run, partial: true };

fn run(facts: &Facts<'_>) -> Vec<Diagnostic> {
    let cuts = facts.program.steps.iter().filter_map(|step| match step {
        Step::Cut(cut) => Some(cut),
        _ => None,
    });
    cuts.filter_map(of_cut).collect()
}

fn of_cut(cut: &Cut) -> Option<Diagnostic> {
    let total = cut.total.as_ref()?;
    let quotas = || cut.by_side.iter().map(|(_, quota)| quota);
    let sum: f64 = quotas().map(|quota| quota.value).sum();
    let places = quotas().filter_map(|quota| quota.written).reduce(crate::source::Span::to)?;
    if sum >= total.value || quotas().any(|quota| quota.value < 0.0) {
        return None;
    }
    let message = format!("`total` is {}, but the quotas of the sides leave room for {sum} only", total.value);
    let diagnostic = Diagnostic::new(&RULE, total.written?, message).also(places, format!("room for {sum}"));
    Some(diagnostic.help(format!("raise a quota, name the side that is left out, or write `total: {sum}`")))
}
