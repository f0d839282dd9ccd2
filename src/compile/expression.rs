//! Types expressions: names to slots, kinds and units checked, units converted, constants folded.

use crate::builtin::{self, Builtin, Units};
use crate::diag::{Diagnostic, documents, names, nearest};
use crate::ir::{DeclarationKind, Expr, ExprKind};
use crate::source::{Node, Span};
use crate::syntax::{
    ArithmeticOperator, Comparison, Expr as Syntax, ExprKind as SyntaxKind, LiteralUnit, parse_expression,
};
use crate::value::{Kind, Unit};

use super::context::{Context, Scope};
use super::definitions;
use super::fold::{self, power};
use super::kinds::{expect_boolean, expect_number, unify, unit_of};

/// Types the expression in a scalar node; none where something was reported.
pub(super) fn compile_scalar(context: &mut Context<'_>, node: &Node, scope: &Scope) -> Option<Expr> {
    let syntax = parse_scalar(context, node)?;
    let expression = compile(context, &syntax, scope)?;
    Some(match scope.place {
        Some(place) => definitions::respan(&expression, place),
        None => expression,
    })
}

/// Types the expression in a scalar node, which must be true or false.
pub(super) fn compile_condition(context: &mut Context<'_>, node: &Node, scope: &Scope) -> Option<Expr> {
    let expression = compile_scalar(context, node, scope)?;
    expect_boolean(context, expression)
}

/// Types the expression in a scalar node, which must be a number.
pub(super) fn compile_number(context: &mut Context<'_>, node: &Node, scope: &Scope) -> Option<Expr> {
    let expression = compile_scalar(context, node, scope)?;
    expect_number(context, &expression, "here")?;
    Some(expression)
}

pub(super) fn parse_scalar(context: &mut Context<'_>, node: &Node) -> Option<Syntax> {
    let node = node.resolve();
    let Some(text) = node.as_text() else {
        let message = "an expression is expected here";
        let help = "write a text such as `sharpe >= 0.5`";
        context.report(Diagnostic::new(&documents::WRONG_TYPE, node.span, message).help(help));
        return None;
    };
    let source = context.sources.get(node.span.file).map_or("", |source| source.text());
    let parsed = parse_expression(text, &node.locator(source), context.limits);
    parsed.map_err(|error| report_syntax(context, node, text, error)).ok()
}

fn report_syntax(context: &mut Context<'_>, node: &Node, text: &str, error: crate::syntax::ExpressionError) {
    let rule = if error.limit { &documents::EXPRESSION_DEPTH } else { &documents::EXPRESSION_SYNTAX };
    let source = context.sources.get(node.span.file).map_or("", |source| source.text());
    let behind = source.get(node.span.end as usize..).unwrap_or("").trim_start();
    let open = text.matches(['(', '[']).count() > text.matches([')', ']']).count();
    // In a flow collection a comma ends the value, even one between brackets of an expression.
    let cut = open && behind.starts_with([',', ']']) && !error.limit;
    let help = if cut {
        Some("YAML ends the value at this comma: put the expression in quotes".to_owned())
    } else {
        error.help
    };
    context.report(Diagnostic::new(rule, error.span, error.message).maybe_help(help));
}

