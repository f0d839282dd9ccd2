//! Sections of `validation` and of profiles: bounds, parameters, rules.

use crate::diag::{Diagnostic, documents, names, nearest};
use crate::ir::{ErrorMode, Expr, ExprKind, Layer, MissingMode, Origin, Rule, RuleSeverity};
use crate::source::{Entry, Node, Span};
use crate::stdlib::Template;
use crate::syntax::Comparison;
use crate::syntax::document::{boolean, quantity, text};
use crate::value::{Kind, Unit};

use super::context::{Context, Scope};
use super::expression::{self, compile_condition, literal};
use super::rules::{self, Defaults};

/// Keys of a section that are not bounds.
const OWN_KEYS: [&str; 3] = ["severity", "owner", "rules"];

/// The modes that `validation` sets.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Modes {
    pub on_missing: MissingMode,
    pub on_error: ErrorMode,
}

/// Reads the modes of `validation`.
pub(super) fn modes(validation: Option<&Node>) -> Modes {
    let word = |key: &str| validation.and_then(|node| node.get(key)).and_then(text);
    Modes {
        on_missing: word("on_missing_metric").and_then(MissingMode::from_name).unwrap_or_default(),
        on_error: if word("on_error") == Some("warn") { ErrorMode::Warn } else { ErrorMode::Fail },
    }
}

/// Where `validation` sets a mode.
pub(super) fn mode_span(root: &Node, key: &str) -> Option<Span> {
    Some(root.get("validation")?.get(key)?.resolve().span)
}

/// Compiles all sections under a node (`validation`, or one profile).
pub(super) fn compile(
    context: &mut Context<'_>,
    node: &Node,
    path: &str,
    origin: Origin,
    space: &str,
    modes: Modes,
) -> Vec<Rule> {
    let Some(mapping) = node.as_mapping() else { return Vec::new() };
    let mut found = Vec::new();
    for entry in mapping.entries() {
        let Some(layer) = entry.name().and_then(Layer::from_name) else { continue };
        let templates = context.templates.clone();
        let template = templates.iter().find(|template| template.layer == Some(layer));
        let word = |key: &str| entry.value.get(key).and_then(text);
        let defaults = Defaults {
            origin,
            space: space.to_owned(),
            layer: Some(layer),
            severity: word("severity").and_then(RuleSeverity::from_name).unwrap_or(RuleSeverity::Blocking),
            owner: word("owner").map(str::to_owned),
            on_missing: modes.on_missing,
            on_error: modes.on_error,
        };
        let path = format!("{path}.{}", layer.as_str());
        let section = Section { defaults: &defaults, path: &path, template };
        found.extend(section.compile(context, &entry.value));
    }
    found
}

/// What a key can bound: `<metric>_min`, `<metric>_max`, `min_<metric>`, `max_<metric>`, in this order.
fn readings(key: &str) -> impl Iterator<Item = (&str, Comparison)> {
    let readings = [
        (key.strip_suffix("_min"), Comparison::GreaterEqual),
        (key.strip_suffix("_max"), Comparison::LessEqual),
        (key.strip_prefix("min_"), Comparison::GreaterEqual),
        (key.strip_prefix("max_"), Comparison::LessEqual),
    ];
    readings.into_iter().filter_map(|(metric, operator)| Some((metric?, operator)))
}

/// The value of a bound in a section, under the key asked for or any other that means the same.
pub(super) fn bound_value<'n>(context: &Context<'_>, section: &'n Node, key: &str) -> Option<&'n Node> {
    if let Some(value) = section.get(key) {
        return Some(value);
    }
    let meaning =
        |key: &str| readings(key).find_map(|(metric, operator)| Some((context.catalogue.find(metric)?.name, operator)));
    let (metric, operator) = meaning(key)?;
    let end = if operator == Comparison::GreaterEqual { "min" } else { "max" };
    let entries = section.as_mapping()?.entries().into_iter();
    entries.into_iter().find_map(|entry| {
        let name = entry.name()?;
        if entry.value.as_mapping().is_some() {
            let same = context.catalogue.find(name)?.name == metric;
            return entry.value.get(end).filter(|_| same);
        }
        (meaning(name)? == (metric.clone(), operator)).then_some(&entry.value)
    })
}

struct Section<'a> {
    defaults: &'a Defaults,
    path: &'a str,
    template: Option<&'a Template>,
}

