//! Values of nodes, in silence: the walk over the shape has reported what does not fit.

use crate::source::{Node, ScalarStyle};
use crate::syntax::{LiteralUnit, parse_duration, parse_quantity};

/// The text of a scalar that is not null.
#[must_use]
pub fn text(node: &Node) -> Option<&str> {
    node.as_text().filter(|_| !node.is_null())
}

/// A plain `true` or `false`.
#[must_use]
pub fn boolean(node: &Node) -> Option<bool> {
    let scalar = node.as_scalar().filter(|scalar| scalar.style == ScalarStyle::Plain)?;
    match scalar.value.as_str() {
        "true" | "True" | "TRUE" => Some(true),
        "false" | "False" | "FALSE" => Some(false),
        _ => None,
    }
}

/// A finite number, also with `%` or `bp`, or a duration in seconds.
#[must_use]
pub fn quantity(node: &Node) -> Option<(f64, LiteralUnit)> {
    parse_quantity(text(node)?)
}

/// A finite number, also with `%` or `bp`.
#[must_use]
pub fn number(node: &Node) -> Option<f64> {
    quantity(node).filter(|(_, unit)| !unit.is_duration()).map(|(value, _)| value)
}

/// A duration in seconds.
#[must_use]
pub fn duration(node: &Node) -> Option<f64> {
    parse_duration(text(node)?)
}

/// The texts of a list, or the one text that stands for it.
#[must_use]
pub fn words(node: &Node) -> Vec<(&Node, &str)> {
    let items = node.as_sequence().unwrap_or(std::slice::from_ref(node));
    items.iter().filter_map(|item| Some((item, text(item)?))).collect()
}