/// Types a syntax tree.
pub(super) fn compile(context: &mut Context<'_>, syntax: &Syntax, scope: &Scope) -> Option<Expr> {
    let span = syntax.span;
    match &syntax.kind {
        SyntaxKind::Number { value, unit, .. } => Some(literal(*value, *unit, span)),
        SyntaxKind::Boolean(value) => Some(Expr { span, kind: Kind::Boolean, node: ExprKind::Boolean(*value) }),
        SyntaxKind::Text(text) => Some(Expr { span, kind: Kind::Text, node: ExprKind::Text(text.clone()) }),
        SyntaxKind::Group(inner) => compile(context, inner, scope).map(|expression| Expr { span, ..expression }),
        SyntaxKind::Path(segments) => path(context, segments, span, scope),
        SyntaxKind::Parameter(name) => parameter(context, name, span, scope),
        SyntaxKind::Call { name, name_span, arguments } => call(context, name, *name_span, arguments, span, scope),
        SyntaxKind::Not(inner) => {
            let inner = compile(context, inner, scope)?;
            let inner = expect_boolean(context, inner)?;
            Some(Expr { span, kind: Kind::Boolean, node: ExprKind::Not(Box::new(inner)) })
        }
        SyntaxKind::And(items) => conditions(context, items, scope).map(|items| Expr {
            span,
            kind: Kind::Boolean,
            node: ExprKind::And(items),
        }),
        SyntaxKind::Or(items) => {
            conditions(context, items, scope).map(|items| Expr { span, kind: Kind::Boolean, node: ExprKind::Or(items) })
        }
        SyntaxKind::Negate(inner) => {
            let inner = compile(context, inner, scope)?;
            expect_number(context, &inner, "behind `-`")?;
            Some(fold::negate(inner, span))
        }
        SyntaxKind::Power(base, exponent) => {
            let (base, exponent) = (compile(context, base, scope), compile(context, exponent, scope));
            let (base, exponent) = (base?, exponent?);
            expect_number(context, &base, "before `^`")?;
            expect_number(context, &exponent, "behind `^`")?;
            Some(power(base, exponent, span))
        }
        SyntaxKind::Arithmetic { first, rest } => arithmetic(context, first, rest, span, scope),
        SyntaxKind::Compare { first, rest } => compare(context, first, rest, span, scope),
        SyntaxKind::Within { value, low, high } => within(context, value, low, high, span, scope),
    }
}

/// A number as written, with the unit that its suffix says.
pub(super) fn literal(value: f64, unit: LiteralUnit, span: Span) -> Expr {
    let unit = match unit {
        LiteralUnit::Bare => Unit::Bare,
        LiteralUnit::Ratio => Unit::Ratio,
        LiteralUnit::Duration => Unit::Duration,
    };
    Expr { span, kind: Kind::Number(unit), node: ExprKind::Number(value) }
}

fn path(context: &mut Context<'_>, segments: &[Box<str>], span: Span, scope: &Scope) -> Option<Expr> {
    let fill = |segment: &str| match &scope.each {
        Some(name) => segment.replace("{name}", name),
        None => segment.to_owned(),
    };
    let name = segments.iter().map(|segment| fill(segment)).collect::<Vec<_>>().join(".");
    if let Some(found) = definitions::resolve(context, &name, span) {
        let standard = context.definitions.place(&name).is_some_and(|(_, standard)| standard);
        return found.map(|definition| if standard { supplied_or(context, &name, definition) } else { definition });
    }
    match metric_of(context, &name, span, scope.signed) {
        Some(expression) => Some(expression),
        None => {
            report_unknown(context, &name, span);
            None
        }
    }
}

/// A derived metric of the library: the number that a snapshot gives under its name, else the formula.
fn supplied_or(context: &mut Context<'_>, name: &str, definition: Expr) -> Expr {
    let Some((id, _)) = builtin::by_name("coalesce") else { return definition };
    let slot = context.undeclared_slot(name);
    if let Some(metric) = context.metrics.get_mut(slot.0 as usize) {
        metric.kind = definition.kind;
        metric.declared = true;
    }
    let supplied = Expr { span: definition.span, kind: definition.kind, node: ExprKind::Metric(slot) };
    Expr { span: definition.span, kind: definition.kind, node: ExprKind::Call(id, vec![supplied, definition]) }
}

/// The metric of the catalogue under a name, in the unit of that name.
pub(super) fn metric(context: &mut Context<'_>, name: &str, span: Span) -> Option<Expr> {
    metric_of(context, name, span, false)
}

