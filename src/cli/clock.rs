//! The only clock of the program.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::Timestamp;

use super::Failure;
use crate::eval::parse_instant;

/// The time of an argument.
pub(super) fn time(argument: &str, text: &str) -> Result<Timestamp, Failure> {
    let wrong = || Failure::new(format!("{argument} `{text}` is not a time such as 2026-01-31T21:00:00Z"));
    parse_instant(text).ok_or_else(wrong)
}

/// The moment that `--now` names, else the second that the wall clock shows.
pub(super) fn moment(given: Option<&str>) -> Result<Timestamp, Failure> {
    match given {
        Some(text) => time("--now", text),
        None => wall_clock(),
    }
}

#[allow(clippy::disallowed_methods, reason = "nobody named a time, so it is now")]
fn wall_clock() -> Result<Timestamp, Failure> {
    let wrong = || Failure::new("the clock of this machine cannot be read: give the time with --now");
    let since = SystemTime::now().duration_since(UNIX_EPOCH).map_err(|_| wrong())?;
    let seconds = i64::try_from(since.as_secs()).map_err(|_| wrong())?;
    Timestamp::from_second(seconds).map_err(|_| wrong())
}
