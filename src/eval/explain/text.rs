//! Expressions of the program as text in the language of policies.

use super::facts::Quantity;
use crate::ir::{Expr, ExprKind, Metric, Program};
use crate::source::{Sources, Span};
use crate::syntax::{Comparison, parse_quantity};
use crate::value::{Kind, Unit};

/// Writes expressions of a program, numbers as their author wrote them.
#[derive(Clone, Copy)]
pub(super) struct Writer<'a> {
    pub program: &'a Program,
    pub sources: &'a Sources,
}

/// How tightly what stands around an expression binds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Binding {
    Or,
    And,
    Not,
    Comparison,
    Sum,
    Product,
    Power,
    Atom,
}

impl Writer<'_> {
    pub fn text(&self, expression: &Expr) -> String {
        self.within(expression, Binding::Or)
    }

    /// A part of a product or sum.
    pub fn term(&self, expression: &Expr) -> String {
        self.within(expression, Binding::Product)
    }

    pub fn metric_name(&self, expression: &Expr) -> Option<String> {
        self.program.metric(expression.as_metric()?).map(|metric| metric.name.clone())
    }

    fn within(&self, expression: &Expr, around: Binding) -> String {
        let (binding, text) = self.bare(expression);
        if binding < around { format!("({text})") } else { text }
    }

    fn bare(&self, expression: &Expr) -> (Binding, String) {
        let joined = |items: &[Expr], word: &str, binding| {
            items.iter().map(|item| self.within(item, binding)).collect::<Vec<_>>().join(word)
        };
        match &expression.node {
            ExprKind::Number(value) => (Binding::Atom, self.number(*value, expression.span)),
            ExprKind::Boolean(value) => (Binding::Atom, value.to_string()),
            ExprKind::Text(text) => (Binding::Atom, format!("\"{text}\"")),
            ExprKind::Metric(_) => (Binding::Atom, self.metric_name(expression).unwrap_or_default()),
            ExprKind::Not(inner) => (Binding::Not, format!("not {}", self.within(inner, Binding::Not))),
            ExprKind::And(items) => (Binding::And, joined(items, " and ", Binding::And)),
            ExprKind::Or(items) => (Binding::Or, joined(items, " or ", Binding::And)),
            ExprKind::Negate(inner) => (Binding::Product, format!("-{}", self.within(inner, Binding::Power))),
            ExprKind::Power(base, exponent) => {
                let base = self.within(base, Binding::Atom);
                (Binding::Power, format!("{base} ^ {}", self.within(exponent, Binding::Power)))
            }
            ExprKind::Call(function, items) => {
                (Binding::Atom, format!("{}({})", function.name, joined(items, ", ", Binding::Or)))
            }
            ExprKind::Arithmetic(first, rest) => {
                let product = rest.first().is_some_and(|(operator, _)| operator.is_multiplicative());
                let (own, inner) =
                    if product { (Binding::Product, Binding::Power) } else { (Binding::Sum, Binding::Product) };
                (own, self.chain(first, rest.iter().map(|(operator, right)| (operator.as_str(), right)), inner))
            }
            ExprKind::Compare(first, rest) => {
                // A comparison of a metric with itself asks whether there is a value.
                if let [(Comparison::Equal, right)] = rest.as_slice()
                    && right.does_the_same(first)
                {
                    return (Binding::Atom, format!("{} has a value", self.within(first, Binding::Sum)));
                }
                let links = rest.iter().map(|(operator, right)| (operator.as_str(), right));
                (Binding::Comparison, self.chain(first, links, Binding::Sum))
            }
        }
    }

    fn chain<'e>(&self, first: &Expr, rest: impl Iterator<Item = (&'static str, &'e Expr)>, inner: Binding) -> String {
        let mut text = self.within(first, inner);
        for (operator, right) in rest {
            text.push_str(&format!(" {operator} {}", self.within(right, inner)));
        }
        text
    }

    /// As written, where what is written there is this number.
    fn number(&self, value: f64, span: Span) -> String {
        let written = self.sources.slice(span).trim();
        match parse_quantity(written) {
            Some((known, _)) if known == value => written.to_owned(),
            _ => value.to_string(),
        }
    }

    /// How numbers of an expression are written.
    pub fn quantity(&self, expression: &Expr) -> Quantity {
        match self.metric(expression) {
            Some(metric) => self.quantity_of(metric),
            None => Quantity { unit: unit_name(expression.kind), percent: false },
        }
    }

    fn metric(&self, expression: &Expr) -> Option<&Metric> {
        self.program.metric(expression.as_metric()?)
    }

    /// Ratios are written in percent where they are shares of one, or where the policy writes them so.
    pub fn quantity_of(&self, metric: &Metric) -> Quantity {
        let share = metric.range.low >= 0.0 && metric.range.high <= 1.0;
        let ratio = metric.kind == Kind::Number(Unit::Ratio);
        let percent = ratio && (share || self.writes_percent(metric));
        Quantity { unit: unit_name(metric.kind), percent }
    }

    fn writes_percent(&self, metric: &Metric) -> bool {
        let mut found = false;
        for expression in self.program.expressions() {
            expression.walk(&mut |part| {
                for (left, _, right) in part.links() {
                    let side = |one: &Expr, other: &Expr| {
                        self.metric(one).is_some_and(|known| known.name == metric.name)
                            && other.as_number().is_some()
                            && self.sources.slice(other.span).trim().ends_with('%')
                    };
                    found |= side(left, right) || side(right, left);
                }
            });
        }
        found
    }
}

pub(super) fn unit_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Number(unit) => unit.as_str(),
        Kind::Boolean => "boolean",
        Kind::Text => "text",
    }
}
