//! Layer sections from their templates: the five base results and the sections of a policy.

use crate::ir::{Layer, LayerSection, RuleSeverity, Selector, StepTest, Verdict};
use crate::source::{Node, Span};
use crate::stdlib::{ParameterKind, Template, TemplateSelector, TemplateVerdict};
use crate::syntax::document::{number, quantity, text, words};
use crate::value::{Kind, Unit};

use super::context::{Context, Scope};
use super::expression::{compile_condition, compile_number, literal};

/// The layers whose sections give a base result, in the order of the results.
const BASE: [Layer; 5] = [Layer::DataCurrency, Layer::Sample, Layer::Performance, Layer::Risk, Layer::Robustness];

/// The five base results. `sections` is the chosen profile, if any, whose severities, owners and
/// parameters count.
pub(super) fn base(context: &mut Context<'_>, sections: Option<&Node>, span: Span) -> Vec<LayerSection> {
    let templates = context.templates.clone();
    let find = |layer: Layer| templates.iter().find(move |template| template.layer == Some(layer));
    let native = context.dialect.is_native();
    let mut found = Vec::new();
    for template in BASE.into_iter().filter_map(find) {
        let node = sections.and_then(|node| node.get(&template.name));
        let mut section = instance(context, template, node, span);
        if native {
            section.severity = RuleSeverity::Blocking;
            section.verdicts = native_verdicts(template);
            section.ok = format!("{}_ok", template.result);
            section.unconfigured = None;
        }
        found.push(section);
    }
    found
}

/// Native policies report the rules of the layer, and the steps that belong to it.
fn native_verdicts(template: &Template) -> Vec<Verdict> {
    let (layers, steps): (Vec<Layer>, &[StepTest]) = match template.layer {
        Some(Layer::Risk) => (
            vec![Layer::Risk, Layer::Stress],
            &[StepTest::Correlation, StepTest::Exposure, StepTest::HysteresisExit, StepTest::HysteresisEnter],
        ),
        Some(Layer::Performance) => (vec![Layer::Performance], &[StepTest::Cut]),
        Some(Layer::Robustness) => (vec![Layer::Robustness, Layer::Diagnostics], &[]),
        Some(layer) => (vec![layer], &[]),
        None => (Vec::new(), &[]),
    };
    let rules = Verdict {
        selector: Selector::Rules(layers),
        fail: Some(format!("{}_rules_failed", template.result)),
        missing: Some(format!("{}_metrics_missing", template.result)),
        ignored: None,
    };
    let step = |step: &StepTest| Verdict { selector: Selector::Step(*step), fail: None, missing: None, ignored: None };
    std::iter::once(rules).chain(steps.iter().map(step)).collect()
}

/// The layer sections that a policy writes.
pub(super) fn report(context: &mut Context<'_>, root: &Node) -> Vec<LayerSection> {
    let templates = context.templates.clone();
    let mut found = Vec::new();
    for template in templates.iter().filter(|template| template.layer.is_none()) {
        let entries = root.as_mapping().map(|map| map.entries()).unwrap_or_default();
        if let Some(entry) = entries.into_iter().find(|entry| entry.name() == Some(template.name.as_str())) {
            found.push(instance(context, template, Some(&entry.value), entry.key.span));
        }
    }
    found
}

fn instance(context: &mut Context<'_>, template: &Template, node: Option<&Node>, span: Span) -> LayerSection {
    let word = |key: &str| node.and_then(|node| node.get(key)).and_then(text);
    let mut verdicts = Vec::new();
    match &template.each {
        None => self::verdicts(template, node, None, context, &mut verdicts),
        Some((key, _)) => {
            let entries = node.and_then(|node| node.get(key)).and_then(Node::as_mapping);
            for entry in entries.map(|map| map.entries()).unwrap_or_default() {
                if let Some(name) = entry.name() {
                    self::verdicts(template, Some(&entry.value), Some(name), context, &mut verdicts);
                }
            }
        }
    }
    let stages = template.stages.as_ref().map(|(key, default)| {
        let listed = node.and_then(|node| node.get(key)).map(words).unwrap_or_default();
        if listed.is_empty() { default.clone() } else { listed.into_iter().map(|(_, word)| word.to_owned()).collect() }
    });
    LayerSection {
        name: template.result.clone(),
        severity: word("severity").and_then(RuleSeverity::from_name).unwrap_or(template.severity),
        owner: word("owner").map_or_else(|| template.owner.clone(), str::to_owned),
        tags: template.tags.clone(),
        verdicts,
        ok: template.ok.clone(),
        unconfigured: template.unconfigured.clone(),
        stages,
        span,
    }
}

fn verdicts(
    template: &Template,
    node: Option<&Node>,
    each: Option<&str>,
    context: &mut Context<'_>,
    found: &mut Vec<Verdict>,
) {
    for verdict in &template.verdicts {
        let Some(scope) = scope(template, node, each, verdict) else { continue };
        let code = |code: &Option<String>| {
            code.as_ref().map(|code| each.map_or_else(|| code.clone(), |name| code.replace("{name}", name)))
        };
        let limit = |name: &str| node.and_then(|node| node.get(name)).and_then(number);
        let selector = match &verdict.selector {
            TemplateSelector::Expression(expression) => {
                compile_condition(context, expression, &scope).map(Selector::Expression)
            }
            TemplateSelector::Thresholds(group, only) => Some(Selector::Thresholds(*group, only.clone())),
            TemplateSelector::Present(group) => Some(Selector::Present(*group)),
            TemplateSelector::Step(step) => StepTest::from_name(step).map(Selector::Step),
            // A limit of 0 turns the verdict off.
            TemplateSelector::Place(metric, parameter) => match limit(parameter) {
                Some(limit) if limit != 0.0 => {
                    compile_number(context, metric, &scope).map(|metric| Selector::Place { metric, limit })
                }
                _ => None,
            },
        };
        if let Some(selector) = selector {
            let (fail, missing, ignored) = (code(&verdict.fail), code(&verdict.missing), code(&verdict.ignored));
            found.push(Verdict { selector, fail, missing, ignored });
        }
    }
}

/// What the expression of a verdict sees; none where the parameter it needs is not written.
fn scope(template: &Template, node: Option<&Node>, each: Option<&str>, verdict: &TemplateVerdict) -> Option<Scope> {
    let Some(needs) = &verdict.needs else {
        return Some(Scope { place: Some(template.span), ..Scope::default() });
    };
    let value = node?.get(needs)?;
    let (amount, suffix) = quantity(value)?;
    let place = value.resolve().span;
    let mut constant = literal(amount, suffix, place);
    // A bare number is in the unit that the template declares for it.
    let declared = template.each.iter().flat_map(|(_, own)| own).chain(&template.parameters).find(|p| p.name == *needs);
    if let (Kind::Number(Unit::Bare), Some(ParameterKind::Number(unit))) = (constant.kind, declared.map(|p| p.kind)) {
        constant.kind = Kind::Number(unit);
    }
    Some(Scope { parameters: vec![(needs.clone(), constant)], each: each.map(str::to_owned), place: Some(place) })
}
