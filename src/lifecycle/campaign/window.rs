//! How much of a window the runs of a stage cover.

use jiff::Timestamp;
use serde::Serialize;

/// Nanoseconds of a second.
const SECOND: i128 = 1_000_000_000;

/// How long a stage was observed, against how long it must be. All is none where no window is asked for.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct WindowStatus {
    /// The window, as written.
    pub window: Option<String>,
    /// Its whole seconds.
    pub required_sec: Option<i64>,
    /// Whole seconds observed.
    pub observed_sec: Option<i64>,
    /// The share observed, at most 1.
    pub progress: Option<f64>,
    /// Since when.
    pub started_at: Option<Timestamp>,
    /// Until when.
    pub ended_at: Option<Timestamp>,
    /// Whether that is enough.
    pub satisfied: bool,
}

impl WindowStatus {
    /// A window of so many seconds against the span that was observed.
    pub(super) fn new(window: Option<(f64, Option<&str>)>, span: Option<(Timestamp, Timestamp)>) -> Self {
        let Some((seconds, text)) = window else { return Self::default() };
        let required = libm::trunc(seconds) as i64;
        let observed = span.map(|(start, end)| whole_seconds(start, end));
        Self {
            window: text.map(str::to_owned),
            required_sec: Some(required),
            observed_sec: observed,
            progress: Some(observed.map_or(0.0, |observed| share(observed, required))),
            started_at: span.map(|(start, _)| start),
            ended_at: span.map(|(_, end)| end),
            satisfied: observed.is_some_and(|observed| observed >= required),
        }
    }
}

fn share(observed: i64, required: i64) -> f64 {
    if observed >= required { 1.0 } else { observed as f64 / required as f64 }
}

/// Whole seconds from one instant to a later one; 0 where it is not later.
pub(in crate::lifecycle) fn whole_seconds(from: Timestamp, to: Timestamp) -> i64 {
    let nanoseconds = to.as_nanosecond().saturating_sub(from.as_nanosecond()).max(0);
    i64::try_from(nanoseconds / SECOND).unwrap_or(i64::MAX)
}
