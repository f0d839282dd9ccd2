//! Named expressions: each is typed once, when first needed, and then stands in for its name.

use std::collections::{HashMap, HashSet};

use crate::diag::{Diagnostic, documents, names};
use crate::ir::{DeclarationKind, Expr, ExprKind};
use crate::source::Span;
use crate::stdlib::Definition;
use crate::syntax::{Expr as Syntax, ExprKind as SyntaxKind};

use super::context::{Context, Scope};
use super::expression::{self, compile_scalar, parse_scalar};

/// Most definitions that may build on each other in a row.
const DEEPEST: usize = 32;
/// Most nodes that an expression may have once its definitions are put in.
const LARGEST: usize = 50_000;

/// All definitions in scope.
#[derive(Debug, Default)]
pub(super) struct Definitions {
    known: HashMap<String, Slot>,
}

#[derive(Debug)]
struct Slot {
    definition: Definition,
    /// Whether it comes from the standard library: its text is not the author's.
    standard: bool,
    /// Its syntax; parsed before anything is compiled, so that no parser runs deep in the stack.
    syntax: Option<Syntax>,
    state: State,
}

#[derive(Debug, Clone)]
enum State {
    Waiting,
    Done(Option<Expr>, usize),
}

impl Definitions {
    /// Adds a definition; false where the name is taken.
    pub fn add(&mut self, definition: Definition, standard: bool) -> bool {
        let name = definition.name.clone();
        let free = !self.known.contains_key(&name);
        if free {
            self.known.insert(name, Slot { definition, standard, syntax: None, state: State::Waiting });
        }
        free
    }

    /// All names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.known.keys().map(String::as_str)
    }

    /// Where a definition stands, and whether it is the standard library's.
    pub fn place(&self, name: &str) -> Option<(Span, bool)> {
        self.known.get(name).map(|slot| (slot.definition.span, slot.standard))
    }
}

/// Parses and types every definition of the author's, those first that others build on: nothing
/// recurses from one definition into another, so no chain of them needs more stack than one does.
pub(super) fn compile_all(context: &mut Context<'_>) {
    let mut waiting = parse_all(context);
    // Each round types what builds on nothing that waits: the round is the length of the chain below.
    for _ in 0..DEEPEST {
        let names: HashSet<String> = waiting.iter().map(|(definition, _)| definition.name.clone()).collect();
        let ready = |references: &Vec<(String, Span)>| references.iter().all(|(name, _)| !names.contains(name));
        let (now, later): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|(_, references)| ready(references));
        waiting = later;
        if now.is_empty() {
            report_circles(context, &waiting);
            break;
        }
        for (definition, _) in now {
            compile(context, &definition.name);
        }
        if waiting.is_empty() {
            return;
        }
    }
    let circles = context.diagnostics.iter().any(|found| std::ptr::eq(found.rule, &names::RECURSION));
    if let (Some((first, _)), false) = (waiting.first(), circles) {
        let message = format!("more than {DEEPEST} definitions build on each other in a row");
        let diagnostic = Diagnostic::new(&documents::EXPRESSION_DEPTH, first.span, message);
        context.report(diagnostic.help("join some of them"));
    }
    waiting.iter().for_each(|(definition, _)| give_up(context, &definition.name));
}

/// A definition with the names it reads and where it reads them.
type Parsed = (Definition, Vec<(String, Span)>);

fn parse_all(context: &mut Context<'_>) -> Vec<Parsed> {
    let own = context.definitions.known.values().filter(|slot| !slot.standard);
    let mut own: Vec<Definition> = own.map(|slot| slot.definition.clone()).collect();
    crate::order::sort_by_key(&mut own, |definition| definition.span);
    let mut found = Vec::with_capacity(own.len());
    for definition in own {
        let Some(syntax) = parse_scalar(context, &definition.expression) else {
            give_up(context, &definition.name);
            continue;
        };
        let mut references = Vec::new();
        syntax.walk(&mut |part| {
            if let SyntaxKind::Path(segments) = &part.kind {
                let name: Vec<&str> = segments.iter().map(|segment| &**segment).collect();
                references.push((name.join("."), part.span));
            }
        });
        if let Some(slot) = context.definitions.known.get_mut(&definition.name) {
            slot.syntax = Some(syntax);
        }
        found.push((definition, references));
    }
    found
}

