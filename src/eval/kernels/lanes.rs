//! Arithmetic and comparison of columns with columns and constants.

use multiversion::multiversion;

use super::{Chunk, Mask, TruthWords, mask};
use crate::syntax::{ArithmeticOperator, Comparison};

/// An operand over a chunk.
#[derive(Debug, Clone, Copy)]
pub(in crate::eval) enum Lanes<'c> {
    /// A column.
    Column(&'c Chunk),
    /// The same in every row.
    Constant(f64),
    /// What stands in the output now.
    Out,
}

impl Lanes<'_> {
    /// The value of a row; missing for an output, which only binary kernels know.
    #[inline(always)]
    pub fn at(&self, row: usize) -> f64 {
        match self {
            Self::Column(column) => column.get(row).copied().unwrap_or(f64::NAN),
            Self::Constant(value) => *value,
            Self::Out => f64::NAN,
        }
    }
}

/// A function of two operands in every row.
#[inline(always)]
pub(in crate::eval) fn combine(out: &mut Chunk, left: Lanes<'_>, right: Lanes<'_>, function: impl Fn(f64, f64) -> f64) {
    match (left, right) {
        (Lanes::Out, Lanes::Column(right)) => {
            out.iter_mut().zip(right).for_each(|(out, right)| *out = function(*out, *right));
        }
        (Lanes::Out, Lanes::Constant(right)) => out.iter_mut().for_each(|out| *out = function(*out, right)),
        (Lanes::Column(left), Lanes::Out) => {
            out.iter_mut().zip(left).for_each(|(out, left)| *out = function(*left, *out));
        }
        (Lanes::Constant(left), Lanes::Out) => out.iter_mut().for_each(|out| *out = function(left, *out)),
        (Lanes::Column(left), Lanes::Column(right)) => {
            out.iter_mut().zip(left.iter().zip(right)).for_each(|(out, (left, right))| *out = function(*left, *right));
        }
        (Lanes::Column(left), Lanes::Constant(right)) => {
            out.iter_mut().zip(left).for_each(|(out, left)| *out = function(*left, right));
        }
        (Lanes::Constant(left), Lanes::Column(right)) => {
            out.iter_mut().zip(right).for_each(|(out, right)| *out = function(left, *right));
        }
        (Lanes::Constant(left), Lanes::Constant(right)) => out.fill(function(left, right)),
        (Lanes::Out, Lanes::Out) => out.iter_mut().for_each(|out| *out = function(*out, *out)),
    }
}

/// The value, or NaN where it is not finite.
#[inline(always)]
pub(in crate::eval) fn finite(value: f64) -> f64 {
    if value.is_finite() { value } else { f64::NAN }
}

/// One operation, rounded once; missing where a side is, or where the result is not finite.
#[inline(always)]
pub(in crate::eval) fn arithmetic(operator: ArithmeticOperator, left: f64, right: f64) -> f64 {
    finite(match operator {
        ArithmeticOperator::Add => left + right,
        ArithmeticOperator::Subtract => left - right,
        ArithmeticOperator::Multiply => left * right,
        ArithmeticOperator::Divide => left / right,
    })
}

/// The same in every row.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl", "x86_64+avx2"))]
pub(in crate::eval) fn arithmetics(operator: ArithmeticOperator, out: &mut Chunk, left: Lanes<'_>, right: Lanes<'_>) {
    match operator {
        ArithmeticOperator::Add => combine(out, left, right, |left, right| finite(left + right)),
        ArithmeticOperator::Subtract => combine(out, left, right, |left, right| finite(left - right)),
        ArithmeticOperator::Multiply => combine(out, left, right, |left, right| finite(left * right)),
        ArithmeticOperator::Divide => combine(out, left, right, |left, right| finite(left / right)),
    }
}

/// The left operand where the condition is true, the right one where it is false, missing elsewhere.
pub(in crate::eval) fn choose(out: &mut Chunk, left: Lanes<'_>, right: Lanes<'_>, condition: &TruthWords) {
    let bit = |words: &Mask, row: usize| words.get(row / 64).is_some_and(|word| word >> (row % 64) & 1 == 1);
    for (row, slot) in out.iter_mut().enumerate() {
        let side = |lanes: Lanes<'_>| if matches!(lanes, Lanes::Out) { *slot } else { lanes.at(row) };
        *slot = if bit(&condition.yes, row) {
            side(left)
        } else if bit(&condition.no, row) {
            side(right)
        } else {
            f64::NAN
        };
    }
}

/// Where a comparison holds and where it fails; missing where a side is.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
pub(in crate::eval) fn compare(operator: Comparison, left: Lanes<'_>, right: Lanes<'_>) -> TruthWords {
    match operator {
        Comparison::Less => TruthWords { yes: test(left, right, |a, b| a < b), no: test(left, right, |a, b| a >= b) },
        Comparison::LessEqual => {
            TruthWords { yes: test(left, right, |a, b| a <= b), no: test(left, right, |a, b| a > b) }
        }
        Comparison::Greater => {
            TruthWords { yes: test(left, right, |a, b| a > b), no: test(left, right, |a, b| a <= b) }
        }
        Comparison::GreaterEqual => {
            TruthWords { yes: test(left, right, |a, b| a >= b), no: test(left, right, |a, b| a < b) }
        }
        Comparison::Equal => {
            TruthWords { yes: test(left, right, |a, b| a == b), no: test(left, right, |a, b| (a < b) | (a > b)) }
        }
        Comparison::NotEqual => {
            TruthWords { yes: test(left, right, |a, b| (a < b) | (a > b)), no: test(left, right, |a, b| a == b) }
        }
    }
}

#[inline(always)]
fn test(left: Lanes<'_>, right: Lanes<'_>, holds: impl Fn(f64, f64) -> bool) -> Mask {
    match (left, right) {
        (Lanes::Column(left), Lanes::Column(right)) => mask(|row| holds(value(left, row), value(right, row))),
        (Lanes::Column(left), right) => {
            let right = right.at(0);
            mask(|row| holds(value(left, row), right))
        }
        (left, Lanes::Column(right)) => {
            let left = left.at(0);
            mask(|row| holds(left, value(right, row)))
        }
        (left, right) => {
            let all = holds(left.at(0), right.at(0));
            mask(|_| all)
        }
    }
}

/// The value of a row; rows come from loops over a chunk.
#[inline(always)]
fn value(column: &Chunk, row: usize) -> f64 {
    column.get(row).copied().unwrap_or(f64::NAN)
}

/// Where a number is missing.
pub(in crate::eval) fn missing(values: Lanes<'_>) -> TruthWords {
    TruthWords { yes: mask(|row| values.at(row).is_nan()), no: mask(|row| !values.at(row).is_nan()) }
}
