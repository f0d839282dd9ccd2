//! The record of a world: what follows from its events. The same events give the same record.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::Value;

use super::act::Act;
use super::event::{Activation, LifecycleEvent};
use super::promotion::Circumstances;
use super::record::{RunRecord, SpokenBy};
use super::run::{Judgement, Override, Run, Submission};
use super::words::{OverrideStatus, RunState};

/// The record of a world.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct WorldRecord {
    world: String,
    runs: BTreeMap<String, BTreeMap<String, Run>>,
    live: BTreeMap<String, String>,
    applies: Vec<Apply>,
    halted: Option<Halt>,
    last_apply: Option<Timestamp>,
    last_decision: Option<Value>,
}

/// How far an apply is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApplyState {
    /// Orders are frozen, nothing has changed.
    Frozen,
    /// The plan is in force, orders are still frozen.
    Switched,
    /// Done.
    Completed,
    /// It never came into force.
    GivenUp,
    /// Taken back.
    RolledBack,
}

/// A plan that was applied, or was to be.
#[derive(Debug, Clone, PartialEq)]
pub struct Apply {
    /// The strategy.
    pub strategy: String,
    /// The run.
    pub run: String,
    /// Who applied it, and why.
    pub by: Act,
    /// When it began.
    pub at: Timestamp,
    /// How far it is.
    pub state: ApplyState,
    /// What it makes live.
    pub activate: Vec<Activation>,
    /// What it stops.
    pub deactivate: Vec<String>,
    /// What was live before.
    pub rollback_point: Vec<Activation>,
}

/// Since when, by whom and why a world is halted.
#[derive(Debug, Clone, PartialEq)]
pub struct Halt {
    /// When.
    pub at: Timestamp,
    /// Who, and why.
    pub by: Act,
}

impl WorldRecord {
    /// The record of a world of which nothing is known.
    #[must_use]
    pub fn new(world: &str) -> Self {
        Self { world: world.to_owned(), ..Self::default() }
    }

    /// The world.
    #[must_use]
    pub fn world(&self) -> &str {
        &self.world
    }

    /// A run.
    #[must_use]
    pub fn run(&self, strategy: &str, run: &str) -> Option<&Run> {
        self.runs.get(strategy)?.get(run)
    }

    /// All runs, by strategy and id.
    pub fn runs(&self) -> impl Iterator<Item = &Run> {
        self.runs.values().flat_map(BTreeMap::values)
    }

    /// The runs of a strategy, by id.
    pub fn runs_of(&self, strategy: &str) -> impl Iterator<Item = &Run> {
        self.runs.get(strategy).into_iter().flat_map(BTreeMap::values)
    }

    /// All strategies that have a run.
    pub fn strategies(&self) -> impl Iterator<Item = &str> {
        self.runs.keys().map(String::as_str)
    }

    /// All runs in short, as campaigns and promotions read them.
    #[must_use]
    pub fn records(&self) -> Vec<RunRecord> {
        let is_live = |run: &RunRecord| self.live.get(&run.strategy_id) == Some(&run.run_id);
        self.runs().map(Run::record).map(|run| RunRecord { live: is_live(&run), ..run }).collect()
    }

    /// What is live, each strategy with its run.
    #[must_use]
    pub fn live(&self) -> &BTreeMap<String, String> {
        &self.live
    }

    /// What is live, as it is kept in events.
    pub(super) fn live_activations(&self) -> Vec<Activation> {
        let activation = |(strategy, run): (&String, &String)| activation(strategy, run);
        self.live.iter().map(activation).collect()
    }

    /// All applies, oldest first.
    #[must_use]
    pub fn applies(&self) -> &[Apply] {
        &self.applies
    }

    /// The apply that is under way: while there is one, orders are frozen.
    #[must_use]
    pub fn under_way(&self) -> Option<&Apply> {
        self.applies.last().filter(|apply| matches!(apply.state, ApplyState::Frozen | ApplyState::Switched))
    }

    /// Since when, by whom and why the world is halted, if it is.
    #[must_use]
    pub fn halted(&self) -> Option<&Halt> {
        self.halted.as_ref()
    }

    /// When the newest apply was completed.
    #[must_use]
    pub fn last_apply(&self) -> Option<Timestamp> {
        self.last_apply
    }

