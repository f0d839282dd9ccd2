//! Data currency: how fresh and how long the data behind a strategy is.

use super::fill;
use super::frame::{Data, Values};
use super::notes::Notes;
use super::snapshot::Snapshot;
use super::time::seconds_between;
use crate::ir::{Metric, Program};

/// How far `data_end` may lie behind `as_of` without being from the future, in seconds.
const CLOCK_TOLERANCE: f64 = 60.0;
const SECONDS_PER_DAY: f64 = 86_400.0;
const DAYS_PER_YEAR: f64 = 365.0;

/// What is wrong with the data of each strategy; it never rejects and never promotes. Empty where the
/// policy asks for nothing.
pub(super) fn downgrades(program: &Program, snapshot: &Snapshot) -> Vec<Option<&'static str>> {
    let currency = &program.currency;
    if currency.max_lag.is_none() && currency.min_history.is_none() {
        return Vec::new();
    }
    let metrics = ["data_lag", "sample_days", "effective_history_years"].map(metric);
    let native = program.dialect.is_native();
    // Other parts of the evaluation note the same values.
    let mut notes = Notes::default();
    let columns = metrics
        .iter()
        .map(|metric| metric.as_ref().map(|metric| fill::column(metric, native, &snapshot.strategies, &mut notes)));
    let columns: Vec<_> = columns.collect();
    let source = Source { program, snapshot, columns: &columns };
    (0..snapshot.strategies.len()).map(|row| source.downgrade(row)).collect()
}

struct Source<'a> {
    program: &'a Program,
    snapshot: &'a Snapshot,
    /// Lag, days and years.
    columns: &'a [Option<Values<'a>>],
}

/// A metric of the catalogue, whether or not an expression of the policy reads it.
fn metric(name: &str) -> Option<Metric> {
    let found = crate::stdlib::standard().catalogue.find(name)?;
    Some(Metric {
        name: found.name.clone(),
        aliases: found.aliases(),
        kind: found.entry.kind,
        range: found.entry.range,
        better: None,
        layer: found.entry.layer,
        window: None,
        declared: true,
    })
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

    fn lag(&self, row: usize, max_lag: f64) -> Option<&'static str> {
        let as_of = self.snapshot.as_of?;
        let lag = match self.snapshot.strategies.data_end(row).or(self.snapshot.data_end) {
            Some(data_end) if seconds_between(as_of, data_end) > CLOCK_TOLERANCE => return Some("future_data"),
            Some(data_end) => Some(seconds_between(data_end, self.snapshot.expected_data_end.unwrap_or(as_of))),
            None => self.metric(0, row),
        };
        match lag {
            None => Some("missing_data_end"),
            Some(lag) if lag > max_lag => Some("stale_data"),
            Some(_) => None,
        }
    }

    fn history(&self, row: usize, needed: f64) -> Option<&'static str> {
        let days = self.metric(1, row).or_else(|| self.metric(2, row).map(|years| years * DAYS_PER_YEAR));
        let long_enough = days.is_some_and(|days| days * SECONDS_PER_DAY >= needed);
        (!long_enough).then_some("insufficient_history")
    }

    fn metric(&self, index: usize, row: usize) -> Option<f64> {
        match &self.columns.get(index)?.as_ref()?.data {
            Data::Number(values) => values.get(row).copied().filter(|value| !value.is_nan()),
            _ => None,
        }
    }
}