/// Every waiting definition needs another that waits: each is in a circle, or leads into one.
fn report_circles(context: &mut Context<'_>, waiting: &[Parsed]) {
    let known: HashMap<&str, &Parsed> = waiting.iter().map(|parsed| (parsed.0.name.as_str(), parsed)).collect();
    let next = |name: &str| known.get(name)?.1.iter().find(|(name, _)| known.contains_key(name.as_str()));
    let mut seen: HashSet<&str> = HashSet::new();
    for (first, _) in waiting {
        let mut way: Vec<&str> = Vec::new();
        let mut places: HashMap<&str, usize> = HashMap::new();
        let mut name = first.name.as_str();
        while seen.insert(name) {
            places.insert(name, way.len());
            way.push(name);
            let Some((following, span)) = next(name) else { break };
            name = following;
            if let Some(&begin) = places.get(name) {
                let names = way.iter().skip(begin).chain([&name]).map(|name| format!("`{name}`"));
                let message = format!("`{name}` needs itself: {}", names.collect::<Vec<_>>().join(" → "));
                context.report(Diagnostic::new(&names::RECURSION, *span, message).help("break the circle"));
            }
        }
    }
}

/// A definition that has been reported: it stands for nothing, in silence.
fn give_up(context: &mut Context<'_>, name: &str) {
    if let Some(slot) = context.definitions.known.get_mut(name) {
        slot.state = State::Done(None, 0);
    }
}

/// What a name stands for. The outer option tells whether it is a definition at all.
pub(super) fn resolve(context: &mut Context<'_>, name: &str, at: Span) -> Option<Option<Expr>> {
    let slot = context.definitions.known.get(name)?;
    let (standard, state) = (slot.standard, slot.state.clone());
    context.mark_used(name, DeclarationKind::Definition);
    let (expression, size) = match state {
        State::Done(expression, size) => (expression, size),
        // Only those of the standard library wait until something names them; they read metrics alone.
        State::Waiting => compile(context, name),
    };
    if size > LARGEST {
        let message = format!("`{name}` grows to more than {LARGEST} parts once its definitions are put in");
        let help = "build it from fewer repetitions";
        context.report(Diagnostic::new(&documents::EXPRESSION_DEPTH, at, message).help(help));
        return Some(None);
    }
    Some(expression.map(|expression| if standard { respan(&expression, at) } else { expression }))
}

/// Types one definition, whose own names are typed.
fn compile(context: &mut Context<'_>, name: &str) -> (Option<Expr>, usize) {
    let Some(slot) = context.definitions.known.get(name) else { return (None, 0) };
    let (node, parsed) = (slot.definition.expression.clone(), slot.syntax.clone());
    let expression = match parsed {
        Some(syntax) => expression::compile(context, &syntax, &Scope::default()),
        None => compile_scalar(context, &node, &Scope::default()),
    };
    let mut size = 0;
    if let Some(expression) = &expression {
        expression.walk(&mut |_| size += 1);
    }
    // What is too large is not kept either: nothing may be built from it.
    let kept = expression.filter(|_| size <= LARGEST);
    if let Some(slot) = context.definitions.known.get_mut(name) {
        slot.state = State::Done(kept.clone(), size);
    }
    (kept, size)
}

/// The expression as if every part of it stood at one place.
pub(super) fn respan(expression: &Expr, span: Span) -> Expr {
    let all = |items: &[Expr]| items.iter().map(|item| respan(item, span)).collect();
    let one = |inner: &Expr| Box::new(respan(inner, span));
    let node = match &expression.node {
        ExprKind::Not(inner) => ExprKind::Not(one(inner)),
        ExprKind::Negate(inner) => ExprKind::Negate(one(inner)),
        ExprKind::And(items) => ExprKind::And(all(items)),
        ExprKind::Or(items) => ExprKind::Or(all(items)),
        ExprKind::Call(id, items) => ExprKind::Call(*id, all(items)),
        ExprKind::Power(base, exponent) => ExprKind::Power(one(base), one(exponent)),
        ExprKind::Arithmetic(first, rest) => {
            ExprKind::Arithmetic(one(first), rest.iter().map(|(op, right)| (*op, respan(right, span))).collect())
        }
        ExprKind::Compare(first, rest) => {
            ExprKind::Compare(one(first), rest.iter().map(|(op, right)| (*op, respan(right, span))).collect())
        }
        leaf => leaf.clone(),
    };
    Expr { span, kind: expression.kind, node }
}
