//! Columns that a host writes into, and what is found in them.

use std::sync::Arc;

use crate::eval::{Batch, BatchOptions, Column, ColumnsError, Prepared};
use crate::value::Bits;

/// A prepared policy with the kind of each of its columns.
#[derive(Debug)]
pub(super) struct PreparedColumns {
    pub prepared: Prepared,
    /// Whether each column holds truth values.
    pub booleans: Vec<bool>,
}

/// Room for rows.
#[derive(Debug)]
pub(super) struct Frame {
    prepared: Arc<PreparedColumns>,
    room: usize,
    rows: usize,
    columns: Vec<Vec<f64>>,
    /// A bit a row, where a host has asked for it.
    validity: Vec<Option<Vec<u8>>>,
    batch: Batch,
    is_judged: bool,
}

/// Bytes of bits.
fn bytes_of_bits(rows: usize) -> usize {
    rows.div_ceil(8)
}

impl Frame {
    /// How many bytes a frame takes: a double and a validity bit a row and column, a score and a bit a row.
    pub fn bytes(prepared: &PreparedColumns, rows: usize) -> Option<usize> {
        let of_column = rows.checked_mul(8)?.checked_add(bytes_of_bits(rows))?;
        of_column.checked_mul(prepared.booleans.len().checked_add(1)?)
    }

    /// How many bytes it takes.
    pub fn own_bytes(&self) -> usize {
        Self::bytes(&self.prepared, self.room).unwrap_or(usize::MAX)
    }

    /// Room for so many rows, all missing.
    pub fn new(prepared: Arc<PreparedColumns>, room: usize) -> Self {
        let columns = prepared.booleans.iter().map(|_| vec![f64::NAN; room]).collect();
        let validity = prepared.booleans.iter().map(|_| None).collect();
        Self { prepared, room, rows: room, columns, validity, batch: Batch::default(), is_judged: false }
    }

    /// Where a column stands.
    pub fn column(&mut self, index: usize) -> Option<usize> {
        self.columns.get_mut(index).map(|column| column.as_mut_ptr().expose_provenance())
    }

    /// Where the validity of a column stands.
    pub fn validity(&mut self, index: usize) -> Option<usize> {
        let bytes = bytes_of_bits(self.room);
        let bits = self.validity.get_mut(index)?.get_or_insert_with(|| vec![u8::MAX; bytes]);
        Some(bits.as_mut_ptr().expose_provenance())
    }

    /// How many columns it has.
    pub fn width(&self) -> usize {
        self.columns.len()
    }

    /// How many rows fit.
    pub fn room(&self) -> usize {
        self.room
    }

    /// Judges only the first so many rows; what was found before is none of them.
    pub fn resize(&mut self, rows: usize) -> bool {
        if rows > self.room {
            return false;
        }
        (self.rows, self.is_judged) = (rows, false);
        true
    }

    pub fn evaluate(&mut self) -> Result<(), ColumnsError> {
        let Self { prepared, rows, columns, validity, batch, .. } = self;
        self.is_judged = false;
        let rows = *rows;
        let no_bits = || ColumnsError::TooMany(rows);
        let each = columns.iter().zip(&prepared.booleans).zip(validity.iter());
        let truths = each.map(|((values, is_boolean), validity)| {
            is_boolean.then(|| bits_of(values.get(..rows).unwrap_or_default(), validity.as_deref()))
        });
        let truths: Vec<Option<(Vec<u8>, Vec<u8>)>> = truths.collect();
        let mut given = Vec::with_capacity(columns.len());
        for ((values, validity), truths) in columns.iter().zip(validity).zip(&truths) {
            let valid = validity.as_deref().map(|bytes| Bits::new(bytes, 0, rows).ok_or_else(no_bits)).transpose()?;
            given.push(match truths {
                None => {
                    let column = Column::from(values.get(..rows).unwrap_or_default());
                    valid.map_or(column, |valid| column.with_validity(valid))
                }
                Some((truths, present)) => {
                    let bits = |bytes| Bits::new(bytes, 0, rows).ok_or_else(no_bits);
                    Column::truths(bits(truths)?).with_validity(bits(present)?)
                }
            });
        }
        prepared.prepared.evaluate(&given, BatchOptions::default(), batch)?;
        self.is_judged = true;
        Ok(())
    }

    fn found(&self) -> Option<&Batch> {
        self.is_judged.then_some(&self.batch)
    }

    pub fn passed(&self) -> &[u64] {
        self.found().map_or(&[], Batch::passed_bits)
    }

    pub fn passed_count(&self) -> usize {
        self.found().map_or(0, Batch::passed_count)
    }

    pub fn scores(&self) -> &[f64] {
        self.found().map_or(&[], Batch::scores)
    }

    pub fn selected(&self) -> Option<&[u32]> {
        self.found().and_then(Batch::selected)
    }
}

/// Truth values as bits, and which rows have one: 1 is true, 0 is false, anything else is missing.
fn bits_of(values: &[f64], validity: Option<&[u8]>) -> (Vec<u8>, Vec<u8>) {
    let pack = |is: fn(f64) -> bool| {
        let byte = |eight: &[f64]| eight.iter().rev().fold(0, |bits, value| bits << 1 | u8::from(is(*value)));
        values.chunks(8).map(byte).collect::<Vec<u8>>()
    };
    let mut present = pack(|value| value == 1.0 || value == 0.0);
    present.iter_mut().zip(validity.unwrap_or_default()).for_each(|(present, valid)| *present &= valid);
    (pack(|value| value == 1.0), present)
}
