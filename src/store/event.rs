//! One recorded event.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What the first event carries in place of a predecessor's hash.
pub const GENESIS: &str = "blake3:genesis";

/// An event as recorded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// Its place in the log, from 1.
    pub number: u64,
    /// Its id: recording it again changes nothing.
    pub id: String,
    /// When it happened, by the caller.
    pub at: Timestamp,
    /// What happened.
    pub kind: String,
    /// The particulars.
    pub body: serde_json::Value,
    /// The hash of the event before.
    pub previous: String,
    /// Its own hash.
    pub hash: String,
}

impl Event {
    /// The hash that follows from its content and the event before: blake3 over the fields, each
    /// with its length, so that no two contents give the same bytes.
    #[must_use]
    pub fn expected_hash(&self) -> String {
        let body = self.body.to_string();
        let at = self.at.to_string();
        let number = self.number.to_string();
        let mut hasher = blake3::Hasher::new();
        for field in [&number, &self.id, &at, &self.kind, &body, &self.previous] {
            hasher.update(&(field.len() as u64).to_le_bytes());
            hasher.update(field.as_bytes());
        }
        format!("blake3:{}", hasher.finalize().to_hex())
    }
}
