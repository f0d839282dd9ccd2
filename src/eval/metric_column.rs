//! The values of one metric for all strategies, owned: what programs measure or hand on.

use super::frame::{Data, Frame};
use super::notes::Notes;
use super::prepared::Column;
use super::snapshot::Snapshot;
use crate::ir::{Metric, MetricId, Program};
use crate::value::{Bits, Kind};

/// The values of one metric for all strategies.
#[derive(Debug, Clone, PartialEq)]
pub enum MetricColumn {
    /// Numbers; NaN is missing.
    Numbers(Vec<f64>),
    /// Truth values.
    Truths(Vec<Option<bool>>),
}

/// Truth values as borrowed columns need them: the values, and which there are.
pub type TruthBits = Option<(Vec<u8>, Vec<u8>)>;

impl MetricColumn {
    /// Numbers as the column of a metric: truth values where it holds such.
    #[must_use]
    pub fn of(metric: &Metric, values: Vec<f64>) -> Self {
        match metric.kind {
            Kind::Boolean => Self::Truths(values.into_iter().map(|value| Some(value != 0.0)).collect()),
            _ => Self::Numbers(values),
        }
    }

    /// How many rows it has.
    #[must_use]
    pub fn rows(&self) -> usize {
        match self {
            Self::Numbers(values) => values.len(),
            Self::Truths(values) => values.len(),
        }
    }

    /// A row as a number: 1 and 0 for truth values, NaN where missing.
    #[must_use]
    pub fn number(&self, row: usize) -> f64 {
        match self {
            Self::Numbers(values) => values.get(row).copied().unwrap_or(f64::NAN),
            Self::Truths(values) => match values.get(row).copied().flatten() {
                Some(true) => 1.0,
                Some(false) => 0.0,
                None => f64::NAN,
            },
        }
    }

    /// The bits that [`MetricColumn::borrowed`] borrows; none for numbers.
    #[must_use]
    pub fn bits(&self) -> TruthBits {
        let Self::Truths(values) = self else { return None };
        let packed = |is: fn(Option<bool>) -> bool| {
            let byte = |values: &[Option<bool>]| {
                values.iter().enumerate().fold(0, |byte, (bit, value)| byte | u8::from(is(*value)) << bit)
            };
            values.chunks(8).map(byte).collect::<Vec<u8>>()
        };
        Some((packed(|value| value == Some(true)), packed(|value| value.is_some())))
    }

    /// The column for a prepared policy.
    #[must_use]
    pub fn borrowed<'a>(&'a self, bits: &'a TruthBits) -> Column<'a> {
        match (self, bits) {
            (Self::Numbers(values), _) => Column::from(values),
            (Self::Truths(values), Some((truths, present))) => {
                let bits = |bytes: &'a [u8]| Bits::new(bytes, 0, values.len());
                match (bits(truths), bits(present)) {
                    (Some(truths), Some(present)) => Column::truths(truths).with_validity(present),
                    _ => Column::from([].as_slice()),
                }
            }
            (Self::Truths(_), None) => Column::from([].as_slice()),
        }
    }
}

/// The column of every metric of a program that is no text.
pub(crate) fn metric_columns(program: &Program, snapshot: &Snapshot) -> Vec<(String, MetricColumn)> {
    let frame = Frame::new(program, &snapshot.strategies, &mut Notes::default());
    let column = |(index, metric): (usize, &Metric)| {
        let column = match &frame.column(MetricId(index as u32))?.data {
            Data::Number(values) => MetricColumn::Numbers(values.to_vec()),
            Data::Boolean(yes, no) => {
                let value = |row: usize| if yes.get(row) { Some(true) } else { no.get(row).then_some(false) };
                MetricColumn::Truths((0..frame.rows()).map(value).collect())
            }
            Data::Text(_) => return None,
        };
        Some((metric.name.clone(), column))
    };
    program
        .metrics
        .iter()
        .enumerate()
        .filter(|(index, _)| program.is_first_of_name(*index))
        .filter_map(column)
        .collect()
}
