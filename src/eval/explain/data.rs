//! How fresh and how long the data of the strategy is.

use super::case::Case;
use super::facts::DataFacts;
use crate::eval::currency::measure;
use crate::eval::frame::Frame;
use crate::eval::notes::Notes;

pub(super) fn data(case: &Case<'_>) -> DataFacts {
    let measured = measure(case.program, case.snapshot, case.row);
    let measured = measured.as_ref();
    let currency = &case.program.currency;
    // Notes of the whole decision name a few strategies only.
    let mut notes = Notes::default();
    let _ = Frame::new(case.program, &case.snapshot.alone(case.row).strategies, &mut notes);
    let data_end = measured.and_then(|measured| measured.data_end);
    DataFacts {
        lag: measured.and_then(|measured| measured.lag),
        lag_source: measured.and_then(|measured| measured.lag_source),
        data_end: data_end.map(|end| end.to_string()),
        expected_end: case.snapshot.expected_data_end.map(|end| end.to_string()),
        max_lag: currency.max_lag.as_ref().map(|lag| lag.value),
        history: measured.and_then(|measured| measured.history),
        history_source: measured.and_then(|measured| measured.history_source),
        min_history: currency.min_history.as_ref().map(|history| history.value),
        missing: case.own.missing.clone(),
        notes: notes.into_vec(),
    }
}
