//! Where decisions go: standard output or a file, as text, JSON, CSV or Parquet, one after the other.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::Failure;
use super::args::{self, EvalArguments, EvalFormat};
use super::decision_rows::DecisionRow;
use super::decision_table::decision_table;
use super::files::{WholeFile, apart};
use super::terminal::Terminal;
use crate::eval::{Action, Decision, Detail};

/// The form in which decisions are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Text(EvalFormat),
    Csv,
    Parquet,
}

impl Form {
    /// The form that arguments ask for: by the ending of the file, else by `--format`.
    pub fn of(arguments: &EvalArguments, terminal: &Terminal) -> Result<Self, Failure> {
        let ending = arguments.out.as_ref().and_then(|path| path.extension());
        let ending = ending.map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
        let table = match ending.as_str() {
            "csv" => Some(Self::Csv),
            "parquet" => Some(Self::Parquet),
            _ => None,
        };
        match (table, arguments.format) {
            (Some(table), None) => Ok(table),
            (Some(_), Some(_)) => {
                Err(Failure::new(format!("--out with the ending .{ending} says the format: leave out --format")))
            }
            (None, Some(format)) => Ok(Self::Text(format)),
            (None, None) if ["ndjson", "jsonl"].contains(&ending.as_str()) => Ok(Self::Text(EvalFormat::Ndjson)),
            (None, None) if terminal.interactive && arguments.out.is_none() => Ok(Self::Text(EvalFormat::Table)),
            (None, None) => Ok(Self::Text(EvalFormat::Json)),
        }
    }

    /// Which strategies are told in detail.
    pub fn detail(self, asked: Option<args::Detail>) -> Detail {
        match (asked, self) {
            (Some(args::Detail::None), _) => Detail::None,
            (Some(args::Detail::All), _) => Detail::All,
            // People also want to see who has just left.
            (_, Self::Text(EvalFormat::Table)) => Detail::Changed,
            (Some(args::Detail::Selected), _) => Detail::Selected,
            (None, _) => Detail::All,
        }
    }
}

/// Takes decisions one after the other. A file is whole once it is finished, or not there.
pub(super) struct Output<'t> {
    form: Form,
    detail: Detail,
    terminal: &'t Terminal,
    sink: Sink,
    written: usize,
}

enum Sink {
    /// Standard output; the only JSON document waits until no other follows.
    Standard(String),
    File(WholeFile),
    Csv(Box<csv::Writer<WholeFile>>),
    #[cfg(feature = "arrow")]
    Parquet(Box<super::decision_parquet::ParquetRows>),
}

impl<'t> Output<'t> {
    pub fn new(arguments: &EvalArguments, form: Form, terminal: &'t Terminal) -> Result<Self, Failure> {
        let inputs = &arguments.inputs;
        let read =
            [Some(&inputs.policy), Some(&inputs.snapshot), inputs.previous.as_ref(), inputs.correlations.as_ref()];
        apart(arguments.out.as_deref(), read.into_iter().flatten().map(PathBuf::as_path))?;
        let sink = match (&arguments.out, form) {
            (None, _) => Sink::Standard(String::new()),
            (Some(path), Form::Text(_)) => Sink::File(WholeFile::create(path)?),
            (Some(path), Form::Csv) => {
                let mut writer = csv::Writer::from_writer(WholeFile::create(path)?);
                writer.write_record(DecisionRow::COLUMNS).map_err(failure)?;
                Sink::Csv(Box::new(writer))
            }
            (Some(path), Form::Parquet) => parquet(path)?,
        };
        Ok(Self { form, detail: form.detail(arguments.detail), terminal, sink, written: 0 })
    }

    /// Whether another decision can be written.
    pub fn ready(&self) -> Result<(), Failure> {
        if self.written > 0 && self.form == Form::Text(EvalFormat::Json) {
            let message = "the table holds several `as_of`: ask for one decision a line with --format ndjson";
            return Err(Failure::new(message));
        }
        Ok(())
    }

    /// Writes a decision.
    pub fn decision(&mut self, mut decision: Decision) -> Result<(), Failure> {
        self.ready()?;
        self.written += 1;
        // Strategies that are only required were judged in detail, but nobody asked to see them.
        let detail = self.detail;
        decision.strategies.retain(|(_, strategy)| match detail {
            Detail::None => false,
            Detail::Selected => strategy.selected,
            Detail::Changed => strategy.selected || strategy.action != Action::Hold,
            Detail::All => true,
        });
        match &mut self.sink {
            Sink::Csv(writer) => {
                for row in DecisionRow::all(&decision) {
                    writer.write_record(row.fields()).map_err(failure)?;
                }
                Ok(())
            }
            #[cfg(feature = "arrow")]
            Sink::Parquet(rows) => rows.add(&decision),
            Sink::Standard(_) | Sink::File(_) => {
                let text = self.text(&decision)?;
                self.write(text)
            }
        }
    }

    fn text(&self, decision: &Decision) -> Result<String, Failure> {
        let text = match self.form {
            Form::Text(EvalFormat::Table) => return Ok(decision_table(decision, self.detail, self.terminal)),
            Form::Text(EvalFormat::Json) => crate::render::pretty(decision),
            _ => serde_json::to_string(decision),
        };
        text.map(|text| text + "\n").map_err(failure)
    }

    fn write(&mut self, text: String) -> Result<(), Failure> {
        match &mut self.sink {
            Sink::Standard(waiting) if self.form == Form::Text(EvalFormat::Json) => *waiting = text,
            Sink::File(file) => file.write_all(text.as_bytes())?,
            _ => std::io::stdout().lock().write_all(text.as_bytes())?,
        }
        Ok(())
    }

    /// Puts everything where it belongs.
    pub fn finish(self) -> Result<(), Failure> {
        match self.sink {
            Sink::Standard(waiting) => Ok(std::io::stdout().lock().write_all(waiting.as_bytes())?),
            Sink::File(file) => file.finish(),
            Sink::Csv(writer) => writer.into_inner().map_err(failure)?.finish(),
            #[cfg(feature = "arrow")]
            Sink::Parquet(rows) => rows.finish(),
        }
    }
}

#[cfg(feature = "arrow")]
fn parquet(path: &Path) -> Result<Sink, Failure> {
    Ok(Sink::Parquet(Box::new(super::decision_parquet::ParquetRows::create(path)?)))
}

#[cfg(not(feature = "arrow"))]
fn parquet(path: &Path) -> Result<Sink, Failure> {
    let name = path.display();
    Err(Failure::new(format!("{name}: this program was built without the feature `arrow`, which writes .parquet")))
}

pub(super) fn failure(error: impl std::fmt::Display) -> Failure {
    Failure::new(format!("cannot write the output: {error}"))
}
