//! Typed expressions over metric slots.

use crate::source::Span;
use crate::syntax::{ArithmeticOperator, Comparison};
use crate::value::{Kind, Unit};

use super::MetricId;

/// A function of the registry of builtins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FunctionId {
    /// Its position there.
    pub index: u16,
    /// Its name.
    pub name: &'static str,
}

/// An expression whose names, kinds and units are resolved.
#[derive(Debug, Clone, PartialEq)]
pub struct Expr {
    /// Where it was written.
    pub span: Span,
    /// What it yields.
    pub kind: Kind,
    /// What it does.
    pub node: ExprKind,
}

/// What an expression does.
#[derive(Debug, Clone, PartialEq)]
pub enum ExprKind {
    /// A constant in the unit of its place.
    Number(f64),
    /// A constant.
    Boolean(bool),
    /// A constant.
    Text(Box<str>),
    /// The value of a metric.
    Metric(MetricId),
    /// Kleene negation.
    Not(Box<Expr>),
    /// Kleene conjunction.
    And(Vec<Expr>),
    /// Kleene disjunction.
    Or(Vec<Expr>),
    /// Sign change.
    Negate(Box<Expr>),
    /// Additions and subtractions, or multiplications and divisions, left to right.
    Arithmetic(Box<Expr>, Vec<(ArithmeticOperator, Expr)>),
    /// Power.
    Power(Box<Expr>, Box<Expr>),
    /// A chain of comparisons, true when each holds.
    Compare(Box<Expr>, Vec<(Comparison, Expr)>),
    /// A function.
    Call(FunctionId, Vec<Expr>),
}

impl Expr {
    /// A number without unit.
    #[must_use]
    pub fn number(value: f64, span: Span) -> Self {
        Self { span, kind: Kind::Number(Unit::Bare), node: ExprKind::Number(value) }
    }

    /// A comparison with one operator.
    #[must_use]
    pub fn compare(left: Self, operator: Comparison, right: Self) -> Self {
        let span = left.span.to(right.span);
        Self { span, kind: Kind::Boolean, node: ExprKind::Compare(Box::new(left), vec![(operator, right)]) }
    }

    /// The direct parts, left to right.
    #[must_use]
    pub fn children(&self) -> Vec<&Self> {
        match &self.node {
            ExprKind::Number(_) | ExprKind::Boolean(_) | ExprKind::Text(_) | ExprKind::Metric(_) => Vec::new(),
            ExprKind::Not(inner) | ExprKind::Negate(inner) => vec![inner],
            ExprKind::And(items) | ExprKind::Or(items) | ExprKind::Call(_, items) => items.iter().collect(),
            ExprKind::Arithmetic(first, rest) => {
                std::iter::once(&**first).chain(rest.iter().map(|(_, right)| right)).collect()
            }
            ExprKind::Compare(first, rest) => {
                std::iter::once(&**first).chain(rest.iter().map(|(_, right)| right)).collect()
            }
            ExprKind::Power(base, exponent) => vec![base, exponent],
        }
    }

    /// Every metric it reads, each once, in order of first appearance.
    #[must_use]
    pub fn metrics(&self) -> Vec<MetricId> {
        let mut found = Vec::new();
        self.collect_metrics(&mut found);
        found
    }

    fn collect_metrics(&self, found: &mut Vec<MetricId>) {
        if let ExprKind::Metric(id) = self.node
            && !found.contains(&id)
        {
            found.push(id);
        }
        self.children().into_iter().for_each(|child| child.collect_metrics(found));
    }

    /// Calls `visit` on it and on everything below, parents first.
    pub fn walk<'a>(&'a self, visit: &mut impl FnMut(&'a Self)) {
        visit(self);
        self.children().into_iter().for_each(|child| child.walk(visit));
    }

    /// The number, if it is one.
    #[must_use]
    pub fn as_number(&self) -> Option<f64> {
        match self.node {
            ExprKind::Number(value) => Some(value),
            _ => None,
        }
    }

    /// The metric, if it is nothing but one.
    #[must_use]
    pub fn as_metric(&self) -> Option<MetricId> {
        match self.node {
            ExprKind::Metric(id) => Some(id),
            _ => None,
        }
    }

    /// The links of a chain of comparisons, left to right; none of anything else.
    #[must_use]
    pub fn links(&self) -> Vec<(&Self, Comparison, &Self)> {
        let ExprKind::Compare(first, rest) = &self.node else { return Vec::new() };
        let lefts = std::iter::once(&**first).chain(rest.iter().map(|(_, right)| right));
        lefts.zip(rest).map(|(left, (operator, right))| (left, *operator, right)).collect()
    }

    /// Whether the two do the same, wherever they stand.
    #[must_use]
    pub fn does_the_same(&self, other: &Self) -> bool {
        let (own, others) = (self.children(), other.children());
        let heads = match (&self.node, &other.node) {
            (ExprKind::Arithmetic(_, own), ExprKind::Arithmetic(_, others)) => {
                own.iter().map(|(operator, _)| operator).eq(others.iter().map(|(operator, _)| operator))
            }
            (ExprKind::Compare(_, own), ExprKind::Compare(_, others)) => {
                own.iter().map(|(operator, _)| operator).eq(others.iter().map(|(operator, _)| operator))
            }
            (ExprKind::Call(own, _), ExprKind::Call(other, _)) => own == other,
            (left, right) if own.is_empty() => left == right,
            (left, right) => std::mem::discriminant(left) == std::mem::discriminant(right),
        };
        heads && own.len() == others.len() && own.iter().zip(others).all(|(own, other)| own.does_the_same(other))
    }

    /// The comparison of something with one constant: operand, operator, constant; constant on the right.
    #[must_use]
    pub fn as_threshold(&self) -> Option<(&Self, Comparison, f64)> {
        let ExprKind::Compare(left, rest) = &self.node else { return None };
        let [(operator, right)] = rest.as_slice() else { return None };
        match (&left.node, &right.node) {
            (ExprKind::Number(_), ExprKind::Number(_)) => None,
            (_, ExprKind::Number(value)) => Some((left, *operator, *value)),
            (ExprKind::Number(value), _) => Some((right, operator.mirrored(), *value)),
            _ => None,
        }
    }
}
