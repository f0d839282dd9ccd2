//! Puts the program together from its sections.

use crate::diag::{Diagnostic, Severity, documents, has_errors, names, nearest};
use crate::ir::{Carried, DeclarationKind, Dialect, Origin, Profile, Program, normalized_name};
use crate::source::{Entry, Limits, Node, NodeKind, Sources, Span};
use crate::stdlib::{Library, NamedNode, Template, standard};
use crate::syntax::document::{boolean, number, text};
use crate::syntax::is_name;

use super::context::Context;
use super::imports::conflict;
use super::rules::BASE_IDS;
use super::sections::{self, Modes};
use super::selection::STREAK_KEYS;
use super::{definitions, gates, layers, lifecycle, selection, thresholds};

/// Keys that are typed and shown but not enforced here.
const CARRIED: [&str; 5] = [
    "position_policy",
    "gating_policy",
    "data_currency.bar_alignment",
    "risk_profile.max_capital_at_risk_pct",
    "live_monitoring.lookback_days",
];

/// Compiles every section of a policy whose form has been checked.
pub(super) fn build(
    root: &Node,
    own: &Library,
    imported: &Library,
    sources: &Sources,
    limits: &Limits,
    diagnostics: &mut Vec<Diagnostic>,
) -> Program {
    let dialect = dialect(root);
    let mut context = Context::new(sources, limits, dialect, standard().catalogue.clone());
    context.templates =
        standard().library.templates.iter().chain(&imported.templates).chain(&own.templates).cloned().collect();
    define(&mut context, own, imported);
    definitions::compile_all(&mut context);
    layers::check_templates(&mut context, &imported.templates);
    let modes = sections::modes(root.get("validation"));
    let mut rules = thresholds::compile(&mut context, root, modes);
    if let Some(validation) = root.get("validation") {
        rules.extend(sections::compile(&mut context, validation, "validation", Origin::Validation, BASE_IDS, modes));
    }
    if let Some(gates) = root.get("selection").and_then(|selection| selection.get("gates")) {
        rules.extend(gates::compile(&mut context, gates));
    }
    let profiles = profiles(&mut context, own, imported, modes);
    let default_profiles = default_profiles(&mut context, root, &profiles);
    let steps = if dialect.is_native() {
        selection::native(&mut context, root)
    } else {
        selection::threshold(&mut context, root)
    };
    let base = layers::base(&mut context, None, root.span);
    let report = layers::report(&mut context, root);
    let program = Program {
        world: root.get("world").and_then(text).map(str::to_owned),
        version: root.get("version").and_then(text).map(str::to_owned),
        dialect,
        rules,
        profiles,
        default_profiles,
        on_missing: modes.on_missing,
        on_missing_span: sections::mode_span(root, "on_missing_metric"),
        on_error: modes.on_error,
        on_error_span: sections::mode_span(root, "on_error"),
        steps,
        base,
        layers: report,
        currency: lifecycle::currency(root),
        lifecycle: lifecycle::lifecycle(root),
        carried: CARRIED.iter().filter_map(|path| carried(root, path)).collect(),
        idle_severities: if dialect.is_native() { Vec::new() } else { idle_severities(root) },
        span: root.span,
        metrics: context.metrics,
        declarations: context.declarations,
    };
    diagnostics.append(&mut context.diagnostics);
    diagnostics.extend(whole(&program, root, has_errors(diagnostics)));
    program
}

/// Whose meaning the document has.
fn dialect(root: &Node) -> Dialect {
    let selection = root.get("selection");
    let has =
        |node: Option<&Node>, keys: &[&str]| node.is_some_and(|node| keys.iter().any(|key| node.get(key).is_some()));
    let streaks = has(selection.and_then(|node| node.get("hysteresis")), &STREAK_KEYS)
        || has(root.get("hysteresis"), &STREAK_KEYS);
    let sections: Vec<_> = crate::ir::Layer::ALL.iter().map(|layer| layer.as_str()).collect();
    let native = has(selection, &["gates", "score", "topk", "constraints"])
        || streaks
        || root.get("define").is_some()
        || has(root.get("validation"), &sections);
    if native { Dialect::Native } else { Dialect::Threshold { bare: root.get("world").is_none() } }
}

