//! Events: to be recorded, and as recorded.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::StoreError;

/// Most bytes of an id or a kind.
pub const LONGEST_NAME: usize = 1 << 10;
/// Most bytes of a body as JSON: a decision about a hundred thousand strategies fits.
pub const LARGEST_BODY: usize = 256 << 20;
/// Most lists and objects within each other in a body. JSON readers stop at 128, and an event that
/// was written must be readable.
pub const DEEPEST_BODY: usize = 100;

/// What the times of a log follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Clock {
    /// The clock on the wall: no event is from later than it was recorded.
    Wall,
    /// A simulation: time is what the caller says, though it never goes back.
    Simulated,
}

impl Clock {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Wall, Self::Simulated];

    /// What the first event carries in place of a predecessor's hash. It differs, so that the chain
    /// shows a simulation for what it is.
    #[must_use]
    pub const fn genesis(self) -> &'static str {
        match self {
            Self::Wall => "blake3:genesis",
            Self::Simulated => "blake3:genesis-simulated",
        }
    }

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Wall => "wall",
            Self::Simulated => "simulated",
        }
    }
}

/// An event to record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewEvent {
    /// Its id: recording it again changes nothing.
    pub id: String,
    /// When it happened.
    #[serde(deserialize_with = "crate::eval::deserialize_instant")]
    pub at: Timestamp,
    /// What happened.
    pub kind: String,
    /// The particulars.
    pub body: Value,
}

/// An event as recorded. Its JSON, in the order of its fields, is a line of an export.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// Its place in the log, from 1.
    pub number: u64,
    /// Its id.
    pub id: String,
    /// When it happened.
    #[serde(deserialize_with = "crate::eval::deserialize_instant")]
    pub at: Timestamp,
    /// What happened.
    pub kind: String,
    /// The particulars, keys sorted.
    pub body: Value,
    /// The hash of the event before, or [`Clock::genesis`].
    pub previous: String,
    /// Its own hash.
    pub hash: String,
    /// Whether that was compared with what was read, so that it need not be computed again.
    #[serde(skip)]
    pub(super) is_checked: Checked,
}

/// Whether a hash was compared already: nothing that events differ in.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Checked(pub(super) bool);

impl PartialEq for Checked {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// Where a log ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// How many events there are.
    pub number: u64,
    /// The hash of the last event, or [`Clock::genesis`].
    pub hash: String,
    /// When the last event happened.
    pub at: Option<Timestamp>,
}

impl Head {
    /// That of an empty log.
    #[must_use]
    pub fn empty(clock: Clock) -> Self {
        Self { number: 0, hash: clock.genesis().to_owned(), at: None }
    }
}

impl NewEvent {
    /// The event as it stands behind a head.
    pub(super) fn sealed(&self, head: &Head) -> Result<Event, StoreError> {
        let refused = |problem: String| StoreError::Unrecordable { id: shortened(&self.id), problem };
        for (name, text) in [("id", &self.id), ("kind", &self.kind)] {
            if text.is_empty() || text.len() > LONGEST_NAME {
                return Err(refused(format!("its {name} has {} bytes; give it 1 to {LONGEST_NAME}", text.len())));
            }
        }
        if !is_within(&self.body, DEEPEST_BODY) {
            let problem = format!("its body nests deeper than {DEEPEST_BODY} levels; flatten it");
            return Err(refused(problem));
        }
        let mut body = self.body.clone();
        // Whether a map keeps the order of its keys depends on features that any crate of a program
        // can switch on; the hash must not.
        body.sort_all_objects();
        let text = body.to_string();
        if text.len() > LARGEST_BODY {
            let problem = format!("its body has {} bytes; at most {LARGEST_BODY} are kept", text.len());
            return Err(refused(problem));
        }
        let (number, previous) = (head.number + 1, head.hash.clone());
        let (id, at, kind) = (self.id.clone(), self.at, self.kind.clone());
        let hash = hash(number, &id, &at.to_string(), &kind, &text, &previous);
        Ok(Event { number, id, at, kind, body, previous, hash, is_checked: Checked(true) })
    }
}

impl Event {
    /// The hash that follows from its content and the event before: blake3 over the fields, each
    /// with its length, so that no two contents give the same bytes.
    #[must_use]
    pub fn expected_hash(&self) -> String {
        hash(self.number, &self.id, &self.at.to_string(), &self.kind, &self.body_text(), &self.previous)
    }

    /// Whether its hash is that of its content.
    pub(super) fn is_sound(&self) -> bool {
        self.is_checked.0 || self.hash == self.expected_hash()
    }

    /// The end of a log whose last event it is.
    #[must_use]
    pub fn head(&self) -> Head {
        Head { number: self.number, hash: self.hash.clone(), at: Some(self.at) }
    }

    /// Whether recording `new` would say the same again. Compared as text, where -0 is not 0.
    pub(super) fn has_content_of(&self, new: &NewEvent) -> bool {
        let mut body = new.body.clone();
        body.sort_all_objects();
        let text = body.to_string();
        self.kind == new.kind && self.at == new.at && self.body_text() == text
    }

    /// The body as it is written and hashed.
    pub(super) fn body_text(&self) -> String {
        self.body.to_string()
    }
}

/// The hash of fields as they are written.
pub(super) fn hash(number: u64, id: &str, at: &str, kind: &str, body: &str, previous: &str) -> String {
    let mut hasher = blake3::Hasher::new();
    for field in [&number.to_string(), id, at, kind, body, previous] {
        hasher.update(&(field.len() as u64).to_le_bytes());
        hasher.update(field.as_bytes());
    }
    format!("blake3:{}", hasher.finalize().to_hex())
}

fn is_within(value: &Value, levels: usize) -> bool {
    let inner = |value: &Value| levels > 0 && is_within(value, levels - 1);
    match value {
        Value::Array(values) => levels > 0 && values.iter().all(inner),
        Value::Object(fields) => levels > 0 && fields.values().all(inner),
        _ => true,
    }
}

/// A name in a message, cut where it is too long to be one.
fn shortened(name: &str) -> String {
    const SHOWN: usize = 60;
    if name.chars().count() <= SHOWN { name.to_owned() } else { name.chars().take(SHOWN).chain(['…']).collect() }
}
