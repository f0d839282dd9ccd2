//! What lints share: the program, interval bounds, and the questions put to the solver.

use std::cell::RefCell;

use super::logic::Budget;
use crate::builtin;
use crate::diag::{Diagnostic, Severity};
use crate::ir::{Dialect, Expr, ExprKind, Program};
use crate::syntax::{ArithmeticOperator, Comparison};
use crate::value::Interval;

/// A program under examination.
pub struct Facts<'a> {
    /// The program.
    pub program: &'a Program,
    pub(super) budget: RefCell<Budget>,
}

impl<'a> Facts<'a> {
    /// Facts of a program; `steps` bounds all searching together.
    #[must_use]
    pub fn new(program: &'a Program, steps: u64) -> Self {
        Self { program, budget: RefCell::new(Budget::new(steps)) }
    }

    /// The finding as a warning in a bare threshold document: QMTL accepts what it finds, and it
    /// opens no gate.
    #[must_use]
    pub fn lenient(&self, diagnostic: Diagnostic) -> Diagnostic {
        match self.program.dialect {
            Dialect::Threshold { bare: true } => diagnostic.lowered_to(Severity::Warning),
            _ => diagnostic,
        }
    }

    /// Bounds of a numeric expression where none of its metrics is missing.
    #[must_use]
    pub fn interval(&self, expression: &Expr) -> Interval {
        match &expression.node {
            ExprKind::Number(value) => Interval::point(*value),
            // Only native policies treat values outside the declared range as missing.
            ExprKind::Metric(id) if self.program.dialect.is_native() => {
                self.program.metric(*id).map_or(Interval::ALL, |metric| metric.range)
            }
            ExprKind::Negate(inner) => self.interval(inner).negate(),
            ExprKind::Arithmetic(first, rest) => rest.iter().fold(self.interval(first), |left, (operator, right)| {
                let right = self.interval(right);
                match operator {
                    ArithmeticOperator::Add => left.sum(right),
                    ArithmeticOperator::Subtract => left.subtract(right),
                    ArithmeticOperator::Multiply => left.multiply(right),
                    ArithmeticOperator::Divide => left.divide(right),
                }
            }),
            ExprKind::Power(base, exponent) => power(self.interval(base), self.interval(exponent)),
            ExprKind::Call(id, arguments) => builtin::by_id(*id).map_or(Interval::ALL, |builtin| {
                let of: Vec<_> = arguments.iter().map(|argument| self.interval(argument)).collect();
                (builtin.interval)(&of)
            }),
            _ => Interval::ALL,
        }
    }

    /// Whether a condition has the same truth over the whole range of its metrics, none missing.
    #[must_use]
    pub fn constant_truth(&self, condition: &Expr) -> Option<bool> {
        match &condition.node {
            ExprKind::Boolean(value) => Some(*value),
            ExprKind::Not(inner) => self.constant_truth(inner).map(|value| !value),
            ExprKind::And(items) => self.joined(items, false),
            ExprKind::Or(items) => self.joined(items, true),
            ExprKind::Compare(first, rest) => {
                let mut left = self.interval(first);
                let mut all = Some(true);
                for (operator, right) in rest {
                    let right = self.interval(right);
                    match decide(*operator, left, right) {
                        Some(false) => return Some(false),
                        None => all = None,
                        Some(true) => {}
                    }
                    left = right;
                }
                all
            }
            _ => None,
        }
    }

    fn joined(&self, items: &[Expr], decisive: bool) -> Option<bool> {
        let mut all = Some(!decisive);
        for item in items {
            match self.constant_truth(item) {
                Some(value) if value == decisive => return Some(decisive),
                None => all = None,
                Some(_) => {}
            }
        }
        all
    }
}

/// Bounds of a power, for the cases that people write: a base above zero, a constant exponent.
fn power(base: Interval, exponent: Interval) -> Interval {
    if base.low <= 0.0 || exponent.low != exponent.high {
        return Interval::ALL;
    }
    Interval::hull([libm::pow(base.low, exponent.low), libm::pow(base.high, exponent.low)]).widened()
}

/// The truth of a comparison over two intervals, if it is the same everywhere.
fn decide(operator: Comparison, left: Interval, right: Interval) -> Option<bool> {
    let (always, never) = match operator {
        Comparison::Less => (left.high < right.low, left.low >= right.high),
        Comparison::LessEqual => (left.high <= right.low, left.low > right.high),
        Comparison::Greater => (left.low > right.high, left.high <= right.low),
        Comparison::GreaterEqual => (left.low >= right.high, left.high < right.low),
        Comparison::Equal => (left.low == left.high && left == right, left.high < right.low || right.high < left.low),
        Comparison::NotEqual => {
            let (same, apart) =
                (left.low == left.high && left == right, left.high < right.low || right.high < left.low);
            (apart, same)
        }
    };
    // An infinite end is never reached, but nothing lies beyond it either.
    match (always, never) {
        (true, false) => Some(true),
        (false, true) => Some(false),
        _ => None,
    }
}