/// Brings metrics, templates and definitions into scope; conflicts are reported.
fn define(context: &mut Context<'_>, own: &Library, imported: &Library) {
    for definition in &standard().library.definitions {
        context.definitions.add(definition.clone(), true);
    }
    let mut known: Vec<&Template> = standard().library.templates.iter().collect();
    for template in &imported.templates {
        let same = |other: &&&Template| other.name == template.name && other.layer == template.layer;
        if let Some(first) = known.iter().find(same) {
            let standard = first.span.file == crate::stdlib::STANDARD_FILE;
            context.report(conflict(&template.name, template.span, Some(first.span), standard));
        }
        known.push(template);
    }
    for (library, is_own) in [(imported, false), (own, true)] {
        for metric in &library.metrics {
            let taken = std::iter::once(&metric.name).chain(metric.aliases.iter().map(|alias| &alias.name));
            let taken = taken.filter(|name| !name.contains('{')).find_map(|name| {
                let found = context.catalogue.find(name)?;
                Some((name.clone(), found.entry.span))
            });
            match taken {
                Some((name, first)) => {
                    let standard = first.file == crate::stdlib::STANDARD_FILE;
                    context.report(conflict(&name, metric.span, Some(first), standard));
                }
                None => context.catalogue.add(metric.clone()),
            }
            if is_own {
                context.declare(&metric.name, DeclarationKind::Metric, metric.span);
            }
        }
    }
    for (library, is_own) in [(imported, false), (own, true)] {
        for definition in &library.definitions {
            let (name, span) = (&definition.name, definition.span);
            let metric = context.catalogue.find(name).map(|found| found.entry.span);
            let first = context.definitions.place(name).map(|(span, _)| span).or(metric);
            if let Some(first) = first {
                let standard = first.file == crate::stdlib::STANDARD_FILE;
                context.report(conflict(name, span, Some(first), standard));
            } else if !is_name(name) {
                let message = format!("`{name}` cannot be named in an expression");
                let help = "use letters, digits and `_`, not `and`, `or`, `not`, `in`, `true` or `false`";
                context.report(Diagnostic::new(&documents::INVALID_VALUE, span, message).help(help));
            } else {
                context.definitions.add(definition.clone(), false);
                if is_own {
                    context.declare(name, DeclarationKind::Definition, span);
                }
            }
        }
    }
}

fn profiles(context: &mut Context<'_>, own: &Library, imported: &Library, modes: Modes) -> Vec<Profile> {
    let mut found: Vec<Profile> = Vec::new();
    let all = imported.profiles.iter().map(|node| (node, false)).chain(own.profiles.iter().map(|node| (node, true)));
    for (named, is_own) in all {
        let same = |profile: &&Profile| normalized_name(&profile.name) == normalized_name(&named.name);
        if let Some(first) = found.iter().find(same) {
            context.report(conflict(&named.name, named.span, Some(first.span), false));
            continue;
        }
        if is_own {
            context.declare(&named.name, DeclarationKind::Profile, named.span);
        }
        found.push(profile(context, named, modes));
    }
    found
}

fn profile(context: &mut Context<'_>, named: &NamedNode, modes: Modes) -> Profile {
    let path = format!("validation_profiles.{}", named.name);
    let rules = sections::compile(context, &named.node, &path, Origin::Profile, &path, modes);
    let rules = if context.dialect.is_native() { rules } else { thresholds::of_profile(context, rules) };
    let base = layers::base(context, Some(&named.node), named.span);
    Profile { name: named.name.clone(), rules, base, span: named.span }
}

fn default_profiles(context: &mut Context<'_>, root: &Node, profiles: &[Profile]) -> Vec<(String, String)> {
    let entries = root.get("default_profile_by_stage").and_then(Node::as_mapping).map(|map| map.entries());
    let mut found = Vec::new();
    for entry in entries.unwrap_or_default() {
        let (Some(stage), Some(name)) = (entry.name(), text(&entry.value)) else { continue };
        let known = profiles.iter().find(|profile| normalized_name(&profile.name) == normalized_name(name));
        match known {
            Some(profile) => context.mark_used(&profile.name, DeclarationKind::Profile),
            None => report_unknown_profile(context, entry, name, profiles),
        }
        report_unknown_stage(context, entry, stage);
        let same = |(other, _): &&(String, String)| normalized_name(other) == normalized_name(stage);
        if found.iter().find(same).is_some() {
            context.report(conflict(stage, entry.key.span, None, false));
        }
        found.push((stage.to_owned(), name.to_owned()));
    }
    found
}

fn report_unknown_profile(context: &mut Context<'_>, entry: &Entry, name: &str, profiles: &[Profile]) {
    let help = match nearest(name, profiles.iter().map(|profile| profile.name.as_str())) {
        Some(known) => format!("did you mean `{known}`?"),
        None if profiles.is_empty() => "define it under `validation_profiles`, or import it".to_owned(),
        None => {
            let known: Vec<_> = profiles.iter().map(|profile| format!("`{}`", profile.name)).collect();
            format!("the profiles are {}", known.join(", "))
        }
    };
    let span = entry.value.resolve().span;
    let diagnostic = Diagnostic::new(&names::UNKNOWN_PROFILE, span, format!("there is no profile `{name}`")).help(help);
    let bare = matches!(context.dialect, Dialect::Threshold { bare: true });
    context.report(if bare { diagnostic.lowered_to(Severity::Warning) } else { diagnostic });
}

