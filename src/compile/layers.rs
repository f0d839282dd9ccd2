//! Layer sections from their templates: the five base results and the sections of a policy.

use crate::diag::{Diagnostic, Severity, documents, names, nearest};
use crate::ir::{Expr, Layer, LayerSection, RuleSeverity, Selector, StepTest, Verdict, normalized_name};
use crate::source::{Node, Span};
use crate::stdlib::{Parameter, ParameterKind, Template, TemplateSelector, TemplateVerdict};
use crate::syntax::document::{number, text, words};
use crate::value::{Kind, Unit};

use super::context::{Context, Scope};
use super::expression::{compile_condition, compile_number};
use super::program::STAGES;
use super::sections::{bound_value, constant};

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
        check_stages(context, &listed);
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

/// A section that names no stage would be silent, or speak where it should not.
fn check_stages(context: &mut Context<'_>, listed: &[(&Node, &str)]) {
    for (node, stage) in listed.iter().filter(|(_, stage)| !STAGES.contains(&normalized_name(stage).as_str())) {
        let help = nearest(stage, STAGES).map(|known| format!("did you mean `{known}`?"));
        let help = help.unwrap_or_else(|| format!("the stages are {}", STAGES.join(", ")));
        let message = format!("`{stage}` is not a stage");
        let diagnostic = Diagnostic::new(&documents::INVALID_VALUE, node.resolve().span, message).help(help);
        let native = context.dialect.is_native();
        context.report(if native { diagnostic } else { diagnostic.lowered_to(Severity::Warning) });
    }
}

/// Checks the templates of a user's own libraries, whether or not the policy uses them.
pub(super) fn check_templates(context: &mut Context<'_>, templates: &[Template]) {
    for template in templates {
        let own = template.each.iter().flat_map(|(_, own)| own);
        let parameters: Vec<_> = own.chain(&template.parameters).collect();
        let sample = |parameter: &&Parameter| {
            let unit = if let ParameterKind::Number(unit) = parameter.kind { unit } else { Unit::Bare };
            let value = Expr { kind: Kind::Number(unit), ..Expr::number(1.0, template.span) };
            (parameter.name.clone(), value)
        };
        let scope = Scope {
            parameters: parameters.iter().map(sample).collect(),
            each: template.each.as_ref().map(|_| "name".to_owned()),
            signed: template.signed,
            place: None,
        };
        for rule in parameters.iter().filter_map(|parameter| parameter.rule.as_ref()) {
            compile_condition(context, rule, &scope);
        }
        for verdict in &template.verdicts {
            let known = |name: &&String| parameters.iter().all(|parameter| parameter.name != **name);
            if let Some(unknown) = verdict.needs.as_ref().filter(known) {
                let near = nearest(unknown, parameters.iter().map(|parameter| parameter.name.as_str()));
                let help =
                    near.map_or("declare it under `parameters`".to_owned(), |near| format!("did you mean `{near}`?"));
                let message = format!("a verdict of `{}` needs `{unknown}`, which is no parameter", template.name);
                context.report(Diagnostic::new(&names::UNKNOWN_METRIC, template.span, message).help(help));
            }
            match &verdict.selector {
                TemplateSelector::Expression(expression) => drop(compile_condition(context, expression, &scope)),
                TemplateSelector::Place(metric, _) => drop(compile_number(context, metric, &scope)),
                _ => {}
            }
        }
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
        let Some(scope) = scope(context, template, node, each, verdict) else { continue };
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
fn scope(
    context: &mut Context<'_>,
    template: &Template,
    node: Option<&Node>,
    each: Option<&str>,
    verdict: &TemplateVerdict,
) -> Option<Scope> {
    let Some(needs) = &verdict.needs else {
        return Some(Scope { signed: template.signed, place: Some(template.span), ..Scope::default() });
    };
    let value = bound_value(context, node?, needs)?;
    let place = value.resolve().span;
    let mut constant = constant(context, value, needs)?;
    // A bare number is in the unit that the template declares for it.
    let declared = template.each.iter().flat_map(|(_, own)| own).chain(&template.parameters).find(|p| p.name == *needs);
    if let (Kind::Number(Unit::Bare), Some(ParameterKind::Number(unit))) = (constant.kind, declared.map(|p| p.kind)) {
        constant.kind = Kind::Number(unit);
    }
    Some(Scope {
        parameters: vec![(needs.clone(), constant)],
        each: each.map(str::to_owned),
        signed: template.signed,
        place: Some(place),
    })
}
