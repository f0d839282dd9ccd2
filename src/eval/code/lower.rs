//! From typed expressions to instructions.

use super::{Code, Instruction, Operand, Slot, TextTest};
use crate::builtin::{self, Kernel};
use crate::ir::{Expr, ExprKind, FunctionId, MetricId};
use crate::syntax::Comparison;
use crate::value::Kind;

/// Collects the slots of several expressions.
#[derive(Debug, Clone, Default)]
pub(in crate::eval) struct Lowering {
    /// What fills each slot, those that others build on first.
    pub slots: Vec<Slot>,
}

impl Lowering {
    /// Instructions that leave a number.
    pub fn number(&mut self, expression: &Expr) -> Code {
        let mut emitter = Emitter::new(self);
        let operand = emitter.number(expression);
        if operand != Operand::Stack {
            emitter.emit(Instruction::Number(operand));
        }
        emitter.finish()
    }

    /// Instructions that leave a condition.
    pub fn truth(&mut self, expression: &Expr) -> Code {
        let mut emitter = Emitter::new(self);
        emitter.truth(expression);
        emitter.finish()
    }

    /// The slot of a metric.
    pub fn metric(&mut self, id: MetricId) -> u32 {
        let known = self.slots.iter().position(|slot| matches!(slot, Slot::Metric(known) if *known == id));
        let index = known.unwrap_or_else(|| self.add(Slot::Metric(id)));
        index as u32
    }

    fn add(&mut self, slot: Slot) -> usize {
        self.slots.push(slot);
        self.slots.len() - 1
    }
}

struct Emitter<'l> {
    lowering: &'l mut Lowering,
    code: Code,
    /// Numbers and conditions on the stacks now.
    height: (usize, usize),
}

impl<'l> Emitter<'l> {
    fn new(lowering: &'l mut Lowering) -> Self {
        Self { lowering, code: Code::default(), height: (0, 0) }
    }

    fn finish(self) -> Code {
        self.code
    }

    fn emit(&mut self, instruction: Instruction) {
        let (numbers, truths) = instruction.pops();
        self.height.0 = self.height.0.saturating_sub(numbers);
        self.height.1 = self.height.1.saturating_sub(truths);
        let pushed = if instruction.pushes_number() { &mut self.height.0 } else { &mut self.height.1 };
        *pushed += 1;
        self.code.depth.0 = self.code.depth.0.max(self.height.0);
        self.code.depth.1 = self.code.depth.1.max(self.height.1);
        self.code.instructions.push(instruction);
    }

    /// Where the number stands once the emitted instructions have run.
    fn number(&mut self, expression: &Expr) -> Operand {
        match &expression.node {
            ExprKind::Number(value) => Operand::Constant(super::finite(*value)),
            ExprKind::Metric(id) if matches!(expression.kind, Kind::Number(_)) => {
                Operand::Slot(self.lowering.metric(*id))
            }
            ExprKind::Negate(inner) => {
                let inner = self.number(inner);
                self.leave(Instruction::Negate(inner))
            }
            ExprKind::Arithmetic(first, rest) => {
                let mut left = self.number(first);
                for (operator, right) in rest {
                    let right = self.number(right);
                    left = self.leave(Instruction::Arithmetic(*operator, left, right));
                }
                left
            }
            ExprKind::Power(base, exponent) => {
                let (left, right) = (self.number(base), self.number(exponent));
                self.leave(Instruction::Two(libm::pow, left, right))
            }
            ExprKind::Call(id, arguments) => self.call(*id, arguments),
            _ => Operand::Constant(f64::NAN),
        }
    }

    fn leave(&mut self, instruction: Instruction) -> Operand {
        self.emit(instruction);
        Operand::Stack
    }

    fn call(&mut self, id: FunctionId, arguments: &[Expr]) -> Operand {
        let Some(function) = builtin::by_id(id) else { return Operand::Constant(f64::NAN) };
        let literal = arguments.get(1).and_then(Expr::as_number).unwrap_or(f64::NAN);
        match (&function.kernel, arguments) {
            (Kernel::One(function), [argument]) => {
                let argument = self.number(argument);
                self.leave(Instruction::One(*function, argument))
            }
            (Kernel::WithLiteral(function), [argument, _]) => {
                let argument = self.number(argument);
                self.leave(Instruction::Two(*function, argument, Operand::Constant(literal)))
            }
            (Kernel::Fold(function), [first, rest @ ..]) => {
                let mut left = self.number(first);
                for right in rest {
                    let right = self.number(right);
                    left = self.leave(Instruction::Two(*function, left, right));
                }
                left
            }
            (Kernel::Three(function), [first, second, third]) => {
                let operands = [self.number(first), self.number(second), self.number(third)];
                self.leave(Instruction::Three(*function, operands))
            }
            (Kernel::Cohort(function) | Kernel::CohortWithLiteral(function), [argument, ..]) => {
                let argument = self.lowering.number(argument);
                Operand::Slot(self.lowering.add(Slot::Cohort { function: *function, literal, argument }) as u32)
            }
            (Kernel::Choose, [condition, left, right]) => {
                self.truth(condition);
                let (left, right) = (self.number(left), self.number(right));
                self.leave(Instruction::Choose(left, right))
            }
            (Kernel::Coalesce, [first, rest @ ..]) => {
                let mut left = self.number(first);
                for right in rest {
                    let right = self.number(right);
                    left = self.leave(Instruction::Coalesce(left, right));
                }
                left
            }
            _ => Operand::Constant(f64::NAN),
        }
    }

