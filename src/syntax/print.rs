//! Writes an expression the way the formatter wants it: one space around binary operators, the
//! words `and or not`, numbers and brackets as the author wrote them.

use super::name::is_name_character;
use super::{Expr, ExprKind};

/// The canonical text of an expression; parsing it again gives the same tree.
#[must_use]
pub fn print_expression(expression: &Expr) -> String {
    let mut text = String::new();
    write(expression, &mut text);
    text
}

fn write(expression: &Expr, out: &mut String) {
    match &expression.kind {
        ExprKind::Number { text, .. } => out.push_str(text),
        ExprKind::Boolean(value) => out.push_str(if *value { "true" } else { "false" }),
        ExprKind::Text(text) => quote(text, out),
        ExprKind::Path(segments) => path(segments, out),
        ExprKind::Parameter(name) => {
            out.push('$');
            out.push_str(name);
        }
        ExprKind::Call { name, arguments, .. } => {
            out.push_str(name);
            out.push('(');
            separated(arguments, ", ", out);
            out.push(')');
        }
        ExprKind::Not(inner) => {
            out.push_str("not ");
            write(inner, out);
        }
        ExprKind::Negate(inner) => {
            out.push('-');
            write(inner, out);
        }
        ExprKind::And(items) => separated(items, " and ", out),
        ExprKind::Or(items) => separated(items, " or ", out),
        ExprKind::Arithmetic { first, rest } => chain(first, rest.iter().map(|(op, right)| (op.as_str(), right)), out),
        ExprKind::Compare { first, rest } => chain(first, rest.iter().map(|(op, right)| (op.as_str(), right)), out),
        ExprKind::Power(base, exponent) => {
            write(base, out);
            out.push_str(" ^ ");
            write(exponent, out);
        }
        ExprKind::Within { value, low, high } => {
            write(value, out);
            out.push_str(if low.1 { " in [" } else { " in (" });
            write(&low.0, out);
            out.push_str(", ");
            write(&high.0, out);
            out.push(if high.1 { ']' } else { ')' });
        }
        ExprKind::Group(inner) => {
            out.push('(');
            write(inner, out);
            out.push(')');
        }
    }
}

fn chain<'a>(first: &Expr, rest: impl Iterator<Item = (&'a str, &'a Expr)>, out: &mut String) {
    write(first, out);
    for (operator, right) in rest {
        out.push(' ');
        out.push_str(operator);
        out.push(' ');
        write(right, out);
    }
}

fn separated(items: &[Expr], separator: &str, out: &mut String) {
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push_str(separator);
        }
        write(item, out);
    }
}

fn path(segments: &[Box<str>], out: &mut String) {
    for (index, segment) in segments.iter().enumerate() {
        let plain = segment.chars().all(is_name_character);
        if !plain || segment.is_empty() {
            out.push('[');
            quote(segment, out);
            out.push(']');
            continue;
        }
        if index > 0 {
            out.push('.');
        }
        out.push_str(segment);
    }
}

fn quote(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        if matches!(character, '"' | '\\') {
            out.push('\\');
        }
        out.push(character);
    }
    out.push('"');
}
