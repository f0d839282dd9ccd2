//! Rows of Parquet and Arrow IPC files, a batch at a time.

use std::fs::File;
use std::io::BufReader;

use arrow_array::{Array, RecordBatch, cast::AsArray, types::Float64Type, types::TimestampNanosecondType};
use arrow_cast::cast;
use arrow_ipc::reader::FileReader;
use arrow_schema::{ArrowError, DataType, TimeUnit};
use jiff::Timestamp;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::Failure;
use super::tables::Table;
use crate::eval::{Cell, Grouping};

/// Rows decoded at once.
const BATCH: usize = 8192;

/// Reads a Parquet file.
pub(super) fn parquet(file: File, table: &mut Table<'_, '_>) -> Result<(), Failure> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| table.failure(error))?;
    let reader = builder.with_batch_size(BATCH).build().map_err(|error| table.failure(error))?;
    batches(reader, table)
}

/// Reads an Arrow IPC file.
pub(super) fn ipc(file: File, table: &mut Table<'_, '_>) -> Result<(), Failure> {
    let reader = FileReader::try_new(BufReader::new(file), None).map_err(|error| table.failure(error))?;
    batches(reader, table)
}

fn batches(
    batches: impl Iterator<Item = Result<RecordBatch, ArrowError>>,
    table: &mut Table<'_, '_>,
) -> Result<(), Failure> {
    let mut grouping = None;
    for batch in batches {
        let batch = batch.map_err(|error| table.failure(error))?;
        let names = || batch.schema().fields().iter().map(|field| field.name().clone()).collect();
        let grouping = match &mut grouping {
            Some(grouping) => grouping,
            slot => slot.insert(Grouping::new(names()).map_err(|error| table.failure(error))?),
        };
        let schema = batch.schema();
        let columns = batch.columns().iter().zip(schema.fields());
        let columns =
            columns.map(|(column, field)| cells(column, field.name()).map_err(|problem| table.failure(problem)));
        let mut columns = columns.collect::<Result<Vec<_>, _>>()?;
        for _ in 0..batch.num_rows() {
            let cells = columns.iter_mut().map(|column| column.next().unwrap_or(Cell::Empty)).collect();
            table.row(grouping, cells)?;
        }
    }
    grouping.map_or(Ok(()), |grouping| table.end(grouping))
}

type Cells = Box<dyn Iterator<Item = Cell>>;

/// The values of a column. Numbers become doubles, times nanoseconds, texts strings.
fn cells(column: &dyn Array, name: &str) -> Result<Cells, String> {
    let kind = column.data_type().clone();
    let convert = |target: &DataType| cast(column, target).map_err(|error| format!("`{name}`: {error}"));
    Ok(match kind {
        DataType::Boolean => {
            let values: Vec<_> =
                column.as_boolean().iter().map(|value| value.map_or(Cell::Empty, Cell::Boolean)).collect();
            Box::new(values.into_iter())
        }
        DataType::Timestamp(..) | DataType::Date32 | DataType::Date64 => {
            let values = convert(&DataType::Timestamp(TimeUnit::Nanosecond, None))?;
            let instant =
                |nanoseconds: i64| Timestamp::from_nanosecond(i128::from(nanoseconds)).ok().map(Cell::Instant);
            let values = values.as_primitive::<TimestampNanosecondType>().iter();
            let values: Vec<_> = values.map(|value| value.and_then(instant).unwrap_or(Cell::Empty)).collect();
            Box::new(values.into_iter())
        }
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Dictionary(..) => {
            let values = convert(&DataType::Utf8)?;
            let texts = values.as_string::<i32>().iter();
            let values: Vec<_> =
                texts.map(|value| value.map_or(Cell::Empty, |text| Cell::Text(text.to_owned()))).collect();
            Box::new(values.into_iter())
        }
        kind if kind.is_numeric() => {
            let values = convert(&DataType::Float64)?;
            let numbers = values.as_primitive::<Float64Type>().iter();
            let values: Vec<_> = numbers.map(|value| value.map_or(Cell::Empty, Cell::Number)).collect();
            Box::new(values.into_iter())
        }
        other => {
            return Err(format!("`{name}` is a column of {other}: numbers, truth values, texts and times are read"));
        }
    })
}