/// The stages that strategies can be in; `dryrun` is another word for paper.
pub(crate) const STAGES: [&str; 8] =
    ["backtest", "paper", "shadow", "live", "dryrun", "backtest_only", "paper_only", "paper_ok_live_candidate"];

fn report_unknown_stage(context: &mut Context<'_>, entry: &Entry, stage: &str) {
    if STAGES.contains(&normalized_name(stage).as_str()) {
        return;
    }
    let help = match nearest(stage, STAGES) {
        Some(known) => format!("did you mean `{known}`?"),
        None => format!("the stages are {}", STAGES.join(", ")),
    };
    let diagnostic = Diagnostic::new(&documents::INVALID_VALUE, entry.key.span, format!("`{stage}` is not a stage"));
    let bare = matches!(context.dialect, Dialect::Threshold { bare: true });
    let diagnostic = diagnostic.help(help);
    context.report(if bare { diagnostic.lowered_to(Severity::Warning) } else { diagnostic });
}

fn carried(root: &Node, path: &str) -> Option<Carried> {
    let mut node = root;
    let mut span = Span::default();
    for key in path.split('.') {
        let entry = node.as_mapping()?.entries().into_iter().find(|entry| entry.name() == Some(key))?;
        (node, span) = (&entry.value, entry.key.span);
    }
    Some(Carried { path: path.to_owned(), value: to_json(node), span })
}

fn to_json(node: &Node) -> serde_json::Value {
    let node = node.resolve();
    match &node.kind {
        NodeKind::Sequence { items, .. } => items.iter().map(to_json).collect(),
        NodeKind::Mapping(mapping) => {
            let entries = mapping.entries();
            entries
                .into_iter()
                .map(|entry| (entry.name().unwrap_or_default().to_owned(), to_json(&entry.value)))
                .collect()
        }
        _ if node.is_null() => serde_json::Value::Null,
        _ => match (boolean(node), number(node).and_then(serde_json::Number::from_f64)) {
            (Some(flag), _) => flag.into(),
            (None, Some(number)) => number.into(),
            (None, None) => node.as_text().unwrap_or_default().into(),
        },
    }
}

/// Severities other than `blocking` in sections of a threshold document, where every threshold blocks.
fn idle_severities(root: &Node) -> Vec<Span> {
    let entries = |node: &Node| {
        node.as_mapping().map(|map| map.entries()).unwrap_or_default().into_iter().cloned().collect::<Vec<_>>()
    };
    let idle = |node: &Node| {
        let severity = node.get("severity")?;
        (text(severity)? != "blocking").then(|| severity.resolve().span)
    };
    let mut found = Vec::new();
    for profile in root.get("validation_profiles").map(entries).unwrap_or_default() {
        for section in entries(&profile.value) {
            // `cv_sharpe_gap_max` only reports, so the severity of its result counts.
            let reports = ["severity", "owner", "cv_sharpe_gap_max"];
            let inner = entries(&section.value);
            let holds_bounds = inner.iter().any(|entry| !entry.name().is_some_and(|name| reports.contains(&name)));
            found.extend(idle(&section.value).filter(|_| holds_bounds));
            found.extend(inner.iter().filter_map(|bound| idle(&bound.value)));
            let rules = section.value.get("rules").and_then(Node::as_sequence).unwrap_or_default();
            found.extend(rules.iter().filter_map(idle));
        }
    }
    found
}

/// What can only be said of the whole.
fn whole(program: &Program, root: &Node, has_errors: bool) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let first = root.as_mapping().and_then(|map| map.entries.first()).map_or(root.span, |entry| entry.key.span);
    if program.world.is_none() && root.get("world").is_none() {
        let threshold = !program.dialect.is_native();
        let message = if threshold { "the document does not name its world" } else { "`world` is missing" };
        let diagnostic = Diagnostic::new(&documents::MISSING_WORLD, first, message);
        let help = if threshold { "add `world: <name>`, or give `--world` each time" } else { "add `world: <name>`" };
        let severity = if threshold { Severity::Warning } else { Severity::Error };
        found.push(Diagnostic { severity, ..diagnostic }.help(help));
    }
    let silent = program.rules.is_empty() && program.profiles.iter().all(|profile| profile.rules.is_empty());
    let reports = program.layers.iter().any(|section| !section.verdicts.is_empty());
    if silent && program.steps.is_empty() && !reports && !has_errors {
        let message = "the policy has no rules: every strategy would pass";
        found.push(Diagnostic::new(&documents::NO_RULES, first, message).help("write `selection.gates`"));
    }
    found
}
