//! What happened to a world: the only thing that is kept; every view is made of it.

use jiff::Timestamp;
use serde::de::value::{MapAccessDeserializer, MapDeserializer};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::correlated::Correlated;
use super::words::{OverrideStatus, RunState, Stage};

/// What data a run was judged on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataWindow {
    /// From when.
    #[serde(deserialize_with = "crate::eval::deserialize_instant")]
    pub start: Timestamp,
    /// Until when.
    #[serde(deserialize_with = "crate::eval::deserialize_instant")]
    pub end: Timestamp,
}

/// A strategy with the run that it is live by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Activation {
    /// The strategy.
    pub strategy: String,
    /// The run.
    pub run: String,
}

/// One thing that happened. Kinds and fields are kept for good: an event once written must always be read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum LifecycleEvent {
    /// A run became known.
    RunSubmitted {
        /// The strategy.
        strategy: String,
        /// The run.
        run: String,
        /// What it observes.
        stage: Stage,
        /// The data it is judged on, if known.
        window: Option<DataWindow>,
        /// The version of the policy that judges it.
        policy_version: Option<String>,
        /// Hash of that policy.
        ruleset_hash: String,
        /// Hash of what in it can alter a selection.
        selection_hash: String,
    },
    /// A run went from one state to another.
    RunMoved {
        /// The strategy.
        strategy: String,
        /// The run.
        run: String,
        /// From where.
        from: RunState,
        /// To where.
        to: RunState,
    },
    /// A run was judged.
    RunEvaluated {
        /// The strategy.
        strategy: String,
        /// The run.
        run: String,
        /// The metrics of the strategy, as given.
        metrics: Value,
        /// The whole decision document, also where nothing was selected.
        decision: Value,
        /// How it goes with active strategies; none where the snapshot has no correlations.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        correlations: Option<Vec<Correlated>>,
    },
    /// A person spoke about a run.
    RunOverridden {
        /// The strategy.
        strategy: String,
        /// The run.
        run: String,
        /// What was said.
        status: OverrideStatus,
        /// Why.
        reason: String,
        /// Who.
        actor: String,
        /// Under which policy.
        ruleset_hash: String,
    },
    /// A run took the place of an earlier one.
    RunSuperseded {
        /// The strategy.
        strategy: String,
        /// The earlier run.
        run: String,
        /// The new run.
        by: String,
        /// Why.
        reason: String,
    },
    /// A run was approved for live.
    PromotionApproved {
        /// The strategy.
        strategy: String,
        /// The run.
        run: String,
        /// Who.
        actor: String,
        /// Why.
        reason: String,
        /// Under which policy.
        ruleset_hash: String,
    },
    /// A run was turned down for live.
    PromotionRejected {
        /// The strategy.
        strategy: String,
        /// The run.
        run: String,
        /// Who.
        actor: String,
        /// Why.
        reason: String,
        /// Under which policy.
        ruleset_hash: String,
    },
    /// Orders were frozen to apply a plan.
    PromotionFrozen {
        /// The strategy.
        strategy: String,
        /// The run.
        run: String,
        /// Who.
        actor: String,
        /// Why.
        reason: String,
        /// Under which policy.
        ruleset_hash: String,
        /// What becomes live.
        activate: Vec<Activation>,
        /// What stops being live.
        deactivate: Vec<String>,
        /// What was live before.
        rollback_point: Vec<Activation>,
    },
    /// The plan became what is live.
    PromotionSwitched {
        /// The strategy.
        strategy: String,
        /// The run.
        run: String,
    },
    /// Orders were let go again.
    PromotionCompleted {
        /// The strategy.
        strategy: String,
        /// The run.
        run: String,
    },
    /// An applied plan was taken back, or one that could not be applied was given up.
    PromotionRolledBack {
        /// The strategy.
        strategy: String,
        /// The run.
        run: String,
        /// Who.
        actor: String,
        /// Why.
        reason: String,
        /// What becomes live again.
        activate: Vec<Activation>,
        /// What stops being live.
        deactivate: Vec<String>,
        /// Whether the plan never came into force.
        failed: bool,
    },
    /// A strategy stopped being live.
    Demoted {
        /// The strategy.
        strategy: String,
        /// Who.
        actor: String,
        /// Why.
        reason: String,
    },
    /// The world was halted: nothing promotes.
    WorldHalted {
        /// Who.
        actor: String,
        /// Why.
        reason: String,
    },
    /// The world goes on.
    WorldResumed {
        /// Who.
        actor: String,
        /// Why.
        reason: String,
    },
    /// A decision was kept.
    DecisionRecorded {
        /// The whole decision document, with the state for the next one.
        decision: Value,
        /// How judged strategies go with active ones; none where the snapshot has no correlations.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        correlations: Option<Vec<Correlated>>,
    },
}

/// Why a recorded event cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EventError {
    /// A body that is no mapping, or names no world.
    #[error("the body of a `{kind}` event names no world: it was not written by this program")]
    NoWorld {
        /// The kind.
        kind: String,
    },
    /// Fields that do not fit the kind.
    #[error("a `{kind}` event cannot be read: {problem}; a newer version of this program may have written it")]
    Unreadable {
        /// The kind.
        kind: String,
        /// What is wrong.
        problem: String,
    },
}

