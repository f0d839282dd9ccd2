//! Kinds and units of typed expressions: what goes together, and how it is brought together.

use crate::diag::{Diagnostic, names};
use crate::ir::{Expr, ExprKind};
use crate::source::Span;
use crate::value::{Kind, Unit};

use super::context::Context;
use super::fold;

pub(super) fn unit_of(expression: &Expr) -> Unit {
    match expression.kind {
        Kind::Number(unit) => unit,
        Kind::Boolean | Kind::Text => Unit::Bare,
    }
}

/// Brings numbers to one unit: that of the first which is neither bare nor a literal, so that
/// literals are converted rather than metrics.
pub(super) fn unify(context: &mut Context<'_>, values: Vec<Expr>, what: &str) -> Option<Vec<Expr>> {
    let with_unit = |value: &&Expr| unit_of(value) != Unit::Bare;
    let literal = |value: &Expr| matches!(value.node, ExprKind::Number(_));
    let leader = values.iter().filter(with_unit).find(|value| !literal(value)).or(values.iter().find(with_unit));
    let Some((target, leader_span)) = leader.map(|leader| (unit_of(leader), leader.span)) else { return Some(values) };
    let mut unified = Vec::with_capacity(values.len());
    let mut fits = true;
    for value in values {
        let unit = unit_of(&value);
        match unit.conversion(target) {
            Some((factor, divisor)) => {
                let kind = if literal(&value) { Kind::Number(target) } else { value.kind };
                unified.push(fold::scaled(Expr { kind, ..value }, factor, divisor));
            }
            None => {
                fits = false;
                context.report(mismatch(&value, unit, target, leader_span, what));
            }
        }
    }
    fits.then_some(unified)
}

fn mismatch(value: &Expr, unit: Unit, target: Unit, leader: Span, what: &str) -> Diagnostic {
    if unit == Unit::Bare {
        let message = "a number without unit is compared with a duration";
        let help = match value.node {
            ExprKind::Number(number) => format!("write `{number}s`, `{number}m`, `{number}h` or `{number}d`"),
            _ => "give both sides a unit of time".to_owned(),
        };
        return Diagnostic::new(&names::BARE_DURATION, value.span, message)
            .also(leader, "this is a duration")
            .help(help);
    }
    let message = format!("`{}` and `{}` cannot be {what}", target.as_str(), unit.as_str());
    Diagnostic::new(&names::UNIT_MISMATCH, value.span, message)
        .label(format!("this is in `{}`", unit.as_str()))
        .also(leader, format!("this is in `{}`", target.as_str()))
        .help("only days, years and durations convert into each other")
}

pub(super) fn expect_boolean(context: &mut Context<'_>, expression: Expr) -> Option<Expr> {
    if expression.kind == Kind::Boolean {
        return Some(expression);
    }
    let message = format!("true or false is needed here, this is {}", expression.kind.describe());
    let help = "compare it, as in `sharpe >= 0.5`";
    context.report(Diagnostic::new(&names::TYPE_MISMATCH, expression.span, message).help(help));
    None
}

pub(super) fn expect_number(context: &mut Context<'_>, expression: &Expr, place: &str) -> Option<()> {
    if matches!(expression.kind, Kind::Number(_)) {
        return Some(());
    }
    let message = format!("a number is needed {place}, this is {}", expression.kind.describe());
    let help = "truth values become numbers with `if(condition, 1, 0)`";
    let help = (expression.kind == Kind::Boolean).then(|| help.to_owned());
    context.report(Diagnostic::new(&names::TYPE_MISMATCH, expression.span, message).maybe_help(help));
    None
}
