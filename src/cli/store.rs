//! `store`: make, verify, export and import the record.

use std::io::Write;

use serde_json::{Value, json};

use super::args::{
    StoreExportArguments, StoreFormat, StoreImportArguments, StoreInitArguments, StoreVerb, StoreVerifyArguments,
};
use super::clock::wall_clock;
use super::files::{is_standard_input, open_lines, write_whole_with};
use super::terminal::Terminal;
use super::{Failure, Outcome};
use crate::store::{Clock, EventLog, Head, Lines, SqliteLog, StoreError, export, import};

/// Why a verb did not succeed: the record is at fault, or something else is.
enum Problem {
    Record(StoreError),
    Other(Failure),
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        Self::Other(failure)
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        if error.is_broken_record() { Self::Record(error) } else { Self::Other(error.into()) }
    }
}

impl From<std::io::Error> for Problem {
    fn from(error: std::io::Error) -> Self {
        Self::Other(error.into())
    }
}

pub(super) fn run(verb: &StoreVerb, terminal: &Terminal) -> Result<Outcome, Failure> {
    let done = match verb {
        StoreVerb::Init(arguments) => init(arguments),
        StoreVerb::Verify(arguments) => verify(arguments),
        StoreVerb::Export(arguments) => write_lines(arguments),
        StoreVerb::Import(arguments) => read_lines(arguments),
    };
    match done {
        Ok(()) => Ok(Outcome::Fine),
        Err(Problem::Record(error)) => {
            writeln!(std::io::stderr(), "{}", terminal.error(&error.to_string()))?;
            Ok(Outcome::Findings)
        }
        Err(Problem::Other(failure)) => Err(failure),
    }
}

fn init(arguments: &StoreInitArguments) -> Result<(), Problem> {
    let clock = if arguments.simulated { Clock::Simulated } else { Clock::Wall };
    let log = arguments.store.create(clock)?;
    let head = log.head()?;
    print(&mut std::io::stdout(), arguments.format, &log, &head)
}

fn verify(arguments: &StoreVerifyArguments) -> Result<(), Problem> {
    let expected = arguments.expect_head.as_deref().map(hash).transpose()?;
    let log = arguments.store.open()?;
    let found = log.verify(expected);
    if arguments.format == StoreFormat::Json {
        report(&log, &found)?;
    } else if let Ok(head) = &found {
        print(&mut std::io::stdout(), arguments.format, &log, head)?;
    }
    Ok(found.map(drop)?)
}

/// What verifying found, if it came to an end.
fn report(log: &SqliteLog, found: &Result<Head, StoreError>) -> Result<(), Problem> {
    let mut document = match found {
        Ok(head) => document(log, head),
        Err(problem) if problem.is_broken_record() => {
            let event = if let StoreError::Broken { number, .. } = problem { Some(*number) } else { None };
            let store = log.path().display().to_string();
            json!({ "schema_version": 1, "store": store, "event": event, "problem": problem.to_string() })
        }
        Err(_) => return Ok(()),
    };
    if let Some(fields) = document.as_object_mut() {
        fields.insert("verified".to_owned(), Value::Bool(found.is_ok()));
    }
    writeln!(std::io::stdout(), "{document:#}")?;
    Ok(())
}

fn write_lines(arguments: &StoreExportArguments) -> Result<(), Problem> {
    let log = arguments.store.open()?;
    match arguments.out.as_deref().filter(|path| !is_standard_input(path)) {
        Some(path) => {
            let head = write_whole_with(path, |file| Ok::<_, Problem>(export(&log, file)?))?;
            print(&mut std::io::stdout(), arguments.format, &log, &head)
        }
        None => {
            let head = export(&log, &mut std::io::stdout().lock())?;
            print(&mut std::io::stderr(), arguments.format, &log, &head)
        }
    }
}

fn read_lines(arguments: &StoreImportArguments) -> Result<(), Problem> {
    let path = arguments.store.path_to_make()?;
    let mut lines = Lines::new(open_lines(&arguments.file)?);
    let now = wall_clock()?;
    if path.try_exists().map_err(|error| Failure::new(format!("cannot read {}: {error}", path.display())))? {
        let mut log = SqliteLog::open(&path)?;
        import(&mut log, &mut lines, now)?;
    } else {
        let clock = lines.clock()?.unwrap_or(Clock::Wall);
        SqliteLog::build(&path, clock, |log| import(log, &mut lines, now).map(drop))?;
    }
    let log = SqliteLog::open(&path)?;
    let head = log.head()?;
    print(&mut std::io::stdout(), arguments.format, &log, &head)
}

/// A hash as heads have them, or a hint what they look like.
fn hash(text: &str) -> Result<&str, Failure> {
    let digits = |text: &str| text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let known = Clock::ALL.iter().any(|clock| clock.genesis() == text);
    if known || text.strip_prefix("blake3:").is_some_and(digits) {
        return Ok(text);
    }
    Err(Failure::new(format!("`{text}` is no hash: give the head as `store verify` printed it, blake3: and 64 digits")))
}

/// Where the record ends, as JSON.
fn document(log: &SqliteLog, head: &Head) -> Value {
    json!({
        "schema_version": 1, "store": log.path().display().to_string(), "clock": log.clock(),
        "events": head.number, "last": head.at, "head": head.hash,
    })
}

/// Where the record ends, for people or programs.
fn print(output: &mut dyn Write, format: StoreFormat, log: &SqliteLog, head: &Head) -> Result<(), Problem> {
    if format == StoreFormat::Json {
        writeln!(output, "{:#}", document(log, head))?;
        return Ok(());
    }
    writeln!(output, "store   {}", log.path().display())?;
    writeln!(output, "clock   {}", log.clock().as_str())?;
    writeln!(output, "events  {}", head.number)?;
    if let Some(at) = head.at {
        writeln!(output, "last    {at}")?;
    }
    writeln!(output, "head    {}", head.hash)?;
    Ok(())
}
