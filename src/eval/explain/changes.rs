//! The smallest changes of metrics that get the strategy admitted, each verified by an evaluation.

use super::case::{Case, Move};
use super::facts::{Change, ChangeOutcome, Quantity};
use super::search::{around, boundaries, is_boundary, nearer, search, sorted_by_distance};
use crate::eval::currency::{catalogue_metric, measure};
use crate::eval::decision::{Decision, Rejection, Status};
use crate::ir::{Expr, Metric, MetricId, RuleSeverity, Step};
use crate::value::{Kind, Unit};

/// What was found.
#[derive(Default)]
pub(super) struct Found {
    /// Each is enough.
    pub alone: Vec<Change>,
    /// These are enough together.
    pub together: Vec<Change>,
    /// What the decision says with the changes that act together.
    pub outcome: Option<ChangeOutcome>,
    /// What no change of metrics overcomes.
    pub obstacle: Option<Rejection>,
}

/// A metric that may be changed.
#[derive(Clone)]
struct Lever {
    metric: Metric,
    from: Option<f64>,
    quantity: Quantity,
}

pub(super) fn changes(case: &Case<'_>) -> Found {
    if case.qualifies() {
        return Found::default();
    }
    let alone: Vec<Change> = single_levers(case).iter().filter_map(|lever| alone(case, lever)).collect();
    if alone.is_empty() { together(case) } else { Found { alone, ..Found::default() } }
}

/// Positions of the blocking rules that fail.
fn failing(case: &Case<'_>, decision: &Decision) -> Vec<usize> {
    let checks = case.row_of(decision).map(|own| own.checks.as_slice()).unwrap_or_default();
    let blocks = |index: &usize| {
        checks.get(*index).is_some_and(|check| check.severity == RuleSeverity::Blocking && check.status == Status::Fail)
    };
    (0..checks.len()).filter(blocks).collect()
}

/// Metrics of which one alone may be enough: those that every failing rule reads, else those of score and levels.
fn single_levers(case: &Case<'_>) -> Vec<Lever> {
    let failing = failing(case, &case.admitted);
    let conditions: Vec<&Expr> = failing.iter().filter_map(|index| condition(case, *index)).collect();
    let levers = match conditions.split_first() {
        None => return step_levers(case),
        Some((first, others)) => {
            let shared = |id: &MetricId| others.iter().all(|other| other.metrics().contains(id));
            first.metrics().into_iter().filter(shared).filter_map(|id| lever(case, id)).collect()
        }
    };
    let currency = currency_lever(case);
    let concerns = |lever: &Lever| currency.as_ref().is_none_or(|other| other.metric.name == lever.metric.name);
    let levers: Vec<Lever> = levers;
    levers.into_iter().filter(concerns).collect()
}

fn condition<'c>(case: &'c Case<'_>, index: usize) -> Option<&'c Expr> {
    case.rules.get(index).map(|rule| case.condition(rule))
}

/// A metric of the program as something that can be changed; numbers only, and no size.
fn lever(case: &Case<'_>, id: MetricId) -> Option<Lever> {
    let metric = case.program.metric(id)?;
    let Kind::Number(_) = metric.kind else { return None };
    if metric.name == "weight" {
        return None;
    }
    let from = match case.amount(id) {
        Some(super::facts::Amount::Number(value)) => Some(value),
        _ => None,
    };
    Some(Lever { metric: metric.clone(), from, quantity: case.writer.quantity_of(metric) })
}

/// The metrics of the steps behind the rules, or of the data currency that stands in the way.
fn step_levers(case: &Case<'_>) -> Vec<Lever> {
    if let Some(lever) = currency_lever(case) {
        return vec![lever];
    }
    let mut ids: Vec<MetricId> = Vec::new();
    for expression in step_expressions(case) {
        ids.extend(expression.metrics().into_iter().filter(|id| !ids.contains(id)).collect::<Vec<_>>());
    }
    ids.into_iter().filter_map(|id| lever(case, id)).collect()
}

fn step_expressions<'c>(case: &'c Case<'_>) -> impl Iterator<Item = &'c Expr> {
    case.program.steps.iter().filter_map(|step| match step {
        Step::Score(score) => Some(score),
        Step::TopK(top) => Some(&top.metric),
        Step::MetricHysteresis(levels) => Some(&levels.metric),
        _ => None,
    })
}

