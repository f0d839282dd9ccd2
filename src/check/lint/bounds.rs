//! Comparisons of a metric with a constant, as several lints look at them.

use crate::ir::{Better, Expr, ExprKind, Metric, MetricId, Program};
use crate::source::Span;
use crate::syntax::Comparison;

/// One link of a comparison that holds a metric against a constant.
pub(super) struct Bound<'a> {
    pub id: MetricId,
    pub metric: &'a Metric,
    /// With the metric on its left.
    pub operator: Comparison,
    pub value: f64,
    /// Where the constant stands.
    pub span: Span,
}

/// The bounds in one comparison; none in anything else.
pub(super) fn of_comparison<'a>(program: &'a Program, condition: &Expr) -> Vec<Bound<'a>> {
    let links = condition.links().into_iter();
    links
        .filter_map(|(left, operator, right)| match (left.as_metric(), right.as_metric()) {
            (Some(id), None) => bound(program, id, operator, right),
            (None, Some(id)) => bound(program, id, operator.mirrored(), left),
            _ => None,
        })
        .collect()
}

fn bound<'a>(program: &'a Program, id: MetricId, operator: Comparison, constant: &Expr) -> Option<Bound<'a>> {
    Some(Bound { id, metric: program.metric(id)?, operator, value: constant.as_number()?, span: constant.span })
}

/// The parts of a condition that must all be true.
pub(super) fn conjuncts(condition: &Expr) -> Vec<&Expr> {
    match &condition.node {
        ExprKind::And(items) => items.iter().flat_map(conjuncts).collect(),
        _ => vec![condition],
    }
}

impl Bound<'_> {
    /// Whether the constant is a value that the metric cannot have.
    pub fn is_outside(&self) -> bool {
        !self.metric.range.contains(self.value)
    }

    /// Whether it asks the metric to be bad; none where neither way is good, or where it bounds no side.
    pub fn is_against(&self) -> Option<bool> {
        let upper = match self.operator {
            Comparison::Less | Comparison::LessEqual => true,
            Comparison::Greater | Comparison::GreaterEqual => false,
            Comparison::Equal | Comparison::NotEqual => return None,
        };
        self.metric.better.map(|better| upper == (better == Better::Higher))
    }
}
