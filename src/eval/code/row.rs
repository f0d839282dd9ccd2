//! Instructions over one row.

use super::{Code, Instruction, Operand, coalesce, fails, holds, one, three, two};
use crate::eval::kernels::arithmetic;

/// The values of one row by slot.
pub(in crate::eval) trait Row {
    /// A number; NaN is missing.
    fn number(&self, slot: u32) -> f64;
    /// A condition; none is missing.
    fn flag(&self, slot: u32) -> Option<bool>;
}

/// Stacks that are used again from row to row.
#[derive(Debug, Clone, Default)]
pub(in crate::eval) struct RowStack {
    numbers: Vec<f64>,
    truths: Vec<Option<bool>>,
}

impl Code {
    /// The number of a row; NaN is missing.
    pub fn number_at(&self, row: &impl Row, stack: &mut RowStack) -> f64 {
        stack.run(self, row);
        stack.pop()
    }

    /// The condition of a row; none is missing.
    pub fn truth_at(&self, row: &impl Row, stack: &mut RowStack) -> Option<bool> {
        stack.run(self, row);
        stack.pop_truth()
    }
}

impl RowStack {
    fn pop(&mut self) -> f64 {
        self.numbers.pop().unwrap_or(f64::NAN)
    }

    fn pop_truth(&mut self) -> Option<bool> {
        self.truths.pop().flatten()
    }

    fn take(&mut self, operand: Operand, row: &impl Row) -> f64 {
        match operand {
            Operand::Stack => self.pop(),
            Operand::Slot(slot) => row.number(slot),
            Operand::Constant(value) => value,
        }
    }

    fn take_two(&mut self, left: Operand, right: Operand, row: &impl Row) -> (f64, f64) {
        let right = self.take(right, row);
        (self.take(left, row), right)
    }

    fn run(&mut self, code: &Code, row: &impl Row) {
        self.numbers.clear();
        self.truths.clear();
        for instruction in &code.instructions {
            self.step(instruction, row);
        }
    }

    fn step(&mut self, instruction: &Instruction, row: &impl Row) {
        let number = match *instruction {
            Instruction::Number(operand) => self.take(operand, row),
            Instruction::Negate(operand) => -self.take(operand, row),
            Instruction::Arithmetic(operator, left, right) => {
                let (left, right) = self.take_two(left, right, row);
                arithmetic(operator, left, right)
            }
            Instruction::One(function, operand) => one(function, self.take(operand, row)),
            Instruction::Two(function, left, right) => {
                let (left, right) = self.take_two(left, right, row);
                two(function, left, right)
            }
            Instruction::Three(function, [first, second, third]) => {
                let third = self.take(third, row);
                let (first, second) = self.take_two(first, second, row);
                three(function, [first, second, third])
            }
            Instruction::Choose(left, right) => {
                let (left, right) = self.take_two(left, right, row);
                self.pop_truth().map_or(f64::NAN, |yes| if yes { left } else { right })
            }
            Instruction::Coalesce(left, right) => {
                let (left, right) = self.take_two(left, right, row);
                coalesce(left, right)
            }
            _ => return self.condition(instruction, row),
        };
        self.numbers.push(number);
    }

    fn condition(&mut self, instruction: &Instruction, row: &impl Row) {
        let truth = match *instruction {
            Instruction::Truth(value) => value,
            Instruction::Flag(slot) => row.flag(slot),
            Instruction::Compare(operator, left, right) => {
                let (left, right) = self.take_two(left, right, row);
                let known = holds(operator, left, right);
                (known || fails(operator, left, right)).then_some(known)
            }
            Instruction::Missing(operand) => Some(self.take(operand, row).is_nan()),
            Instruction::Not => self.pop_truth().map(|value| !value),
            Instruction::MissingTruth => Some(self.pop_truth().is_none()),
            _ => {
                let (right, left) = (self.pop_truth(), self.pop_truth());
                self.joined(instruction, left, right)
            }
        };
        self.truths.push(truth);
    }

    fn joined(&mut self, instruction: &Instruction, left: Option<bool>, right: Option<bool>) -> Option<bool> {
        match instruction {
            Instruction::And => match (left, right) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            },
            Instruction::Or => match (left, right) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            },
            Instruction::Same(equal) => left.zip(right).map(|(left, right)| (left == right) == *equal),
            Instruction::CoalesceTruth => left.or(right),
            // The only one left is the choice between two conditions.
            _ => self.pop_truth().and_then(|yes| if yes { left } else { right }),
        }
    }
}
