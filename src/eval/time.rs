//! Instants: RFC 3339, in UTC where no offset is written.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;
use serde::de::{Deserialize, Deserializer, Error};

/// An instant from text. A date alone is its midnight.
#[must_use]
pub fn parse_instant(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Some(instant);
    }
    let civil = text.parse::<DateTime>().ok()?;
    Offset::UTC.to_timestamp(civil).ok()
}

/// Reads an instant that a program wrote: with its offset.
pub(crate) fn deserialize_instant<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    let text = String::deserialize(deserializer)?;
    let wrong = |_| D::Error::custom(format!("`{text}` is no instant; write it like 2026-01-31T21:00:00Z"));
    text.parse().map_err(wrong)
}

/// Seconds from one instant to a later one; negative where it is earlier.
#[must_use]
pub fn seconds_between(from: Timestamp, to: Timestamp) -> f64 {
    let nanoseconds = to.as_nanosecond() - from.as_nanosecond();
    nanoseconds as f64 / 1e9
}

/// The instant so many seconds later, if it is within range.
#[must_use]
pub fn later(instant: Timestamp, seconds: f64) -> Option<Timestamp> {
    let nanoseconds = instant.as_nanosecond().checked_add((seconds * 1e9) as i128)?;
    Timestamp::from_nanosecond(nanoseconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_without_offset_are_utc() {
        assert_eq!(parse_instant("2026-01-31T21:00:00"), parse_instant("2026-01-31T21:00:00Z"));
        assert_eq!(parse_instant("2026-01-31"), parse_instant("2026-01-31T00:00:00Z"));
        assert_eq!(parse_instant("2026-01-31T21:00:00+09:00"), parse_instant("2026-01-31T12:00:00Z"));
        assert_eq!(parse_instant("yesterday"), None);
    }
}