impl Section<'_> {
    fn compile(&self, context: &mut Context<'_>, node: &Node) -> Vec<Rule> {
        let mut found = Vec::new();
        for entry in node.as_mapping().map(|map| map.entries()).unwrap_or_default() {
            let Some(name) = entry.name().filter(|name| !name.starts_with("x-")) else { continue };
            if name == "rules" {
                found.extend(rules::listed(context, self.defaults, self.path, &entry.value));
            } else if !OWN_KEYS.contains(&name) {
                found.extend(self.entry(context, name, entry));
            }
        }
        found
    }

    fn entry(&self, context: &mut Context<'_>, name: &str, entry: &Entry) -> Option<Rule> {
        if let Some(rule) = self.template.and_then(|template| template.parameter(name)).and_then(|p| p.rule.as_ref()) {
            return self.parameter(context, name, entry, rule);
        }
        if entry.value.as_mapping().is_some() {
            return self.bounds(context, name, entry);
        }
        let (metric, operator) = self.bound_key(context, name, entry)?;
        let value = constant(context, &entry.value, name)?;
        let when = bound(context, metric, operator, value)?;
        self.rule(context, name, entry, when)
    }

    fn rule(&self, context: &mut Context<'_>, name: &str, entry: &Entry, when: Expr) -> Option<Rule> {
        rules::build(context, self.defaults, format!("{}.{name}", self.path), &entry.value, when, None)
    }

    /// A parameter whose template gives the rule.
    fn parameter(&self, context: &mut Context<'_>, name: &str, entry: &Entry, rule: &Node) -> Option<Rule> {
        let value = constant(context, &entry.value, name)?;
        let scope = Scope {
            parameters: vec![(name.to_owned(), value)],
            place: Some(entry.value.resolve().span),
            ..Scope::default()
        };
        let when = compile_condition(context, rule, &scope)?;
        self.rule(context, name, entry, when)
    }

    /// `<metric>: {min, max, equals}`.
    fn bounds(&self, context: &mut Context<'_>, name: &str, entry: &Entry) -> Option<Rule> {
        let node = &entry.value;
        let metric = self.metric(context, name, entry)?;
        let (low, high) = (node.get("min"), node.get("max"));
        if let Some(equals) = node.get("equals") {
            if low.is_some() || high.is_some() {
                let message = "`equals` stands alone: `min` and `max` have no meaning beside it";
                let span = equals.resolve().span;
                context.report(Diagnostic::new(&documents::INVALID_VALUE, span, message).help("remove one of them"));
                return None;
            }
            let value = exact(context, equals, &metric, name)?;
            let when =
                expression::comparison(context, vec![metric, value], &[Comparison::Equal], equals.resolve().span)?;
            return self.rule(context, name, entry, when);
        }
        let when = match (low, high) {
            (Some(low), Some(high)) => {
                let (low, high) = (constant(context, low, name), constant(context, high, name));
                chain(context, low?, metric, high?)?
            }
            (Some(low), None) => {
                let low = constant(context, low, name)?;
                bound(context, metric, Comparison::GreaterEqual, low)?
            }
            (None, Some(high)) => {
                let high = constant(context, high, name)?;
                bound(context, metric, Comparison::LessEqual, high)?
            }
            (None, None) => {
                let message = format!("`{name}` sets no bound");
                let help = "write `min`, `max` or `equals`";
                context.report(Diagnostic::new(&documents::MISSING_KEY, entry.key.span, message).help(help));
                return None;
            }
        };
        self.rule(context, name, entry, when)
    }

    fn bound_key(&self, context: &mut Context<'_>, name: &str, entry: &Entry) -> Option<(Expr, Comparison)> {
        for (metric, operator) in readings(name) {
            if let Some(found) = self.known_metric(context, metric, entry.value.resolve().span) {
                return Some((found, operator));
            }
        }
        self.report_unknown(context, name, entry.key.span);
        None
    }

    /// A metric of the catalogue by any of its names; threshold documents read its own name only.
    fn known_metric(&self, context: &mut Context<'_>, name: &str, span: Span) -> Option<Expr> {
        let canonical = context.catalogue.find(name)?.name;
        if context.dialect.is_native() {
            expression::metric(context, name, span)
        } else {
            expression::metric(context, &canonical, span)
        }
    }

    fn metric(&self, context: &mut Context<'_>, name: &str, entry: &Entry) -> Option<Expr> {
        let found = self.known_metric(context, name, entry.key.span);
        if found.is_none() {
            self.report_unknown(context, name, entry.key.span);
        }
        found
    }

    fn report_unknown(&self, context: &mut Context<'_>, name: &str, span: Span) {
        if context.catalogue.find(name).is_some() {
            let message = format!("`{name}` alone says no bound");
            let help = format!("write `{name}_min`, `{name}_max` or `{name}: {{ min: …, max: … }}`");
            context.report(Diagnostic::new(&documents::MISSING_KEY, span, message).help(help));
            return;
        }
        let shapes = [("", "_min"), ("", "_max"), ("min_", ""), ("max_", ""), ("", "")];
        let bare = shapes.iter().fold(name, |name, (before, after)| {
            name.strip_prefix(before).unwrap_or(name).strip_suffix(after).unwrap_or(name)
        });
        let metrics = context.catalogue.names_like(bare);
        let mut known: Vec<String> = metrics
            .iter()
            .flat_map(|metric| shapes.iter().map(move |(before, after)| format!("{before}{metric}{after}")))
            .collect();
        known.extend(OWN_KEYS.map(str::to_owned));
        known.extend(self.template.iter().flat_map(|template| &template.parameters).map(|p| p.name.clone()));
        let layer = self.defaults.layer.map_or("", Layer::as_str);
        let message = format!("`{name}` is neither a parameter of `{layer}` nor a bound on a known metric");
        let help = match nearest(name, known.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "write `<metric>_min`, `<metric>_max` or `<metric>: { min, max }`".to_owned(),
        };
        context.report(Diagnostic::new(&names::UNKNOWN_METRIC, span, message).help(help));
    }
}

