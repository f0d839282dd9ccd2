//! A window over columns: the rows of one chunk, every value in its range or missing.

use super::kernels::{CHUNK, Chunk, MISSING, MOST_ROWS, TruthWords, WORDS, clear_outside};
use crate::value::{Bitmask, Bits, Interval};

/// A column that fills a slot.
#[derive(Debug, Clone, Copy)]
pub(super) enum Input<'a> {
    /// Numbers, as they are.
    Numbers {
        /// NaN is missing.
        values: &'a [f64],
        /// Rows that have a value, where some have none beside NaN.
        validity: Option<Bits<'a>>,
        /// What they are multiplied with first.
        factor: f64,
        /// Values outside are missing; none where all are known to lie within or to be missing.
        range: Option<Interval>,
    },
    /// Conditions: where they are true, and where they are false.
    Flags(&'a Bitmask, &'a Bitmask),
    /// Missing everywhere.
    Nothing,
}

impl<'a> Input<'a> {
    /// Numbers of which each is in its range or missing.
    pub fn clean(values: &'a [f64]) -> Self {
        Self::Numbers { values, validity: None, factor: 1.0, range: None }
    }

    /// The number of a row.
    pub fn number(&self, row: usize) -> f64 {
        let Self::Numbers { values, validity, factor, range } = self else { return f64::NAN };
        let valid = validity.is_none_or(|validity| validity.get(row));
        let value = values.get(row).copied().filter(|_| valid).unwrap_or(f64::NAN);
        range.map_or(value, |range| within(value * factor, range))
    }

    /// The condition of a row.
    pub fn flag(&self, row: usize) -> Option<bool> {
        match self {
            Self::Flags(yes, no) => {
                if yes.get(row) {
                    Some(true)
                } else {
                    no.get(row).then_some(false)
                }
            }
            _ => None,
        }
    }
}

/// A value in its range, or missing.
#[inline(always)]
pub(super) fn within(value: f64, range: Interval) -> f64 {
    if range.contains(value) && value.is_finite() { value } else { f64::NAN }
}

/// The rows of one chunk. Columns whose chunk is whole and clean are shown where they stand.
pub(super) struct Window<'a> {
    inputs: &'a [Input<'a>],
    /// By slot, whether it is read as a whole chunk even where fewer rows are left; all where there is none.
    whole: &'a [bool],
    /// How many rows it shows, unless fewer are left.
    span: usize,
    rows: usize,
    from: usize,
    copies: Copies,
}

/// Chunks that cannot be shown where they stand, by slot. Their memory is used again.
#[derive(Debug, Clone, Default)]
pub(super) struct Copies {
    chunks: Vec<Chunk>,
    copied: Vec<bool>,
}

impl<'a> Window<'a> {
    /// A window over columns of so many rows; it shows nothing before it is moved.
    pub fn new(inputs: &'a [Input<'a>], rows: usize) -> Self {
        Self::with(inputs, &[], rows, Copies::default())
    }

    /// The same, with memory that was used before, where some slots are read by [`Window::values`] alone.
    /// Where all are, and stand as they are, it shows more than a chunk.
    pub fn with(inputs: &'a [Input<'a>], whole: &'a [bool], rows: usize, mut copies: Copies) -> Self {
        copies.chunks.resize(copies.chunks.len().max(inputs.len()), MISSING);
        copies.copied.clear();
        copies.copied.resize(inputs.len(), true);
        let plain = |input: &Input<'_>| match input {
            Input::Numbers { validity, factor, range, .. } => validity.is_none() && *factor == 1.0 && range.is_none(),
            Input::Flags(..) | Input::Nothing => false,
        };
        let all_plain = inputs.iter().all(plain) && whole.len() == inputs.len() && !whole.contains(&true);
        Self { inputs, whole, span: if all_plain { MOST_ROWS } else { CHUNK }, rows, from: 0, copies }
    }

    /// The memory, for another window.
    pub fn into_copies(self) -> Copies {
        self.copies
    }

    /// Shows the rows from one on.
    pub fn move_to(&mut self, from: usize) {
        self.from = from;
        let until = self.rows.min(from + self.span);
        let Copies { chunks, copied } = &mut self.copies;
        for (slot, ((input, copy), copied)) in self.inputs.iter().zip(chunks).zip(copied).enumerate() {
            let Input::Numbers { values, validity, factor, range } = input else { continue };
            let values = values.get(from..until).unwrap_or_default();
            *copied = match range {
                None => false,
                Some(range) if *factor == 1.0 => clear_outside(values, *range, copy),
                Some(range) => {
                    copy.iter_mut().zip(values).for_each(|(copy, value)| *copy = within(value * factor, *range));
                    true
                }
            };
            let part = values.len() < CHUNK && self.whole.get(slot).copied().unwrap_or(true);
            if (part || validity.is_some()) && !*copied {
                copy.iter_mut().zip(values).for_each(|(copy, value)| *copy = *value);
                *copied = true;
            }
            if let Some(validity) = validity {
                for (words, copy) in copy.chunks_mut(64).enumerate() {
                    let valid = validity.word(from + words * 64);
                    let rows = copy.iter_mut().enumerate();
                    rows.for_each(|(row, copy)| *copy = if valid >> row & 1 == 1 { *copy } else { f64::NAN });
                }
            }
            if part {
                copy.iter_mut().skip(values.len()).for_each(|copy| *copy = f64::NAN);
            }
        }
    }

    /// How many rows it shows.
    pub fn rows(&self) -> usize {
        self.rows.saturating_sub(self.from).min(self.span)
    }

    /// How many rows it shows where enough are left.
    pub fn span(&self) -> usize {
        self.span
    }

    /// The numbers of a slot, as many as rows are shown.
    pub fn values(&self, slot: u32) -> &[f64] {
        let (index, until) = (slot as usize, self.rows.min(self.from + self.span));
        match self.inputs.get(index) {
            Some(Input::Numbers { values, .. }) if self.copies.copied.get(index) == Some(&false) => {
                values.get(self.from..until)
            }
            _ => self.numbers(slot).get(..self.rows()),
        }
        .unwrap_or_default()
    }

    /// The numbers of a slot that is read as a whole chunk.
    pub fn numbers(&self, slot: u32) -> &Chunk {
        let slot = slot as usize;
        let Some(Input::Numbers { values, .. }) = self.inputs.get(slot) else { return &MISSING };
        let whole = || values.get(self.from..)?.first_chunk::<CHUNK>();
        let found = if self.copies.copied.get(slot) == Some(&false) { whole() } else { self.copies.chunks.get(slot) };
        found.unwrap_or(&MISSING)
    }

    /// The conditions of a slot.
    pub fn flags(&self, slot: u32) -> TruthWords {
        let Some(Input::Flags(yes, no)) = self.inputs.get(slot as usize) else { return TruthWords::constant(None) };
        let words = |mask: &Bitmask| -> [u64; WORDS] {
            let all = mask.words().get(self.from / 64..).unwrap_or_default();
            std::array::from_fn(|index| all.get(index).copied().unwrap_or(0))
        };
        TruthWords { yes: words(yes), no: words(no) }
    }

    /// Sets a bit for each row that there is, and clears those beyond.
    pub fn present(&self, bits: &mut [u64]) {
        let rows = self.rows();
        for (index, word) in bits.iter_mut().enumerate() {
            *word = match rows.saturating_sub(index * 64) {
                0 => 0,
                left if left >= 64 => u64::MAX,
                left => (1 << left) - 1,
            };
        }
    }
}
