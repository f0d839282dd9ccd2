//! Data currency: how fresh and how long the data behind a strategy is.

use jiff::Timestamp;

use super::frame::{Data, Frame};
use super::snapshot::{Snapshot, Strategy};
use super::time::seconds_between;
use crate::ir::{Metric, Program};

/// How far `data_end` may lie behind `as_of` without being from the future, in seconds.
const CLOCK_TOLERANCE: f64 = 60.0;
const SECONDS_PER_DAY: f64 = 86_400.0;
const DAYS_PER_YEAR: f64 = 365.0;

/// What is wrong with the data of each strategy; it never rejects and never promotes.
pub(super) fn downgrades(program: &Program, snapshot: &Snapshot) -> Vec<Option<&'static str>> {
    let source = Source { program, snapshot };
    snapshot.strategies.iter().map(|strategy| source.downgrade(strategy)).collect()
}

/// What is known about the data of one strategy. Times in seconds.
pub(super) struct Measured {
    /// How far it lies behind.
    pub lag: Option<f64>,
    /// `data_end`, or the metric that says so.
    pub lag_source: Option<&'static str>,
    pub data_end: Option<Timestamp>,
    /// How long its history is.
    pub history: Option<f64>,
    /// The metric that says so.
    pub history_source: Option<&'static str>,
}

/// Measures the data of a strategy, whatever the policy asks of it.
pub(super) fn measure(program: &Program, snapshot: &Snapshot, row: usize) -> Option<Measured> {
    let strategy = snapshot.strategies.get(row)?;
    let source = Source { program, snapshot };
    let data_end = strategy.data_end.or(snapshot.data_end);
    let (lag, lag_source) = match data_end {
        Some(end) => (snapshot.as_of.map(|as_of| source.behind(as_of, end)), Some("data_end")),
        None => (source.metric(strategy, "data_lag"), Some("data_lag")),
    };
    let history = source.days(strategy);
    Some(Measured {
        lag,
        lag_source: lag_source.filter(|_| lag.is_some()),
        data_end,
        history: history.map(|(days, _)| days * SECONDS_PER_DAY),
        history_source: history.map(|(_, metric)| metric),
    })
}

/// A metric of the catalogue, whether or not an expression of the policy reads it.
pub(super) fn catalogue_metric(name: &str) -> Option<Metric> {
    let found = crate::stdlib::standard().catalogue.find(name)?;
    Some(Metric {
        name: found.name.clone(),
        aliases: found.aliases(),
        kind: found.entry.kind,
        range: found.entry.range,
        better: found.entry.better,
        layer: found.entry.layer,
        window: None,
        declared: true,
    })
}

struct Source<'a> {
    program: &'a Program,
    snapshot: &'a Snapshot,
}

impl Source<'_> {
    fn downgrade(&self, strategy: &Strategy) -> Option<&'static str> {
        let currency = &self.program.currency;
        if currency.max_lag.is_none() && currency.min_history.is_none() {
            return None;
        }
        if self.snapshot.as_of.is_none() {
            return Some("missing_as_of");
        }
        let lag = currency.max_lag.as_ref().and_then(|max_lag| self.lag(strategy, max_lag.value));
        lag.or_else(|| currency.min_history.as_ref().and_then(|history| self.history(strategy, history.value)))
    }

    fn lag(&self, strategy: &Strategy, max_lag: f64) -> Option<&'static str> {
        let as_of = self.snapshot.as_of?;
        let lag = match strategy.data_end.or(self.snapshot.data_end) {
            Some(data_end) if seconds_between(as_of, data_end) > CLOCK_TOLERANCE => return Some("future_data"),
            Some(data_end) => Some(self.behind(as_of, data_end)),
            None => self.metric(strategy, "data_lag"),
        };
        match lag {
            None => Some("missing_data_end"),
            Some(lag) if lag > max_lag => Some("stale_data"),
            Some(_) => None,
        }
    }

    fn behind(&self, as_of: Timestamp, data_end: Timestamp) -> f64 {
        seconds_between(data_end, self.snapshot.expected_data_end.unwrap_or(as_of))
    }

    fn history(&self, strategy: &Strategy, needed: f64) -> Option<&'static str> {
        let long_enough = self.days(strategy).is_some_and(|(days, _)| days * SECONDS_PER_DAY >= needed);
        (!long_enough).then_some("insufficient_history")
    }

    /// Days of history, and the metric that says so.
    fn days(&self, strategy: &Strategy) -> Option<(f64, &'static str)> {
        let years = || self.metric(strategy, "effective_history_years").map(|years| years * DAYS_PER_YEAR);
        let days = self.metric(strategy, "sample_days").map(|days| (days, "sample_days"));
        days.or_else(|| years().map(|days| (days, "effective_history_years")))
    }

    /// A metric of the catalogue for one strategy, whether or not an expression of the policy reads it.
    fn metric(&self, strategy: &Strategy, name: &str) -> Option<f64> {
        let metric = catalogue_metric(name)?;
        let column = Frame::single(&metric, self.program.dialect.is_native(), strategy);
        match column.data {
            Data::Number(column) => column.get(0),
            _ => None,
        }
    }
}
