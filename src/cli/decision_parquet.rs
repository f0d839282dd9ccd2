//! Decisions as rows of a Parquet file.

use std::path::Path;
use std::sync::Arc;

use arrow_array::builder::{BooleanBuilder, Float64Builder, StringBuilder, UInt64Builder};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use super::Failure;
use super::decision_rows::DecisionRow;
use super::files::WholeFile;
use super::output::failure;
use crate::eval::Decision;

/// A Parquet file that decisions are added to. The writer keeps one row group in memory.
pub(super) struct ParquetRows {
    writer: ArrowWriter<WholeFile>,
    schema: Arc<Schema>,
}

impl ParquetRows {
    pub fn create(path: &Path) -> Result<Self, Failure> {
        let field = |name: &&str| {
            let kind = match *name {
                "selected" => DataType::Boolean,
                "rank" => DataType::UInt64,
                "score" => DataType::Float64,
                _ => DataType::Utf8,
            };
            Field::new(*name, kind, true)
        };
        let schema = Arc::new(Schema::new(DecisionRow::COLUMNS.iter().map(field).collect::<Vec<_>>()));
        let compression = Compression::ZSTD(ZstdLevel::default());
        let properties = WriterProperties::builder().set_compression(compression).build();
        let writer = ArrowWriter::try_new(WholeFile::create(path)?, schema.clone(), Some(properties));
        Ok(Self { writer: writer.map_err(failure)?, schema })
    }

    pub fn add(&mut self, decision: &Decision) -> Result<(), Failure> {
        let text = || StringBuilder::new();
        let (mut as_of, mut id, mut action, mut mode, mut status) = (text(), text(), text(), text(), text());
        let mut selected = BooleanBuilder::new();
        let (mut rank, mut score) = (UInt64Builder::new(), Float64Builder::new());
        let mut texts: [StringBuilder; 6] = std::array::from_fn(|_| text());
        for row in DecisionRow::all(decision) {
            as_of.append_option(row.as_of);
            id.append_value(row.id);
            selected.append_value(row.own.selected);
            action.append_value(row.own.action.as_str());
            mode.append_value(row.own.effective_mode);
            status.append_value(row.own.status.as_str());
            rank.append_option(row.own.rank.map(|rank| rank as u64));
            score.append_option(row.own.score);
            texts.iter_mut().zip(row.texts()).for_each(|(builder, text)| builder.append_option(text));
        }
        let mut columns: Vec<ArrayRef> = vec![Arc::new(as_of.finish()), Arc::new(id.finish())];
        columns.push(Arc::new(selected.finish()));
        columns.extend([action, mode, status].map(|mut builder| Arc::new(builder.finish()) as ArrayRef));
        columns.extend([Arc::new(rank.finish()) as ArrayRef, Arc::new(score.finish())]);
        columns.extend(texts.map(|mut builder| Arc::new(builder.finish()) as ArrayRef));
        let batch = RecordBatch::try_new(self.schema.clone(), columns).map_err(failure)?;
        self.writer.write(&batch).map_err(failure)
    }

    pub fn finish(self) -> Result<(), Failure> {
        self.writer.into_inner().map_err(failure)?.finish()
    }
}
