//! What is judged for the record: runs on the snapshots they are submitted with, and decisions on the world
//! as it stands.

use jiff::Timestamp;
use serde_json::{Number, Value as Json, json};

use super::correlated::{Correlated, correlated};
use super::event::{DataWindow, LifecycleEvent};
use super::promotion::PromotionError;
use super::rules::WorldRules;
use super::run::{Run, RunError, Submission};
use super::words::Stage;
use super::world::WorldRecord;
use crate::diag::nearest;
use crate::eval::{
    Correlations, Decision, Detail, EvaluateError, Options, Previous, Snapshot, SnapshotError, Value, parse_instant,
    read_json, read_previous, seconds_between,
};
use crate::ir::{Layer, RuleSeverity};
use crate::policy::Policy;

/// Seconds by which the clocks of a feed and of the record may differ.
const CLOCK_TOLERANCE: f64 = 60.0;
/// Who stops a strategy that a recorded decision demotes.
const POLICY: &str = "policy";

/// Why something cannot be judged for the record.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JudgeError {
    /// The snapshot cannot be read.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// The snapshot says nothing of the strategy.
    #[error("the snapshot lacks the strategy `{strategy}`{}", .near.as_ref().map_or(": add its metrics".to_owned(), |near| format!(": did you mean `{near}`?")))]
    NoStrategy {
        /// The strategy.
        strategy: String,
        /// The one that was probably meant.
        near: Option<String>,
    },
    /// Nobody names a stage.
    #[error("no stage is given: name backtest, paper, shadow or live")]
    NoStage,
    /// The stage is none of a run.
    #[error("`{0}` is no stage of a run: take backtest, paper, shadow or live")]
    UnknownStage(String),
    /// The run does not take it.
    #[error(transparent)]
    Run(#[from] RunError),
    /// A strategy cannot be demoted.
    #[error(transparent)]
    Promotion(#[from] PromotionError),
    /// The snapshot cannot be judged by this policy.
    #[error(transparent)]
    Evaluate(#[from] EvaluateError),
    /// The state of the last decision is not what was recorded.
    #[error("the last recorded decision cannot be read: {0}")]
    LastDecision(String),
    /// The snapshot is not of the past.
    #[error("the snapshot is of {as_of}, after {at}: nothing is recorded before its time; mend `as_of`, or give --now")]
    FromFuture {
        /// The snapshot's time.
        as_of: Timestamp,
        /// When it was to be recorded.
        at: Timestamp,
    },
    /// A decision cannot be kept.
    #[error("the decision cannot be written: {0}")]
    Unwritten(String),
}

/// What a run is judged on.
#[derive(Debug, Clone)]
pub struct RunInput {
    strategy: String,
    snapshot: Snapshot,
    stage: Stage,
    metrics: Json,
    window: Option<DataWindow>,
}

impl RunInput {
    /// Takes a snapshot for the run of a strategy. The stage is the snapshot's unless one is given.
    ///
    /// # Errors
    /// If the tree is no snapshot, lacks the strategy, or nobody names a stage that runs have.
    pub fn read(tree: &Value, strategy: &str, stage: Option<&str>) -> Result<Self, JudgeError> {
        let mut snapshot = Snapshot::from_value(tree)?;
        let ids: Vec<_> = (0..snapshot.strategies.len()).map(|row| snapshot.strategies.id(row)).collect();
        if !ids.contains(&strategy) {
            let near = nearest(strategy, ids).map(str::to_owned);
            return Err(JudgeError::NoStrategy { strategy: strategy.to_owned(), near });
        }
        let named = stage.map(str::to_owned).or_else(|| snapshot.stage.clone()).ok_or(JudgeError::NoStage)?;
        let stage = Stage::from_name(&named).ok_or(JudgeError::UnknownStage(named))?;
        snapshot.stage = Some(stage.as_str().to_owned());
        let metrics = tree.get("metrics").and_then(|metrics| metrics.get(strategy));
        let metrics = metrics.filter(|block| **block != Value::Null).map_or_else(|| json!({}), as_json);
        Ok(Self { strategy: strategy.to_owned(), snapshot, stage, metrics, window: None })
    }

    /// The same, on data from one time to another, which the record keeps.
    #[must_use]
    pub fn on(self, window: Option<DataWindow>) -> Self {
        Self { window, ..self }
    }

    /// What the run observes.
    #[must_use]
    pub fn stage(&self) -> Stage {
        self.stage
    }

    /// What is to be recorded: the run, and the decision about it. A run that is judged on these metrics
    /// already keeps its decision, whatever has happened to the world since. With `supersedes` the run
    /// takes the place of another, for a reason.
    ///
    /// # Errors
    /// If the record does not take the run, or the snapshot cannot be judged.
    pub fn events(
        &self,
        (policy, rules): (&Policy, &WorldRules),
        world: &WorldRecord,
        run: &str,
        supersedes: Option<(&str, &str)>,
        at: Timestamp,
    ) -> Result<Vec<LifecycleEvent>, JudgeError> {
        let submission = Submission {
            strategy: self.strategy.clone(),
            run: run.to_owned(),
            stage: self.stage,
            window: self.window.clone(),
            policy_version: policy.program().version.clone(),
            ruleset_hash: policy.ruleset_hash().to_owned(),
            selection_hash: policy.selection_hash().to_owned(),
        };
        not_of_the_future(self.snapshot.as_of, at)?;
        let mut events = world.submit(&submission, supersedes)?;
        let as_of = self.snapshot.as_of.map(|as_of| as_of.to_string());
        let same = |known: &Run| {
            let judged_at = known.decision.as_ref().and_then(|decision| decision.get("as_of")).and_then(Json::as_str);
            known.judgement.is_some() && known.metrics.as_ref() == Some(&self.metrics) && judged_at == as_of.as_deref()
        };
        if world.run(&self.strategy, run).is_some_and(same) {
            return Ok(events);
        }
        let mut snapshot = self.snapshot.clone();
        snapshot.approvals = world.approved(rules);
        snapshot.previous = world.active()?.map(Previous::Ids);
        // A run asks whether the strategy would be taken, not how often it was: streaks are the world's.
        let options = Options {
            world: Some(rules.world.clone()),
            detail: Detail::Selected,
            shown: vec![self.strategy.clone()],
            alone: true,
            ..Options::default()
        };
        let decision = policy.evaluate(&snapshot, &options)?;
        let correlations = snapshot.correlations.as_deref();
        let known = world.known_correlations([self.strategy.as_str()], &decision.selected, correlations);
        let mut submitted = world.clone();
        events.iter().for_each(|event| submitted.apply(at, event));
        let judged = submitted.evaluate_run(&self.strategy, run, &self.metrics, &document(&decision)?)?;
        events.extend(judged.into_iter().map(|event| event.with_correlations(known.clone())));
        Ok(events)
    }
}

impl WorldRecord {
    /// What was active before, by the last recorded decision.
    ///
    /// # Errors
    /// If the state of that decision cannot be read.
    pub fn previous(&self) -> Result<Option<Previous>, JudgeError> {
        let Some(state) = self.last_decision().and_then(|decision| decision.get("state")) else { return Ok(None) };
        let state = read_json(&state.to_string()).map_err(|error| JudgeError::LastDecision(error.message))?;
        read_previous(&state).map(Some).map_err(JudgeError::LastDecision)
    }

    /// The strategies that were active before, by the last recorded decision.
    fn active(&self) -> Result<Option<Vec<String>>, JudgeError> {
        Ok(self.previous()?.map(|previous| match previous {
            Previous::Ids(ids) => ids,
            Previous::State(state) => {
                state.strategies.into_iter().filter(|(_, state)| state.active).map(|(id, _)| id).collect()
            }
        }))
    }

    /// How judged strategies go with what is live or selected; none where nobody gives correlations.
    fn known_correlations<'s>(
        &self,
        judged: impl IntoIterator<Item = &'s str>,
        selected: &[String],
        correlations: Option<&Correlations>,
    ) -> Option<Vec<Correlated>> {
        let active = self.live().keys().chain(selected).cloned().collect();
        correlations.map(|given| correlated(judged, &active, given))
    }

    /// A decision to record, and the live strategies that it stops: those that break a risk rule, where that
    /// demotes at once, and those that were active before and are no more, also where the snapshot lacks
    /// them. They need a new approval to come back. The decision tells of all strategies
    /// ([`Detail::All`]): of one that it leaves out no broken rule is seen.
    ///
    /// # Errors
    /// If the decision is of a time after this one, or cannot be written.
    pub fn record_decision(
        &self,
        rules: &WorldRules,
        before: Option<&Previous>,
        decision: &Decision,
        correlations: Option<&Correlations>,
        at: Timestamp,
    ) -> Result<Vec<LifecycleEvent>, JudgeError> {
        not_of_the_future(decision.as_of.as_deref().and_then(parse_instant), at)?;
        let judged = decision.strategies.iter().map(|(id, _)| id.as_str());
        let correlations = self.known_correlations(judged, &decision.selected, correlations);
        let mut events = vec![LifecycleEvent::DecisionRecorded { decision: document(decision)?, correlations }];
        let was_active = |id: &str| match before {
            Some(Previous::State(state)) => state.get(id).is_some_and(|state| state.active),
            Some(Previous::Ids(ids)) => ids.iter().any(|known| known == id),
            None => false,
        };
        let stops = |id: &&String| {
            was_active(id) && !decision.selected.contains(id) || rules.risk_exit && breaks_risk(decision, id)
        };
        let stopped = self.live().keys().filter(stops);
        for id in stopped {
            events.extend(self.demote((POLICY, &reason(decision, id)), id)?);
        }
        Ok(events)
    }
}

/// Fails where a snapshot is of a later time than what is recorded of it; clocks may differ by a minute.
fn not_of_the_future(as_of: Option<Timestamp>, at: Timestamp) -> Result<(), JudgeError> {
    match as_of {
        Some(as_of) if seconds_between(at, as_of) > CLOCK_TOLERANCE => Err(JudgeError::FromFuture { as_of, at }),
        _ => Ok(()),
    }
}

/// Whether a blocking risk rule of a strategy is false, not merely missing.
fn breaks_risk(decision: &Decision, id: &str) -> bool {
    let own = decision.strategies.iter().find(|(known, _)| known == id);
    let mut checks = own.into_iter().flat_map(|(_, own)| &own.checks);
    checks.any(|check| {
        (check.layer, check.severity, check.outcome) == (Layer::Risk.as_str(), RuleSeverity::Blocking, "false")
    })
}

fn document(decision: &Decision) -> Result<Json, JudgeError> {
    serde_json::to_value(decision).map_err(|error| JudgeError::Unwritten(error.to_string()))
}

fn reason(decision: &Decision, id: &str) -> String {
    let as_of = decision.as_of.as_deref().map(|as_of| format!(" as of {as_of}")).unwrap_or_default();
    let own = decision.strategies.iter().find(|(known, _)| known == id).map(|(_, own)| own);
    let cause = match own.map(|own| &own.rejected_by) {
        None => ": absent".to_owned(),
        Some(None) => String::new(),
        Some(Some(rejection)) => {
            let rule = rejection.rule.as_deref().map(|rule| format!(", {rule}")).unwrap_or_default();
            format!(": {}{rule}", rejection.code.replace('_', " "))
        }
    };
    format!("demoted by the decision{as_of}{cause}")
}

/// A tree as it is kept in events.
fn as_json(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Boolean(flag) => Json::Bool(*flag),
        Value::Number(number) if libm::trunc(*number) == *number && libm::fabs(*number) < 1e15 => {
            Json::from(*number as i64)
        }
        Value::Number(number) => Number::from_f64(*number).map_or(Json::Null, Json::Number),
        Value::Text(text) => Json::from(text.as_str()),
        Value::List(items) => items.iter().map(as_json).collect(),
        Value::Map(entries) => Json::Object(entries.iter().map(|(key, value)| (key.clone(), as_json(value))).collect()),
    }
}
