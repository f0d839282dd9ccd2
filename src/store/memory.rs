//! A log in memory, and logs as JSON lines.

use std::collections::HashMap;

use jiff::Timestamp;

use super::{Event, EventLog, StoreError, verify};

/// A log in memory.
#[derive(Debug, Clone, Default)]
pub struct MemoryLog {
    events: Vec<Event>,
    by_id: HashMap<String, usize>,
}

impl EventLog for MemoryLog {
    fn append(&mut self, id: &str, at: Timestamp, kind: &str, body: serde_json::Value) -> Result<String, StoreError> {
        if let Some(known) = self.by_id.get(id).and_then(|&index| self.events.get(index)) {
            let same = known.kind == kind && known.body == body && known.at == at;
            let other = StoreError::OtherContent { id: id.to_owned() };
            return if same { Ok(self.head().to_owned()) } else { Err(other) };
        }
        if let Some(last) = self.events.last().filter(|last| at < last.at) {
            return Err(StoreError::Older { at: at.to_string(), last: last.at.to_string() });
        }
        let number = self.events.len() as u64 + 1;
        let previous = self.head().to_owned();
        let (id, kind) = (id.to_owned(), kind.to_owned());
        let mut event = Event { number, id, at, kind, body, previous, hash: String::new() };
        event.hash = event.expected_hash();
        self.push(event);
        Ok(self.head().to_owned())
    }

    fn events(&self) -> &[Event] {
        &self.events
    }
}

impl MemoryLog {
    fn push(&mut self, event: Event) {
        self.by_id.insert(event.id.clone(), self.events.len());
        self.events.push(event);
    }

    /// The log as JSON lines, one event each.
    ///
    /// # Errors
    /// Never for events that JSON can hold; the error is that of the JSON writer.
    pub fn export(&self) -> Result<String, serde_json::Error> {
        let mut text = String::new();
        for event in &self.events {
            text.push_str(&serde_json::to_string(event)?);
            text.push('\n');
        }
        Ok(text)
    }
}

/// Reads an exported log and verifies its chain.
///
/// # Errors
/// If a line is no event, or the chain is broken.
pub fn import(text: &str) -> Result<MemoryLog, StoreError> {
    let mut log = MemoryLog::default();
    for (index, line) in text.lines().enumerate() {
        let event = serde_json::from_str(line);
        let unreadable =
            |error: serde_json::Error| StoreError::Unreadable { line: index + 1, problem: error.to_string() };
        log.push(event.map_err(unreadable)?);
    }
    verify(&log, None).map(|()| log)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).expect("an instant")
    }

    fn log() -> MemoryLog {
        let mut log = MemoryLog::default();
        for number in 0..5_i64 {
            let body = json!({ "strategy": "s1", "sharpe": 0.5 + number as f64, "note": "파일" });
            log.append(&format!("run-{number}"), at(number), "submitted", body).expect("in order");
        }
        log
    }

    #[test]
    fn recording_again_changes_nothing_and_order_is_kept() {
        let mut log = log();
        let head = log.head().to_owned();
        let body = json!({ "strategy": "s1", "sharpe": 0.5, "note": "파일" });
        assert_eq!(log.append("run-0", at(0), "submitted", body.clone()), Ok(head));
        let other = log.append("run-0", at(0), "rejected", body);
        assert_eq!(other, Err(StoreError::OtherContent { id: "run-0".to_owned() }));
        assert!(matches!(log.append("late", at(1), "submitted", json!({})), Err(StoreError::Older { .. })));
        assert_eq!(log.events().len(), 5);
    }

    #[test]
    fn every_changed_byte_gap_and_reorder_is_found() {
        let text = log().export().expect("JSON");
        assert_eq!(import(&text).map(|log| log.export().ok()), Ok(Some(text.clone())));
        for at in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 1;
            let Ok(changed) = String::from_utf8(bytes) else { continue };
            assert!(import(&changed).is_err(), "byte {at} of {:?}", text.get(at.saturating_sub(9)..at + 9));
        }
        let lines: Vec<_> = text.lines().collect();
        let joined = |order: &[usize]| order.iter().map(|&line| format!("{}\n", lines[line])).collect::<String>();
        assert_eq!(import(&joined(&[0, 2, 3, 4])).map(|_| ()), Err(StoreError::Broken { number: 2 }));
        assert_eq!(import(&joined(&[0, 2, 1, 3, 4])).map(|_| ()), Err(StoreError::Broken { number: 2 }));
        let cut = import(&joined(&[0, 1, 2])).expect("a prefix is a chain");
        assert!(verify(&cut, Some(log().head())).is_err());
        assert!(verify(&log(), Some(log().head())).is_ok());
    }
}