fn metric_of(context: &mut Context<'_>, name: &str, span: Span, signed: bool) -> Option<Expr> {
    let catalogue = std::mem::take(&mut context.catalogue);
    let found = catalogue.find(name);
    let expression = found.map(|found| {
        context.mark_used(&found.entry.name, DeclarationKind::Metric);
        let slot = context.slot(name, &found, signed);
        let kind = context.metrics.get(slot.0 as usize).map_or(found.entry.kind, |metric| metric.kind);
        let metric = Expr { span, kind, node: ExprKind::Metric(slot) };
        match found.alias {
            Some(alias) if !context.reads_as_written(name) => {
                let kind = alias.unit.map_or(found.entry.kind, Kind::Number);
                fold::scaled(Expr { kind, ..metric }, 1.0, alias.factor)
            }
            _ => metric,
        }
    });
    context.catalogue = catalogue;
    expression
}

/// Reports a name that nobody declares, with the nearest that somebody does.
pub(super) fn report_unknown(context: &mut Context<'_>, name: &str, span: Span) {
    let last = name.rsplit('.').next().unwrap_or(name);
    let known = context.catalogue.names_like(last);
    let all = known.iter().map(String::as_str).chain(context.definitions.names());
    let help = match nearest(last, all) {
        Some(near) => format!("did you mean `{near}`?"),
        None if builtin::by_name(name).is_some() => format!("`{name}` is a function: call it, as in `{name}(…)`"),
        None => "declare it under `metrics`, or see `qmtl-policy metrics` for the catalogue".to_owned(),
    };
    context.report(Diagnostic::new(&names::UNKNOWN_METRIC, span, format!("unknown metric `{name}`")).help(help));
}

fn parameter(context: &mut Context<'_>, name: &str, span: Span, scope: &Scope) -> Option<Expr> {
    let found = scope.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    if found.is_none() {
        let known = nearest(name, scope.parameters.iter().map(|(known, _)| known.as_str()));
        let help = match known {
            Some(known) => format!("did you mean `${known}`?"),
            None => "`$name` stands for a parameter of a layer template".to_owned(),
        };
        let message = format!("there is no parameter `${name}` here");
        context.report(Diagnostic::new(&names::UNKNOWN_METRIC, span, message).help(help));
    }
    found
}

fn conditions(context: &mut Context<'_>, items: &[Syntax], scope: &Scope) -> Option<Vec<Expr>> {
    let compiled: Vec<_> = items.iter().map(|item| compile(context, item, scope)).collect();
    compiled.into_iter().map(|item| item.and_then(|item| expect_boolean(context, item))).collect()
}

/// Every operand, even behind one that failed: all mistakes are reported in one go.
fn operands(context: &mut Context<'_>, items: &[&Syntax], scope: &Scope) -> Option<Vec<Expr>> {
    let compiled: Vec<_> = items.iter().map(|item| compile(context, item, scope)).collect();
    compiled.into_iter().collect()
}

fn arithmetic(
    context: &mut Context<'_>,
    first: &Syntax,
    rest: &[(ArithmeticOperator, Syntax)],
    span: Span,
    scope: &Scope,
) -> Option<Expr> {
    let items: Vec<_> = std::iter::once(first).chain(rest.iter().map(|(_, right)| right)).collect();
    let mut values = operands(context, &items, scope)?;
    for value in &values {
        expect_number(context, value, "in arithmetic")?;
    }
    let multiplicative = rest.first().is_some_and(|(operator, _)| operator.is_multiplicative());
    let unit = if multiplicative {
        let mut unit = unit_of(values.first()?);
        for ((operator, _), value) in rest.iter().zip(values.iter().skip(1)) {
            let other = unit_of(value);
            unit = if *operator == ArithmeticOperator::Multiply { unit.product(other) } else { unit.quotient(other) };
        }
        unit
    } else {
        values = unify(context, values, "added or subtracted")?;
        values.iter().map(unit_of).find(|unit| *unit != Unit::Bare).unwrap_or(Unit::Bare)
    };
    let mut values = values.into_iter();
    let first = values.next()?;
    let rest = rest.iter().map(|(operator, _)| *operator).zip(values).collect();
    Some(fold::arithmetic(first, rest, unit, span))
}

