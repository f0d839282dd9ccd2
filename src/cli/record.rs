//! The record of a world in the store that arguments name.

use jiff::Timestamp;
use serde_json::Value;

use super::Failure;
use super::clock::{NowArguments, wall_clock};
use super::store_file::StoreArguments;
use crate::lifecycle::{History, JudgeError, LifecycleEvent, WorldRecord};
use crate::store::{Head, Ledger as Record, LedgerError, Moment, Recorded, SqliteLog};

/// The record of one world, in a store, at a time that was given or that the clock shows.
pub(super) struct Ledger {
    record: Record<SqliteLog>,
    given: Option<Timestamp>,
}

impl From<LedgerError> for Failure {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::Store(error) => error.into(),
            error => Self::new(error.to_string()),
        }
    }
}

impl From<JudgeError> for Failure {
    fn from(error: JudgeError) -> Self {
        match error {
            JudgeError::Evaluate(error) => super::inputs::failure(error),
            JudgeError::NoStage => Self::new(format!("{error} with --stage")),
            error => Self::new(error.to_string()),
        }
    }
}

impl Ledger {
    /// Reads all that a store holds of a world.
    pub fn open(store: &StoreArguments, world: &str, now: &NowArguments) -> Result<Self, Failure> {
        Self::at(now.given()?, Record::open(store.open()?, world)?)
    }

    /// The same, with what happened on the way.
    pub fn open_with_history(store: &StoreArguments, world: &str, now: &NowArguments) -> Result<Self, Failure> {
        Self::at(now.given()?, Record::open_with_history(store.open()?, world)?)
    }

    /// A record is not looked at from before it ends: it would show what had not happened.
    fn at(given: Option<Timestamp>, record: Record<SqliteLog>) -> Result<Self, Failure> {
        match (given, record.head().at) {
            (Some(given), Some(last)) if given < last => {
                Err(Failure::new(format!("the record goes on to {last}, after {given}: give --now at or after that")))
            }
            _ => Ok(Self { record, given }),
        }
    }

    /// What happened to the world, where that was asked for.
    pub fn history(&self) -> Option<&History> {
        self.record.history()
    }

    /// The world as it was read last.
    pub fn record(&self) -> &WorldRecord {
        self.record.record()
    }

    /// Where the log ended when it was read last.
    pub fn head(&self) -> &Head {
        self.record.head()
    }

    /// Records what is decided about the world as it stands.
    pub fn decide(
        &mut self,
        decide: impl FnMut(&WorldRecord, Timestamp) -> Result<Vec<LifecycleEvent>, Failure>,
    ) -> Result<Recorded, Failure> {
        let given = self.given;
        let moment = || wall_clock().map(|now| Moment { at: given.unwrap_or(now), now });
        self.record.decide(moment, decide)
    }
}

/// What was recorded, for people.
pub(super) fn recorded_page(recorded: &Recorded) -> String {
    let mut out = format!("{}, at {}\n", recorded.world_id, recorded.recorded_at);
    if recorded.events.is_empty() {
        out.push_str("nothing to record: the record says so already\n");
    }
    for event in &recorded.events {
        let text = |key: &str| event.get(key).and_then(Value::as_str);
        let what = text("kind").unwrap_or_default().replace('_', " ");
        let subject: Vec<_> = [text("strategy"), text("run")].into_iter().flatten().collect();
        let to = text("to").or_else(|| text("status")).map(|to| format!(": {}", to.replace('_', " ")));
        let by = text("actor").map(|actor| format!(", by {actor}: {}", text("reason").unwrap_or_default()));
        out.push_str(format!("  {what} {}", subject.join(" ")).trim_end());
        out.push_str(&format!("{}{}\n", to.unwrap_or_default(), by.unwrap_or_default()));
        for (key, label) in [("activate", "live"), ("deactivate", "stopped")] {
            let ids = event.get(key).and_then(Value::as_array).into_iter().flatten();
            let id = |one: &Value| one.as_str().or_else(|| one.get("strategy")?.as_str()).map(str::to_owned);
            let ids: Vec<_> = ids.filter_map(id).collect();
            if !ids.is_empty() {
                out.push_str(&format!("    {label}: {}\n", ids.join(", ")));
            }
        }
    }
    out + &format!("events {}\nhead {}\n", recorded.number, recorded.head)
}
