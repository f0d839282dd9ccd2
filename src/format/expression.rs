//! Expressions in their canonical form, within the quotes that they need.

use crate::source::{Limits, Locator, Node, NodeKind, Scalar, ScalarStyle, Span};
use crate::syntax::{Expr, parse_expression, print_expression};

/// Characters that mean something else where a plain scalar would start.
const INDICATORS: &str = "-?:,[]{}#&*!|>'\"%@`";
/// Characters that end a plain scalar within a flow collection.
const FLOW_INDICATORS: &[char] = &[',', '[', ']', '{', '}'];

/// What an expression stands in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Surroundings {
    /// Within `[…]` or `{…}`.
    pub flow: bool,
    /// The document is JSON, which knows double quotes only.
    pub json: bool,
}

/// The tree of an expression, all spans alike: two of them are equal if they mean the same.
pub(super) fn tree(text: &str, limits: &Limits) -> Option<Expr> {
    parse_expression(text, &Locator::whole(Span::default()), limits).ok()
}

/// The scalar of a node that holds an expression, written anew; none where it must stay as it is.
pub(super) fn rewritten(node: &Node, raw: &str, around: Surroundings, limits: &Limits) -> Option<String> {
    let NodeKind::Scalar(scalar) = &node.kind else { return None };
    let block = matches!(scalar.style, ScalarStyle::Literal | ScalarStyle::Folded);
    if block || raw.contains('\n') || node.is_null() {
        return None;
    }
    let expression = tree(&scalar.value, limits)?;
    let text = print_expression(&expression);
    // Escapes are for people to keep; and what does not read back the same is not written.
    let faithful = !text.chars().any(char::is_control) && tree(&text, limits)? == expression;
    if !faithful || text == scalar.value {
        return None;
    }
    Some(in_quotes(&text, quotes(&text, scalar, raw, around)))
}

fn quotes(text: &str, scalar: &Scalar, raw: &str, around: Surroundings) -> ScalarStyle {
    let inner = raw.get(1..).and_then(|rest| rest.strip_suffix('"')).unwrap_or("");
    match scalar.style {
        ScalarStyle::Plain if is_plain(text, around.flow) => ScalarStyle::Plain,
        ScalarStyle::Plain if text.contains(['"', '\\']) => ScalarStyle::SingleQuoted,
        ScalarStyle::Plain => ScalarStyle::DoubleQuoted,
        // Its texts stood in single quotes and now stand in double ones: change places.
        ScalarStyle::DoubleQuoted if !around.json && text.contains('"') && !inner.contains('"') => {
            ScalarStyle::SingleQuoted
        }
        style => style,
    }
}

/// Whether YAML reads the text back as one plain scalar.
fn is_plain(text: &str, flow: bool) -> bool {
    let mut characters = text.chars();
    let Some(first) = characters.next() else { return false };
    let second = characters.next().unwrap_or(' ');
    let minus = first == '-' && !second.is_whitespace();
    let starts = minus || !INDICATORS.contains(first);
    let inside = !text.contains(": ") && !text.contains(" #") && !text.ends_with(':') && text.trim() == text;
    starts && inside && !(flow && text.contains(FLOW_INDICATORS))
}

fn in_quotes(text: &str, style: ScalarStyle) -> String {
    match style {
        ScalarStyle::SingleQuoted => format!("'{}'", text.replace('\'', "''")),
        ScalarStyle::DoubleQuoted => format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")),
        ScalarStyle::Plain | ScalarStyle::Literal | ScalarStyle::Folded => text.to_owned(),
    }
}
