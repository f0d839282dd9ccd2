//! Rows of Parquet and Arrow IPC files, a batch at a time.

use std::fs::File;
use std::io::{BufReader, Read, Seek};

use arrow_array::{Array, ArrayRef, RecordBatch, cast::AsArray, types::Float64Type, types::TimestampMicrosecondType};
use arrow_cast::{CastOptions, cast_with_options};
use arrow_ipc::reader::FileReader;
use arrow_schema::{ArrowError, DataType, TimeUnit};
use jiff::Timestamp;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::Failure;
use super::tables::Table;
use crate::eval::{BatchColumn, Cell, Grouping};

/// Rows decoded at once.
const BATCH: usize = 8192;

/// Reads a Parquet file, a part of a row group at a time.
pub(super) fn parquet(file: File, table: &mut Table<'_, '_>) -> Result<(), Failure> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| table.failure(error))?;
    let rows = usize::try_from(builder.metadata().file_metadata().num_rows()).unwrap_or(0);
    let reader = builder.with_batch_size(BATCH).build().map_err(|error| table.failure(error))?;
    table.show_progress(rows as u64, "{wide_bar} {human_pos} of {human_len} rows, {eta} left");
    batches(reader, Some(rows), table)
}

/// How Arrow IPC files begin; streams do not.
const IPC_FILE: &[u8] = b"ARROW1";

/// Reads an Arrow IPC file.
pub(super) fn ipc(mut file: File, table: &mut Table<'_, '_>) -> Result<(), Failure> {
    let failed = |error: std::io::Error| table.failure(error);
    let mut start = Vec::new();
    file.by_ref().take(IPC_FILE.len() as u64).read_to_end(&mut start).map_err(failed)?;
    file.rewind().map_err(failed)?;
    if start.is_empty() {
        return Err(table.failure("the file is empty"));
    }
    if start != IPC_FILE {
        let problem = "it is not in Arrow's file format; a stream is not read: write the file format, or Parquet";
        return Err(table.failure(problem));
    }
    let reader = FileReader::try_new(BufReader::new(file), None).map_err(|error| table.failure(error))?;
    batches(reader, None, table)
}

fn batches(
    batches: impl Iterator<Item = Result<RecordBatch, ArrowError>>,
    rows: Option<usize>,
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
        // Without instants all rows belong to one snapshot.
        if let (Some(rows), false) = (rows, grouping.has_instants()) {
            grouping.expect_rows(rows);
        }
        let schema = batch.schema();
        let columns = batch.columns().iter().zip(schema.fields());
        let columns =
            columns.map(|(column, field)| converted(column, field.name()).map_err(|problem| table.failure(problem)));
        let columns = columns.collect::<Result<Vec<_>, _>>()?;
        let mut read = Vec::with_capacity(columns.len());
        for (array, field) in columns.iter().zip(schema.fields()) {
            let failed = |problem: jiff::Error| table.failure(format!("`{}`: {problem}", field.name()));
            read.push(column(array).map_err(failed)?);
        }
        table.batch(grouping, &read, batch.num_rows())?;
    }
    grouping.map_or(Ok(()), |grouping| table.end(grouping))
}

/// The columns of a batch: numbers as doubles, times as microseconds, texts as strings.
fn converted(column: &ArrayRef, name: &str) -> Result<ArrayRef, String> {
    let target = match column.data_type() {
        DataType::Boolean | DataType::Float64 | DataType::Utf8 => return Ok(column.clone()),
        DataType::Timestamp(..) | DataType::Date32 | DataType::Date64 => {
            DataType::Timestamp(TimeUnit::Microsecond, None)
        }
        DataType::LargeUtf8 | DataType::Utf8View => DataType::Utf8,
        DataType::Dictionary(_, values) if values.is_numeric() => DataType::Float64,
        DataType::Dictionary(..) => DataType::Utf8,
        DataType::Null => DataType::Float64,
        kind if kind.is_numeric() => DataType::Float64,
        other => {
            return Err(format!("`{name}` is a column of {other}: numbers, truth values, texts and times are read"));
        }
    };
    // A value that does not fit is an error: as no value it could let another one take its place.
    let options = CastOptions { safe: false, ..CastOptions::default() };
    cast_with_options(column, &target, &options).map_err(|error| format!("`{name}`: {error}"))
}