/// The value of a bound: a number with its suffix.
pub(super) fn constant(context: &mut Context<'_>, node: &Node, name: &str) -> Option<Expr> {
    let span = node.resolve().span;
    let Some((value, unit)) = quantity(node) else {
        let written = node.as_text().unwrap_or("this");
        let message = format!("`{name}` takes a number, not `{written}`");
        let help = "write a number, also with `%`, `bp` or a unit of time";
        context.report(Diagnostic::new(&documents::WRONG_TYPE, span, message).help(help));
        return None;
    };
    Some(literal(value, unit, span))
}

/// The value of `equals`, of the metric's kind.
fn exact(context: &mut Context<'_>, node: &Node, metric: &Expr, name: &str) -> Option<Expr> {
    let span = node.resolve().span;
    let read = match metric.kind {
        Kind::Number(_) => return constant(context, node, name),
        Kind::Boolean => boolean(node).map(ExprKind::Boolean),
        Kind::Text => text(node).map(|text| ExprKind::Text(text.into())),
    };
    if read.is_none() {
        let message = format!("`equals` takes {} here", metric.kind.describe());
        context.report(Diagnostic::new(&documents::WRONG_TYPE, span, message));
    }
    read.map(|node| Expr { span, kind: metric.kind, node })
}

fn expect_number(context: &mut Context<'_>, metric: &Expr, span: Span) -> Option<()> {
    if matches!(metric.kind, Kind::Number(_)) {
        return Some(());
    }
    let message = format!("a bound needs a number, this metric is {}", metric.kind.describe());
    let help = "write `equals`, or a rule with `when`";
    context.report(Diagnostic::new(&names::BOUND_ON_TEXT, span, message).help(help));
    None
}

/// Threshold documents compare bare numbers with any metric, as QMTL does.
fn in_unit_of(context: &Context<'_>, metric: &Expr, mut value: Expr) -> Expr {
    if !context.dialect.is_native() && value.kind == Kind::Number(Unit::Bare) {
        value.kind = metric.kind;
    }
    value
}

/// `metric ⋈ value`.
pub(super) fn bound(context: &mut Context<'_>, metric: Expr, operator: Comparison, value: Expr) -> Option<Expr> {
    expect_number(context, &metric, value.span)?;
    let (span, value) = (value.span, in_unit_of(context, &metric, value));
    expression::comparison(context, vec![metric, value], &[operator], span)
}

/// `low <= metric <= high`.
pub(super) fn chain(context: &mut Context<'_>, low: Expr, metric: Expr, high: Expr) -> Option<Expr> {
    expect_number(context, &metric, low.span)?;
    let span = low.span.to(high.span);
    let (low, high) = (in_unit_of(context, &metric, low), in_unit_of(context, &metric, high));
    expression::comparison(context, vec![low, metric, high], &[Comparison::LessEqual; 2], span)
}
