//! A frame: strategies × metrics, in columns, over which expressions are evaluated.

use std::borrow::Cow;

use super::code::{Lowering, Slot};
use super::compute::{self, Truth};
use super::notes::Notes;
use super::strategies::Strategies;
use super::window::Input;
use super::{fill, texts};
use crate::ir::{Expr, Metric, MetricId, Program};
use crate::value::Bitmask;

/// The columns that a program reads, in the order of its metrics.
#[derive(Debug, Clone, Default)]
pub struct Frame<'s> {
    rows: usize,
    columns: Vec<Values<'s>>,
}

/// One column.
#[derive(Debug, Clone)]
pub(super) struct Values<'s> {
    /// The values by kind.
    pub data: Data<'s>,
    /// Rows whose value is of another kind; it is missing there.
    pub wrong_kind: Bitmask,
}

/// Values by kind.
#[derive(Debug, Clone)]
pub(super) enum Data<'s> {
    /// Numbers; NaN is missing, and every other one lies in the range of its metric.
    Number(Cow<'s, [f64]>),
    /// Truth values: true, and false; neither is missing.
    Boolean(Bitmask, Bitmask),
    /// Texts.
    Text(Vec<Option<Cow<'s, str>>>),
}

impl<'s> Frame<'s> {
    /// Takes from strategies what a program reads.
    #[must_use]
    pub fn new(program: &'s Program, strategies: &'s Strategies, notes: &mut Notes) -> Self {
        Self::of(&program.metrics, program.dialect.is_native(), strategies, notes)
    }

    /// Takes some metrics from strategies.
    pub(super) fn of(metrics: &'s [Metric], native: bool, strategies: &'s Strategies, notes: &mut Notes) -> Self {
        let columns = metrics.iter().map(|metric| fill::column(metric, native, strategies, notes)).collect();
        Self { rows: strategies.len(), columns }
    }

    /// How many strategies it has.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    pub(super) fn column(&self, id: MetricId) -> Option<&Values<'s>> {
        self.columns.get(id.0 as usize)
    }

    /// Whether a metric has a value in a row.
    pub(super) fn has(&self, id: MetricId, row: usize) -> bool {
        self.column(id).is_some_and(|values| match &values.data {
            Data::Number(numbers) => numbers.get(row).is_some_and(|value| !value.is_nan()),
            Data::Boolean(yes, no) => yes.get(row) || no.get(row),
            Data::Text(texts) => texts.get(row).is_some_and(Option::is_some),
        })
    }

    /// Whether some value is of the wrong kind.
    pub(super) fn has_defects(&self) -> bool {
        self.columns.iter().any(|values| values.wrong_kind.any())
    }

    /// Rows in which some metric of an expression is of the wrong kind, and rows in which one is absent.
    #[must_use]
    pub(super) fn defects(&self, expression: &Expr) -> (Bitmask, Bitmask) {
        let (mut wrong, mut absent) = (Bitmask::filled(self.rows, false), Bitmask::filled(self.rows, false));
        for id in expression.metrics() {
            let Some(values) = self.column(id) else { continue };
            wrong = wrong.or(&values.wrong_kind);
            absent = absent.or(&Bitmask::from_fn(self.rows, |row| !self.has(id, row)).and_not(&values.wrong_kind));
        }
        (wrong, absent)
    }

    /// The outcome of a condition in every row.
    #[must_use]
    pub fn truth(&self, condition: &Expr) -> Truth {
        let mut lowering = Lowering::default();
        let code = lowering.truth(condition);
        self.with_inputs(&lowering.slots, |inputs| compute::truth(&code, inputs, self.rows))
    }

    /// The value of a numeric expression in every row; NaN is missing.
    #[must_use]
    pub fn numbers(&self, expression: &Expr) -> Vec<f64> {
        let mut lowering = Lowering::default();
        let code = lowering.number(expression);
        self.with_inputs(&lowering.slots, |inputs| compute::numbers(&code, inputs, self.rows))
    }

    /// Hands over a column for each slot, computing those that look at all rows.
    pub(super) fn with_inputs<R>(&self, slots: &[Slot], then: impl FnOnce(&[Input<'_>]) -> R) -> R {
        let own = |slot: &Slot| match slot {
            Slot::Metric(id) => self.column(*id).map_or(Input::Nothing, |values| input(&values.data)),
            _ => Input::Nothing,
        };
        let inputs: Vec<_> = slots.iter().map(own).collect();
        compute::with_computed(slots, &inputs, self.rows, &|test| texts::test(self, test), then)
    }
}

fn input<'a>(data: &'a Data<'_>) -> Input<'a> {
    match data {
        Data::Number(numbers) => Input::clean(numbers),
        Data::Boolean(yes, no) => Input::Flags(yes, no),
        Data::Text(_) => Input::Nothing,
    }
}