fn column(array: &ArrayRef) -> Result<BatchColumn<'_>, jiff::Error> {
    let gaps = || (0..array.len()).filter(|row| array.is_null(*row)).collect();
    Ok(match array.data_type() {
        DataType::Float64 => {
            let values = array.as_primitive::<Float64Type>().values();
            BatchColumn::Numbers(values, if array.null_count() == 0 { Vec::new() } else { gaps() })
        }
        DataType::Boolean => {
            let cell = |value: Option<bool>| value.map_or(Cell::Empty, Cell::Boolean);
            BatchColumn::Cells(array.as_boolean().iter().map(cell).collect())
        }
        DataType::Timestamp(..) => {
            let cell = |value: Option<i64>| match value {
                Some(microseconds) => Timestamp::from_microsecond(microseconds).map(Cell::Instant),
                None => Ok(Cell::Empty),
            };
            let cells = array.as_primitive::<TimestampMicrosecondType>().iter().map(cell);
            BatchColumn::Cells(cells.collect::<Result<_, _>>()?)
        }
        _ => {
            let cell = |value: Option<&str>| value.map_or(Cell::Empty, |text| Cell::Text(text.to_owned()));
            BatchColumn::Cells(array.as_string::<i32>().iter().map(cell).collect())
        }
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use arrow_array::{ArrayRef, BooleanArray, Float32Array, Int64Array, StringArray, TimestampMillisecondArray};
    use arrow_ipc::CompressionType;
    use arrow_ipc::writer::{FileWriter, IpcWriteOptions, StreamWriter};
    use parquet::arrow::ArrowWriter;
    use parquet::basic::{BrotliLevel, Compression, GzipLevel, ZstdLevel};
    use parquet::file::properties::WriterProperties;

    use super::super::tables::read_table;
    use crate::eval::{Leaf, Snapshot};

    fn batch() -> arrow_array::RecordBatch {
        let day = |days: i64| days * 86_400_000;
        let columns: [(&str, ArrayRef); 5] = [
            ("strategy_id", Arc::new(StringArray::from(vec!["a", "b", "a"]))),
            ("as_of", Arc::new(TimestampMillisecondArray::from(vec![day(1), day(1), day(2)]))),
            ("sharpe", Arc::new(Float32Array::from(vec![Some(0.5), None, Some(f32::NAN)]))),
            ("n_trades_total", Arc::new(Int64Array::from(vec![7, 8, 9]))),
            ("frozen", Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)]))),
        ];
        arrow_array::RecordBatch::try_from_iter(columns).expect("columns of one length")
    }

    fn snapshots(ending: &str, write: impl FnOnce(std::fs::File)) -> Vec<Snapshot> {
        read(ending, write).expect("a table")
    }

    fn read(ending: &str, write: impl FnOnce(std::fs::File)) -> Result<Vec<Snapshot>, String> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("qmtl-policy-{}-{}.{ending}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        write(std::fs::File::create(&path).expect("a file"));
        let mut found = Vec::new();
        let read = read_table(&path, &mut |snapshot| {
            found.push(snapshot);
            Ok(())
        });
        std::fs::remove_file(&path).expect("the file is removed");
        read.map(|()| found).map_err(|failure| failure.to_string())
    }

    fn check(found: &[Snapshot]) {
        let metrics: Vec<_> = found.iter().flat_map(|s| s.strategies.clone().into_rows()).map(|s| s.metrics).collect();
        assert_eq!(found.iter().map(|s| s.strategies.len()).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(metrics[0][0], ("sharpe".to_owned(), Leaf::Number(0.5)));
        assert_eq!(metrics[0][2], ("frozen".to_owned(), Leaf::Boolean(true)));
        // An empty cell is missing under its own name: no other name takes its place.
        assert!(matches!(metrics[1][0].1, Leaf::Number(number) if number.is_nan()));
        assert_eq!(metrics[1][1], ("n_trades_total".to_owned(), Leaf::Number(8.0)));
        assert!(matches!(metrics[1][2].1, Leaf::Number(number) if number.is_nan()));
        assert!(matches!(metrics[2][0].1, Leaf::Number(number) if number.is_nan()));
    }

    #[test]
    fn parquet_and_ipc_give_the_same_snapshots() {
        check(&snapshots("parquet", |file| {
            let mut writer = ArrowWriter::try_new(file, batch().schema(), None).expect("a writer");
            writer.write(&batch()).expect("a batch");
            writer.close().expect("a file");
        }));
        check(&snapshots("arrow", |file| {
            let mut writer = FileWriter::try_new(file, &batch().schema()).expect("a writer");
            writer.write(&batch()).expect("a batch");
            writer.finish().expect("a file");
        }));
    }

    #[test]
    fn every_usual_compression_is_read() {
        let parquet = [
            Compression::SNAPPY,
            Compression::GZIP(GzipLevel::default()),
            Compression::BROTLI(BrotliLevel::default()),
            Compression::LZ4,
            Compression::LZ4_RAW,
            Compression::ZSTD(ZstdLevel::default()),
        ];
        for codec in parquet {
            check(&snapshots("parquet", |file| {
                let properties = WriterProperties::builder().set_compression(codec).build();
                let mut writer = ArrowWriter::try_new(file, batch().schema(), Some(properties)).expect("a writer");
                writer.write(&batch()).expect("a batch");
                writer.close().expect("a file");
            }));
        }
        for codec in [CompressionType::LZ4_FRAME, CompressionType::ZSTD] {
            check(&snapshots("arrow", |file| {
                let options = IpcWriteOptions::default().try_with_compression(Some(codec)).expect("a codec");
                let mut writer = FileWriter::try_new_with_options(file, &batch().schema(), options).expect("a writer");
                writer.write(&batch()).expect("a batch");
                writer.finish().expect("a file");
            }));
        }
    }

    #[test]
    fn what_is_no_arrow_file_is_told() {
        let empty = read("arrow", drop).expect_err("an empty file");
        assert!(empty.ends_with("the file is empty"), "{empty}");
        let stream = read("arrow", |file| {
            let mut writer = StreamWriter::try_new(file, &batch().schema()).expect("a writer");
            writer.write(&batch()).expect("a batch");
            writer.finish().expect("a stream");
        });
        let stream = stream.expect_err("a stream");
        assert!(stream.contains("a stream is not read: write the file format"), "{stream}");
    }
}
