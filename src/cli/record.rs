//! The record of a world in a store: read, decided upon, and added to.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

use super::Failure;
use super::clock::{NowArguments, wall_clock};
use super::store_file::StoreArguments;
use crate::lifecycle::{History, LifecycleEvent, WorldRecord};
use crate::store::{AppendOptions, Event, EventLog, Fault, Head, NewEvent, SqliteLog, StoreError};

/// How often to decide again because somebody else has recorded something meanwhile.
const ATTEMPTS: usize = 50;

/// The record of one world, with the store that it was read from.
pub(super) struct Ledger {
    log: SqliteLog,
    record: WorldRecord,
    head: Head,
    given: Option<Timestamp>,
    /// How the world came to where it stands, where that is asked for.
    history: Option<History>,
}

/// What a command has recorded.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Recorded {
    pub schema_version: u32,
    pub world_id: String,
    pub recorded_at: Timestamp,
    /// What happened; nothing where the record says all of it already. Decisions, metrics and correlations are left out.
    pub events: Vec<Value>,
    /// How many events the log holds by then.
    pub number: u64,
    /// Where the log ends by then.
    pub head: String,
}

impl Ledger {
    /// Reads all that a store holds of a world.
    pub fn open(store: &StoreArguments, world: &str, now: &NowArguments) -> Result<Self, Failure> {
        Self::read(store, world, now, None)
    }

    /// The same, with what happened on the way.
    pub fn open_with_history(store: &StoreArguments, world: &str, now: &NowArguments) -> Result<Self, Failure> {
        Self::read(store, world, now, Some(History::default()))
    }

    fn read(
        store: &StoreArguments,
        world: &str,
        now: &NowArguments,
        history: Option<History>,
    ) -> Result<Self, Failure> {
        let given = now.given()?;
        let log = store.open()?;
        let head = Head::empty(log.clock());
        let mut ledger = Self { log, record: WorldRecord::new(world), head, given, history };
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

    /// Takes in what is new in the store.
    fn refresh(&mut self) -> Result<(), Failure> {
        for event in self.log.events(self.head.number.saturating_add(1)..) {
            let event = event?;
            linked(&self.head, &event)?;
            take((&mut self.record, self.history.as_mut()), &event)?;
            self.head = event.head();
        }
        Ok(())
    }

    /// Records what is decided about the world as it stands. Where somebody else was faster, it is decided
    /// again about what stands then.
    pub fn decide(
        &mut self,
        mut decide: impl FnMut(&WorldRecord, Timestamp) -> Result<Vec<LifecycleEvent>, Failure>,
    ) -> Result<Recorded, Failure> {
        for _ in 0..ATTEMPTS {
            self.refresh()?;
            let now = wall_clock()?;
            let at = self.given.unwrap_or(now);
            let events = decide(&self.record, at)?;
            let new = self.named(&events, at)?;
            let options = AppendOptions { now, only_after: Some(self.head.hash.clone()) };
            match self.log.append(&new, &options) {
                Ok(recorded) => {
                    let head = recorded.last().map_or_else(|| self.head.clone(), Event::head);
                    self.refresh()?;
                    return Ok(self.recorded(&events, at, head));
                }
                Err(_) if self.log.head()? != self.head => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Failure::new("other processes keep recording in between: try again when there are fewer"))
    }

    /// Events with their ids. What follows from the record is new, so an id that was used before, at the same
    /// time, gets a number: halting, resuming and halting again is three events.
    fn named(&self, events: &[LifecycleEvent], at: Timestamp) -> Result<Vec<NewEvent>, Failure> {
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
    } else if event.hash != event.expected_hash() {
        Fault::Hash
    } else {
        return Ok(());
    };
    Err(StoreError::Broken { number: head.number.saturating_add(1), fault })
}

/// Takes an event into the record and the history, if it is about their world.
fn take((record, history): (&mut WorldRecord, Option<&mut History>), event: &Event) -> Result<(), Failure> {
    let of = event.body.get("world").and_then(Value::as_str);
    if of.is_some_and(|world| world != record.world()) {
        return Ok(());
    }
    let read = LifecycleEvent::read(&event.kind, &event.body);
    let (_, lifecycle) = read.map_err(|error| Failure::new(format!("event {}: {error}", event.number)))?;
    record.apply(event.at, &lifecycle);
    if let Some(history) = history {
        history.take(event.at, &lifecycle);
    }
    Ok(())
}

/// An event without the documents that it carries.
fn short(event: &LifecycleEvent, world: &str) -> Value {
    let mut fields = Map::from_iter([("kind".to_owned(), Value::from(event.kind()))]);
    let Value::Object(body) = event.body(world) else { return Value::Object(fields) };
    let told =
        body.into_iter().filter(|(key, _)| !["world", "decision", "metrics", "correlations"].contains(&key.as_str()));
    fields.extend(told);
    Value::Object(fields)
}

impl Recorded {
    /// What was recorded, for people.
    pub fn page(&self) -> String {
        let mut out = format!("{}, at {}\n", self.world_id, self.recorded_at);
        if self.events.is_empty() {
            out.push_str("nothing to record: the record says so already\n");
        }
        for event in &self.events {
            let text = |key: &str| event.get(key).and_then(Value::as_str);
            let what = text("kind").unwrap_or_default().replace('_', " ");
            let subject: Vec<_> = [text("strategy"), text("run")].into_iter().flatten().collect();
            let to = text("to").or_else(|| text("status")).map(|to| format!(": {}", to.replace('_', " ")));
            let by = text("actor").map(|actor| format!(", by {actor}: {}", text("reason").unwrap_or_default()));
            out.push_str(format!("  {what} {}", subject.join(" ")).trim_end());
            out.push_str(&format!("{}{}\n", to.unwrap_or_default(), by.unwrap_or_default()));
        }
        out + &format!("events {}\nhead {}\n", self.number, self.head)
    }
}
