//! How judged strategies go with active ones: kept with decisions, because the correlations of a snapshot are not.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::event::LifecycleEvent;
use crate::eval::Correlations;

/// Most active strategies named for one judged strategy.
const MOST: usize = 3;

/// How a judged strategy goes with an active one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Correlated {
    /// The strategy judged.
    pub strategy: String,
    /// The active one.
    pub with: String,
    /// Their correlation.
    pub rho: f64,
}

/// The active strategies that each judged one goes with most, strongest first. Pairs that nobody gives are
/// left out, and nothing is said of a strategy and itself.
#[must_use]
pub fn correlated<'s>(
    judged: impl IntoIterator<Item = &'s str>,
    active: &BTreeSet<String>,
    correlations: &Correlations,
) -> Vec<Correlated> {
    let mut found = Vec::new();
    for strategy in judged {
        let others = active.iter().filter(|other| *other != strategy);
        let pair = |other: &String| {
            let rho = correlations.get(strategy, other)?;
            Some(Correlated { strategy: strategy.to_owned(), with: other.clone(), rho })
        };
        let mut pairs: Vec<_> = others.filter_map(pair).collect();
        let stronger = |one: &Correlated, other: &Correlated| {
            libm::fabs(other.rho).partial_cmp(&libm::fabs(one.rho)).unwrap_or(Ordering::Equal)
        };
        crate::order::sort_by(&mut pairs, |one, other| stronger(one, other).then_with(|| one.with.cmp(&other.with)));
        found.extend(pairs.into_iter().take(MOST));
    }
    found
}

impl LifecycleEvent {
    /// The same event with what is known of correlations, where it is a judgement.
    #[must_use]
    pub fn with_correlations(mut self, known: Option<Vec<Correlated>>) -> Self {
        if let Self::RunEvaluated { correlations, .. } | Self::DecisionRecorded { correlations, .. } = &mut self {
            *correlations = known;
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strongest_come_first_and_nobody_goes_with_itself() {
        let mut given = Correlations::default();
        for (one, other, rho) in [("a", "b", 0.3), ("a", "c", -0.9), ("a", "d", 0.5), ("a", "e", 0.4), ("b", "c", 0.1)]
        {
            given.insert(one, other, rho);
        }
        let active = ["a", "b", "c", "d", "e"].map(str::to_owned).into();
        let found = correlated(["a", "x"], &active, &given);
        let told: Vec<_> = found.iter().map(|one| (one.with.as_str(), one.rho)).collect();
        assert_eq!(told, [("c", -0.9), ("d", 0.5), ("e", 0.4)]);
    }
}
