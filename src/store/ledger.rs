//! The record of one world in a log: read, decided upon, and added to.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::{AppendOptions, Event, EventLog, Fault, Head, NewEvent, StoreError};
use crate::lifecycle::{EventError, History, LifecycleEvent, WorldRecord};

/// How often to decide again because somebody else has recorded something meanwhile.
const ATTEMPTS: usize = 50;

/// The record of one world, with the log that it was read from.
#[derive(Debug, Clone)]
pub struct Ledger<L> {
    log: L,
    record: WorldRecord,
    head: Head,
    /// How the world came to where it stands, where that is asked for.
    history: Option<History>,
}

/// When something is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The time of what happens.
    pub at: Timestamp,
    /// The time on the wall, see [`AppendOptions::now`].
    pub now: Timestamp,
}

/// What a command has recorded.
#[derive(Debug, Clone, Serialize)]
pub struct Recorded {
    /// Of this document.
    pub schema_version: u32,
    /// The world.
    pub world_id: String,
    /// When it happened.
    pub recorded_at: Timestamp,
    /// What happened; nothing where the record says all of it already. Decisions, metrics and
    /// correlations are left out.
    pub events: Vec<Value>,
    /// How many events the log holds by then.
    pub number: u64,
    /// Where the log ends by then.
    pub head: String,
}

/// Why the record of a world cannot be read or added to.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// The log fails.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An event is none that is known.
    #[error("event {number}: {error}")]
    Event {
        /// Its place.
        number: u64,
        /// What is wrong with it.
        error: EventError,
    },
    /// The log moves on faster than anything can be decided.
    #[error("other processes keep recording in between: try again when there are fewer")]
    Busy,
}

impl<L: EventLog> Ledger<L> {
    /// Reads all that a log holds of a world.
    ///
    /// # Errors
    /// If the log cannot be read, or holds what was not recorded.
    pub fn open(log: L, world: &str) -> Result<Self, LedgerError> {
        Self::read(log, world, None)
    }

    /// The same, with what happened on the way.
    ///
    /// # Errors
    /// As above.
    pub fn open_with_history(log: L, world: &str) -> Result<Self, LedgerError> {
        Self::read(log, world, Some(History::default()))
    }

    fn read(log: L, world: &str, history: Option<History>) -> Result<Self, LedgerError> {
        let head = Head::empty(log.clock());
        let mut ledger = Self { log, record: WorldRecord::new(world), head, history };
        ledger.refresh()?;
        Ok(ledger)
    }

    /// What happened to the world, where that was asked for.
    pub fn history(&self) -> Option<&History> {
        self.history.as_ref()
    }

    /// The world as it was read last.
    pub fn record(&self) -> &WorldRecord {
        &self.record
    }

    /// Where the log ended when it was read last.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// The log.
    pub fn log(&self) -> &L {
        &self.log
    }

    /// Takes in what is new in the log.
    fn refresh(&mut self) -> Result<(), LedgerError> {
        for event in self.log.events(self.head.number.saturating_add(1)..) {
            let event = event?;
            linked(&self.head, &event)?;
            let head = event.head();
            take((&mut self.record, self.history.as_mut()), event)?;
            self.head = head;
        }
        Ok(())
    }

    /// Records what is decided about the world as it stands. Where somebody else was faster, it is decided
    /// again about what stands then.
    ///
    /// # Errors
    /// If nothing can be decided, or the log does not take it.
    pub fn decide<E: From<LedgerError>>(
        &mut self,
        moment: impl Fn() -> Result<Moment, E>,
        mut decide: impl FnMut(&WorldRecord, Timestamp) -> Result<Vec<LifecycleEvent>, E>,
    ) -> Result<Recorded, E> {
        for _ in 0..ATTEMPTS {
            self.refresh()?;
            let Moment { at, now } = moment()?;
            let events = decide(&self.record, at)?;
            let new = self.named(&events, at)?;
            let options = AppendOptions { now, only_after: Some(self.head.hash.clone()) };
            match self.log.append(&new, &options) {
                Ok(recorded) => {
                    let head = recorded.last().map_or_else(|| self.head.clone(), Event::head);
                    self.refresh()?;
                    return Ok(self.recorded(&events, at, head));
                }
                Err(_) if self.log.head().map_err(LedgerError::from)? != self.head => {}
                Err(error) => return Err(LedgerError::from(error).into()),
            }
        }
        Err(LedgerError::Busy.into())
    }

    /// Events with their ids. What follows from the record is new, so an id that was used before, at the same
    /// time, gets a number: halting, resuming and halting again is three events.
    fn named(&self, events: &[LifecycleEvent], at: Timestamp) -> Result<Vec<NewEvent>, LedgerError> {
        let world = self.record.world();
        let mut new: Vec<NewEvent> = Vec::with_capacity(events.len());
        for event in events {
            let plain = event.id(world, at);
            let (mut id, mut count) = (plain.clone(), 1_u32);
            while new.iter().any(|known| known.id == id) || self.log.find(&id)?.is_some() {
                count = count.saturating_add(1);
                id = format!("{plain}:{count}");
            }
            new.push(NewEvent { id, at, kind: event.kind().to_owned(), body: event.body(world) });
        }
        Ok(new)
    }

    fn recorded(&self, events: &[LifecycleEvent], at: Timestamp, head: Head) -> Recorded {
        let world = self.record.world();
        Recorded {
            schema_version: 1,
            world_id: world.to_owned(),
            recorded_at: at,
            events: events.iter().map(|event| short(event, world)).collect(),
            number: head.number,
            head: head.hash,
        }
    }
}

/// Fails unless an event is what was recorded behind a head: nothing is decided by a forged record.
fn linked(head: &Head, event: &Event) -> Result<(), StoreError> {
    let fault = if event.number != head.number.saturating_add(1) {
        Fault::Place { found: event.number.to_string() }
    } else if event.previous != head.hash {
        Fault::Previous
    } else if !event.is_sound() {
        Fault::Hash
    } else {
        return Ok(());
    };
    Err(StoreError::Broken { number: head.number.saturating_add(1), fault })
}

/// Takes an event into the record and the history, if it is about their world.
fn take((record, history): (&mut WorldRecord, Option<&mut History>), event: Event) -> Result<(), LedgerError> {
    let of = event.body.get("world").and_then(Value::as_str);
    if of.is_some_and(|world| world != record.world()) {
        return Ok(());
    }
    let read = LifecycleEvent::read(&event.kind, event.body);
    let (_, lifecycle) = read.map_err(|error| LedgerError::Event { number: event.number, error })?;
    record.apply(event.at, &lifecycle);
    if let Some(history) = history {
        history.take(event.at, &lifecycle);
    }
    Ok(())
}

/// An event without the documents that it carries.
fn short(event: &LifecycleEvent, world: &str) -> Value {
    let mut fields = event.body(world);
    if let Value::Object(fields) = &mut fields {
        fields.retain(|key, _| !["world", "decision", "metrics", "correlations"].contains(&key.as_str()));
        fields.insert("kind".to_owned(), Value::from(event.kind()));
    }
    fields
}