fn compare(
    context: &mut Context<'_>,
    first: &Syntax,
    rest: &[(Comparison, Syntax)],
    span: Span,
    scope: &Scope,
) -> Option<Expr> {
    let items: Vec<_> = std::iter::once(first).chain(rest.iter().map(|(_, right)| right)).collect();
    let values = operands(context, &items, scope)?;
    let operators: Vec<_> = rest.iter().map(|(operator, _)| *operator).collect();
    comparison(context, values, &operators, span)
}

/// A comparison chain over typed operands.
pub(super) fn comparison(
    context: &mut Context<'_>,
    values: Vec<Expr>,
    operators: &[Comparison],
    span: Span,
) -> Option<Expr> {
    let all_numbers = values.iter().all(|value| matches!(value.kind, Kind::Number(_)));
    let values = if all_numbers {
        unify(context, values, "compared")?
    } else {
        expect_equality(context, &values, operators)?;
        values
    };
    let mut values = values.into_iter();
    let first = Box::new(values.next()?);
    let rest = operators.iter().copied().zip(values).collect();
    Some(Expr { span, kind: Kind::Boolean, node: ExprKind::Compare(first, rest) })
}

fn expect_equality(context: &mut Context<'_>, values: &[Expr], operators: &[Comparison]) -> Option<()> {
    let first = values.first()?;
    if let Some(other) = values.iter().find(|value| value.kind.describe() != first.kind.describe()) {
        let message = format!("{} is compared with {}", first.kind.describe(), other.kind.describe());
        let diagnostic = Diagnostic::new(&names::TYPE_MISMATCH, first.span.to(other.span), message);
        let help = "a comparison gives true or false: join comparisons with `and`";
        let chained = values.iter().any(|value| matches!(value.node, ExprKind::Compare(..)));
        context.report(diagnostic.maybe_help(chained.then(|| help.to_owned())));
        return None;
    }
    if operators.iter().any(|operator| !matches!(operator, Comparison::Equal | Comparison::NotEqual)) {
        let message = format!("{} has no order", first.kind.describe());
        let help = "compare with `==` or `!=`";
        context.report(Diagnostic::new(&names::TYPE_MISMATCH, first.span, message).help(help));
        return None;
    }
    Some(())
}

fn within(
    context: &mut Context<'_>,
    value: &Syntax,
    low: &(Box<Syntax>, bool),
    high: &(Box<Syntax>, bool),
    span: Span,
    scope: &Scope,
) -> Option<Expr> {
    let values = operands(context, &[&low.0, value, &high.0], scope)?;
    for value in &values {
        expect_number(context, value, "in a range")?;
    }
    let operator = |closed: bool| if closed { Comparison::LessEqual } else { Comparison::Less };
    comparison(context, values, &[operator(low.1), operator(high.1)], span)
}

fn call(
    context: &mut Context<'_>,
    name: &str,
    name_span: Span,
    arguments: &[Syntax],
    span: Span,
    scope: &Scope,
) -> Option<Expr> {
    let items: Vec<_> = arguments.iter().collect();
    let values = operands(context, &items, scope);
    let Some((id, builtin)) = builtin::by_name(name) else {
        let help = match nearest(name, builtin::ALL.iter().map(|builtin| builtin.name)) {
            Some(known) => format!("did you mean `{known}`?"),
            None => {
                let known: Vec<_> = builtin::ALL.iter().map(|builtin| builtin.name).collect();
                format!("the functions are {}", known.join(", "))
            }
        };
        let message = format!("unknown function `{name}`");
        context.report(Diagnostic::new(&names::UNKNOWN_FUNCTION, name_span, message).help(help));
        return None;
    };
    let values = values?;
    let (fewest, most) = builtin.arguments;
    if values.len() < fewest || most.is_some_and(|most| values.len() > most) {
        let message = format!("`{name}` is called with {} of its arguments", count(values.len(), fewest, most));
        context
            .report(Diagnostic::new(&names::ARGUMENTS, span, message).help(format!("call it as `{}`", builtin.usage)));
        return None;
    }
    expect_literal(context, builtin, &values)?;
    let (kind, values) = signature(context, builtin, values)?;
    Some(fold::call(builtin, Expr { span, kind, node: ExprKind::Call(id, values) }))
}

