//! `thresholds`, at the top and under `selection`, and how profiles of threshold documents replace them.

use crate::diag::{Diagnostic, names, nearest};
use crate::ir::{Dialect, Expr, ExprKind, Layer, Origin, Rule, RuleSeverity, ThresholdGroup};
use crate::source::{Node, Span};
use crate::syntax::Comparison;
use crate::syntax::document::{number, text};
use crate::value::Kind;

use super::context::Context;
use super::expression;
use super::rules::{self, BASE_IDS, Defaults, default_owner};
use super::sections::{self, Modes};

/// The id of the threshold with a name; profiles replace by it.
pub(super) fn threshold_id(name: &str) -> String {
    format!("thresholds.{name}")
}

/// Compiles `thresholds` of the top level and of `selection`, merged by name; the top level wins.
pub(super) fn compile(context: &mut Context<'_>, root: &Node, modes: Modes) -> Vec<Rule> {
    let nested = root.get("selection").and_then(|selection| selection.get("thresholds"));
    let entries = |node: Option<&Node>| {
        node.and_then(Node::as_mapping)
            .map(|m| m.entries())
            .unwrap_or_default()
            .into_iter()
            .cloned()
            .collect::<Vec<_>>()
    };
    let (inner, outer) = (entries(nested), entries(root.get("thresholds")));
    let mut merged = inner;
    for entry in outer {
        match merged.iter_mut().find(|other| other.name() == entry.name()) {
            Some(other) => *other = entry,
            None => merged.push(entry),
        }
    }
    // In a native policy they are rules like gates; the modes are those of `validation` and profiles.
    let native = context.dialect.is_native();
    let modes = if native { Modes::default() } else { modes };
    let defaults = defaults(Origin::Threshold, BASE_IDS, modes);
    let mut found = Vec::new();
    for entry in merged {
        let Some(name) = entry.name() else { continue };
        let metric = entry.value.get("metric").and_then(text);
        let layer = metric.filter(|_| !native).map(|metric| ThresholdGroup::of(metric).layer());
        let defaults = Defaults { layer, ..defaults.clone() };
        if let Some(when) = threshold(context, &entry.value) {
            found.extend(rules::build(context, &defaults, threshold_id(name), &entry.value, when, None));
        }
    }
    found
}

fn defaults(origin: Origin, space: &str, modes: Modes) -> Defaults {
    Defaults {
        origin,
        space: space.to_owned(),
        layer: None,
        severity: RuleSeverity::Blocking,
        owner: None,
        on_missing: modes.on_missing,
        on_error: modes.on_error,
    }
}

fn threshold(context: &mut Context<'_>, node: &Node) -> Option<Expr> {
    let metric_node = node.get("metric")?;
    let name = text(metric_node)?;
    let metric = any_metric(context, name, metric_node.resolve().span);
    let value = |context: &mut Context<'_>, key: &str| match node.get(key) {
        // What is no number has been reported with the form of the document.
        Some(bound) if number(bound).is_none() => None,
        Some(bound) => sections::constant(context, bound, key).map(Some),
        None => Some(None),
    };
    let (low, high) = (value(context, "min")?, value(context, "max")?);
    match (low, high) {
        (Some(low), Some(high)) => sections::chain(context, low, metric, high),
        (Some(low), None) => sections::bound(context, metric, Comparison::GreaterEqual, low),
        (None, Some(high)) => sections::bound(context, metric, Comparison::LessEqual, high),
        (None, None) => Some(presence(metric)),
    }
}

/// True where the metric has a value, missing where it has none.
pub(super) fn presence(metric: Expr) -> Expr {
    let span = metric.span;
    let node = ExprKind::Compare(Box::new(metric.clone()), vec![(Comparison::Equal, metric)]);
    Expr { span, kind: Kind::Boolean, node }
}

/// A metric by its written name, declared or not; an undeclared one is warned of.
pub(super) fn any_metric(context: &mut Context<'_>, name: &str, span: Span) -> Expr {
    if let Some(found) = expression::metric(context, name, span) {
        return found;
    }
    let known = context.catalogue.names_like(name);
    let help = match nearest(name, known.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "declare it under `metrics`, if it is meant".to_owned(),
    };
    let message = format!("`{name}` is not in the catalogue and not declared");
    let diagnostic = Diagnostic::new(&names::UNKNOWN_METRIC, span, message).help(help);
    context.report(diagnostic.lowered_to(crate::diag::Severity::Warning));
    let slot = context.undeclared_slot(name);
    let kind = context.metrics.get(slot.0 as usize).map_or(Kind::Boolean, |metric| metric.kind);
    Expr { span, kind, node: ExprKind::Metric(slot) }
}

/// Turns the rules of a threshold document's profile into thresholds named after their metrics.
///
/// Bounds on one metric become one threshold. Every threshold blocks. A rule over several metrics
/// (`cv_sharpe_gap_max`) only reports: it is left to the base results.
pub(super) fn of_profile(context: &mut Context<'_>, compiled: Vec<Rule>) -> Vec<Rule> {
    debug_assert!(matches!(context.dialect, Dialect::Threshold { .. }));
    let mut found: Vec<Rule> = Vec::new();
    for mut rule in compiled {
        let metrics = rule.when.metrics();
        let name = match metrics.as_slice() {
            [id] => context.metrics.get(id.0 as usize).map(|metric| metric.name.clone()),
            _ => None,
        };
        let written = !rule.id.starts_with("validation_profiles.") || rule.id.contains(".rules[");
        match name {
            _ if written => {}
            Some(name) => {
                rule.id = threshold_id(&name);
                belongs(&mut rule, ThresholdGroup::of(&name).layer());
            }
            None => continue,
        }
        rule.severity = RuleSeverity::Blocking;
        match found.iter_mut().find(|other| other.id == rule.id) {
            Some(other) => {
                other.when = both(other.when.clone(), rule.when);
                // The stricter reading counts, whichever bound stands first.
                other.on_missing = other.on_missing.stricter(rule.on_missing);
                other.on_error = other.on_error.stricter(rule.on_error);
            }
            None => found.push(rule),
        }
    }
    found
}

/// Puts a threshold into the layer of its group, which also answers for it unless the profile says who does.
fn belongs(rule: &mut Rule, layer: Layer) {
    if rule.owner == default_owner(rule.layer) {
        default_owner(layer).clone_into(&mut rule.owner);
    }
    rule.layer = layer;
}

fn both(left: Expr, right: Expr) -> Expr {
    let span = left.span.to(right.span);
    Expr { span, kind: Kind::Boolean, node: ExprKind::And(vec![left, right]) }
}
