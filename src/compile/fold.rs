//! Builds typed expressions, computing at once what is constant, with the operations of evaluation.

use crate::builtin::{Builtin, Kernel};
use crate::ir::{Expr, ExprKind};
use crate::source::Span;
use crate::syntax::ArithmeticOperator;
use crate::value::{Kind, Unit};

fn constant(expression: &Expr) -> Option<f64> {
    match expression.node {
        ExprKind::Number(value) => Some(value),
        _ => None,
    }
}

/// A constant, unless the result would be missing: that is left to evaluation.
fn folded(value: Option<f64>, otherwise: Expr) -> Expr {
    match value.filter(|value| value.is_finite()) {
        Some(value) => Expr { node: ExprKind::Number(value), ..otherwise },
        None => otherwise,
    }
}

pub(super) fn negate(inner: Expr, span: Span) -> Expr {
    let value = constant(&inner).map(|value| -value);
    folded(value, Expr { span, kind: inner.kind, node: ExprKind::Negate(Box::new(inner)) })
}

pub(super) fn power(base: Expr, exponent: Expr, span: Span) -> Expr {
    let value = constant(&base).zip(constant(&exponent)).map(|(base, exponent)| libm::pow(base, exponent));
    let node = ExprKind::Power(Box::new(base), Box::new(exponent));
    folded(value, Expr { span, kind: Kind::Number(Unit::Bare), node })
}

pub(super) fn arithmetic(first: Expr, rest: Vec<(ArithmeticOperator, Expr)>, unit: Unit, span: Span) -> Expr {
    let value = rest.iter().try_fold(constant(&first), |left, (operator, right)| {
        Some(left.zip(constant(right)).map(|(left, right)| apply(*operator, left, right)))
    });
    folded(value.flatten(), Expr { span, kind: Kind::Number(unit), node: ExprKind::Arithmetic(Box::new(first), rest) })
}

/// One arithmetic operation on doubles.
pub(super) fn apply(operator: ArithmeticOperator, left: f64, right: f64) -> f64 {
    match operator {
        ArithmeticOperator::Add => left + right,
        ArithmeticOperator::Subtract => left - right,
        ArithmeticOperator::Multiply => left * right,
        ArithmeticOperator::Divide => left / right,
    }
}

/// The expression times `factor` and divided by `divisor`, leaving out what changes nothing.
pub(super) fn scaled(expression: Expr, factor: f64, divisor: f64) -> Expr {
    let (span, kind) = (expression.span, expression.kind);
    let unit = match kind {
        Kind::Number(unit) => unit,
        Kind::Boolean | Kind::Text => return expression,
    };
    let by = |expression: Expr, operator, number: f64| {
        arithmetic(expression, vec![(operator, Expr::number(number, span))], unit, span)
    };
    let expression = if factor == 1.0 { expression } else { by(expression, ArithmeticOperator::Multiply, factor) };
    if divisor == 1.0 { expression } else { by(expression, ArithmeticOperator::Divide, divisor) }
}

/// A call, computed at once where it is of constants only.
pub(super) fn call(builtin: &Builtin, call: Expr) -> Expr {
    let ExprKind::Call(_, arguments) = &call.node else { return call };
    let Some(values) = arguments.iter().map(constant).collect::<Option<Vec<_>>>() else { return call };
    let value = match (&builtin.kernel, values.as_slice()) {
        (Kernel::One(function), &[x]) => Some(function(x)),
        (Kernel::Three(function), &[a, b, c]) => Some(function(a, b, c)),
        (Kernel::WithLiteral(function), &[x, literal]) => Some(function(x, literal)),
        (Kernel::Fold(function), values) => values.iter().copied().reduce(function),
        _ => None,
    };
    folded(value, call)
}
