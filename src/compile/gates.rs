//! `selection.gates`: a list, or a tree of `and`/`all`, `or`/`any`, `not`; leaves are expressions.

use crate::diag::{Diagnostic, documents, nearest};
use crate::ir::{ErrorMode, Expr, ExprKind, MissingMode, Origin, Rule, RuleSeverity};
use crate::source::{Entry, Node, NodeKind, ScalarStyle, Span};
use crate::syntax::document::{Take, Walk, text};
use crate::value::Kind;

use super::context::{Context, Scope};
use super::expression::compile_condition;
use super::rules::{self, BASE_IDS, Defaults, take_id};

/// Keys that join other gates.
const CONNECTIVES: [&str; 5] = ["and", "all", "or", "any", "not"];
/// What a rule of the top level may say about itself.
const ATTRIBUTES: [&str; 6] = ["id", "layer", "severity", "owner", "on_missing", "reason"];
/// What a leaf may hold at the top level, and below it.
const LEAF: [&str; 2] = ["when", "keep"];

/// Compiles the gates, each item of the top-level `and` to one rule.
pub(super) fn compile(context: &mut Context<'_>, node: &Node) -> Vec<Rule> {
    let defaults = Defaults {
        origin: Origin::Gate,
        space: BASE_IDS.to_owned(),
        layer: None,
        severity: RuleSeverity::Blocking,
        owner: None,
        on_missing: MissingMode::Fail,
        on_error: ErrorMode::Fail,
    };
    let (path, items) = top_level(node);
    let single = !path.ends_with(']') && items.len() == 1 && std::ptr::eq(items.as_ptr(), node);
    let mut found = Vec::with_capacity(items.len());
    if let (Some(mapping), false) = (node.as_mapping(), single) {
        for entry in mapping.entries().into_iter().filter(|entry| !matches!(entry.name(), Some("and" | "all"))) {
            let message = format!("`{}` cannot stand beside a top-level `and`", entry.name().unwrap_or_default());
            let help = "make it an item of the `and`";
            context.report(Diagnostic::new(&documents::UNKNOWN_KEY, entry.key.span, message).help(help));
        }
    }
    for (index, item) in whole(items) {
        let path = if single { path.clone() } else { format!("{path}[{index}]") };
        found.extend(rule(context, &defaults, path, item));
    }
    if items.is_empty() {
        let message = "the list of gates is empty";
        let help = "write at least one gate, or leave `gates` out";
        context.report(Diagnostic::new(&documents::INVALID_VALUE, node.resolve().span, message).help(help));
    }
    found
}

/// The items that become a rule each, and the path they stand under.
fn top_level(node: &Node) -> (String, &[Node]) {
    let path = "selection.gates";
    if let Some(items) = node.as_sequence() {
        return (path.to_owned(), items);
    }
    for key in ["and", "all"] {
        if let Some(inner) = node.get(key) {
            let items = inner.as_sequence().unwrap_or(std::slice::from_ref(inner));
            return (format!("{path}.{key}"), items);
        }
    }
    (path.to_owned(), std::slice::from_ref(node))
}

fn rule(context: &mut Context<'_>, defaults: &Defaults, path: String, node: &Node) -> Option<Rule> {
    let when = tree(context, node, true);
    let keep = node.get("keep").map(|keep| compile_condition(context, keep, &Scope::default()));
    let keep = match keep {
        Some(keep) => Some(keep?),
        None => None,
    };
    rules::build(context, defaults, path, node, when?, keep)
}

fn tree(context: &mut Context<'_>, node: &Node, top: bool) -> Option<Expr> {
    let span = node.resolve().span;
    match &node.resolve().kind {
        NodeKind::Invalid => None,
        NodeKind::Scalar(_) => compile_condition(context, node, &Scope::default()),
        NodeKind::Sequence { items, .. } => joined(context, items, span, ExprKind::And),
        NodeKind::Mapping(mapping) => {
            let entries = mapping.entries();
            check_keys(context, &entries, node, top);
            let joins: Vec<_> = entries.iter().filter(|entry| is_connective(entry)).collect();
            match (joins.as_slice(), node.get("when")) {
                ([], Some(when)) => leaf(context, node, when, top),
                ([join], None) => connective(context, join),
                ([], None) => None,
                ([join, ..], _) => {
                    let message = "a gate is either one expression or one of `and`, `or`, `not`";
                    let help = "make an item of each";
                    context.report(Diagnostic::new(&documents::UNKNOWN_KEY, join.key.span, message).help(help));
                    None
                }
            }
        }
        NodeKind::Alias(_) => None,
    }
}

fn leaf(context: &mut Context<'_>, node: &Node, when: &Node, top: bool) -> Option<Expr> {
    if let (false, Some(id)) = (top, node.get("id"))
        && let Some(name) = text(id)
    {
        take_id(context, BASE_IDS, name, id.resolve().span);
    }
    compile_condition(context, when, &Scope::default())
}