fn count(given: usize, fewest: usize, most: Option<usize>) -> String {
    match most {
        Some(most) if most == fewest => format!("{given} instead of {fewest}"),
        Some(most) => format!("{given} instead of {fewest} to {most}"),
        None => format!("{given} instead of at least {fewest}"),
    }
}

fn expect_literal(context: &mut Context<'_>, builtin: &Builtin, values: &[Expr]) -> Option<()> {
    let Some((index, low, high)) = builtin.literal() else { return Some(()) };
    let value = values.get(index)?;
    let whole = builtin.name == "round";
    let fits = matches!(value.node, ExprKind::Number(number)
        if (low..=high).contains(&number) && (!whole || libm::trunc(number) == number));
    if !fits {
        let what = if whole { "a whole number" } else { "a number" };
        let message = format!("the last argument of `{}` must be {what} from {low} to {high}", builtin.usage);
        let help = "write it out: it cannot depend on metrics";
        context.report(Diagnostic::new(&names::ARGUMENTS, value.span, message).help(help));
        return None;
    }
    Some(())
}

/// The kind of a call's result, and its arguments in one unit where the function needs that.
fn signature(context: &mut Context<'_>, builtin: &Builtin, mut values: Vec<Expr>) -> Option<(Kind, Vec<Expr>)> {
    let place = format!("in `{}`", builtin.usage);
    let numbers = |context: &mut Context<'_>, values: &[Expr]| {
        values.iter().try_for_each(|value| expect_number(context, value, &place))
    };
    match builtin.units {
        Units::Test => Some((Kind::Boolean, values)),
        Units::Plain | Units::Counts | Units::Share => {
            numbers(context, &values)?;
            let unit = match builtin.units {
                Units::Counts => Unit::Count,
                Units::Share => Unit::Ratio,
                _ => Unit::Bare,
            };
            Some((Kind::Number(unit), values))
        }
        Units::Same(same) => {
            numbers(context, &values)?;
            let rest = values.split_off(same.min(values.len()));
            let mut values = unify(context, values, "arguments of one function")?;
            let unit = values.iter().map(unit_of).find(|unit| *unit != Unit::Bare).unwrap_or(Unit::Bare);
            values.extend(rest);
            Some((Kind::Number(unit), values))
        }
        Units::Any => one_kind(context, values),
        Units::Choice => {
            let condition = expect_boolean(context, values.remove(0))?;
            let (kind, mut values) = one_kind(context, values)?;
            values.insert(0, condition);
            Some((kind, values))
        }
    }
}

fn one_kind(context: &mut Context<'_>, values: Vec<Expr>) -> Option<(Kind, Vec<Expr>)> {
    let first = values.first()?.clone();
    if let Some(other) = values.iter().find(|value| value.kind.describe() != first.kind.describe()) {
        let message = format!("{} and {} stand for the same value", first.kind.describe(), other.kind.describe());
        context.report(Diagnostic::new(&names::TYPE_MISMATCH, other.span, message).help("give values of one kind"));
        return None;
    }
    if !matches!(first.kind, Kind::Number(_)) {
        return Some((first.kind, values));
    }
    let values = unify(context, values, "arguments of one function")?;
    let unit = values.iter().map(unit_of).find(|unit| *unit != Unit::Bare).unwrap_or(Unit::Bare);
    Some((Kind::Number(unit), values))
}
