//! Layer templates: what a section of a policy takes, and how it judges.

use crate::diag::{Diagnostic, documents};
use crate::ir::{Layer, RuleSeverity, ThresholdGroup};
use crate::source::{Entry, Node, Span};
use crate::syntax::document::{SectionShape, Shape, Take, boolean, text, words};
use crate::value::Unit;

/// A section of policies, as a library defines it.
#[derive(Debug, Clone)]
pub struct Template {
    /// The key of the section.
    pub name: String,
    /// The name of its result.
    pub result: String,
    /// What it is for.
    pub summary: String,
    /// Its layer, for sections that stand under `validation` and in profiles.
    pub layer: Option<Layer>,
    /// Default severity of the result.
    pub severity: RuleSeverity,
    /// Default owner of the result.
    pub owner: String,
    /// Tags of the result.
    pub tags: Vec<String>,
    /// What it takes.
    pub parameters: Vec<Parameter>,
    /// A parameter that maps names to parameters of their own.
    pub each: Option<(String, Vec<Parameter>)>,
    /// The parameter that lists the stages in which it speaks, and the stages without it.
    pub stages: Option<(String, Vec<String>)>,
    /// Whether its expressions read magnitudes with either sign, so that ranges hold for their size.
    pub signed: bool,
    /// How it judges.
    pub verdicts: Vec<TemplateVerdict>,
    /// Code when nothing fails or warns.
    pub ok: String,
    /// Code when the policy has no step that a verdict asks for.
    pub unconfigured: Option<String>,
    /// Where it stands.
    pub span: Span,
}

/// A parameter of a section.
#[derive(Debug, Clone)]
pub struct Parameter {
    /// Its key.
    pub name: String,
    /// What it takes.
    pub kind: ParameterKind,
    /// One line.
    pub summary: String,
    /// What must be true, with `$name` for the value: makes the parameter a rule.
    pub rule: Option<Node>,
}

/// What a parameter takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParameterKind {
    /// A number in a unit.
    Number(Unit),
    /// A whole number.
    Integer,
    /// Names.
    Names,
}

/// A verdict of a template, with its expression not yet parsed.
#[derive(Debug, Clone)]
pub struct TemplateVerdict {
    /// The parameter without which it does not exist.
    pub needs: Option<String>,
    /// What it looks at.
    pub selector: TemplateSelector,
    /// Code when it is false.
    pub fail: Option<String>,
    /// Code when it is missing.
    pub missing: Option<String>,
    /// Code when it is missing and missing metrics are ignored.
    pub ignored: Option<String>,
}

/// What a verdict of a template looks at.
#[derive(Debug, Clone)]
pub enum TemplateSelector {
    /// An expression with `$parameter` for values and `{name}` for the name of `each`.
    Expression(Node),
    /// Thresholds of a group (none: of all), judged on some metrics only.
    Thresholds(Option<ThresholdGroup>, Vec<String>),
    /// Metrics of the thresholds of a group; none: any metric at all.
    Present(Option<ThresholdGroup>),
    /// The outcome of a selection step.
    Step(String),
    /// The place by a metric, and the parameter that limits it.
    Place(Node, String),
}

impl Template {
    /// The form of the section.
    #[must_use]
    pub fn shape(&self) -> SectionShape {
        let mut parameters: Vec<_> = self.parameters.iter().map(Parameter::shape).collect();
        if let Some((name, own)) = &self.each {
            let shape = own
                .iter()
                .map(Parameter::shape)
                .fold(Shape::new(), |shape, (name, take, summary)| shape.key(name, take, summary));
            parameters.push((name.clone(), Take::MapOf(Box::new(shape.map())), "Settings by name.".to_owned()));
        }
        SectionShape {
            name: self.name.clone(),
            summary: self.summary.clone(),
            validation: self.layer.is_some(),
            parameters,
        }
    }

    /// The parameter with a name.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&Parameter> {
        self.parameters.iter().find(|parameter| parameter.name == name)
    }
}

impl Parameter {
    fn shape(&self) -> (String, Take, String) {
        let take = match self.kind {
            ParameterKind::Number(_) => Take::Scalar,
            ParameterKind::Integer => Take::Integer,
            ParameterKind::Names => Take::List(Box::new(Take::Text)),
        };
        (self.name.clone(), take, self.summary.clone())
    }
}