impl LifecycleEvent {
    /// The name under which it is kept.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::RunSubmitted { .. } => "run_submitted",
            Self::RunMoved { .. } => "run_moved",
            Self::RunEvaluated { .. } => "run_evaluated",
            Self::RunOverridden { .. } => "run_overridden",
            Self::RunSuperseded { .. } => "run_superseded",
            Self::PromotionApproved { .. } => "promotion_approved",
            Self::PromotionRejected { .. } => "promotion_rejected",
            Self::PromotionFrozen { .. } => "promotion_frozen",
            Self::PromotionSwitched { .. } => "promotion_switched",
            Self::PromotionCompleted { .. } => "promotion_completed",
            Self::PromotionRolledBack { .. } => "promotion_rolled_back",
            Self::Demoted { .. } => "demoted",
            Self::WorldHalted { .. } => "world_halted",
            Self::WorldResumed { .. } => "world_resumed",
            Self::DecisionRecorded { .. } => "decision_recorded",
        }
    }

    /// The strategy it is about, if it is about one.
    #[must_use]
    pub fn strategy(&self) -> Option<&str> {
        self.subject().0
    }

    /// The run it is about, if it is about one.
    #[must_use]
    pub fn run(&self) -> Option<&str> {
        self.subject().1
    }

    fn subject(&self) -> (Option<&str>, Option<&str>) {
        match self {
            Self::RunSubmitted { strategy, run, .. }
            | Self::RunMoved { strategy, run, .. }
            | Self::RunEvaluated { strategy, run, .. }
            | Self::RunOverridden { strategy, run, .. }
            | Self::RunSuperseded { strategy, run, .. }
            | Self::PromotionApproved { strategy, run, .. }
            | Self::PromotionRejected { strategy, run, .. }
            | Self::PromotionFrozen { strategy, run, .. }
            | Self::PromotionSwitched { strategy, run }
            | Self::PromotionCompleted { strategy, run }
            | Self::PromotionRolledBack { strategy, run, .. } => (Some(strategy), Some(run)),
            Self::Demoted { strategy, .. } => (Some(strategy), None),
            Self::WorldHalted { .. } | Self::WorldResumed { .. } | Self::DecisionRecorded { .. } => (None, None),
        }
    }

    /// Who did it and why, where a person did.
    #[must_use]
    pub fn by(&self) -> Option<(&str, &str)> {
        match self {
            Self::RunOverridden { actor, reason, .. }
            | Self::PromotionApproved { actor, reason, .. }
            | Self::PromotionRejected { actor, reason, .. }
            | Self::PromotionFrozen { actor, reason, .. }
            | Self::PromotionRolledBack { actor, reason, .. }
            | Self::Demoted { actor, reason, .. }
            | Self::WorldHalted { actor, reason }
            | Self::WorldResumed { actor, reason } => Some((actor, reason)),
            Self::RunSubmitted { .. }
            | Self::RunMoved { .. }
            | Self::RunEvaluated { .. }
            | Self::RunSuperseded { .. }
            | Self::PromotionSwitched { .. }
            | Self::PromotionCompleted { .. }
            | Self::DecisionRecorded { .. } => None,
        }
    }

    /// An id under which it can be kept once: what can happen once to a run has no time in it.
    #[must_use]
    pub fn id(&self, world: &str, at: Timestamp) -> String {
        let (strategy, run) = self.subject();
        let mut parts = vec![self.kind().to_owned(), world.to_owned()];
        parts.extend(strategy.map(str::to_owned));
        parts.extend(run.map(str::to_owned));
        match self {
            Self::RunSubmitted { .. } | Self::RunEvaluated { .. } | Self::RunSuperseded { .. } => {}
            Self::RunMoved { to, .. } => parts.push(to.as_str().to_owned()),
            _ => parts.push(at.to_string()),
        }
        parts.join(":")
    }

    /// What is kept of it beside its kind: its fields, and the world.
    #[must_use]
    pub fn body(&self, world: &str) -> Value {
        // Every field is a text, a list of texts or a JSON value: writing them cannot fail.
        let Ok(Value::Object(kinds)) = serde_json::to_value(self) else { return Value::Null };
        let mut body = kinds.into_iter().next().map(|(_, fields)| fields).unwrap_or_default();
        if let Some(fields) = body.as_object_mut() {
            fields.insert("world".to_owned(), Value::from(world));
        }
        body
    }

    /// Reads what [`Self::body`] wrote: the world and the event.
    ///
    /// # Errors
    /// If the kind is unknown or the body does not fit it.
    pub fn read(kind: &str, mut body: Value) -> Result<(String, Self), EventError> {
        let world = body.as_object_mut().and_then(|fields| fields.remove("world"));
        let Some(Value::String(world)) = world else { return Err(EventError::NoWorld { kind: kind.to_owned() }) };
        // An enum is read from one entry: its kind with its fields.
        let entry = MapAccessDeserializer::new(MapDeserializer::new(std::iter::once((kind, body))));
        let unreadable =
            |error: serde_json::Error| EventError::Unreadable { kind: kind.to_owned(), problem: error.to_string() };
        Ok((world, Self::deserialize(entry).map_err(unreadable)?))
    }
}
