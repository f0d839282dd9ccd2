//! The record: one append-only log of events, each carrying the hash of the one before it.
//!
//! A log is whatever keeps events in order; [`MemoryLog`] keeps them in memory, for tests and for
//! hosts that persist events themselves. [`verify`] finds any edit, gap or reorder by walking the
//! chain; with the expected head it finds a cut tail, too.

mod event;
mod memory;

pub use event::{Event, GENESIS};
pub use memory::{MemoryLog, import};

use jiff::Timestamp;

/// Why the log refuses, or is broken. Events count from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// An event older than the last.
    #[error("the event is of {at}, before the last one of {last}: events are recorded in order")]
    Older {
        /// The refused event's time.
        at: String,
        /// The last event's time.
        last: String,
    },
    /// The same id with other content.
    #[error("an event `{id}` is recorded with other content")]
    OtherContent {
        /// The id.
        id: String,
    },
    /// An event that does not carry the hash of its predecessor, or not its own.
    #[error("event {number} is not what was recorded: its hash does not follow from its content and the event before")]
    Broken {
        /// Its place.
        number: u64,
    },
    /// The last event is not the expected one.
    #[error("the log ends with {head}, not with {expected}: its tail was cut or goes on")]
    OtherHead {
        /// What it ends with.
        head: String,
        /// What was expected.
        expected: String,
    },
    /// A line that is no event.
    #[error("line {line} is not an event: {problem}")]
    Unreadable {
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        problem: String,
    },
}

/// Something that keeps events in order.
pub trait EventLog {
    /// Records an event and returns the new head. Recording the same id with the same content again
    /// changes nothing.
    ///
    /// # Errors
    /// If the event is older than the last, or its id is recorded with other content.
    fn append(&mut self, id: &str, at: Timestamp, kind: &str, body: serde_json::Value) -> Result<String, StoreError>;

    /// All events, oldest first.
    fn events(&self) -> &[Event];

    /// The hash of the last event, or [`GENESIS`].
    fn head(&self) -> &str {
        self.events().last().map_or(GENESIS, |event| event.hash.as_str())
    }
}

/// Walks the chain of a log.
///
/// # Errors
/// Names the first event that is not what was recorded, or a head other than the expected one.
pub fn verify(log: &dyn EventLog, expected_head: Option<&str>) -> Result<(), StoreError> {
    let mut before = GENESIS;
    for (index, event) in log.events().iter().enumerate() {
        let number = index as u64 + 1;
        if event.number != number || event.previous != before || event.hash != event.expected_hash() {
            return Err(StoreError::Broken { number });
        }
        before = &event.hash;
    }
    match expected_head {
        Some(expected) if expected != before => {
            Err(StoreError::OtherHead { head: before.to_owned(), expected: expected.to_owned() })
        }
        _ => Ok(()),
    }
}