/// Reads one entry under `layers`.
pub(super) fn read_template(entry: &Entry, diagnostics: &mut Vec<Diagnostic>) -> Option<Template> {
    let name = entry.name()?.to_owned();
    for verdict in entry.value.get("verdicts").and_then(Node::as_sequence).unwrap_or_default() {
        if read_verdict(verdict).is_none() {
            let message = "the verdict looks at nothing";
            let help = "write `require`, `thresholds`, `present`, `step`, or `place_by` with `limit`";
            let span = verdict.resolve().span;
            diagnostics.push(Diagnostic::new(&documents::MISSING_KEY, span, message).help(help));
        }
    }
    let node = &entry.value;
    let word = |key: &str| node.get(key).and_then(text).map(str::to_owned);
    let section = word("section").unwrap_or_else(|| "report".to_owned());
    let layer = if section == "validation" { Some(Layer::from_name(&name)) } else { None };
    if layer == Some(None) {
        let layers: Vec<_> = Layer::ALL.iter().map(|layer| format!("`{}`", layer.as_str())).collect();
        let message = format!("`{name}` cannot stand under `validation`: its sections are {}", layers.join(", "));
        diagnostics
            .push(Diagnostic::new(&documents::INVALID_VALUE, entry.key.span, message).help("write `section: report`"));
    }
    let each = word("each").map(|key| (key, node.get("each_parameters").map(read_parameters).unwrap_or_default()));
    let stages = word("stages").map(|key| (key, node.get("default_stages").map(names).unwrap_or_default()));
    Some(Template {
        result: word("result").unwrap_or_else(|| name.clone()),
        summary: word("summary").unwrap_or_default(),
        layer: layer.flatten(),
        severity: word("severity").and_then(|word| RuleSeverity::from_name(&word)).unwrap_or(RuleSeverity::Soft),
        owner: word("owner").unwrap_or_else(|| "quant".to_owned()),
        tags: node.get("tags").map(names).unwrap_or_else(|| vec![name.clone()]),
        parameters: node.get("parameters").map(read_parameters).unwrap_or_default(),
        each,
        stages,
        signed: node.get("signed").and_then(boolean).unwrap_or(false),
        verdicts: node
            .get("verdicts")
            .and_then(Node::as_sequence)
            .unwrap_or_default()
            .iter()
            .filter_map(read_verdict)
            .collect(),
        ok: word("ok").unwrap_or_else(|| format!("{name}_ok")),
        unconfigured: word("unconfigured"),
        span: entry.key.span,
        name,
    })
}

fn names(node: &Node) -> Vec<String> {
    words(node).into_iter().map(|(_, word)| word.to_owned()).collect()
}

fn read_parameters(node: &Node) -> Vec<Parameter> {
    let read = |entry: &Entry| {
        let word = |key: &str| entry.value.get(key).and_then(text);
        let kind = match word("type") {
            Some("integer") => ParameterKind::Integer,
            Some("names") => ParameterKind::Names,
            _ => ParameterKind::Number(word("unit").and_then(Unit::from_name).unwrap_or(Unit::Bare)),
        };
        Some(Parameter {
            name: entry.name()?.to_owned(),
            kind,
            summary: word("summary").unwrap_or_default().to_owned(),
            rule: entry.value.get("rule").cloned(),
        })
    };
    node.as_mapping().map(|map| map.entries()).unwrap_or_default().into_iter().filter_map(read).collect()
}

fn read_verdict(node: &Node) -> Option<TemplateVerdict> {
    let word = |key: &str| node.get(key).and_then(text).map(str::to_owned);
    let selector = if let Some(expression) = node.get("require") {
        TemplateSelector::Expression(expression.clone())
    } else if let Some(group) = word("thresholds") {
        TemplateSelector::Thresholds(group_named(&group), node.get("only").map(names).unwrap_or_default())
    } else if let Some(group) = word("present") {
        TemplateSelector::Present(group_named(&group))
    } else if let Some(step) = word("step") {
        TemplateSelector::Step(step)
    } else {
        TemplateSelector::Place(node.get("place_by")?.clone(), word("limit")?)
    };
    Some(TemplateVerdict {
        needs: word("needs"),
        selector,
        fail: word("fail"),
        missing: word("missing"),
        ignored: word("ignored"),
    })
}

fn group_named(name: &str) -> Option<ThresholdGroup> {
    Some(match name {
        "data_currency" => ThresholdGroup::DataCurrency,
        "sample" => ThresholdGroup::Sample,
        "performance" => ThresholdGroup::Performance,
        "risk" => ThresholdGroup::Risk,
        _ => return None,
    })
}
