//! What a snapshot gives and what cannot be used of it: weights that are no numbers, correlations of others.

use std::collections::HashSet;

use super::fill::note_non_finite;
use super::notes::Notes;
use super::snapshot::{Correlations, Snapshot};
use super::strategies::Strategies;
use crate::ir::{Program, Step};

/// Notes weights that are given and not finite, unless they are read as a metric, which notes them.
pub(super) fn note_weights(program: &Program, strategies: &Strategies, notes: &mut Notes) {
    if program.metrics.iter().any(|metric| metric.name == "weight") {
        return;
    }
    let is_unusable = |row: &usize| strategies.weight(*row).is_some_and(|weight| !weight.is_finite());
    for row in (0..strategies.len()).filter(is_unusable) {
        note_non_finite(notes, format!("{}.weight", strategies.id(row)));
    }
}

/// The correlations of a snapshot. Those of a native policy that asks for some must name a pair of those
/// that are judged: ids written in another way would make every pair an absent one, which counts as 0.
pub(super) fn matrix<'s>(program: &Program, snapshot: &'s Snapshot, notes: &mut Notes) -> Option<&'s Correlations> {
    let given = snapshot.correlations.as_deref()?;
    let strategies = &snapshot.strategies;
    let asks = program.steps.iter().any(|step| matches!(step, Step::Correlation(_)));
    if !asks || strategies.len() < 2 || given.is_empty() {
        return Some(given);
    }
    let judged: HashSet<&str> = (0..strategies.len()).map(|row| strategies.id(row)).collect();
    if given.pairs().any(|(first, second)| first != second && judged.contains(first) && judged.contains(second)) {
        return Some(given);
    }
    let example = given.pairs().min().map(|(first, second)| format!("{first}/{second}")).unwrap_or_default();
    let message = "the correlations name no pair of judged strategies: they count as not given";
    notes.add("correlation_unmatched", message, example);
    None
}
