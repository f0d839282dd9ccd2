//! How safe the place of an admitted strategy is.

use super::case::Case;
use super::facts::Room;
use crate::eval::decision::{Check, Status};
use crate::ir::RuleSeverity;

pub(super) fn room(case: &Case<'_>) -> Room {
    let checks = case.admission_own.checks.iter();
    let holds = |check: &&Check| check.severity == RuleSeverity::Blocking && check.status == Status::Pass;
    let distances = checks.filter(holds).filter_map(|check| relative(check).map(|distance| (distance, &check.id)));
    let nearest = distances.min_by(|left, right| left.0.total_cmp(&right.0));
    Room {
        nearest: nearest.map(|(_, id)| id.clone()),
        relative: nearest.map(|(distance, _)| distance),
        successors: successors(case),
    }
}

/// The margin in parts of the threshold; the margin itself where the threshold is zero.
fn relative(check: &Check) -> Option<f64> {
    let (margin, threshold) = check.margin.zip(check.threshold)?;
    let scale = libm::fabs(threshold);
    let distance = if scale == 0.0 { margin } else { margin / scale };
    distance.is_finite().then_some(distance)
}

/// Who would be admitted if the strategy were not in the snapshot.
fn successors(case: &Case<'_>) -> Vec<String> {
    let Some(without) = case.trial_without() else { return Vec::new() };
    without.selected.into_iter().filter(|id| !case.is_admitted(id)).collect()
}
