//! QP3008: a division whose divisor can be zero.

use super::{Lint, once, wording};
use crate::builtin::{self, Kernel};
use crate::check::Facts;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::ir::{Expr, ExprKind, FunctionId};
use crate::syntax::ArithmeticOperator;

static RULE: Rule = Rule {
    code: "QP3008",
    slug: "possible-division-by-zero",
    severity: Severity::Warning,
    summary: "A divisor can be zero within the range of its metrics.",
    why: "Where the divisor is zero there is no result: the value is missing, a gate on it fails and a score on it keeps \
          the strategy out, although nothing is wrong with its data. A strategy without a drawdown is then rejected for \
          having none. Bound the divisor away from zero, or say with `if` or `coalesce` what should count instead.",
    wrong: "world: demo\nselection:\n  gates:\n    - annual_return / max_drawdown >= 2\n",
    right: "world: demo\nselection:\n  gates:\n    - annual_return / max(max_drawdown, 1%) >= 2\n",
};

pub(super) const LINT: Lint = Lint { rule: &RULE, run, partial: true };

fn run(facts: &Facts<'_>) -> Vec<Diagnostic> {
    if !facts.program.dialect.is_native() {
        return Vec::new();
    }
    let mut search = Search { facts, guards: Vec::new(), found: Vec::new() };
    facts.program.expressions().for_each(|expression| search.visit(expression));
    once(search.found)
}

/// A walk that knows what must be true, or not true, for the part at hand to matter.
struct Search<'s, 'e> {
    facts: &'s Facts<'s>,
    guards: Vec<(&'e Expr, bool)>,
    found: Vec<Diagnostic>,
}

impl<'e> Search<'_, 'e> {
    fn visit(&mut self, expression: &'e Expr) {
        match &expression.node {
            ExprKind::And(items) => self.siblings(items, true),
            ExprKind::Or(items) => self.siblings(items, false),
            ExprKind::Call(id, arguments) => self.call(*id, arguments),
            _ => expression.children().into_iter().for_each(|child| self.visit(child)),
        }
        match &expression.node {
            ExprKind::Arithmetic(_, rest) => {
                let divisors = rest.iter().filter(|(operator, _)| *operator == ArithmeticOperator::Divide);
                divisors.for_each(|(_, divisor)| self.divisor(expression, divisor));
            }
            ExprKind::Power(base, exponent) if exponent.as_number().is_some_and(|value| value < 0.0) => {
                self.divisor(expression, base);
            }
            _ => {}
        }
    }

    /// One part of a conjunction decides only where the others are true, of a disjunction where none is.
    fn siblings(&mut self, items: &'e [Expr], all: bool) {
        for (index, item) in items.iter().enumerate() {
            let before = self.guards.len();
            let others = items.iter().enumerate().filter(|(other, _)| *other != index);
            self.guards.extend(others.map(|(_, other)| (other, all)));
            self.visit(item);
            self.guards.truncate(before);
        }
    }

    fn call(&mut self, id: FunctionId, arguments: &'e [Expr]) {
        match (builtin::by_id(id).map(|builtin| &builtin.kernel), arguments) {
            (Some(Kernel::Choose), [condition, yes, no]) => {
                self.visit(condition);
                self.guarded(condition, true, yes);
                self.guarded(condition, false, no);
            }
            // Both expect a missing value; only the last resort of `coalesce` has none behind it.
            (Some(Kernel::Coalesce), [.., last]) => self.visit(last),
            (Some(Kernel::Missing), _) => {}
            _ => arguments.iter().for_each(|argument| self.visit(argument)),
        }
    }

    fn guarded(&mut self, condition: &'e Expr, holds: bool, part: &'e Expr) {
        self.guards.push((condition, holds));
        self.visit(part);
        self.guards.pop();
    }

    fn divisor(&mut self, whole: &Expr, divisor: &Expr) {
        // What the standard library divides stands where its name is written: not the author's text.
        let foreign = divisor.span == whole.span;
        let excused = || self.guards.iter().any(|(condition, holds)| excludes_zero(condition, *holds, divisor));
        if !foreign && self.facts.interval(divisor).contains(0.0) && !excused() {
            self.found.push(report(self.facts, divisor));
        }
    }
}

/// Whether the divisor is not zero where the condition holds, or where it is false.
fn excludes_zero(condition: &Expr, holds: bool, divisor: &Expr) -> bool {
    match &condition.node {
        ExprKind::Not(inner) => excludes_zero(inner, !holds, divisor),
        ExprKind::And(items) if holds => items.iter().any(|item| excludes_zero(item, holds, divisor)),
        ExprKind::Or(items) if !holds => items.iter().any(|item| excludes_zero(item, holds, divisor)),
        ExprKind::Compare(_, rest) if holds || rest.len() == 1 => {
            condition.links().into_iter().any(|(left, operator, right)| {
                let at_zero = match (left.as_number(), right.as_number()) {
                    (None, Some(value)) if left.does_the_same(divisor) => operator.holds(0.0, value),
                    (Some(value), None) if right.does_the_same(divisor) => operator.holds(value, 0.0),
                    _ => return false,
                };
                at_zero != holds
            })
        }
        _ => false,
    }
}

fn report(facts: &Facts<'_>, divisor: &Expr) -> Diagnostic {
    let metric = divisor.as_metric().and_then(|id| facts.program.metric(id));
    let message = match (metric, divisor.as_number()) {
        (Some(metric), _) => format!("this divides by `{}`, which can be 0", metric.name),
        (None, Some(_)) => "this divides by 0".to_owned(),
        (None, None) => "the divisor can be 0".to_owned(),
    };
    let help = "bound it away from 0, as in `max(x, 1%)`, or test it before with `if`";
    let diagnostic = Diagnostic::new(&RULE, divisor.span, message).help(help);
    match metric {
        Some(metric) if !metric.range.is_unbounded() => {
            diagnostic.note(format!("the range of `{}` is {}", metric.name, wording::range(metric)))
        }
        _ => diagnostic,
    }
}
