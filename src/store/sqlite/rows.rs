//! Events as rows.

use std::ops::RangeFrom;
use std::path::Path;
use std::vec;

use rusqlite::{Connection, OptionalExtension, Row};

use super::problem::explain;
use super::{Event, Fault, StoreError};
use crate::eval::parse_instant;
use crate::store::event::{Checked, hash};

/// Most events that are read at once.
const PAGE_EVENTS: i64 = 128;
/// Bytes of bodies after which no more are read at once.
const PAGE_BYTES: usize = 1 << 20;

const AFTER: &str =
    "SELECT number, id, at, kind, body, previous, hash FROM events WHERE number > ?1 ORDER BY number LIMIT ?2";
const BY_ID: &str = "SELECT number, id, at, kind, body, previous, hash FROM events WHERE id = ?1";
const LAST: &str = "SELECT number, id, at, kind, body, previous, hash FROM events ORDER BY number DESC LIMIT 1";
const INSERT: &str = "INSERT INTO events VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";

/// Where events are.
#[derive(Clone, Copy)]
pub(super) struct Rows<'file> {
    pub(super) connection: &'file Connection,
    pub(super) path: &'file Path,
}

impl<'file> Rows<'file> {
    pub(super) fn last(self) -> Result<Option<Event>, StoreError> {
        self.one(LAST, ())
    }

    pub(super) fn find(self, id: &str) -> Result<Option<Event>, StoreError> {
        self.one(BY_ID, (id,))
    }

    fn one(self, sql: &str, parameters: impl rusqlite::Params) -> Result<Option<Event>, StoreError> {
        let read = || self.connection.prepare_cached(sql)?.query_row(parameters, |row| Ok(read(row))).optional();
        read().map_err(|error| explain(self.path, &error))?.transpose()
    }

    /// Writes an event as it is.
    pub(super) fn insert(self, event: &Event) -> Result<(), StoreError> {
        let number = i64::try_from(event.number).map_err(|_| self.problem("it has too many events"))?;
        let (at, body) = (event.at.to_string(), event.body_text());
        let values = (number, &event.id, at, &event.kind, body, &event.previous, &event.hash);
        let insert = || self.connection.prepare_cached(INSERT)?.execute(values);
        match insert().map_err(|error| explain(self.path, &error))? {
            1 => Ok(()),
            // A trigger that is not ours could swallow it.
            _ => Err(self.problem("it takes no events; `store verify` tells what was changed")),
        }
    }

    fn problem(self, problem: &str) -> StoreError {
        StoreError::File { path: self.path.display().to_string(), problem: problem.to_owned() }
    }

    /// The events from a number on.
    pub(super) fn from(self, numbers: RangeFrom<u64>) -> Pages<'file> {
        // Whoever starts at the first sees also what was put before it.
        let after = match numbers.start {
            0 | 1 => i64::MIN,
            start => i64::try_from(start - 1).unwrap_or(i64::MAX),
        };
        Pages { rows: self, after, page: Vec::new().into_iter(), done: false }
    }
}

/// Events, read page by page. No page holds up a writer, and events that came meanwhile are seen:
/// those that were there do not change.
pub(super) struct Pages<'file> {
    rows: Rows<'file>,
    after: i64,
    page: vec::IntoIter<Result<Event, StoreError>>,
    done: bool,
}

impl Pages<'_> {
    fn turn(&mut self) -> rusqlite::Result<()> {
        let mut statement = self.rows.connection.prepare_cached(AFTER)?;
        let mut rows = statement.query((self.after, PAGE_EVENTS))?;
        let (mut page, mut bytes) = (Vec::new(), 0);
        while bytes < PAGE_BYTES {
            let Some(row) = rows.next()? else { break };
            self.after = row.get(0)?;
            bytes += row.get_ref(4)?.as_str().map_or(0, str::len);
            page.push(read(row));
        }
        self.done = page.is_empty();
        self.page = page.into_iter();
        Ok(())
    }
}

impl Iterator for Pages<'_> {
    type Item = Result<Event, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.page.len() == 0
            && !self.done
            && let Err(error) = self.turn()
        {
            self.done = true;
            return Some(Err(explain(self.rows.path, &error)));
        }
        let event = self.page.next()?;
        if event.is_err() {
            (self.done, self.page) = (true, Vec::new().into_iter());
        }
        Some(event)
    }
}

/// The event of a row. Every field must be what would be written again: a body that says the same in other
/// letters is not what was recorded.
fn read(row: &Row<'_>) -> Result<Event, StoreError> {
    let number = row.get::<_, i64>(0).unwrap_or(0);
    let place = u64::try_from(number).unwrap_or(0);
    let wrong = |field| StoreError::Broken { number: place, fault: Fault::Field { field } };
    let text = |column: usize, field: &'static str| {
        row.get_ref(column).ok().and_then(|value| value.as_str().ok()).ok_or_else(|| wrong(field))
    };
    let (at, body) = (text(2, "time")?, text(4, "body")?);
    let event = Event {
        number: u64::try_from(number).map_err(|_| wrong("number"))?,
        id: text(1, "id")?.to_owned(),
        at: parse_instant(at).ok_or_else(|| wrong("time"))?,
        kind: text(3, "kind")?.to_owned(),
        body: serde_json::from_str(body).map_err(|_| wrong("body"))?,
        previous: text(5, "predecessor's hash")?.to_owned(),
        hash: text(6, "hash")?.to_owned(),
        is_checked: Checked(false),
    };
    // What is written is what was hashed, so that other letters show without being written again.
    if event.hash == hash(event.number, &event.id, at, &event.kind, body, &event.previous) {
        return Ok(Event { is_checked: Checked(true), ..event });
    }
    if event.at.to_string() != at {
        return Err(wrong("time"));
    }
    if event.body_text() != body {
        return Err(wrong("body"));
    }
    // Whoever follows the chain tells what is wrong with it.
    Ok(event)
}
