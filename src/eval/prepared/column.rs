//! Columns that a caller hands over without a copy.

use crate::value::{Bitmask, Bits};

/// A borrowed column: numbers or truth values, with or without a bit that says which rows have a value.
#[derive(Debug, Clone, Copy)]
pub struct Column<'a> {
    values: Values<'a>,
    validity: Option<Bits<'a>>,
}

#[derive(Debug, Clone, Copy)]
enum Values<'a> {
    Numbers(&'a [f64]),
    Truths(Bits<'a>),
    /// A single row, which may be a truth value as a number.
    One(&'a f64),
}

impl<'a> Column<'a> {
    /// A single row as a number, whatever the column holds.
    pub(super) fn one(value: &'a f64) -> Self {
        Self { values: Values::One(value), validity: None }
    }

    /// Truth values, a bit each.
    #[must_use]
    pub fn truths(bits: Bits<'a>) -> Self {
        Self { values: Values::Truths(bits), validity: None }
    }

    /// The same values, of which only those rows count whose bit is set.
    #[must_use]
    pub fn with_validity(self, validity: Bits<'a>) -> Self {
        Self { validity: Some(validity), ..self }
    }

    /// How many rows it has.
    #[must_use]
    pub fn rows(&self) -> usize {
        match self.values {
            Values::Numbers(values) => values.len(),
            Values::Truths(bits) => bits.rows(),
            Values::One(_) => 1,
        }
    }

    /// How many bytes its values take.
    #[must_use]
    pub fn bytes(&self) -> usize {
        match self.values {
            Values::Numbers(values) => size_of_val(values),
            Values::Truths(bits) => bits.rows().div_ceil(8),
            Values::One(value) => size_of_val(value),
        }
    }

    /// Reads every number once and does next to nothing with it: no judging can be faster.
    #[must_use]
    pub fn read(&self) -> u64 {
        match self.values {
            Values::Numbers(values) => crate::eval::kernels::read(values),
            Values::Truths(_) | Values::One(_) => 0,
        }
    }

    /// How many rows its values or its validity have where that is another number.
    pub(super) fn other_rows(&self, rows: usize) -> Option<usize> {
        let validity = self.validity.map(|validity| validity.rows());
        std::iter::once(self.rows()).chain(validity).find(|own| *own != rows)
    }

    pub(super) fn numbers(&self) -> Option<(&'a [f64], Option<Bits<'a>>)> {
        match self.values {
            Values::Numbers(values) => Some((values, self.validity)),
            Values::One(value) => Some((std::slice::from_ref(value), self.validity)),
            Values::Truths(_) => None,
        }
    }

    /// Where truth values are true, and where they are false; none of a column of numbers.
    pub(super) fn flags(&self) -> Option<(Bitmask, Bitmask)> {
        let valid = |row: usize| self.validity.is_none_or(|validity| validity.get(row));
        match self.values {
            Values::Truths(bits) => {
                let is = |wanted: bool| Bitmask::from_fn(bits.rows(), |row| valid(row) && bits.get(row) == wanted);
                Some((is(true), is(false)))
            }
            Values::One(value) => {
                let is = |wanted: bool| Bitmask::from_fn(1, |_| super::truth_value(*value) == Some(wanted));
                Some((is(true), is(false)))
            }
            Values::Numbers(_) => None,
        }
    }
}

impl<'a> From<&'a [f64]> for Column<'a> {
    fn from(values: &'a [f64]) -> Self {
        Self { values: Values::Numbers(values), validity: None }
    }
}

impl<'a> From<&'a Vec<f64>> for Column<'a> {
    fn from(values: &'a Vec<f64>) -> Self {
        values.as_slice().into()
    }
}

#[cfg(feature = "arrow")]
impl<'a> From<&'a arrow_array::Float64Array> for Column<'a> {
    fn from(array: &'a arrow_array::Float64Array) -> Self {
        let column = Self::from(array.values().as_ref());
        validity(arrow_array::Array::nulls(array)).map_or(column, |bits| column.with_validity(bits))
    }
}

#[cfg(feature = "arrow")]
impl<'a> From<&'a arrow_array::BooleanArray> for Column<'a> {
    fn from(array: &'a arrow_array::BooleanArray) -> Self {
        let values = array.values();
        let empty = Bits::new(&[], 0, 0);
        let bits = Bits::new(values.values(), values.offset(), values.len()).or(empty);
        let column = bits.map_or(Self::from([].as_slice()), Self::truths);
        validity(arrow_array::Array::nulls(array)).map_or(column, |bits| column.with_validity(bits))
    }
}

#[cfg(feature = "arrow")]
fn validity(nulls: Option<&arrow_buffer::NullBuffer>) -> Option<Bits<'_>> {
    nulls.and_then(|nulls| Bits::new(nulls.validity(), nulls.offset(), nulls.len()))
}
