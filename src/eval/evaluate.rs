//! Evaluates expressions over the columns of a frame. A single strategy is a frame of one row.
//!
//! Numbers travel as doubles in which NaN is a missing value; conditions as two masks, true and
//! false. Every operation rounds once, and whatever is not finite becomes missing.

use super::frame::{Data, Frame};
use crate::builtin::{self, Kernel};
use crate::ir::{Expr, ExprKind, MetricId};
use crate::syntax::{ArithmeticOperator, Comparison};
use crate::value::{Bitmask, Kind};

/// The three-valued outcome of a condition in each row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Truth {
    /// Rows where it is true.
    pub yes: Bitmask,
    /// Rows where it is false; in neither it is missing.
    pub no: Bitmask,
}

impl Truth {
    /// The same outcome in every row.
    #[must_use]
    pub fn constant(rows: usize, value: bool) -> Self {
        Self { yes: Bitmask::filled(rows, value), no: Bitmask::filled(rows, !value) }
    }

    /// The outcome of a row; none where it is missing.
    #[must_use]
    pub fn get(&self, row: usize) -> Option<bool> {
        if self.yes.get(row) { Some(true) } else { self.no.get(row).then_some(false) }
    }

    fn not(self) -> Self {
        Self { yes: self.no, no: self.yes }
    }

    fn and(&self, other: &Self) -> Self {
        Self { yes: self.yes.and(&other.yes), no: self.no.or(&other.no) }
    }

    fn or(&self, other: &Self) -> Self {
        Self { yes: self.yes.or(&other.yes), no: self.no.and(&other.no) }
    }

    /// Here where the mask is set, there where it is not.
    #[must_use]
    pub fn choose(mask: &Bitmask, here: &Self, there: &Self) -> Self {
        let pick = |here: &Bitmask, there: &Bitmask| here.and(mask).or(&there.and_not(mask));
        Self { yes: pick(&here.yes, &there.yes), no: pick(&here.no, &there.no) }
    }
}

/// The value, or NaN where it is not finite.
fn finite(value: f64) -> f64 {
    if value.is_finite() { value } else { f64::NAN }
}

impl Frame {
    /// The outcome of a condition in every row.
    #[must_use]
    pub fn truth(&self, condition: &Expr) -> Truth {
        match &condition.node {
            ExprKind::Boolean(value) => Truth::constant(self.rows(), *value),
            ExprKind::Metric(id) => self.boolean(*id),
            ExprKind::Not(inner) => self.truth(inner).not(),
            ExprKind::And(items) => {
                items.iter().fold(Truth::constant(self.rows(), true), |all, item| all.and(&self.truth(item)))
            }
            ExprKind::Or(items) => {
                items.iter().fold(Truth::constant(self.rows(), false), |any, item| any.or(&self.truth(item)))
            }
            ExprKind::Compare(first, rest) => self.comparisons(first, rest),
            ExprKind::Call(id, arguments) => match (builtin::by_id(*id).map(|b| &b.kernel), arguments.as_slice()) {
                (Some(Kernel::Missing), [argument]) => self.missing(argument),
                (Some(Kernel::Choose), [condition, left, right]) => {
                    let condition = self.truth(condition);
                    let chosen = Truth::choose(&condition.yes, &self.truth(left), &self.truth(right));
                    let known = condition.yes.or(&condition.no);
                    Truth { yes: chosen.yes.and(&known), no: chosen.no.and(&known) }
                }
                (Some(Kernel::Coalesce), arguments) => self.first_truth(arguments),
                _ => self.unknown(),
            },
            _ => self.unknown(),
        }
    }

    fn unknown(&self) -> Truth {
        Truth { yes: Bitmask::filled(self.rows(), false), no: Bitmask::filled(self.rows(), false) }
    }

    fn boolean(&self, id: MetricId) -> Truth {
        match self.column(id.0 as usize).map(|values| &values.data) {
            Some(Data::Boolean(yes, no)) => Truth { yes: yes.clone(), no: no.clone() },
            _ => self.unknown(),
        }
    }

    fn first_truth(&self, arguments: &[Expr]) -> Truth {
        arguments.iter().fold(self.unknown(), |found, argument| {
            let known = found.yes.or(&found.no);
            Truth::choose(&known, &found, &self.truth(argument))
        })
    }

