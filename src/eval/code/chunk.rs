//! Instructions over a chunk of rows. The stacks hold whole chunks and are used again from chunk to chunk.

use super::{Code, Instruction, Operand, coalesce, one, three, two};
use crate::eval::kernels::{self, CHUNK, Chunk, Lanes, TruthWords, WORDS};
use crate::eval::window::Window;

/// Stacks of chunks.
#[derive(Debug, Clone, Default)]
pub(in crate::eval) struct ChunkStack {
    numbers: Vec<Chunk>,
    truths: Vec<TruthWords>,
    height: usize,
}

impl Code {
    /// The numbers of the chunk that a window shows; NaN is missing.
    pub fn number_chunk<'s>(&self, window: &'s Window<'_>, stack: &'s mut ChunkStack) -> &'s Chunk {
        // Nothing to compute: the column itself.
        if let [Instruction::Number(Operand::Slot(slot))] = self.instructions.as_slice() {
            return window.numbers(*slot);
        }
        stack.run(self, window);
        stack.numbers.first().unwrap_or(&kernels::MISSING)
    }

    /// The conditions of the chunk that a window shows.
    pub fn truth_chunk(&self, window: &Window<'_>, stack: &mut ChunkStack) -> TruthWords {
        stack.run(self, window);
        stack.pop_truth()
    }
}

impl ChunkStack {
    fn run(&mut self, code: &Code, window: &Window<'_>) {
        if self.numbers.len() < code.depth.0 {
            self.numbers.resize(code.depth.0, kernels::MISSING);
        }
        self.height = 0;
        self.truths.clear();
        for instruction in &code.instructions {
            self.step(instruction, window);
        }
    }

    fn pop_truth(&mut self) -> TruthWords {
        self.truths.pop().unwrap_or(TruthWords { yes: [0; WORDS], no: [0; WORDS] })
    }

    fn step(&mut self, instruction: &Instruction, window: &Window<'_>) {
        match *instruction {
            Instruction::Number(operand) => self.one(operand, window, |value| value),
            Instruction::Negate(operand) => self.one(operand, window, |value| -value),
            Instruction::Arithmetic(operator, left, right) => {
                self.binary(left, right, window, |out, left, right| kernels::arithmetics(operator, out, left, right));
            }
            Instruction::One(function, operand) => self.one(operand, window, |value| one(function, value)),
            Instruction::Two(function, left, right) => {
                self.binary(left, right, window, |out, left, right| {
                    kernels::combine(out, left, right, |left, right| two(function, left, right));
                });
            }
            Instruction::Three(function, operands) => self.three(function, operands, window),
            Instruction::Choose(left, right) => {
                let condition = self.pop_truth();
                self.binary(left, right, window, |out, left, right| kernels::choose(out, left, right, &condition));
            }
            Instruction::Coalesce(left, right) => {
                self.binary(left, right, window, |out, left, right| kernels::combine(out, left, right, coalesce));
            }
            _ => self.condition(instruction, window),
        }
    }

    fn condition(&mut self, instruction: &Instruction, window: &Window<'_>) {
        let truth = match *instruction {
            Instruction::Truth(value) => TruthWords::constant(value),
            Instruction::Flag(slot) => window.flags(slot),
            Instruction::Compare(operator, left, right) => {
                self.height -= usize::from(left == Operand::Stack) + usize::from(right == Operand::Stack);
                let at = |offset| self.numbers.get(self.height + offset).unwrap_or(&kernels::MISSING);
                let second = at(usize::from(left == Operand::Stack));
                let left = lanes(left, window, at(0));
                kernels::compare(operator, left, lanes(right, window, second))
            }
            Instruction::Missing(operand) => {
                self.height -= usize::from(operand == Operand::Stack);
                let top = self.numbers.get(self.height).unwrap_or(&kernels::MISSING);
                kernels::missing(lanes(operand, window, top))
            }
            Instruction::Not => self.pop_truth().not(),
            Instruction::MissingTruth => self.pop_truth().missing(),
            _ => {
                let (right, left) = (self.pop_truth(), self.pop_truth());
                match instruction {
                    Instruction::And => left.and(&right),
                    Instruction::Or => left.or(&right),
                    Instruction::Same(equal) => left.same(&right, *equal),
                    Instruction::CoalesceTruth => left.coalesce(&right),
                    _ => self.pop_truth().choose(&left, &right),
                }
            }
        };
        self.truths.push(truth);
    }

    /// A function of one number in every row.
    fn one(&mut self, operand: Operand, window: &Window<'_>, function: impl Fn(f64) -> f64) {
        let nothing = Operand::Constant(0.0);
        self.binary(operand, nothing, window, |out, left, _| {
            kernels::combine(out, left, Lanes::Constant(0.0), |value, _| function(value));
        });
    }

    /// Runs a kernel of two operands; the result takes the place of the first operand on the stack.
    fn binary(
        &mut self,
        left: Operand,
        right: Operand,
        window: &Window<'_>,
        kernel: impl FnOnce(&mut Chunk, Lanes<'_>, Lanes<'_>),
    ) {
        let stacked = usize::from(left == Operand::Stack) + usize::from(right == Operand::Stack);
        self.height -= stacked;
        let middle = (self.height + 1).min(self.numbers.len());
        let (low, high) = self.numbers.split_at_mut(middle);
        if let Some(out) = low.last_mut() {
            match (left, right) {
                (Operand::Stack, Operand::Stack) => {
                    kernel(out, Lanes::Out, Lanes::Column(high.first().unwrap_or(&kernels::MISSING)));
                }
                (Operand::Stack, right) => kernel(out, Lanes::Out, lanes(right, window, &kernels::MISSING)),
                (left, Operand::Stack) => kernel(out, lanes(left, window, &kernels::MISSING), Lanes::Out),
                (left, right) => {
                    kernel(out, lanes(left, window, &kernels::MISSING), lanes(right, window, &kernels::MISSING));
                }
            }
        }
        self.height += 1;
    }

    fn three(&mut self, function: fn(f64, f64, f64) -> f64, operands: [Operand; 3], window: &Window<'_>) {
        let stacked = operands.iter().filter(|operand| **operand == Operand::Stack).count();
        self.height -= stacked;
        let mut next = self.height;
        let mut columns = [&kernels::MISSING; 3];
        for (operand, column) in operands.iter().zip(&mut columns) {
            if *operand == Operand::Stack {
                *column = self.numbers.get(next).unwrap_or(&kernels::MISSING);
                next += 1;
            }
        }
        let [first, second, third] = [0, 1, 2].map(|index: usize| {
            let operand = operands.get(index).copied().unwrap_or(Operand::Constant(f64::NAN));
            lanes(operand, window, columns.get(index).copied().unwrap_or(&kernels::MISSING))
        });
        let result: Chunk = std::array::from_fn(|row| three(function, [first.at(row), second.at(row), third.at(row)]));
        if let Some(out) = self.numbers.get_mut(self.height) {
            *out = result;
        }
        self.height += 1;
    }
}

fn lanes<'c>(operand: Operand, window: &'c Window<'_>, stack: &'c Chunk) -> Lanes<'c> {
    match operand {
        Operand::Stack => Lanes::Column(stack),
        Operand::Slot(slot) => Lanes::Column(window.numbers(slot)),
        Operand::Constant(value) => Lanes::Constant(value),
    }
}

const _: () = assert!(WORDS * 64 == CHUNK, "masks are whole words");