    /// The last decision that was kept; it holds the state for the next.
    #[must_use]
    pub fn last_decision(&self) -> Option<&Value> {
        self.last_decision.as_ref()
    }

    /// What promotions depend on.
    #[must_use]
    pub fn circumstances(&self, risk_snapshot: Option<Timestamp>) -> Circumstances {
        Circumstances {
            current_active: Some(self.live.keys().cloned().collect::<BTreeSet<_>>()),
            risk_snapshot,
            last_apply: self.last_apply,
            halted: Some(self.halted.is_some()),
            whole_record: true,
        }
    }

    /// Takes in an event. Whatever cannot follow from commands changes nothing.
    pub fn apply(&mut self, at: Timestamp, event: &LifecycleEvent) {
        match event {
            LifecycleEvent::RunSubmitted { .. }
            | LifecycleEvent::RunMoved { .. }
            | LifecycleEvent::RunEvaluated { .. }
            | LifecycleEvent::RunSuperseded { .. } => self.apply_to_run(at, event),
            LifecycleEvent::RunOverridden { strategy, run, status, reason, actor, ruleset_hash } => {
                self.speak(at, (strategy, run), *status, (actor, reason), ruleset_hash);
            }
            LifecycleEvent::PromotionApproved { strategy, run, actor, reason, ruleset_hash } => {
                self.speak(at, (strategy, run), OverrideStatus::Approved, (actor, reason), ruleset_hash);
            }
            LifecycleEvent::PromotionRejected { strategy, run, actor, reason, ruleset_hash } => {
                self.speak(at, (strategy, run), OverrideStatus::Rejected, (actor, reason), ruleset_hash);
            }
            LifecycleEvent::Demoted { strategy, .. } => {
                self.live.remove(strategy);
                self.stop_runs(strategy);
            }
            LifecycleEvent::WorldHalted { actor, reason } => {
                let by = Act { actor: actor.clone(), reason: reason.clone() };
                self.halted = Some(Halt { at, by });
            }
            LifecycleEvent::WorldResumed { .. } => self.halted = None,
            LifecycleEvent::DecisionRecorded { decision, .. } => self.last_decision = Some(decision.clone()),
            LifecycleEvent::PromotionFrozen { .. }
            | LifecycleEvent::PromotionSwitched { .. }
            | LifecycleEvent::PromotionCompleted { .. }
            | LifecycleEvent::PromotionRolledBack { .. } => self.apply_to_promotion(at, event),
        }
    }

    fn apply_to_run(&mut self, at: Timestamp, event: &LifecycleEvent) {
        match event {
            LifecycleEvent::RunSubmitted {
                strategy,
                run,
                stage,
                window,
                policy_version,
                ruleset_hash,
                selection_hash,
            } => {
                let submission = Submission {
                    strategy: strategy.clone(),
                    run: run.clone(),
                    stage: *stage,
                    window: window.clone(),
                    policy_version: policy_version.clone(),
                    ruleset_hash: ruleset_hash.clone(),
                    selection_hash: selection_hash.clone(),
                };
                let runs = self.runs.entry(strategy.clone()).or_default();
                runs.entry(run.clone()).or_insert_with(|| new_run(submission, at));
            }
            LifecycleEvent::RunMoved { strategy, run, to, .. } => {
                let Some(run) = self.run_mut(strategy, run).filter(|run| run.state.may_become(*to)) else { return };
                run.state = *to;
                if matches!(to, RunState::BacktestRunning | RunState::Evaluating) {
                    run.updated_at = at;
                }
            }
            LifecycleEvent::RunEvaluated { strategy, run, metrics, decision, .. } => {
                let Some(found) = self.run_mut(strategy, run) else { return };
                if found.state == RunState::Evaluating {
                    found.state = RunState::Evaluated;
                    found.updated_at = at;
                    found.judgement = Judgement::read(decision, strategy);
                    (found.metrics, found.decision) = (Some(metrics.clone()), Some(decision.clone()));
                }
            }
            LifecycleEvent::RunSuperseded { strategy, run, by, reason } => {
                if let Some(old) = self.run_mut(strategy, run) {
                    old.superseded_by = Some(by.clone());
                }
                if let Some(new) = self.run_mut(strategy, by) {
                    new.supersedes = Some((run.clone(), reason.clone()));
                }
            }
            _ => {}
        }
    }

