//! QP3016: bounds that leave no value between them.

use super::Lint;
use crate::check::Facts;
use crate::diag::{Diagnostic, Rule as Page, Severity};
use crate::ir::{Expr, Metric, Origin, Rule};
use crate::source::Span;
use crate::syntax::Comparison;

use super::wording;

static RULE: Page = Page {
    code: "QP3016",
    slug: "empty-bounds",
    severity: Severity::Error,
    summary: "A lower bound lies above the upper bound.",
    why: "No value lies between the two, so no strategy can pass. Most often `min` and `max` changed places. In a \
          threshold document without `world` this is a warning, because engines accept it.",
    wrong: "world: demo\nthresholds:\n  drawdown: { metric: max_drawdown, min: 20%, max: 5% }\n",
    right: "world: demo\nthresholds:\n  drawdown: { metric: max_drawdown, min: 5%, max: 20% }\n",
};

pub(super) const LINT: Lint = Lint { rule: &RULE, run, partial: true };

fn run(facts: &Facts<'_>) -> Vec<Diagnostic> {
    let bounds = facts.program.all_rules().filter_map(|rule| Some((rule, empty(rule)?)));
    let found = bounds.filter_map(|(rule, (low, metric, high))| {
        let metric = facts.program.metric(metric.as_metric()?)?;
        Some(facts.lenient(report(rule.span, low, metric, high)))
    });
    found.collect()
}

/// Whether the lint speaks about the rule.
pub(super) fn has_empty_bounds(rule: &Rule) -> bool {
    empty(rule).is_some()
}

/// A bound and its place.
type End = (f64, Span);

/// The two ends and the metric of a rule that `min` and `max` make, if no value lies between them.
fn empty(rule: &Rule) -> Option<(End, &Expr, End)> {
    let links = rule.when.links();
    let [(low, Comparison::LessEqual, metric), (_, Comparison::LessEqual, high)] = links.as_slice() else {
        return None;
    };
    metric.as_metric()?;
    let ends = ((low.as_number()?, low.span), *metric, (high.as_number()?, high.span));
    (rule.origin != Origin::Gate && ends.0.0 > ends.2.0).then_some(ends)
}

fn report(span: Span, low: (f64, Span), metric: &Metric, high: (f64, Span)) -> Diagnostic {
    let (least, most) = (wording::amount(low.0, metric), wording::amount(high.0, metric));
    let message = format!("no value of `{}` is at least {least} and at most {most}", metric.name);
    Diagnostic::new(&RULE, span, message)
        .also(low.1, "lower bound")
        .also(high.1, "upper bound")
        .help("let `min` be the smaller of the two")
}
