//! Instants: RFC 3339, in UTC where no offset is written.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::Offset;
use serde::de::{Deserialize, Deserializer, Error};

/// An instant from text by RFC 3339, section 5.6. A date alone is its midnight, a space may stand for the `T`,
/// seconds and the colon of the offset may be left out, and without an offset it is in UTC. A leap second is
/// the second before it, as for POSIX.
#[must_use]
pub fn parse_instant(text: &str) -> Option<Timestamp> {
    let mut rest = Rest(text.trim().as_bytes());
    let (year, month, day) = (rest.digits(4)?, rest.dash_digits()?, rest.dash_digits()?);
    let date = Date::new(year, month, day).ok()?;
    let (mut time, mut offset) = (Time::midnight(), Offset::UTC);
    if !rest.0.is_empty() {
        rest.one_of(b"Tt ")?;
        time = rest.time()?;
        offset = rest.offset()?;
    }
    if !rest.0.is_empty() {
        return None;
    }
    offset.to_timestamp(DateTime::from_parts(date, time)).ok()
}

/// What of a text is not read yet.
struct Rest<'t>(&'t [u8]);

impl Rest<'_> {
    fn one_of(&mut self, bytes: &[u8]) -> Option<u8> {
        let (first, rest) = self.0.split_first().filter(|(first, _)| bytes.contains(first))?;
        self.0 = rest;
        Some(*first)
    }

    fn digits<T: TryFrom<i32>>(&mut self, count: usize) -> Option<T> {
        let (digits, rest) = self.0.split_at_checked(count)?;
        let append = |number: i32, digit: &u8| digit.is_ascii_digit().then(|| number * 10 + i32::from(digit - b'0'));
        let number = digits.iter().try_fold(0, append)?;
        self.0 = rest;
        T::try_from(number).ok()
    }

    fn dash_digits(&mut self) -> Option<i8> {
        self.one_of(b"-")?;
        self.digits(2)
    }

    fn time(&mut self) -> Option<Time> {
        let hour = self.digits(2)?;
        self.one_of(b":")?;
        let minute = self.digits(2)?;
        let (mut second, mut nanosecond): (i8, i32) = (0, 0);
        if self.one_of(b":").is_some() {
            second = self.digits(2).filter(|second| *second <= 60)?;
            if self.one_of(b".").is_some() {
                let count = self.0.iter().take_while(|byte| byte.is_ascii_digit()).count();
                let scale = 10_i32.checked_pow(9_u32.checked_sub(count as u32)?)?;
                nanosecond = self.digits::<i32>(count).filter(|_| count > 0)? * scale;
            }
        }
        Time::new(hour, minute, second.min(59), nanosecond).ok()
    }

    fn offset(&mut self) -> Option<Offset> {
        if self.0.is_empty() || self.one_of(b"Zz").is_some() {
            return Some(Offset::UTC);
        }
        let sign = if self.one_of(b"+-")? == b'-' { -1 } else { 1 };
        let hours = self.digits::<i32>(2).filter(|hours| *hours <= 23)?;
        self.one_of(b":");
        let minutes = self.digits::<i32>(2).filter(|minutes| *minutes <= 59)?;
        Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()
    }
}

/// Reads an instant from a document.
pub(crate) fn deserialize_instant<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    let text = String::deserialize(deserializer)?;
    let wrong = || D::Error::custom(format!("`{text}` is no instant; write it like 2026-01-31T21:00:00Z"));
    parse_instant(&text).ok_or_else(wrong)
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
    use jiff::tz::Offset;
    use proptest::prelude::*;

    use super::{Timestamp, parse_instant};

    proptest! {
        #[test]
        fn instants_are_read_as_they_are_written(second in -62_000_000_000_i64..250_000_000_000, nano in 0..1_000_000_000, offset in -1439..1440) {
            let instant = Timestamp::new(second, nano).unwrap();
            prop_assert_eq!(parse_instant(&instant.to_string()), Some(instant));
            let there = instant.display_with_offset(Offset::from_seconds(offset * 60).unwrap()).to_string();
            prop_assert_eq!(parse_instant(&there), Some(instant), "{}", there);
            prop_assert_eq!(there.parse::<Timestamp>().ok(), Some(instant));
        }
    }

    #[test]
    fn instants_without_offset_are_utc() {
        let at = |text: &str| parse_instant(text).map(|instant| instant.to_string());
        for text in ["2026-01-31T21:00:00Z", "2026-01-31T21:00:00", " 2026-01-31 21:00 ", "2026-01-31t21:00:00.000z"] {
            assert_eq!(at(text).as_deref(), Some("2026-01-31T21:00:00Z"), "{text}");
        }
        assert_eq!(at("2026-01-31"), at("2026-01-31T00:00:00Z"));
        assert_eq!(at("2026-01-31T21:00:00+09:00"), at("2026-01-31T12:00:00Z"));
        assert_eq!(at("2026-01-31T21:00:00-0930"), at("2026-02-01T06:30:00Z"));
        assert_eq!(at("2026-01-31T21:00:00.123456789Z").as_deref(), Some("2026-01-31T21:00:00.123456789Z"));
        assert_eq!(at("2016-12-31T23:59:60Z").as_deref(), Some("2016-12-31T23:59:59Z"));
    }

    #[test]
    fn days_are_those_of_the_calendar() {
        let dates = (0..=13).flat_map(|month| (0..=32).map(move |day| format!("2025-{month:02}-{day:02}T23:59:59Z")));
        assert_eq!(dates.filter(|date| parse_instant(date).is_some()).count(), 365);
        assert!(parse_instant("2024-02-29T00:00:00Z").is_some() && parse_instant("2025-01-01T00:00:00").is_some());
        for text in ["2025-01-01T24:00:00Z", "2025-1-01T00:00:00Z", "2100-02-29"] {
            assert_eq!(parse_instant(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_no_instant_is_none() {
        for text in [
            "",
            "yesterday",
            "2026",
            "2026-1-31",
            "2026-02-30",
            "2026-13-01",
            "2026-01-31T",
            "2026-01-31T24:00Z",
            "2026-01-31T21",
            "2026-01-31T21:00:61Z",
            "2026-01-31T21:00:00.Z",
            "2026-01-31T21:00:00.1234567890Z",
            "2026-01-31T21:00:00+24:00",
            "2026-01-31T21:00:00+09:60",
            "2026-01-31T21:00:00+9",
            "2026-01-31T21:00:00ZZ",
            "2026-01-31Z",
            "2026/01/31",
            "+026-01-31",
            "２０２６-01-31",
            "2026-01-31T21:00:00 UTC",
            "-026-01-31",
        ] {
            assert_eq!(parse_instant(text), None, "{text}");
        }
    }
}