    fn apply_to_promotion(&mut self, at: Timestamp, event: &LifecycleEvent) {
        match event {
            LifecycleEvent::PromotionFrozen {
                strategy,
                run,
                actor,
                reason,
                activate,
                deactivate,
                rollback_point,
                ..
            } => self.applies.push(Apply {
                strategy: strategy.clone(),
                run: run.clone(),
                by: Act { actor: actor.clone(), reason: reason.clone() },
                at,
                state: ApplyState::Frozen,
                activate: activate.clone(),
                deactivate: deactivate.clone(),
                rollback_point: rollback_point.clone(),
            }),
            LifecycleEvent::PromotionSwitched { strategy, run } => {
                let Some(apply) = self.step((strategy, run), ApplyState::Frozen, ApplyState::Switched) else { return };
                self.switch(&apply.activate, &apply.deactivate);
            }
            LifecycleEvent::PromotionCompleted { strategy, run } => {
                let ended = self.step((strategy, run), ApplyState::Switched, ApplyState::Completed);
                self.last_apply = ended.map(|_| at).or(self.last_apply);
            }
            LifecycleEvent::PromotionRolledBack { strategy, run, activate, deactivate, failed, .. } => {
                let ended = if *failed { ApplyState::GivenUp } else { ApplyState::RolledBack };
                let open = |state: ApplyState| match state {
                    ApplyState::Frozen => *failed,
                    ApplyState::Switched | ApplyState::Completed => !*failed,
                    ApplyState::GivenUp | ApplyState::RolledBack => false,
                };
                let of_run = |apply: &&mut Apply| (&apply.strategy, &apply.run) == (strategy, run) && open(apply.state);
                let Some(apply) = self.applies.iter_mut().rev().find(of_run) else { return };
                apply.state = ended;
                self.switch(activate, deactivate);
                // What a person took back needs a new approval; what only failed may be tried again.
                for strategy in deactivate.iter().filter(|_| !failed) {
                    self.stop_runs(strategy);
                }
            }
            _ => {}
        }
    }

    /// Takes the apply that is under way one step further, and returns it.
    fn step(&mut self, of: (&str, &str), from: ApplyState, to: ApplyState) -> Option<Apply> {
        let apply = self.applies.last_mut()?;
        if (apply.strategy.as_str(), apply.run.as_str()) != of || apply.state != from {
            return None;
        }
        apply.state = to;
        Some(apply.clone())
    }

    fn switch(&mut self, activate: &[Activation], deactivate: &[String]) {
        for strategy in deactivate {
            self.live.remove(strategy);
        }
        for Activation { strategy, run } in activate {
            self.live.insert(strategy.clone(), run.clone());
        }
    }

    fn speak(
        &mut self,
        at: Timestamp,
        (strategy, run): (&str, &str),
        status: OverrideStatus,
        (actor, reason): (&str, &str),
        ruleset_hash: &str,
    ) {
        let Some(run) = self.run_mut(strategy, run) else { return };
        let by = SpokenBy { at, actor: actor.to_owned(), ruleset_hash: ruleset_hash.to_owned(), void: false };
        run.spoken = Some(Override { status, reason: reason.to_owned(), by });
        run.stopped &= status != OverrideStatus::Approved;
    }

    /// What is known of a strategy that was stopped does not carry it live again: its approvals are void.
    fn stop_runs(&mut self, strategy: &str) {
        for run in self.runs.get_mut(strategy).into_iter().flat_map(BTreeMap::values_mut) {
            run.stopped = true;
            if let Some(spoken) = &mut run.spoken {
                spoken.by.void |= spoken.status == OverrideStatus::Approved;
            }
        }
    }

    fn run_mut(&mut self, strategy: &str, run: &str) -> Option<&mut Run> {
        self.runs.get_mut(strategy)?.get_mut(run)
    }
}

pub(super) fn activation(strategy: &str, run: &str) -> Activation {
    Activation { strategy: strategy.to_owned(), run: run.to_owned() }
}

fn new_run(submission: Submission, at: Timestamp) -> Run {
    Run {
        submission,
        state: RunState::Submitted,
        created_at: at,
        updated_at: at,
        metrics: None,
        decision: None,
        judgement: None,
        spoken: None,
        stopped: false,
        supersedes: None,
        superseded_by: None,
    }
}
