//! Reads snapshots from tables: CSV and JSON lines; Parquet and Arrow IPC with the feature `arrow`.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::Failure;
use super::args::InputArguments;
use super::files::display_name;
use crate::eval::{Cell, Grouping, Snapshot, TableError, Value, read_json};

/// What is done with each snapshot of a table, in order.
pub(super) type Judge<'j> = dyn FnMut(Snapshot) -> Result<(), Failure> + 'j;

/// Whether a path is that of a table, by its ending.
pub(super) fn is_table(path: &Path) -> bool {
    ["csv", "jsonl", "ndjson", "parquet", "arrow"].contains(&ending(path).as_str())
}

fn ending(path: &Path) -> String {
    path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default()
}

/// Reads the table that arguments name. A time that they give can be that of one instant only.
pub(super) fn read_given(inputs: &InputArguments, judge: &mut Judge<'_>) -> Result<(), Failure> {
    if inputs.as_of.is_none() {
        return read_table(&inputs.snapshot, judge);
    }
    let mut only = None;
    read_table(&inputs.snapshot, &mut |snapshot| match only.replace(snapshot) {
        None => Ok(()),
        Some(_) => {
            let name = display_name(&inputs.snapshot);
            let problem = "the table holds several instants, and --as-of would give all of them one time";
            Err(Failure::new(format!("{name}: {problem}: leave out --as-of, or keep the rows of one instant")))
        }
    })?;
    only.map_or(Ok(()), judge)
}

/// Reads a table row by row and hands on each snapshot as soon as it is complete.
pub(super) fn read_table(path: &Path, judge: &mut Judge<'_>) -> Result<(), Failure> {
    let name = display_name(path);
    let failed = |error: std::io::Error| Failure::new(format!("cannot read {name}: {error}"));
    let file = File::open(path).map_err(failed)?;
    let bytes = file.metadata().map_err(failed)?.len();
    let mut table = Table { name: name.clone(), judge, any: false, progress: ProgressBar::hidden() };
    match ending(path).as_str() {
        "csv" => {
            table.show_progress(bytes, "{wide_bar} {bytes} of {total_bytes}, {eta} left");
            csv_rows(file, &mut table)?;
        }
        "jsonl" | "ndjson" => {
            table.show_progress(bytes, "{wide_bar} {bytes} of {total_bytes}, {eta} left");
            json_rows(file, &mut table)?;
        }
        #[cfg(feature = "arrow")]
        "parquet" => super::arrow_tables::parquet(file, &mut table)?,
        #[cfg(feature = "arrow")]
        "arrow" => super::arrow_tables::ipc(file, &mut table)?,
        other => {
            let message = format!("{name}: this program was built without the feature `arrow`, which reads .{other}");
            return Err(Failure::new(message));
        }
    }
    table.progress.finish_and_clear();
    if table.any { Ok(()) } else { Err(Failure::new(format!("{name}: the table has no rows"))) }
}

/// A table being read.
pub(super) struct Table<'t, 'j> {
    name: String,
    judge: &'t mut Judge<'j>,
    any: bool,
    pub progress: ProgressBar,
}

impl Table<'_, '_> {
    /// Shows how far reading has come, where standard error is a terminal.
    pub fn show_progress(&mut self, all: u64, template: &str) {
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        self.progress = ProgressBar::with_draw_target(Some(all), ProgressDrawTarget::stderr()).with_style(style);
    }

    /// A failure that names the file.
    pub fn failure(&self, problem: impl std::fmt::Display) -> Failure {
        Failure::new(format!("{}: {problem}", self.name))
    }

    /// Takes one row.
    pub fn row(&mut self, grouping: &mut Grouping, cells: Vec<Cell>) -> Result<(), Failure> {
        self.any = true;
        match grouping.push(cells).map_err(|error| self.failure(error))? {
            Some(snapshot) => (self.judge)(snapshot),
            None => Ok(()),
        }
    }

