//! Data currency: how fresh and how long the data behind a strategy is.

use jiff::Timestamp;

use super::fill;
use super::frame::{Data, Values};
use super::notes::Notes;
use super::snapshot::Snapshot;
use super::strategies::Strategies;
use super::time::seconds_between;
use crate::ir::{Metric, Program};

/// How far `data_end` may lie behind `as_of` without being from the future, in seconds.
const CLOCK_TOLERANCE: f64 = 60.0;
const SECONDS_PER_DAY: f64 = 86_400.0;
const DAYS_PER_YEAR: f64 = 365.0;

/// The metrics that data currency reads, whether or not an expression of the policy does.
const LAG: usize = 0;
const DAYS: usize = 1;
const YEARS: usize = 2;
const METRICS: [&str; 3] = ["data_lag", "sample_days", "effective_history_years"];

/// What is wrong with the data of each strategy; it never rejects and never promotes. Empty where the
/// policy asks for nothing.
pub(super) fn downgrades(program: &Program, snapshot: &Snapshot) -> Vec<Option<&'static str>> {
    let currency = &program.currency;
    if currency.max_lag.is_none() && currency.min_history.is_none() {
        return Vec::new();
    }
    with_source(program, snapshot, &snapshot.strategies, |source| {
        (0..snapshot.strategies.len()).map(|row| source.downgrade(row)).collect()
    })
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
    let alone: Strategies = [snapshot.strategies.get(row)?].into_iter().collect();
    Some(with_source(program, snapshot, &alone, |source| source.measured()))
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

/// Whether a program asks for history and nothing says how much the strategy of a row has.
#[must_use]
pub fn lacks_history(program: &Program, snapshot: &Snapshot, row: usize) -> bool {
    let asked = program.currency.min_history.is_some();
    asked && measure(program, snapshot, row).is_some_and(|measured| measured.history.is_none())
}

struct Source<'a> {
    program: &'a Program,
    snapshot: &'a Snapshot,
    strategies: &'a Strategies,
    columns: &'a [Option<Values<'a>>],
}

fn with_source<R>(
    program: &Program,
    snapshot: &Snapshot,
    strategies: &Strategies,
    then: impl FnOnce(&Source<'_>) -> R,
) -> R {
    let metrics = METRICS.map(catalogue_metric);
    let native = program.dialect.is_native();
    // Other parts of the evaluation note the same values.
    let mut notes = Notes::default();
    let columns = metrics.iter().map(|metric| {
        let metric = metric.as_ref()?;
        Some(fill::column(metric, native, strategies, &mut notes))
    });
    let columns: Vec<_> = columns.collect();
    then(&Source { program, snapshot, strategies, columns: &columns })
}

impl Source<'_> {
    fn downgrade(&self, row: usize) -> Option<&'static str> {
        let currency = &self.program.currency;
        if self.snapshot.as_of.is_none() {
            return Some("missing_as_of");
        }
        let lag = currency.max_lag.as_ref().and_then(|max_lag| self.lag(row, max_lag.value));
        lag.or_else(|| currency.min_history.as_ref().and_then(|history| self.history(row, history.value)))
    }

    fn measured(&self) -> Measured {
        let data_end = self.data_end(0);
        let (lag, lag_source) = match data_end {
            Some(end) => (self.snapshot.as_of.map(|as_of| self.behind(as_of, end)), "data_end"),
            None => (self.metric(LAG, 0), "data_lag"),
        };
        let history = self.days(0);
        Measured {
            lag,
            lag_source: lag.map(|_| lag_source),
            data_end,
            history: history.map(|(days, _)| days * SECONDS_PER_DAY),
            history_source: history.map(|(_, metric)| metric),
        }
    }

    fn data_end(&self, row: usize) -> Option<Timestamp> {
        self.strategies.data_end(row).or(self.snapshot.data_end)
    }

    fn lag(&self, row: usize, max_lag: f64) -> Option<&'static str> {
        let as_of = self.snapshot.as_of?;
        let lag = match self.data_end(row) {
            Some(data_end) if seconds_between(as_of, data_end) > CLOCK_TOLERANCE => return Some("future_data"),
            Some(data_end) => Some(self.behind(as_of, data_end)),
            None => self.metric(LAG, row),
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

    fn history(&self, row: usize, needed: f64) -> Option<&'static str> {
        let long_enough = self.days(row).is_some_and(|(days, _)| days * SECONDS_PER_DAY >= needed);
        (!long_enough).then_some("insufficient_history")
    }

    /// Days of history, and the metric that says so.
    fn days(&self, row: usize) -> Option<(f64, &'static str)> {
        let years = || self.metric(YEARS, row).map(|years| (years * DAYS_PER_YEAR, "effective_history_years"));
        self.metric(DAYS, row).map(|days| (days, "sample_days")).or_else(years)
    }

    fn metric(&self, index: usize, row: usize) -> Option<f64> {
        match &self.columns.get(index)?.as_ref()?.data {
            Data::Number(values) => values.get(row).copied().filter(|value| !value.is_nan()),
            _ => None,
        }
    }
}