    fn missing(&self, argument: &Expr) -> Truth {
        let present = match argument.kind {
            Kind::Number(_) => {
                let values = self.numbers(argument);
                Bitmask::from_fn(self.rows(), |row| values.get(row).is_some_and(|value| !value.is_nan()))
            }
            Kind::Boolean => {
                let truth = self.truth(argument);
                truth.yes.or(&truth.no)
            }
            Kind::Text => {
                let texts = self.texts(argument);
                Bitmask::from_fn(self.rows(), |row| texts.get(row).is_some_and(Option::is_some))
            }
        };
        Truth { yes: Bitmask::filled(self.rows(), true).and_not(&present), no: present }
    }

    fn comparisons(&self, first: &Expr, rest: &[(Comparison, Expr)]) -> Truth {
        let mut all = Truth::constant(self.rows(), true);
        match first.kind {
            Kind::Number(_) => {
                let mut left = self.numbers(first);
                for (operator, right) in rest {
                    let right = self.numbers(right);
                    all = all.and(&compare(*operator, &left, &right));
                    left = right;
                }
            }
            Kind::Text => {
                let mut left = self.texts(first);
                for (operator, right) in rest {
                    let right = self.texts(right);
                    let known = |row: usize| Some((left.get(row)?.as_ref()?, right.get(row)?.as_ref()?));
                    let same =
                        |row: usize, wanted: bool| known(row).is_some_and(|(left, right)| (left == right) == wanted);
                    let equal = *operator == Comparison::Equal;
                    let rows = self.rows();
                    all = all.and(&Truth {
                        yes: Bitmask::from_fn(rows, |row| same(row, equal)),
                        no: Bitmask::from_fn(rows, |row| same(row, !equal)),
                    });
                    left = right;
                }
            }
            Kind::Boolean => {
                let mut left = self.truth(first);
                for (operator, right) in rest {
                    let right = self.truth(right);
                    let same = left.yes.and(&right.yes).or(&left.no.and(&right.no));
                    let apart = left.yes.and(&right.no).or(&left.no.and(&right.yes));
                    let truth = Truth { yes: same, no: apart };
                    all = all.and(&if *operator == Comparison::Equal { truth } else { truth.not() });
                    left = right;
                }
            }
        }
        all
    }

    /// The value of a numeric expression in every row; NaN is missing.
    #[must_use]
    pub fn numbers(&self, expression: &Expr) -> Vec<f64> {
        match &expression.node {
            ExprKind::Number(value) => vec![*value; self.rows()],
            ExprKind::Metric(id) => match self.column(id.0 as usize).map(|values| &values.data) {
                Some(Data::Number(column)) => column.values().to_vec(),
                _ => vec![f64::NAN; self.rows()],
            },
            ExprKind::Negate(inner) => self.numbers(inner).into_iter().map(|value| -value).collect(),
            ExprKind::Arithmetic(first, rest) => {
                let mut left = self.numbers(first);
                for (operator, right) in rest {
                    arithmetic(*operator, &mut left, &self.numbers(right));
                }
                left
            }
            ExprKind::Power(base, exponent) => {
                let mut left = self.numbers(base);
                let right = self.numbers(exponent);
                combine(&mut left, &right, libm::pow);
                left
            }
            ExprKind::Call(id, arguments) => match builtin::by_id(*id) {
                Some(function) => self.call(&function.kernel, arguments),
                None => vec![f64::NAN; self.rows()],
            },
            _ => vec![f64::NAN; self.rows()],
        }
    }

    fn call(&self, kernel: &Kernel, arguments: &[Expr]) -> Vec<f64> {
        let literal = || match arguments.get(1).map(|argument| &argument.node) {
            Some(ExprKind::Number(value)) => *value,
            _ => f64::NAN,
        };
        let mut columns = arguments.iter();
        let mut next = || columns.next().map_or_else(|| vec![f64::NAN; self.rows()], |argument| self.numbers(argument));
        match kernel {
            Kernel::One(function) => {
                next().into_iter().map(|value| present(value, |value| finite(function(value)))).collect()
            }
            Kernel::WithLiteral(function) => {
                let literal = literal();
                next().into_iter().map(|value| present(value, |value| finite(function(value, literal)))).collect()
            }
            Kernel::Fold(function) => {
                let mut left = next();
                for argument in arguments.iter().skip(1) {
                    combine(&mut left, &self.numbers(argument), function);
                }
                left
            }
            Kernel::Three(function) => {
                let (first, second, third) = (next(), next(), next());
                let rows = first.iter().zip(&second).zip(&third);
                rows.map(
                    |((&a, &b), &c)| {
                        if a.is_nan() || b.is_nan() || c.is_nan() { f64::NAN } else { finite(function(a, b, c)) }
                    },
                )
                .collect()
            }
            Kernel::Cohort(function) => function(&next(), f64::NAN).into_iter().map(finite).collect(),
            Kernel::CohortWithLiteral(function) => function(&next(), literal()).into_iter().map(finite).collect(),
            Kernel::Choose => self.choose(arguments),
            Kernel::Coalesce => {
                let mut found = next();
                for argument in arguments.iter().skip(1) {
                    for (value, other) in found.iter_mut().zip(self.numbers(argument)) {
                        *value = if value.is_nan() { other } else { *value };
                    }
                }
                found
            }
            Kernel::Missing => vec![f64::NAN; self.rows()],
        }
    }

