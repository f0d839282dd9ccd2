//! Named expressions: each is typed once, when first needed, and then stands in for its name.

use std::collections::HashMap;

use crate::diag::{Diagnostic, documents, names};
use crate::ir::{DeclarationKind, Expr, ExprKind};
use crate::source::Span;
use crate::stdlib::Definition;
use crate::syntax::Expr as Syntax;

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
    /// Names being compiled, outermost first.
    open: Vec<String>,
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

/// Parses every definition of the author's and reports those that cannot be read.
pub(super) fn parse_all(context: &mut Context<'_>) {
    let own = context.definitions.known.values().filter(|slot| !slot.standard);
    let mut own: Vec<Definition> = own.map(|slot| slot.definition.clone()).collect();
    own.sort_by_key(|definition| definition.span);
    for definition in own {
        let syntax = parse_scalar(context, &definition.expression);
        if let Some(slot) = context.definitions.known.get_mut(&definition.name) {
            if syntax.is_none() {
                slot.state = State::Done(None, 0);
            }
            slot.syntax = syntax;
        }
    }
}

/// What a name stands for. The outer option tells whether it is a definition at all.
pub(super) fn resolve(context: &mut Context<'_>, name: &str, at: Span) -> Option<Option<Expr>> {
    let slot = context.definitions.known.get(name)?;
    let (standard, state) = (slot.standard, slot.state.clone());
    context.mark_used(name, DeclarationKind::Definition);
    let (expression, size) = match state {
        State::Done(expression, size) => (expression, size),
        State::Waiting => match compile(context, name, at) {
            Ok(done) => done,
            Err(()) => return Some(None),
        },
    };
    if size > LARGEST {
        let message = format!("`{name}` grows to more than {LARGEST} parts once its definitions are put in");
        let help = "build it from fewer repetitions";
        context.report(Diagnostic::new(&documents::EXPRESSION_DEPTH, at, message).help(help));
        return Some(None);
    }
    Some(expression.map(|expression| if standard { respan(&expression, at) } else { expression }))
}

/// Types every definition that nothing has needed, so that its mistakes are found, too.
pub(super) fn compile_rest(context: &mut Context<'_>) {
    let mut waiting: Vec<(Span, String)> = context
        .definitions
        .known
        .values()
        .filter(|slot| !slot.standard && matches!(slot.state, State::Waiting))
        .map(|slot| (slot.definition.span, slot.definition.name.clone()))
        .collect();
    waiting.sort();
    for (span, name) in waiting {
        let still = context.definitions.known.get(&name).is_some_and(|slot| matches!(slot.state, State::Waiting));
        if still {
            let _ = compile(context, &name, span);
        }
    }
}

fn compile(context: &mut Context<'_>, name: &str, at: Span) -> Result<(Option<Expr>, usize), ()> {
    if let Some(first) = context.definitions.open.iter().position(|open| open == name) {
        let mut way: Vec<_> = context.definitions.open.iter().skip(first).map(|name| format!("`{name}`")).collect();
        way.push(format!("`{name}`"));
        let message = format!("`{name}` needs itself: {}", way.join(" → "));
        context.report(Diagnostic::new(&names::RECURSION, at, message).help("break the circle"));
        return Err(());
    }
    if context.definitions.open.len() >= DEEPEST {
        let message = format!("more than {DEEPEST} definitions build on each other in a row");
        context.report(Diagnostic::new(&documents::EXPRESSION_DEPTH, at, message).help("join some of them"));
        return Err(());
    }
    let Some(slot) = context.definitions.known.get(name) else { return Err(()) };
    let (node, parsed) = (slot.definition.expression.clone(), slot.syntax.clone());
    context.definitions.open.push(name.to_owned());
    let expression = match parsed {
        Some(syntax) => expression::compile(context, &syntax, &Scope::default()),
        None => compile_scalar(context, &node, &Scope::default()),
    };
    context.definitions.open.pop();
    let mut size = 0;
    if let Some(expression) = &expression {
        expression.walk(&mut |_| size += 1);
    }
    // What is too large is not kept either: nothing may be built from it.
    let kept = expression.filter(|_| size <= LARGEST);
    if let Some(slot) = context.definitions.known.get_mut(name) {
        slot.state = State::Done(kept.clone(), size);
    }
    Ok((kept, size))
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