/// The metric that says that the data is too old or too short, where a metric says so.
fn currency_lever(case: &Case<'_>) -> Option<Lever> {
    let measured = measure(case.program, case.snapshot, case.row)?;
    let (name, value) = match case.admission_own.downgrade_reason? {
        "stale_data" | "missing_data_end" => ("data_lag", measured.lag),
        "insufficient_history" => (measured.history_source.unwrap_or("sample_days"), measured.history),
        _ => return None,
    };
    let metric = catalogue_metric(name)?;
    let quantity = case.writer.quantity_of(&metric);
    Some(Lever { from: value.map(|seconds| in_unit(&metric, seconds)), metric, quantity })
}

/// Seconds in the unit of a metric of time.
fn in_unit(metric: &Metric, seconds: f64) -> f64 {
    let Kind::Number(unit) = metric.kind else { return seconds };
    seconds / unit.seconds().unwrap_or(1.0)
}

/// Where a change of this metric might be enough.
fn candidates(case: &Case<'_>, lever: &Lever, conditions: &[&Expr]) -> Vec<f64> {
    let is_metric = |part: &Expr| {
        part.as_metric().and_then(|id| case.program.metric(id)).is_some_and(|m| m.name == lever.metric.name)
    };
    let mut values = boundaries(conditions, &is_metric, lever.from);
    for step in &case.program.steps {
        if let Step::MetricHysteresis(levels) = step
            && is_metric(&levels.metric)
        {
            values.extend([levels.enter.value, levels.exit.value].into_iter().flat_map(around));
        }
    }
    let currency = &case.program.currency;
    match lever.metric.name.as_str() {
        "data_lag" => values.extend(currency.max_lag.as_ref().map(|lag| lag.value)),
        "sample_days" | "effective_history_years" => {
            values.extend(currency.min_history.as_ref().map(|history| in_unit(&lever.metric, history.value)));
        }
        _ => {}
    }
    sorted_by_distance(&mut values, lever.from);
    values
}

/// The change of one metric for which a test of the decision holds: a boundary, else what a search finds.
fn enough(
    case: &Case<'_>,
    lever: &Lever,
    others: &[Move],
    conditions: &[&Expr],
    test: &dyn Fn(&Decision) -> bool,
) -> Option<Change> {
    let holds = |value: f64| {
        let moves: Vec<Move> = others.iter().cloned().chain([(lever.metric.name.clone(), value)]).collect();
        case.trial(&moves).is_some_and(|decision| test(&decision))
    };
    let whole = lever.metric.kind == Kind::Number(Unit::Count);
    let found = candidates(case, lever, conditions).into_iter().find(|value| holds(*value));
    let exact = found.is_some_and(|value| is_boundary(lever.from, value, &holds));
    let to = match (found, lever.from) {
        (Some(value), Some(from)) if !exact => nearer(from, value, whole, &holds),
        (Some(value), _) => value,
        (None, from) => search(from, lever.metric.range, lever.metric.better, whole, &holds)?,
    };
    let metric = lever.metric.name.clone();
    let Lever { from, quantity, .. } = *lever;
    Some(Change { metric, quantity, from, to, exact, verified: true, outcome: None })
}

fn qualifies(case: &Case<'_>, decision: &Decision) -> bool {
    case.row_of(decision).is_some_and(|own| own.selected)
}

fn alone(case: &Case<'_>, lever: &Lever) -> Option<Change> {
    let failing = failing(case, &case.admitted);
    let conditions: Vec<&Expr> = failing.iter().filter_map(|index| condition(case, *index)).collect();
    let change = enough(case, lever, &[], &conditions, &|decision| qualifies(case, decision))?;
    let outcome = outcome(case, &[(change.metric.clone(), change.to)]);
    Some(Change { outcome, ..change })
}

fn outcome(case: &Case<'_>, moves: &[Move]) -> Option<ChangeOutcome> {
    let (admitted, decision) = (case.trial(moves)?, case.full_trial(moves)?);
    let own = case.row_of(&decision)?;
    let displaced = case.admitted.selected.iter().filter(|id| !admitted.selected.contains(id));
    Some(ChangeOutcome {
        qualified: qualifies(case, &admitted),
        selected: own.selected,
        rank: case.row_of(&admitted)?.rank,
        displaced: displaced.cloned().collect(),
        rejected_by: own.rejected_by.clone(),
        downgrade_reason: own.downgrade_reason,
    })
}

