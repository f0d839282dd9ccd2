//! The record: one append-only log of events, each carrying the hash of the one before it.
//!
//! ```text
//! NewEvent ─► append: is it known? is it in order? ─► Event, sealed by its hash ─► memory | SQLite
//!                                                        │
//!                                 verify, export ◄───────┴──► views, rebuilt by whoever needs them
//! ```
//!
//! The log is the only truth, and knows nothing of what its events mean; a [`Ledger`] is the world that they
//! make. [`EventLog`] is kept by
//! `MemoryLog`, which needs nothing and builds for WASM, where the host persists the events that an
//! append returns; and by `SqliteLog` (feature `sqlite`), a file that processes share. What an
//! append takes and refuses is decided once, for both, in `append.rs`.
//!
//! Nothing here reads a clock: the caller says what time it is, see [`AppendOptions::now`].
//!
//! ```
//! use qmtl_policy::eval::parse_instant;
//! use qmtl_policy::store::{AppendOptions, Clock, EventLog, MemoryLog, NewEvent};
//!
//! let mut log = MemoryLog::new(Clock::Wall);
//! let at = parse_instant("2026-01-31T21:00:00Z").ok_or("no time")?;
//! let event = NewEvent { id: "run-1".into(), at, kind: "run_submitted".into(), body: serde_json::json!({}) };
//! let recorded = log.append(&[event], &AppendOptions::at(at))?;
//! assert_eq!(recorded[0].number, 1);
//! assert_eq!(log.verify(None)?.hash, recorded[0].hash);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod append;
mod chain;
mod error;
mod event;
mod ledger;
mod lines;
mod memory;
#[cfg(feature = "sqlite")]
mod sqlite;

use std::ops::RangeFrom;

use jiff::Timestamp;

pub use chain::Chain;
pub use error::{Fault, StoreError};
pub use event::{Clock, DEEPEST_BODY, Event, Head, LARGEST_BODY, LONGEST_NAME, NewEvent};
pub use ledger::{Ledger, LedgerError, Moment, Recorded};
pub use lines::{Lines, export, import};
pub use memory::MemoryLog;
#[cfg(feature = "sqlite")]
pub use sqlite::{BUSY_ATTEMPTS, BUSY_WAIT, SqliteLog};

/// Events as they are read, one at a time. After an error there are no more.
pub type Events<'log> = Box<dyn Iterator<Item = Result<Event, StoreError>> + 'log>;

/// Under which conditions events are recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppendOptions {
    /// The time on the wall: a log that follows it refuses events from later.
    pub now: Timestamp,
    /// Record new events only if the log still ends with this hash: whoever decided by what the log
    /// held learns that it has moved on, and decides again.
    pub only_after: Option<String>,
}

impl AppendOptions {
    /// Whatever the log ends with.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self { now, only_after: None }
    }
}

/// Something that keeps events in order.
pub trait EventLog {
    /// What the times of its events follow.
    fn clock(&self) -> Clock;

    /// Records events, all or none, and returns them as they stand in the log. When it returns, they
    /// are kept. An event whose id is known with the same content is returned as it was recorded,
    /// and changes nothing.
    ///
    /// # Errors
    /// If an event is older than the last one, from later than now, of an id that is known with other
    /// content, or too large; if the log has moved on; if the log cannot be read or written.
    fn append(&mut self, events: &[NewEvent], options: &AppendOptions) -> Result<Vec<Event>, StoreError>;

    /// Puts back events as they were recorded, into an empty log, all or none. Their chain is walked
    /// on the way; an error among them ends it.
    ///
    /// # Errors
    /// If the log is not empty, the chain is broken, or the log cannot be written.
    fn restore(&mut self, events: &mut dyn Iterator<Item = Result<Event, StoreError>>) -> Result<Head, StoreError>;

    /// The events from a number on, oldest first, without holding all of them.
    fn events(&self, numbers: RangeFrom<u64>) -> Events<'_>;

    /// The event of an id.
    ///
    /// # Errors
    /// If the log cannot be read, or the event is not what was recorded.
    fn find(&self, id: &str) -> Result<Option<Event>, StoreError>;

    /// Where the log ends.
    ///
    /// # Errors
    /// If the log cannot be read, or the last event is not what was recorded.
    fn head(&self) -> Result<Head, StoreError>;

    /// Walks the chain from the first event and returns where it ends.
    ///
    /// # Errors
    /// Names the first event that is not what was recorded; with an expected head, also when the log
    /// does not end there.
    fn verify(&self, expected_head: Option<&str>) -> Result<Head, StoreError> {
        chain::verify(self.clock(), self.events(0..), expected_head)
    }
}