    /// Takes a batch of rows.
    #[cfg(feature = "arrow")]
    pub fn batch(
        &mut self,
        grouping: &mut Grouping,
        columns: &[crate::eval::BatchColumn<'_>],
        rows: usize,
    ) -> Result<(), Failure> {
        self.any |= rows > 0;
        let taken = grouping.append(columns, rows, &mut |snapshot| (self.judge)(snapshot).map_err(BatchError::Judge));
        self.progress.inc(rows as u64);
        taken.map_err(|error| match error {
            BatchError::Judge(failure) => failure,
            BatchError::Table(error) => self.failure(error),
        })
    }

    /// Ends the table.
    pub fn end(&mut self, grouping: Grouping) -> Result<(), Failure> {
        let last = grouping.finish().map_err(|error| self.failure(error))?;
        last.map_or(Ok(()), |snapshot| (self.judge)(snapshot))
    }
}

/// Why a batch was not taken.
#[cfg(feature = "arrow")]
enum BatchError {
    Table(TableError),
    Judge(Failure),
}

#[cfg(feature = "arrow")]
impl From<TableError> for BatchError {
    fn from(error: TableError) -> Self {
        Self::Table(error)
    }
}

fn csv_rows(file: File, table: &mut Table<'_, '_>) -> Result<(), Failure> {
    let mut reader = csv::Reader::from_reader(BufReader::new(table.progress.wrap_read(file)));
    let header = reader.headers().map_err(|error| table.failure(error))?.clone();
    let columns: Vec<String> =
        header.iter().map(|name| name.trim_start_matches('\u{feff}').trim().to_owned()).collect();
    let is_text: Vec<bool> = columns.iter().map(|name| TEXT_COLUMNS.contains(&name.as_str())).collect();
    let mut grouping = Grouping::new(columns).map_err(|error| table.failure(error))?;
    for record in reader.records() {
        let record = record.map_err(|error| table.failure(error))?;
        let cells = record.iter().zip(&is_text).map(|(field, text)| csv_cell(field.trim(), *text)).collect();
        table.row(&mut grouping, cells)?;
    }
    table.end(grouping)
}

/// Columns whose fields are texts, whatever they look like.
const TEXT_COLUMNS: [&str; 6] = ["strategy_id", "as_of", "side", "sector", "data_end", "stage"];

fn csv_cell(field: &str, is_text: bool) -> Cell {
    match field {
        "" => Cell::Empty,
        _ if is_text => Cell::Text(field.to_owned()),
        "true" => Cell::Boolean(true),
        "false" => Cell::Boolean(false),
        _ => field.parse().map_or_else(|_| Cell::Text(field.to_owned()), Cell::Number),
    }
}

/// One mapping a line; a line may add columns that those before it lack.
fn json_rows(file: File, table: &mut Table<'_, '_>) -> Result<(), Failure> {
    let mut grouping =
        Grouping::new(vec!["strategy_id".to_owned()]).map_err(|error: TableError| table.failure(error))?;
    let lines = BufReader::new(table.progress.wrap_read(file)).lines();
    for (index, line) in lines.enumerate() {
        let place = |problem: &dyn std::fmt::Display| table.failure(format!("line {}{problem}", index + 1));
        let line = line.map_err(|error| place(&format!(": {error}")))?;
        if line.trim().is_empty() {
            continue;
        }
        let value = read_json(&line);
        let value = value.map_err(|error| place(&format!(", column {}: {}", error.column, error.message)))?;
        let Value::Map(entries) = value else {
            return Err(place(&format!(": a mapping is needed, not {}", value.describe())));
        };
        for (name, _) in &entries {
            if !grouping.columns().contains(name) {
                grouping.add_column(name.clone()).map_err(|error| place(&format!(": {error}")))?;
            }
        }
        let cell = |name: &String| {
            let found = entries.iter().find(|(key, _)| key == name).map(|(_, value)| value);
            json_cell(found).ok_or_else(|| place(&format!(": `{name}` must be a single value")))
        };
        let cells = grouping.columns().iter().map(cell).collect::<Result<_, _>>()?;
        table.row(&mut grouping, cells)?;
    }
    table.end(grouping)
}

fn json_cell(value: Option<&Value>) -> Option<Cell> {
    Some(match value {
        None => Cell::Absent,
        Some(Value::Null) => Cell::Empty,
        Some(Value::Number(number)) => Cell::Number(*number),
        Some(Value::Boolean(flag)) => Cell::Boolean(*flag),
        Some(Value::Text(text)) => Cell::Text(text.clone()),
        Some(Value::List(_) | Value::Map(_)) => return None,
    })
}
