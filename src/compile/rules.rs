//! What rules of all sections share: attributes, layers, ids.

use crate::diag::{Diagnostic, names};
use crate::ir::{ErrorMode, Expr, Layer, MissingMode, Origin, Rule, RuleSeverity};
use crate::source::{Node, Span};
use crate::syntax::document::text;

use super::context::{Context, Scope};
use super::expression::compile_condition;

/// What a section sets for its rules, unless a rule says otherwise.
#[derive(Debug, Clone)]
pub(super) struct Defaults {
    /// Where the rules come from.
    pub origin: Origin,
    /// Ids are unique within a space.
    pub space: String,
    pub layer: Option<Layer>,
    pub severity: RuleSeverity,
    /// None: by layer.
    pub owner: Option<String>,
    pub on_missing: MissingMode,
    pub on_error: ErrorMode,
}

/// Who answers for rules of a layer unless the policy says so.
pub(super) fn default_owner(layer: Layer) -> &'static str {
    match layer {
        Layer::DataCurrency => "ops",
        Layer::Risk | Layer::Stress => "risk",
        Layer::Sample | Layer::Performance | Layer::Robustness | Layer::Diagnostics => "quant",
    }
}

/// The gravest layer of the metrics an expression reads.
pub(super) fn gravest_layer(context: &Context<'_>, expression: &Expr) -> Layer {
    let metrics = expression.metrics();
    let layers = metrics.iter().filter_map(|id| context.metrics.get(id.0 as usize)).map(|metric| metric.layer);
    layers.min().unwrap_or(Layer::Diagnostics)
}

/// Makes a rule of a condition with the attributes that stand in `node`, if it is a mapping.
pub(super) fn build(
    context: &mut Context<'_>,
    defaults: &Defaults,
    path: String,
    node: &Node,
    when: Expr,
    keep: Option<Expr>,
) -> Option<Rule> {
    let word = |key: &str| node.get(key).and_then(text);
    let layer = word("layer").and_then(Layer::from_name).or(defaults.layer);
    let layer = layer.unwrap_or_else(|| gravest_layer(context, &when));
    let severity = word("severity").and_then(RuleSeverity::from_name).unwrap_or(defaults.severity);
    let owner = word("owner").map(str::to_owned).or_else(|| defaults.owner.clone());
    let id = word("id").map_or(path, str::to_owned);
    let span = node.get("id").map_or(when.span, |id| id.resolve().span);
    let reason = word("reason").map(str::to_owned);
    let on_missing = word("on_missing").and_then(MissingMode::from_name).unwrap_or(defaults.on_missing);
    take_id(context, &defaults.space, &id, span).then(|| Rule {
        id,
        origin: defaults.origin,
        layer,
        span: when.span,
        when,
        keep,
        severity,
        owner: owner.unwrap_or_else(|| default_owner(layer).to_owned()),
        on_missing,
        on_error: defaults.on_error,
        reason,
    })
}

/// The space of ids of the rules that every strategy faces.
pub(super) const BASE_IDS: &str = "";

/// Takes an id, which must be free in its space and among the base rules.
pub(super) fn take_id(context: &mut Context<'_>, space: &str, id: &str, span: Span) -> bool {
    let taken = context.taken_id(BASE_IDS, id).map_or_else(|| context.take_id(space, id, span), Err);
    if let Err(first) = taken {
        let message = format!("two rules have the id `{id}`");
        let diagnostic = Diagnostic::new(&names::DUPLICATE_ID, span, message).also(first, "first here");
        context.report(diagnostic.help("give each rule an id of its own"));
    }
    taken.is_ok()
}

/// Compiles the list under `rules` of a section.
pub(super) fn listed(context: &mut Context<'_>, defaults: &Defaults, path: &str, node: &Node) -> Vec<Rule> {
    let alone = std::slice::from_ref(node);
    let items = node.as_sequence().unwrap_or(alone);
    let compile = |(index, item): (usize, &Node)| {
        let scope = Scope::default();
        let when = item.get("when").map(|when| compile_condition(context, when, &scope))?;
        let keep = item.get("keep").map(|keep| compile_condition(context, keep, &scope));
        let (when, keep) = (
            when?,
            match keep {
                Some(keep) => Some(keep?),
                None => None,
            },
        );
        build(context, defaults, format!("{path}.rules[{index}]"), item, when, keep)
    };
    items.iter().enumerate().filter_map(compile).collect()
}
