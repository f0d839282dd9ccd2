//! What happened to a world, in short and in order: decisions without their details, and what people did.
//!
//! The record of a world knows where things stand; this is how they came there.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::correlated::Correlated;
use super::event::{Activation, LifecycleEvent};
use super::words::{OverrideStatus, RunState, Stage};
use crate::eval::Status;

/// The history of a world.
#[derive(Debug, Clone, Default)]
pub struct History {
    happenings: Vec<Happening>,
    decisions: Vec<PastDecision>,
    /// What was known of correlations when runs were judged.
    runs: BTreeMap<(String, String), Option<Vec<Correlated>>>,
    /// The same for the last decision.
    last: Option<Vec<Correlated>>,
}

/// Something that happened to runs, promotions or the world.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Happening {
    /// When it was recorded.
    pub at: Timestamp,
    /// What: the kind of the event.
    pub kind: &'static str,
    /// The strategy, if it is about one.
    pub strategy: Option<String>,
    /// The run, if it is about one.
    pub run: Option<String>,
    /// What the run observes, where it became known.
    pub stage: Option<Stage>,
    /// Where the run went.
    pub state: Option<RunState>,
    /// How the run was judged.
    pub status: Option<Status>,
    /// What a person said about the run.
    pub said: Option<OverrideStatus>,
    /// Who did it.
    pub actor: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// Which strategies became live by it.
    pub activated: Vec<String>,
    /// Which stopped being live.
    pub deactivated: Vec<String>,
}

/// A recorded decision in short.
#[derive(Debug, Clone, PartialEq)]
pub struct PastDecision {
    /// When it was recorded.
    pub at: Timestamp,
    /// The instant judged.
    pub as_of: Option<String>,
    /// The stage judged.
    pub stage: Option<String>,
    /// Hash of the policy that judged.
    pub ruleset_hash: String,
    /// How many strategies it selected.
    pub selected: usize,
    /// What it says about each strategy.
    pub strategies: BTreeMap<String, PastStanding>,
}

/// What a decision said about a strategy.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct PastStanding {
    /// The gravest of its results.
    pub status: Status,
    /// Whether it was active by then.
    pub selected: bool,
    /// What changed: `promote`, `demote` or `hold`.
    pub action: String,
    /// How it might run.
    pub effective_mode: String,
    /// What kept it out first.
    pub rejected_by: Option<PastRejection>,
}

/// What kept a strategy out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastRejection {
    /// The code.
    pub code: String,
    /// The rule, where it was one.
    pub rule: Option<String>,
    /// Who stood in the way.
    #[serde(default)]
    pub by: Vec<String>,
}

impl History {
    /// Takes in what happened next.
    pub fn take(&mut self, at: Timestamp, event: &LifecycleEvent) {
        match event {
            LifecycleEvent::DecisionRecorded { decision, correlations } => {
                self.decisions.push(PastDecision::read(at, decision));
                self.last.clone_from(correlations);
            }
            LifecycleEvent::RunEvaluated { strategy, run, correlations, .. } => {
                self.runs.insert((strategy.clone(), run.clone()), correlations.clone());
                self.happenings.extend(Happening::of(at, event));
            }
            event => self.happenings.extend(Happening::of(at, event)),
        }
    }

    /// What happened beside decisions, oldest first.
    #[must_use]
    pub fn happenings(&self) -> &[Happening] {
        &self.happenings
    }

    /// All recorded decisions, oldest first.
    #[must_use]
    pub fn decisions(&self) -> &[PastDecision] {
        &self.decisions
    }

    /// How a strategy went with active ones when a run of it was judged; none where nobody recorded that.
    #[must_use]
    pub fn correlated_in_run(&self, strategy: &str, run: &str) -> Option<&[Correlated]> {
        self.runs.get(&(strategy.to_owned(), run.to_owned()))?.as_deref()
    }

    /// The same for the last decision, all strategies.
    #[must_use]
    pub fn correlated_last(&self) -> Option<&[Correlated]> {
        self.last.as_deref()
    }
}

impl PastDecision {
    fn read(at: Timestamp, decision: &Value) -> Self {
        let text = |key: &str| decision.get(key).and_then(Value::as_str).map(str::to_owned);
        let strategies = decision.get("strategies").and_then(Value::as_object).into_iter().flatten();
        let standing = |(id, own): (&String, &Value)| Some((id.clone(), PastStanding::deserialize(own).ok()?));
        Self {
            at,
            as_of: text("as_of"),
            stage: text("stage"),
            ruleset_hash: text("ruleset_hash").unwrap_or_default(),
            selected: decision.get("selected").and_then(Value::as_array).map_or(0, Vec::len),
            strategies: strategies.filter_map(standing).collect(),
        }
    }
}

impl Happening {
    /// What is told of an event; none of steps that say nothing to people.
    fn of(at: Timestamp, event: &LifecycleEvent) -> Option<Self> {
        let mut told = Self {
            at,
            kind: event.kind(),
            strategy: event.strategy().map(str::to_owned),
            run: event.run().map(str::to_owned),
            stage: None,
            state: None,
            status: None,
            said: None,
            actor: None,
            reason: None,
            activated: Vec::new(),
            deactivated: Vec::new(),
        };
        match event {
            LifecycleEvent::RunMoved { to: RunState::BacktestRunning | RunState::Evaluating, .. }
            | LifecycleEvent::PromotionSwitched { .. } => return None,
            LifecycleEvent::RunSubmitted { stage, .. } => told.stage = Some(*stage),
            LifecycleEvent::RunMoved { to, .. } => told.state = Some(*to),
            LifecycleEvent::RunEvaluated { strategy, decision, .. } => {
                let own = decision.get("strategies").and_then(|all| all.get(strategy));
                told.status = own.and_then(|own| Status::deserialize(own.get("status")?).ok());
            }
            LifecycleEvent::RunOverridden { status, .. } => told.said = Some(*status),
            LifecycleEvent::RunSuperseded { reason, .. } => told.reason = Some(reason.clone()),
            LifecycleEvent::PromotionFrozen { activate, deactivate, .. }
            | LifecycleEvent::PromotionRolledBack { activate, deactivate, .. } => {
                told.activated = strategies(activate);
                told.deactivated.clone_from(deactivate);
            }
            _ => {}
        }
        if let Some((actor, reason)) = event.by() {
            (told.actor, told.reason) = (Some(actor.to_owned()), Some(reason.to_owned()));
        }
        Some(told)
    }

    /// Whether it is about a strategy, alone or among others; what happens to a world happens to all in it.
    #[must_use]
    pub fn concerns(&self, strategy: &str) -> bool {
        let named = |ids: &[String]| ids.iter().any(|id| id == strategy);
        self.strategy.as_deref().is_none_or(|own| own == strategy) || named(&self.activated) || named(&self.deactivated)
    }
}

fn strategies(activations: &[Activation]) -> Vec<String> {
    activations.iter().map(|activation| activation.strategy.clone()).collect()
}
