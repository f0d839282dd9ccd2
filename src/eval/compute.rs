//! Runs instructions over all rows: one row after the other where there are few, else in chunks.

use super::code::{ChunkStack, Code, Row, RowStack, Slot, TextTest, finite};
use super::kernels::CHUNK;
use super::window::{Input, Window};
use crate::value::Bitmask;

/// The three-valued outcome of a condition in each row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Truth {
    /// Rows where it is true.
    pub yes: Bitmask,
    /// Rows where it is false; in neither it is missing.
    pub no: Bitmask,
}

impl Truth {
    /// The outcome of a row; none where it is missing.
    #[must_use]
    pub fn get(&self, row: usize) -> Option<bool> {
        if self.yes.get(row) { Some(true) } else { self.no.get(row).then_some(false) }
    }

    /// Here where the mask is set, there where it is not.
    #[must_use]
    pub fn choose(mask: &Bitmask, here: &Self, there: &Self) -> Self {
        let pick = |here: &Bitmask, there: &Bitmask| here.and(mask).or(&there.and_not(mask));
        Self { yes: pick(&here.yes, &there.yes), no: pick(&here.no, &there.no) }
    }
}

/// One row of columns.
pub(super) struct RowOf<'a> {
    pub inputs: &'a [Input<'a>],
    pub row: usize,
}

impl Row for RowOf<'_> {
    fn number(&self, slot: u32) -> f64 {
        self.inputs.get(slot as usize).map_or(f64::NAN, |input| input.number(self.row))
    }

    fn flag(&self, slot: u32) -> Option<bool> {
        self.inputs.get(slot as usize).and_then(|input| input.flag(self.row))
    }
}

/// Below this many rows one row after the other is faster than a chunk that is mostly empty.
const FEW_ROWS: usize = 48;

/// The outcome of a condition in every row.
pub(super) fn truth(code: &Code, inputs: &[Input<'_>], rows: usize) -> Truth {
    if rows < FEW_ROWS {
        let mut stack = RowStack::default();
        let each: Vec<_> = (0..rows).map(|row| code.truth_at(&RowOf { inputs, row }, &mut stack)).collect();
        let is = |wanted: bool| Bitmask::from_fn(rows, |row| each.get(row) == Some(&Some(wanted)));
        return Truth { yes: is(true), no: is(false) };
    }
    let (mut window, mut stack) = (Window::new(inputs, rows), ChunkStack::default());
    let (mut yes, mut no) = (Vec::new(), Vec::new());
    for from in (0..rows).step_by(CHUNK) {
        window.move_to(from);
        let truth = code.truth_chunk(&window, &mut stack);
        yes.extend(truth.yes);
        no.extend(truth.no);
    }
    Truth { yes: Bitmask::from_words(yes, rows), no: Bitmask::from_words(no, rows) }
}

/// A number in every row; NaN is missing.
pub(super) fn numbers(code: &Code, inputs: &[Input<'_>], rows: usize) -> Vec<f64> {
    let mut out = Vec::with_capacity(rows);
    if rows < FEW_ROWS {
        let mut stack = RowStack::default();
        out.extend((0..rows).map(|row| code.number_at(&RowOf { inputs, row }, &mut stack)));
        return out;
    }
    let (mut window, mut stack) = (Window::new(inputs, rows), ChunkStack::default());
    for from in (0..rows).step_by(CHUNK) {
        window.move_to(from);
        out.extend(code.number_chunk(&window, &mut stack).iter().take(rows - from));
    }
    out
}

/// A column that is computed before the others are read.
enum Computed {
    Numbers(Vec<f64>),
    Truth(Truth),
}

/// Hands over the inputs of all slots: those given, and the columns of slots that look at all rows or
/// at texts, which are computed in order.
pub(super) fn with_computed<R>(
    slots: &[Slot],
    given: &[Input<'_>],
    rows: usize,
    text: &dyn Fn(&TextTest) -> Truth,
    then: impl FnOnce(&[Input<'_>]) -> R,
) -> R {
    let mut computed: Vec<Option<Computed>> = Vec::with_capacity(slots.len());
    for slot in slots {
        computed.push(match slot {
            Slot::Metric(_) => None,
            Slot::Cohort { function, literal, argument } => {
                let values = numbers(argument, &joined(given, &computed), rows);
                Some(Computed::Numbers(function(&values, *literal).into_iter().map(finite).collect()))
            }
            Slot::Text(test) => Some(Computed::Truth(text(test))),
        });
    }
    then(&joined(given, &computed))
}

fn joined<'a>(given: &[Input<'a>], computed: &'a [Option<Computed>]) -> Vec<Input<'a>> {
    let column = |(index, given): (usize, &Input<'a>)| match computed.get(index) {
        Some(Some(Computed::Numbers(values))) => Input::clean(values),
        Some(Some(Computed::Truth(truth))) => Input::Flags(&truth.yes, &truth.no),
        _ => *given,
    };
    given.iter().enumerate().map(column).collect()
}