    fn truth(&mut self, expression: &Expr) {
        match &expression.node {
            ExprKind::Boolean(value) => self.emit(Instruction::Truth(Some(*value))),
            ExprKind::Metric(id) => {
                let slot = self.lowering.metric(*id);
                self.emit(Instruction::Flag(slot));
            }
            ExprKind::Not(inner) => {
                self.truth(inner);
                self.emit(Instruction::Not);
            }
            ExprKind::And(items) => self.joined(items, Instruction::And, true),
            ExprKind::Or(items) => self.joined(items, Instruction::Or, false),
            ExprKind::Compare(..) => self.comparisons(expression),
            ExprKind::Call(id, arguments) => self.test(*id, arguments),
            _ => self.emit(Instruction::Truth(None)),
        }
    }

    fn joined(&mut self, items: &[Expr], join: Instruction, of_none: bool) {
        let Some((first, rest)) = items.split_first() else { return self.emit(Instruction::Truth(Some(of_none))) };
        self.truth(first);
        for item in rest {
            self.truth(item);
            self.emit(join);
        }
    }

    /// A chain of comparisons is the conjunction of its links.
    fn comparisons(&mut self, chain: &Expr) {
        for (index, (left, operator, right)) in chain.links().into_iter().enumerate() {
            self.link(left, operator, right);
            if index > 0 {
                self.emit(Instruction::And);
            }
        }
    }

    fn link(&mut self, left: &Expr, operator: Comparison, right: &Expr) {
        let equal = operator == Comparison::Equal;
        match left.kind {
            Kind::Number(_) => {
                let (left, right) = (self.number(left), self.number(right));
                self.emit(Instruction::Compare(operator, left, right));
            }
            Kind::Boolean => {
                self.truth(left);
                self.truth(right);
                self.emit(Instruction::Same(equal));
            }
            Kind::Text => self.text(TextTest::Same(equal, left.clone(), right.clone())),
        }
    }

    fn text(&mut self, test: TextTest) {
        let slot = self.lowering.add(Slot::Text(test)) as u32;
        self.emit(Instruction::Flag(slot));
    }

    fn test(&mut self, id: FunctionId, arguments: &[Expr]) {
        match (builtin::by_id(id).map(|function| &function.kernel), arguments) {
            (Some(Kernel::Missing), [argument]) => match argument.kind {
                Kind::Number(_) => {
                    let operand = self.number(argument);
                    self.emit(Instruction::Missing(operand));
                }
                Kind::Boolean => {
                    self.truth(argument);
                    self.emit(Instruction::MissingTruth);
                }
                Kind::Text => self.text(TextTest::Missing(argument.clone())),
            },
            (Some(Kernel::Choose), [condition, left, right]) => {
                self.truth(condition);
                self.truth(left);
                self.truth(right);
                self.emit(Instruction::ChooseTruth);
            }
            (Some(Kernel::Coalesce), [first, rest @ ..]) => {
                self.truth(first);
                for item in rest {
                    self.truth(item);
                    self.emit(Instruction::CoalesceTruth);
                }
            }
            _ => self.emit(Instruction::Truth(None)),
        }
    }
}

impl Instruction {
    /// How many numbers and conditions it takes from the stacks.
    fn pops(&self) -> (usize, usize) {
        let stacked = |operands: &[Operand]| operands.iter().filter(|operand| **operand == Operand::Stack).count();
        match self {
            Self::Number(a) | Self::Negate(a) | Self::One(_, a) | Self::Missing(a) => (stacked(&[*a]), 0),
            Self::Arithmetic(_, a, b) | Self::Two(_, a, b) | Self::Coalesce(a, b) | Self::Compare(_, a, b) => {
                (stacked(&[*a, *b]), 0)
            }
            Self::Three(_, operands) => (stacked(operands), 0),
            Self::Choose(a, b) => (stacked(&[*a, *b]), 1),
            Self::Truth(_) | Self::Flag(_) => (0, 0),
            Self::Not | Self::MissingTruth => (0, 1),
            Self::And | Self::Or | Self::Same(_) | Self::CoalesceTruth => (0, 2),
            Self::ChooseTruth => (0, 3),
        }
    }

    /// Whether it reads a slot.
    pub fn reads(&self, slot: u32) -> bool {
        let is = |operands: &[Operand]| operands.contains(&Operand::Slot(slot));
        match self {
            Self::Number(a) | Self::Negate(a) | Self::One(_, a) | Self::Missing(a) => is(&[*a]),
            Self::Arithmetic(_, a, b) | Self::Two(_, a, b) | Self::Coalesce(a, b) => is(&[*a, *b]),
            Self::Compare(_, a, b) | Self::Choose(a, b) => is(&[*a, *b]),
            Self::Three(_, operands) => is(operands),
            Self::Flag(own) => *own == slot,
            _ => false,
        }
    }

    fn pushes_number(&self) -> bool {
        matches!(
            self,
            Self::Number(_)
                | Self::Negate(_)
                | Self::Arithmetic(..)
                | Self::One(..)
                | Self::Two(..)
                | Self::Three(..)
                | Self::Choose(..)
                | Self::Coalesce(..)
        )
    }
}