/// One metric of each failing rule, and what is then still needed for its place.
fn together(case: &Case<'_>) -> Found {
    let mut changes: Vec<Change> = Vec::new();
    // A rule met may break another one of the same metric: no rule is worth more than two attempts.
    for _ in 0..case.rules.len() * 2 {
        let Some(decision) = case.trial(&moves(&changes)) else { break };
        let Some(index) = failing(case, &decision).into_iter().next() else { break };
        match meet(case, index, &changes) {
            Some(change) => put(&mut changes, change),
            None => return stuck(case, &changes),
        }
    }
    let admitted = |changes: &[Change]| case.trial(&moves(changes)).is_some_and(|found| qualifies(case, &found));
    if !admitted(&changes) {
        let further = step_levers(case).into_iter().find_map(|lever| {
            let others: Vec<Move> =
                moves(&changes).into_iter().filter(|(name, _)| *name != lever.metric.name).collect();
            enough(case, &lever, &others, &[], &|decision| qualifies(case, decision))
        });
        match further {
            Some(change) => put(&mut changes, change),
            None => return stuck(case, &changes),
        }
    }
    if !admitted(&changes) {
        return stuck(case, &changes);
    }
    let together = least(case, changes);
    Found { outcome: outcome(case, &moves(&together)), together, ..Found::default() }
}

/// Without the changes that turn out not to be needed, and the others as small as they may be beside each other.
fn least(case: &Case<'_>, mut changes: Vec<Change>) -> Vec<Change> {
    for index in (0..changes.len()).rev() {
        let mut fewer = changes.clone();
        fewer.remove(index);
        if case.trial(&moves(&fewer)).is_some_and(|found| qualifies(case, &found)) {
            changes = fewer;
        }
    }
    let conditions: Vec<&Expr> = case.rules.iter().map(|rule| case.condition(rule)).collect();
    for known in changes.clone() {
        let Some(lever) = lever_named(case, &known.metric) else { continue };
        let others: Vec<Move> = moves(&changes).into_iter().filter(|(name, _)| *name != known.metric).collect();
        let smaller = enough(case, &lever, &others, &conditions, &|decision| qualifies(case, decision));
        // Of a metric without a value no change is smaller than another.
        let way = |change: &Change| change.from.map_or(f64::NAN, |from| libm::fabs(change.to - from));
        if let Some(smaller) = smaller.filter(|smaller| way(smaller) <= way(&known))
            && let Some(slot) = changes.iter_mut().find(|change| change.metric == known.metric)
        {
            *slot = smaller;
        }
    }
    changes
}

fn lever_named(case: &Case<'_>, name: &str) -> Option<Lever> {
    let index = case.program.metrics.iter().position(|metric| metric.name == name)?;
    lever(case, MetricId(u32::try_from(index).ok()?))
}

fn moves(changes: &[Change]) -> Vec<Move> {
    changes.iter().map(|change| (change.metric.clone(), change.to)).collect()
}

fn put(changes: &mut Vec<Change>, change: Change) {
    changes.retain(|known| known.metric != change.metric);
    changes.push(change);
}

/// What still stands in the way with these changes.
fn stuck(case: &Case<'_>, changes: &[Change]) -> Found {
    let decision = case.trial(&moves(changes));
    let obstacle = decision.as_ref().and_then(|decision| case.row_of(decision)).and_then(|own| own.rejected_by.clone());
    Found { obstacle, ..Found::default() }
}

/// The change of one metric that meets a rule.
fn meet(case: &Case<'_>, index: usize, changes: &[Change]) -> Option<Change> {
    let condition = condition(case, index)?;
    let met = |decision: &Decision| !failing(case, decision).contains(&index);
    condition.metrics().into_iter().filter_map(|id| lever(case, id)).find_map(|lever| {
        let others: Vec<Move> = moves(changes).into_iter().filter(|(name, _)| *name != lever.metric.name).collect();
        enough(case, &lever, &others, &[condition], &met)
    })
}
