//! Evaluation runs: what is known of one, and the commands that move it.

use jiff::Timestamp;
use serde_json::Value;

use crate::eval::Status;

use super::act::{Act, ActError, act};
use super::event::{DataWindow, LifecycleEvent};
use super::record::{RunRecord, Spoken, SpokenBy, Standing};
use super::rules::WorldRules;
use super::samples::Samples;
use super::words::{OverrideStatus, RunState, Stage};
use super::world::WorldRecord;

/// A run and all that is known of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// What it is about.
    pub submission: Submission,
    /// Where it stands.
    pub state: RunState,
    /// When it became known.
    pub created_at: Timestamp,
    /// When it last moved on its way to a decision; what happens later to the run is no observation.
    pub updated_at: Timestamp,
    /// The metrics that were judged.
    pub metrics: Option<Value>,
    /// The decision document.
    pub decision: Option<Value>,
    /// What the decision says about the strategy.
    pub judgement: Option<Judgement>,
    /// What a person said about it.
    pub spoken: Option<Override>,
    /// Whether the strategy was stopped since, and nobody has approved the run again.
    pub stopped: bool,
    /// The run that it took the place of, and why.
    pub supersedes: Option<(String, String)>,
    /// The run that took its place.
    pub superseded_by: Option<String>,
}

/// What a run is about: its content when it is submitted.
#[derive(Debug, Clone, PartialEq)]
pub struct Submission {
    /// The strategy.
    pub strategy: String,
    /// The run, unique within the strategy.
    pub run: String,
    /// What it observes.
    pub stage: Stage,
    /// The data it is judged on, if known.
    pub window: Option<DataWindow>,
    /// The version of the policy that judges it.
    pub policy_version: Option<String>,
    /// Hash of that policy.
    pub ruleset_hash: String,
    /// Hash of what in it can alter a selection.
    pub selection_hash: String,
}

/// What a decision says about the strategy of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// Whether its rules were met.
    pub status: Status,
    /// Whether its data kept it below what it would be; then it never promotes.
    pub downgraded: bool,
    /// What the decision selected.
    pub active_set: Vec<String>,
}

/// What a person said about a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// What was said.
    pub status: OverrideStatus,
    /// Why.
    pub reason: String,
    /// When, by whom, under which policy, and whether it still holds.
    pub by: SpokenBy,
}

