//! Expressions as instructions over slots: names, kinds and functions are resolved once, and one
//! set of instructions runs over a single row as over columns in chunks.
//!
//! Numbers are doubles in which NaN is a missing value; conditions are true, false or missing.
//! Every operation rounds once, and whatever is not finite becomes missing.

mod chunk;
mod lower;
mod row;

use crate::ir::{Expr, MetricId};
use crate::syntax::{ArithmeticOperator, Comparison};

pub(super) use super::kernels::finite;
pub(super) use chunk::ChunkStack;
pub(super) use lower::Lowering;
pub(super) use row::{Row, RowStack};

/// Where a number comes from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Operand {
    /// The top of the stack of numbers, which it leaves.
    Stack,
    /// A column.
    Slot(u32),
    /// The same in every row.
    Constant(f64),
}

/// One step. Operands that stand on the stack are popped from right to left.
#[derive(Debug, Clone, Copy)]
pub(super) enum Instruction {
    /// Pushes a number.
    Number(Operand),
    /// Pushes the number with its sign changed.
    Negate(Operand),
    /// Pushes a sum, difference, product or quotient.
    Arithmetic(ArithmeticOperator, Operand, Operand),
    /// Pushes a function of one number.
    One(fn(f64) -> f64, Operand),
    /// Pushes a function of two numbers.
    Two(fn(f64, f64) -> f64, Operand, Operand),
    /// Pushes a function of three numbers.
    Three(fn(f64, f64, f64) -> f64, [Operand; 3]),
    /// Pops a condition; pushes the first number where it is true, the second where it is false.
    Choose(Operand, Operand),
    /// Pushes the first number that is not missing.
    Coalesce(Operand, Operand),
    /// Pushes a constant condition; none is missing.
    Truth(Option<bool>),
    /// Pushes a column of conditions.
    Flag(u32),
    /// Pushes a comparison.
    Compare(Comparison, Operand, Operand),
    /// Pushes whether a number is missing.
    Missing(Operand),
    /// Kleene negation of the top condition.
    Not,
    /// Kleene conjunction of the two top conditions.
    And,
    /// Kleene disjunction of the two top conditions.
    Or,
    /// Whether the two top conditions are the same; the other way round where false.
    Same(bool),
    /// Pops two conditions and the one that chooses between them.
    ChooseTruth,
    /// Of the two top conditions the first that is not missing.
    CoalesceTruth,
    /// Whether the top condition is missing.
    MissingTruth,
}

/// Instructions that leave one number or one condition.
#[derive(Debug, Clone, Default)]
pub(super) struct Code {
    pub instructions: Vec<Instruction>,
    /// Most numbers and most conditions on the stacks.
    pub depth: (usize, usize),
}

impl Code {
    /// Whether it reads a slot.
    pub fn reads(&self, slot: u32) -> bool {
        self.instructions.iter().any(|instruction| instruction.reads(slot))
    }
}

/// What fills a slot.
#[derive(Debug, Clone)]
pub(super) enum Slot {
    /// A metric of the program.
    Metric(MetricId),
    /// A function over all judged strategies that have a value, of an expression over earlier slots.
    Cohort {
        /// The function.
        function: fn(&[f64], f64) -> Vec<f64>,
        /// Its second argument; NaN where it takes none.
        literal: f64,
        /// Its first.
        argument: Code,
    },
    /// A condition over texts; they are compared and nothing else, so whole columns at a time.
    Text(TextTest),
}

/// A condition over texts.
#[derive(Debug, Clone)]
pub(super) enum TextTest {
    /// Equal, or unequal where false.
    Same(bool, Expr, Expr),
    /// Missing.
    Missing(Expr),
}

#[inline(always)]
fn one(function: fn(f64) -> f64, value: f64) -> f64 {
    if value.is_nan() { f64::NAN } else { finite(function(value)) }
}

#[inline(always)]
fn two(function: fn(f64, f64) -> f64, left: f64, right: f64) -> f64 {
    if left.is_nan() || right.is_nan() { f64::NAN } else { finite(function(left, right)) }
}

#[inline(always)]
fn three(function: fn(f64, f64, f64) -> f64, [a, b, c]: [f64; 3]) -> f64 {
    if a.is_nan() || b.is_nan() || c.is_nan() { f64::NAN } else { finite(function(a, b, c)) }
}

#[inline(always)]
fn coalesce(left: f64, right: f64) -> f64 {
    if left.is_nan() { right } else { left }
}

/// Whether the relation does not hold, both sides being known.
#[inline(always)]
fn fails(operator: Comparison, left: f64, right: f64) -> bool {
    match operator {
        Comparison::Less => left >= right,
        Comparison::LessEqual => left > right,
        Comparison::Greater => left <= right,
        Comparison::GreaterEqual => left < right,
        Comparison::Equal => (left < right) | (left > right),
        Comparison::NotEqual => left == right,
    }
}

/// Whether the relation holds; false where a side is missing.
#[inline(always)]
fn holds(operator: Comparison, left: f64, right: f64) -> bool {
    match operator {
        Comparison::NotEqual => (left < right) | (left > right),
        other => other.holds(left, right),
    }
}