fn is_connective(entry: &Entry) -> bool {
    entry.name().is_some_and(|name| CONNECTIVES.contains(&name))
}

fn connective(context: &mut Context<'_>, entry: &Entry) -> Option<Expr> {
    let value = &entry.value;
    let span = value.resolve().span;
    let items = value.as_sequence().unwrap_or(std::slice::from_ref(value));
    match entry.name() {
        Some("or" | "any") => joined(context, items, span, ExprKind::Or),
        Some("not") => {
            let inner = joined(context, items, span, ExprKind::And)?;
            Some(Expr { span, kind: Kind::Boolean, node: ExprKind::Not(Box::new(inner)) })
        }
        _ => joined(context, items, span, ExprKind::And),
    }
}

fn joined(context: &mut Context<'_>, items: &[Node], span: Span, join: fn(Vec<Expr>) -> ExprKind) -> Option<Expr> {
    if items.is_empty() {
        let message = "an empty list of gates is neither true nor false";
        context.report(Diagnostic::new(&documents::INVALID_VALUE, span, message).help("write at least one gate"));
    }
    let compiled: Vec<_> = whole(items).map(|(_, item)| tree(context, item, false)).collect();
    let mut compiled = compiled.into_iter().collect::<Option<Vec<_>>>()?;
    match (compiled.pop(), compiled.is_empty()) {
        (Some(only), true) => Some(only),
        (Some(last), false) => {
            compiled.push(last);
            Some(Expr { span, kind: Kind::Boolean, node: join(compiled) })
        }
        (None, _) => None,
    }
}

/// Unknown keys, and keys that count at the top level only.
fn check_keys(context: &mut Context<'_>, entries: &[&Entry], node: &Node, top: bool) {
    let mut walk = Walk::default();
    let known: Vec<&str> = LEAF.into_iter().chain(ATTRIBUTES).chain(CONNECTIVES).collect();
    let mut hopeful = false;
    for entry in entries {
        let Some(name) = entry.name() else { continue };
        let allowed = top || name == "when" || name == "id" || CONNECTIVES.contains(&name);
        if known.contains(&name) && !allowed {
            let message = format!("`{name}` counts at the top level of the gates only");
            let help = "move it beside the `any`, `all` or `not` that this belongs to";
            walk.diagnostics.push(Diagnostic::new(&documents::UNKNOWN_KEY, entry.key.span, message).help(help));
        } else if !known.contains(&name) && !name.starts_with("x-") && !is_fragment(entry, entries) {
            hopeful = true;
            let message = format!("`{name}` is not a key of a gate");
            let help = match nearest(name, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("known keys are `{}`", known.join("`, `")),
            };
            walk.diagnostics.push(Diagnostic::new(&documents::UNKNOWN_KEY, entry.key.span, message).help(help));
        } else if let Some(take) = attribute(name) {
            walk.value(&entry.value, &take, name);
        }
    }
    let says_something = entries.iter().any(|entry| entry.name() == Some("when") || is_connective(entry));
    if !says_something && !hopeful {
        let message = "this gate says nothing: it has no `when`, `and`, `or` or `not`";
        let help = "write `when:` with an expression";
        walk.diagnostics.push(Diagnostic::new(&documents::MISSING_KEY, node.resolve().span, message).help(help));
    }
    context.diagnostics.append(&mut walk.diagnostics);
}

fn attribute(name: &str) -> Option<Take> {
    Some(match name {
        "id" | "owner" | "reason" => Take::Text,
        "layer" => {
            Take::Word(&["data_currency", "sample", "performance", "risk", "robustness", "stress", "diagnostics"])
        }
        "severity" => Take::Word(&["blocking", "soft", "info"]),
        "on_missing" => Take::Word(&["fail", "warn", "ignore"]),
        _ => return None,
    })
}

/// The items with their places, without the pieces that YAML cut from the item before them at a
/// comma between brackets: that item is reported.
fn whole(items: &[Node]) -> impl Iterator<Item = (usize, &Node)> {
    let mut open = 0_usize;
    items.iter().enumerate().filter(move |(_, item)| {
        let scalar = item.as_scalar().filter(|scalar| scalar.style == ScalarStyle::Plain);
        let text = scalar.map_or("", |scalar| scalar.value.as_str());
        let piece = open > 0;
        open = (open + text.matches(['(', '[']).count()).saturating_sub(text.matches([')', ']']).count());
        !piece
    })
}

/// Whether the key is a piece that YAML cut from an expression at a comma.
fn is_fragment(entry: &Entry, entries: &[&Entry]) -> bool {
    let open = |text: &str| text.matches(['(', '[']).count() > text.matches([')', ']']).count();
    entry.value.is_null() && entries.iter().any(|other| other.value.as_text().is_some_and(open))
}