/// Why a run refuses a command.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// A run that was never submitted.
    #[error("`{strategy}` has no run `{run}`: submit it first")]
    Unknown {
        /// The strategy.
        strategy: String,
        /// The run.
        run: String,
    },
    /// A move that runs do not make.
    #[error("the run `{run}` of `{strategy}` is {from} and cannot become {to}")]
    IllegalMove {
        /// The strategy.
        strategy: String,
        /// The run.
        run: String,
        /// Where it stands.
        from: RunState,
        /// Where it was to go.
        to: RunState,
    },
    /// A move to `evaluated` without a decision.
    #[error("the run `{run}` of `{strategy}` becomes evaluated by an evaluation: hand in metrics and decision")]
    NeedsDecision {
        /// The strategy.
        strategy: String,
        /// The run.
        run: String,
    },
    /// A known id with other content.
    #[error("the run `{run}` of `{strategy}` is recorded with other content: judge again under a new run id")]
    OtherContent {
        /// The strategy.
        strategy: String,
        /// The run.
        run: String,
    },
    /// A run that did not pass.
    #[error(
        "the run `{run}` of `{strategy}` did not pass: what fails is not activated, judge again under a new run id"
    )]
    NotPassed {
        /// The strategy.
        strategy: String,
        /// The run.
        run: String,
    },
    /// A command that needs a judged run.
    #[error("the run `{run}` of `{strategy}` is {state}: only an evaluated run can be approved or rejected")]
    NotJudged {
        /// The strategy.
        strategy: String,
        /// The run.
        run: String,
        /// Where it stands.
        state: RunState,
    },
    /// A decision that cannot be this run's.
    #[error("the decision does not belong to the run `{run}` of `{strategy}`: {problem}")]
    ForeignDecision {
        /// The strategy.
        strategy: String,
        /// The run.
        run: String,
        /// What is wrong.
        problem: &'static str,
    },
    /// A run that cannot take another's place.
    #[error("the run `{run}` of `{strategy}` cannot take the place of `{old}`: {problem}")]
    CannotSupersede {
        /// The strategy.
        strategy: String,
        /// The new run.
        run: String,
        /// The old run.
        old: String,
        /// What is wrong.
        problem: &'static str,
    },
    /// A name or window that is none.
    #[error("{0}")]
    Malformed(&'static str),
    /// Who asks, or why, is not enough.
    #[error(transparent)]
    Act(#[from] ActError),
}

impl WorldRecord {
    /// Makes a run known. `supersedes` names an evaluated run of the same strategy and stage that this one
    /// takes the place of, and why.
    ///
    /// # Errors
    /// If the id is known with other content, or the run cannot take the place of the other.
    pub fn submit(
        &self,
        submission: &Submission,
        supersedes: Option<(&str, &str)>,
    ) -> Result<Vec<LifecycleEvent>, RunError> {
        let Submission { strategy, run, stage, window, policy_version, ruleset_hash, selection_hash } = submission;
        if strategy.trim().is_empty() || run.trim().is_empty() {
            return Err(RunError::Malformed("a run needs the id of its strategy and one of its own: name both"));
        }
        if [strategy, run].iter().any(|id| id.contains(char::is_control)) {
            return Err(RunError::Malformed("an id holds a line break or another control character: take a plain one"));
        }
        if window.as_ref().is_some_and(|window| window.end < window.start) {
            return Err(RunError::Malformed("the data window ends before it starts: swap its ends"));
        }
        let link = supersedes.map(|(old, reason)| (old.to_owned(), reason.trim().to_owned()));
        if link.as_ref().is_some_and(|(_, reason)| reason.contains(char::is_control)) {
            return Err(ActError::ControlCharacter("reason").into());
        }
        if let Some(known) = self.run(strategy, run) {
            let same = known.submission == *submission && known.supersedes == link;
            let other = RunError::OtherContent { strategy: strategy.clone(), run: run.clone() };
            return if same { Ok(Vec::new()) } else { Err(other) };
        }
        let mut events = vec![LifecycleEvent::RunSubmitted {
            strategy: strategy.clone(),
            run: run.clone(),
            stage: *stage,
            window: window.clone(),
            policy_version: policy_version.clone(),
            ruleset_hash: ruleset_hash.clone(),
            selection_hash: selection_hash.clone(),
        }];
        if let Some((old, reason)) = link {
            self.may_supersede(submission, &old, &reason)?;
            events.push(LifecycleEvent::RunSuperseded {
                strategy: strategy.clone(),
                run: old,
                by: run.clone(),
                reason,
            });
        }
        Ok(events)
    }

    fn may_supersede(&self, submission: &Submission, old: &str, reason: &str) -> Result<(), RunError> {
        let Submission { strategy, run, stage, .. } = submission;
        let problem = match self.run(strategy, old) {
            None => "there is no such run",
            Some(_) if reason.is_empty() => "say why",
            Some(known) if known.judgement.is_none() => "it is not evaluated yet: evaluate it or let it expire",
            Some(known) if known.superseded_by.is_some() => "another run has: name that one",
            Some(known) if known.submission.stage != *stage => "it is of another stage",
            Some(_) => return Ok(()),
        };
        let (strategy, run, old) = (strategy.clone(), run.clone(), old.to_owned());
        Err(RunError::CannotSupersede { strategy, run, old, problem })
    }

    /// Moves a run to another state. Where it already is, nothing happens.
    ///
    /// # Errors
    /// If runs do not move so.
    pub fn move_run(&self, strategy: &str, run: &str, to: RunState) -> Result<Vec<LifecycleEvent>, RunError> {
        let known = self.known(strategy, run)?;
        let (strategy, run, from) = (strategy.to_owned(), run.to_owned(), known.state);
        if from == to {
            return Ok(Vec::new());
        }
        if !from.may_become(to) {
            return Err(RunError::IllegalMove { strategy, run, from, to });
        }
        if to == RunState::Evaluated {
            return Err(RunError::NeedsDecision { strategy, run });
        }
        if to == RunState::Activated && !known.record().passed() {
            return Err(RunError::NotPassed { strategy, run });
        }
        Ok(vec![LifecycleEvent::RunMoved { strategy, run, from, to }])
    }

    /// Records metrics and decision of a run, for good.
    ///
    /// # Errors
    /// If the run is evaluated with others, is over, or the decision is not about it.
    pub fn evaluate_run(
        &self,
        strategy: &str,
        run: &str,
        metrics: &Value,
        decision: &Value,
    ) -> Result<Vec<LifecycleEvent>, RunError> {
        let known = self.known(strategy, run)?;
        if known.judgement.is_some() {
            let same = known.metrics.as_ref() == Some(metrics) && known.decision.as_ref() == Some(decision);
            let other = RunError::OtherContent { strategy: strategy.to_owned(), run: run.to_owned() };
            return if same { Ok(Vec::new()) } else { Err(other) };
        }
        let mut events = match known.state {
            RunState::Evaluating => Vec::new(),
            RunState::Submitted | RunState::BacktestRunning => self.move_run(strategy, run, RunState::Evaluating)?,
            from => {
                let (strategy, run) = (strategy.to_owned(), run.to_owned());
                return Err(RunError::IllegalMove { strategy, run, from, to: RunState::Evaluated });
            }
        };
        self.is_about(known, decision)?;
        events.push(LifecycleEvent::RunEvaluated {
            strategy: strategy.to_owned(),
            run: run.to_owned(),
            metrics: metrics.clone(),
            decision: decision.clone(),
            correlations: None,
        });
        Ok(events)
    }

    fn is_about(&self, known: &Run, decision: &Value) -> Result<(), RunError> {
        let submission = &known.submission;
        let named = |key: &str| decision.get(key).and_then(Value::as_str);
        let problem = if named("ruleset_hash") != Some(submission.ruleset_hash.as_str()) {
            "it was made by another policy"
        } else if named("world").is_some_and(|world| world != self.world()) {
            "it is another world's"
        } else if Judgement::read(decision, &submission.strategy).is_none() {
            "it does not tell about the strategy"
        } else {
            return Ok(());
        };
        let (strategy, run) = (submission.strategy.clone(), submission.run.clone());
        Err(RunError::ForeignDecision { strategy, run, problem })
    }

    /// Records what a person says about a run. Approvals and rejections, and taking back a rejection, are
    /// the approvers'; an approval may be taken back by anybody.
    ///
    /// # Errors
    /// If actor or reason are missing, the actor may not say that, or the run is not evaluated.
    pub fn override_run(
        &self,
        rules: &WorldRules,
        (actor, reason): (&str, &str),
        (strategy, run): (&str, &str),
        status: OverrideStatus,
        now: Timestamp,
    ) -> Result<Vec<LifecycleEvent>, RunError> {
        let by = act(actor, reason)?;
        let known = self.judged(strategy, run)?;
        let before = known.spoken.as_ref().map(|spoken| spoken.status).unwrap_or_default();
        if (status, before) != (OverrideStatus::None, OverrideStatus::Approved) {
            by.must_approve(rules)?;
        }
        if known.says(status, &by, rules, now) || (status == before && status == OverrideStatus::None) {
            return Ok(Vec::new());
        }
        Ok(vec![LifecycleEvent::RunOverridden {
            strategy: strategy.to_owned(),
            run: run.to_owned(),
            status,
            reason: by.reason,
            actor: by.actor,
            ruleset_hash: rules.ruleset_hash.clone(),
        }])
    }

    pub(super) fn known(&self, strategy: &str, run: &str) -> Result<&Run, RunError> {
        let unknown = || RunError::Unknown { strategy: strategy.to_owned(), run: run.to_owned() };
        self.run(strategy, run).ok_or_else(unknown)
    }

    pub(super) fn judged(&self, strategy: &str, run: &str) -> Result<&Run, RunError> {
        let known = self.known(strategy, run)?;
        let (strategy, run, state) = (strategy.to_owned(), run.to_owned(), known.state);
        if state.stands() { Ok(known) } else { Err(RunError::NotJudged { strategy, run, state }) }
    }
}

impl Run {
    /// Whether just that is said already, and need not be reviewed yet.
    pub(super) fn says(&self, status: OverrideStatus, by: &Act, rules: &WorldRules, now: Timestamp) -> bool {
        self.spoken.as_ref().is_some_and(|spoken| {
            let age = now.as_second().saturating_sub(spoken.by.at.as_second());
            spoken.status == status
                && (&spoken.reason, &spoken.by.actor) == (&by.reason, &by.actor)
                && spoken.by.ruleset_hash == rules.ruleset_hash
                && !spoken.by.void
                && age < rules.review_after()
        })
    }

    /// The run in short, as campaigns and promotions read it; whether it is live is for the world to say.
    #[must_use]
    pub fn record(&self) -> RunRecord {
        let judgement = self.judgement.as_ref();
        let status = judgement.map(|judgement| match self.state.stands() && !judgement.downgraded {
            true => judgement.status,
            // Stale data never promotes, and a run that was turned down or expired does not stand.
            false => Status::Fail,
        });
        let standing = match (judgement, &self.superseded_by) {
            (_, Some(_)) => Standing::Superseded,
            (None, None) => Standing::Pending,
            (Some(_), None) => Standing::Full,
        };
        let spoken = self.spoken.as_ref();
        RunRecord {
            strategy_id: self.submission.strategy.clone(),
            run_id: self.submission.run.clone(),
            stage: self.submission.stage,
            created_at: self.created_at,
            updated_at: self.updated_at,
            status,
            active_set: judgement.map(|judgement| judgement.active_set.clone()),
            spoken: spoken
                .map(|spoken| Spoken { status: spoken.status, source: Some(spoken.by.clone()) })
                .unwrap_or_default(),
            samples: self.metrics.as_ref().map(Samples::of_json).unwrap_or_default(),
            standing,
            stopped: self.stopped,
            live: false,
        }
    }
}

impl Judgement {
    /// What a decision document says about a strategy, if it tells about it.
    #[must_use]
    pub fn read(decision: &Value, strategy: &str) -> Option<Self> {
        let told = decision.get("strategies")?.get(strategy)?;
        let selected = decision.get("selected")?.as_array()?;
        Some(Self {
            status: serde_json::from_value(told.get("status")?.clone()).ok()?,
            downgraded: told.get("downgraded")?.as_bool()?,
            active_set: selected.iter().map(|id| id.as_str().map(str::to_owned)).collect::<Option<_>>()?,
        })
    }
}
