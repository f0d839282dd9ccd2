//! Logs as JSON lines: one event each, the same bytes whenever the same log is written.

use std::io::{BufRead, Read, Write};

use jiff::Timestamp;

use super::{Chain, Clock, Event, EventLog, Fault, Head, LARGEST_BODY, LONGEST_NAME, StoreError};

/// Most bytes of a line: a body, and names of which every byte may be written as `\u0000`.
const LONGEST_LINE: u64 = (LARGEST_BODY + 12 * LONGEST_NAME + 1024) as u64;

/// Writes a log, verifying it on the way, and returns where it ends.
///
/// # Errors
/// If the chain is broken, the log cannot be read, or the output cannot be written.
pub fn export(log: &dyn EventLog, output: &mut dyn Write) -> Result<Head, StoreError> {
    let unwritten = |problem: String| StoreError::File { path: "the export".to_owned(), problem };
    let mut chain = Chain::new(log.clock());
    for event in log.events(0..) {
        let event = event?;
        chain.follow(&event)?;
        let mut line = serde_json::to_vec(&event).map_err(|error| unwritten(error.to_string()))?;
        line.push(b'\n');
        output.write_all(&line).map_err(|error| unwritten(error.to_string()))?;
    }
    output.flush().map_err(|error| unwritten(error.to_string()))?;
    Ok(chain.head().clone())
}

/// Reads an export into an empty log, all or nothing, and returns where it ends.
///
/// # Errors
/// If a line is not an event as [`export`] writes it, the chain is broken, the log is not empty or
/// follows another clock, or an event is from later than now.
pub fn import(log: &mut dyn EventLog, lines: &mut Lines<impl BufRead>, now: Timestamp) -> Result<Head, StoreError> {
    let wanted = log.clock();
    let found = lines.clock()?.unwrap_or(wanted);
    if found != wanted {
        return Err(StoreError::OtherClock { found: found.as_str(), wanted: wanted.as_str() });
    }
    let mut happened = lines.map(|event| {
        let event = event?;
        if wanted == Clock::Wall && event.at > now {
            return Err(StoreError::Ahead { at: event.at.to_string(), now: now.to_string() });
        }
        Ok(event)
    });
    log.restore(&mut happened)
}

/// The events of an export, line by line. Each must be written exactly as it would be again.
#[derive(Debug)]
pub struct Lines<Input> {
    input: Input,
    line: u64,
    first: Option<Event>,
}

impl<Input: BufRead> Lines<Input> {
    /// Reads from the start.
    pub fn new(input: Input) -> Self {
        Self { input, line: 0, first: None }
    }

    /// What the times of the log follow, as its first event tells; none for a log without events.
    ///
    /// # Errors
    /// If the first line is no event, or not the first one of a log.
    pub fn clock(&mut self) -> Result<Option<Clock>, StoreError> {
        if self.line == 0 {
            self.first = self.read()?;
        }
        let Some(first) = &self.first else { return Ok(None) };
        let found = Clock::ALL.into_iter().find(|clock| clock.genesis() == first.previous);
        found.map(Some).ok_or(StoreError::Broken { number: 1, fault: Fault::Previous })
    }

    fn read(&mut self) -> Result<Option<Event>, StoreError> {
        let line = self.line + 1;
        let unreadable = |problem: &str| StoreError::Unreadable { line, problem: problem.to_owned() };
        let mut bytes = Vec::new();
        let read = self.input.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut bytes);
        read.map_err(|error| StoreError::File { path: "the import".to_owned(), problem: error.to_string() })?;
        if bytes.is_empty() {
            return Ok(None);
        }
        self.line = line;
        let Some(bytes) = bytes.strip_suffix(b"\n") else {
            return Err(unreadable("it does not end; export the log again"));
        };
        if bytes.ends_with(b"\r") || bytes.starts_with(b"\xef\xbb\xbf") {
            return Err(unreadable("its ends were converted for another system; import the file unchanged"));
        }
        let text = std::str::from_utf8(bytes).map_err(|error| unreadable(&error.to_string()))?;
        let event: Event = serde_json::from_str(text).map_err(|error| unreadable(&error.to_string()))?;
        // Another spelling of the same event (`\u0041`, `1E5`, a space) would not be found by its hash.
        if serde_json::to_vec(&event).ok().as_deref() != Some(bytes) {
            return Err(unreadable("it is spelt otherwise; import the file unchanged"));
        }
        Ok(Some(event))
    }
}

impl<Input: BufRead> Iterator for Lines<Input> {
    type Item = Result<Event, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.first.take().map(Ok).or_else(|| self.read().transpose())
    }
}