    fn choose(&self, arguments: &[Expr]) -> Vec<f64> {
        let [condition, left, right] = arguments else { return vec![f64::NAN; self.rows()] };
        let condition = self.truth(condition);
        let (left, right) = (self.numbers(left), self.numbers(right));
        let pick = |(row, (&left, &right)): (usize, (&f64, &f64))| match condition.get(row) {
            Some(true) => left,
            Some(false) => right,
            None => f64::NAN,
        };
        left.iter().zip(&right).enumerate().map(pick).collect()
    }

    fn texts(&self, expression: &Expr) -> Vec<Option<Box<str>>> {
        match &expression.node {
            ExprKind::Text(text) => vec![Some(text.clone()); self.rows()],
            ExprKind::Metric(id) => match self.column(id.0 as usize).map(|values| &values.data) {
                Some(Data::Text(texts)) => texts.clone(),
                _ => vec![None; self.rows()],
            },
            ExprKind::Call(id, arguments) => match (builtin::by_id(*id).map(|b| &b.kernel), arguments.as_slice()) {
                (Some(Kernel::Coalesce), arguments) => {
                    arguments.iter().fold(vec![None; self.rows()], |found, argument| {
                        found.into_iter().zip(self.texts(argument)).map(|(known, other)| known.or(other)).collect()
                    })
                }
                (Some(Kernel::Choose), [condition, left, right]) => {
                    let condition = self.truth(condition);
                    let both = self.texts(left).into_iter().zip(self.texts(right)).enumerate();
                    both.map(|(row, (left, right))| condition.get(row).and_then(|yes| if yes { left } else { right }))
                        .collect()
                }
                _ => vec![None; self.rows()],
            },
            _ => vec![None; self.rows()],
        }
    }
}

fn present(value: f64, function: impl Fn(f64) -> f64) -> f64 {
    if value.is_nan() { f64::NAN } else { function(value) }
}

/// A function of two numbers in every row; missing where either is.
fn combine(left: &mut [f64], right: &[f64], function: impl Fn(f64, f64) -> f64) {
    for (left, right) in left.iter_mut().zip(right) {
        *left = if left.is_nan() || right.is_nan() { f64::NAN } else { finite(function(*left, *right)) };
    }
}

/// NaN goes through these operations by itself.
fn arithmetic(operator: ArithmeticOperator, left: &mut [f64], right: &[f64]) {
    let rows = left.iter_mut().zip(right);
    match operator {
        ArithmeticOperator::Add => rows.for_each(|(left, right)| *left = finite(*left + right)),
        ArithmeticOperator::Subtract => rows.for_each(|(left, right)| *left = finite(*left - right)),
        ArithmeticOperator::Multiply => rows.for_each(|(left, right)| *left = finite(*left * right)),
        ArithmeticOperator::Divide => rows.for_each(|(left, right)| *left = finite(*left / right)),
    }
}

fn compare(operator: Comparison, left: &[f64], right: &[f64]) -> Truth {
    let rows = left.len();
    let at = |row: usize| (left.get(row).copied().unwrap_or(f64::NAN), right.get(row).copied().unwrap_or(f64::NAN));
    let yes = Bitmask::from_fn(rows, |row| {
        let (left, right) = at(row);
        operator.holds(left, right) && !left.is_nan() && !right.is_nan()
    });
    let known = Bitmask::from_fn(rows, |row| {
        let (left, right) = at(row);
        !left.is_nan() && !right.is_nan()
    });
    Truth { no: known.and_not(&yes), yes }
}
