//! What the past of the strategy makes of it.

use super::case::Case;
use super::facts::HysteresisFacts;
use crate::eval::state::{Previous, StrategyState};
use crate::eval::time::{later, seconds_between};
use crate::ir::{MetricHysteresis, RiskExit, Step, Streaks};

pub(super) fn hysteresis(case: &Case<'_>) -> Option<HysteresisFacts> {
    case.program.steps.iter().find_map(|step| match step {
        Step::Streaks(settings) => Some(streaks(case, settings)),
        Step::MetricHysteresis(settings) => Some(levels(case, settings)),
        _ => None,
    })
}

fn streaks(case: &Case<'_>, settings: &Streaks) -> HysteresisFacts {
    let before = before(case);
    let after = case.decision.state.get(case.id()).cloned().unwrap_or_default();
    let incomplete = case.decision.notes.iter().any(|note| note.code == "incomplete_snapshot");
    let repeated = match &case.snapshot.previous {
        Some(Previous::State(state)) => state.as_of == case.snapshot.as_of,
        _ => false,
    };
    let counted = case.snapshot.as_of.is_some() && !repeated && !incomplete && !case.own.downgraded;
    let dwell = settings.min_dwell.value;
    let free = before.since.and_then(|since| later(since, dwell));
    let waits_for_dwell = match (before.since, case.snapshot.as_of) {
        (Some(since), Some(as_of)) => seconds_between(since, as_of) < dwell,
        _ => false,
    };
    let waits = case.own.rejected_by.as_ref().filter(|rejection| rejection.step == "hysteresis");
    HysteresisFacts::Streaks {
        pass_streak: after.pass_streak,
        fail_streak: after.fail_streak,
        counted,
        incomplete,
        promote_after: settings.promote_after.value,
        demote_after: settings.demote_after.value,
        since: after.since.map(|since| since.to_string()),
        min_dwell: dwell,
        may_change_from: free.filter(|_| waits_for_dwell).map(|free| free.to_string()),
        waits: waits.map(|rejection| rejection.code.clone()),
        immediate_risk_exit: settings.risk_exit == RiskExit::Immediate,
    }
}

fn before(case: &Case<'_>) -> StrategyState {
    match &case.snapshot.previous {
        Some(Previous::State(state)) => state.get(case.id()).cloned().unwrap_or_default(),
        _ => StrategyState { active: case.was_active, ..StrategyState::default() },
    }
}

fn levels(case: &Case<'_>, settings: &MetricHysteresis) -> HysteresisFacts {
    HysteresisFacts::Levels {
        metric: case.writer.text(&settings.metric),
        value: case.number(&settings.metric),
        quantity: case.writer.quantity(&settings.metric),
        enter: settings.enter.value,
        exit: settings.exit.value,
    }
}
