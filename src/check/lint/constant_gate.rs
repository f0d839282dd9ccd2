//! QP3002 and QP3003: rules that are false, or true, whatever the numbers are.

use super::empty_bounds::has_empty_bounds;
use super::{Lint, threshold_outside_range};

use crate::check::Facts;
use crate::diag::{Diagnostic, Rule as Page, Severity};
use crate::ir::{Expr, ExprKind, Rule};
use crate::syntax::Comparison;

static NEVER: Page = Page {
    code: "QP3002",
    slug: "gate-never-true",
    severity: Severity::Error,
    summary: "A rule is false over the whole declared range of its metrics.",
    why: "No strategy can ever pass it. Most often a percentage lost its `%`, or two bounds are in the wrong order.",
    wrong: "world: demo\nselection:\n  gates:\n    - max_drawdown < 0\n",
    right: "world: demo\nselection:\n  gates:\n    - max_drawdown < 20%\n",
};

static ALWAYS: Page = Page {
    code: "QP3003",
    slug: "gate-always-true",
    severity: Severity::Warning,
    summary: "A rule is true over the whole declared range of its metrics.",
    why: "It only asks that the metrics are there, while a reader believes that it limits something. Most often a \
          percentage lost its `%`.",
    wrong: "world: demo\nselection:\n  gates:\n    - winrate >= 0\n",
    right: "world: demo\nselection:\n  gates:\n    - winrate >= 45%\n",
};

pub(super) const NEVER_LINT: Lint = Lint { rule: &NEVER, run: never, partial: true };
pub(super) const ALWAYS_LINT: Lint = Lint { rule: &ALWAYS, run: always, partial: true };

fn never(facts: &Facts<'_>) -> Vec<Diagnostic> {
    let rules = facts.program.all_rules().filter(|rule| !has_empty_bounds(rule));
    let broken = rules.filter(|rule| facts.always(&rule.when) == Some(false));
    broken
        .map(|rule| {
            let message = format!("`{}` is false whatever the numbers are", rule.id);
            let diagnostic = Diagnostic::new(&NEVER, rule.span, message);
            facts.lenient(diagnostic.help(ranges(facts, rule, "no strategy can ever pass")))
        })
        .collect()
}

fn always(facts: &Facts<'_>) -> Vec<Diagnostic> {
    let rules = facts.program.all_rules().filter(|rule| !asks_for_presence(&rule.when));
    // A threshold outside the range has a finding that says more.
    let rules = rules.filter(|rule| !threshold_outside_range::concerns(facts, &rule.when));
    let idle = rules.filter(|rule| facts.always(&rule.when) == Some(true));
    idle.map(|rule| {
        let message = format!("`{}` is true whatever the numbers are", rule.id);
        Diagnostic::new(&ALWAYS, rule.span, message).help(ranges(facts, rule, "it limits nothing"))
    })
    .collect()
}

/// Whether it is the `x == x` of a threshold without bounds, which only asks that x is there.
fn asks_for_presence(when: &Expr) -> bool {
    match &when.node {
        ExprKind::Compare(left, rest) => {
            matches!(rest.as_slice(), [(Comparison::Equal, right)] if right.node == left.node)
        }
        _ => false,
    }
}

/// The declared ranges from which the finding follows.
fn ranges(facts: &Facts<'_>, rule: &Rule, consequence: &str) -> String {
    let metrics = rule.when.metrics();
    let bounded =
        metrics.iter().filter_map(|id| facts.program.metric(*id)).filter(|metric| !metric.range.is_unbounded());
    let end = |value: f64| if value.is_finite() { value.to_string() } else { "…".to_owned() };
    let known: Vec<_> = bounded
        .map(|metric| format!("`{}` lies in [{}, {}]", metric.name, end(metric.range.low), end(metric.range.high)))
        .collect();
    if known.is_empty() { consequence.to_owned() } else { format!("{}: {consequence}", known.join(", ")) }
}
