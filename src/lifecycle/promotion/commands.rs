//! The commands of promotion, up and down. Up needs everything; down needs an actor and a reason.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{BlockReason, PlanError, PromotionPlan, Review};
use crate::ir::PromotionMode;
use crate::lifecycle::act::{Act, ActError, act};
use crate::lifecycle::event::{Activation, LifecycleEvent};
use crate::lifecycle::rules::WorldRules;
use crate::lifecycle::run::RunError;
use crate::lifecycle::words::{OverrideStatus, RunState};
use crate::lifecycle::world::{Apply, ApplyState, WorldRecord, activation};

/// Why a world refuses a command of promotion.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PromotionError {
    /// Who asks, or why, is not enough.
    #[error(transparent)]
    Act(#[from] ActError),
    /// The run is unknown or not judged.
    #[error(transparent)]
    Run(#[from] RunError),
    /// There is no plan.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The policy promotes nothing.
    #[error("the policy disables promotion to live: change `governance.live_promotion.mode` to approve")]
    Disabled,
    /// Something stands in the way.
    #[error("the run `{run}` of `{strategy}` cannot go live: {}", names(reasons))]
    Blocked {
        /// The strategy.
        strategy: String,
        /// The run.
        run: String,
        /// All that stands in the way.
        reasons: Vec<BlockReason>,
    },
    /// Another apply is not finished.
    #[error("the apply of the run `{run}` of `{strategy}` is not finished: finish it or roll it back first")]
    UnderWay {
        /// The strategy.
        strategy: String,
        /// The run.
        run: String,
    },
    /// There is no apply to finish.
    #[error("no apply is under way: begin one first")]
    NothingUnderWay,
    /// A strategy of which nothing is known.
    #[error("there is no strategy `{strategy}` in this world: look at the list of runs")]
    UnknownStrategy {
        /// The strategy.
        strategy: String,
    },
    /// Rules of another world.
    #[error("the policy is for world `{rules}`, the record of world `{record}`: take the policy of that world")]
    OtherWorld {
        /// The rules' world.
        rules: String,
        /// The record's world.
        record: String,
    },
}

fn names(reasons: &[BlockReason]) -> String {
    reasons.iter().map(|reason| reason.as_str()).collect::<Vec<_>>().join(", ")
}

/// How the host's switch of what is live went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SwitchOutcome {
    /// It is done.
    Done,
    /// It failed; nothing has changed.
    Failed,
}

type Events = Result<Vec<LifecycleEvent>, PromotionError>;

impl WorldRecord {
    /// What promoting a run would change, and what stands in the way.
    ///
    /// # Errors
    /// If the run is unknown, or the rules are another world's.
    pub fn plan(
        &self,
        rules: &WorldRules,
        (strategy, run): (&str, &str),
        risk_snapshot: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<PromotionPlan, PromotionError> {
        self.ruled_by(rules)?;
        let (runs, circumstances) = (self.records(), self.circumstances(risk_snapshot));
        Ok(Review::new(rules, &runs, &circumstances, now).plan(strategy, run)?)
    }

    /// Approves a run for live, under this policy only.
    ///
    /// # Errors
    /// If the actor may not approve, the run is not evaluated, or the policy promotes nothing.
    pub fn approve(&self, rules: &WorldRules, by: (&str, &str), of: (&str, &str), now: Timestamp) -> Events {
        if rules.mode == PromotionMode::Disabled {
            return Err(PromotionError::Disabled);
        }
        let Some((by, strategy, run)) = self.spoken(rules, by, of, OverrideStatus::Approved, now)? else {
            return Ok(Vec::new());
        };
        let (actor, reason, ruleset_hash) = (by.actor, by.reason, rules.ruleset_hash.clone());
        Ok(vec![LifecycleEvent::PromotionApproved { strategy, run, actor, reason, ruleset_hash }])
    }

    /// Turns a run down for live.
    ///
    /// # Errors
    /// If the actor may not reject, or the run is not evaluated.
    pub fn reject(&self, rules: &WorldRules, by: (&str, &str), of: (&str, &str), now: Timestamp) -> Events {
        let Some((by, strategy, run)) = self.spoken(rules, by, of, OverrideStatus::Rejected, now)? else {
            return Ok(Vec::new());
        };
        let (actor, reason, ruleset_hash) = (by.actor, by.reason, rules.ruleset_hash.clone());
        Ok(vec![LifecycleEvent::PromotionRejected { strategy, run, actor, reason, ruleset_hash }])
    }

    fn spoken(
        &self,
        rules: &WorldRules,
        (actor, reason): (&str, &str),
        (strategy, run): (&str, &str),
        status: OverrideStatus,
        now: Timestamp,
    ) -> Result<Option<(Act, String, String)>, PromotionError> {
        self.ruled_by(rules)?;
        let by = act(actor, reason)?;
        by.must_approve(rules)?;
        let repeated = self.judged(strategy, run)?.says(status, &by, rules, now);
        Ok((!repeated).then(|| (by, strategy.to_owned(), run.to_owned())))
    }

    /// Freezes orders to apply a plan. What is live already by that run, with nothing against it, needs no apply.
    ///
    /// # Errors
    /// If anything stands in the way, or another apply is under way.
    pub fn begin_apply(
        &self,
        rules: &WorldRules,
        (actor, reason): (&str, &str),
        (strategy, run): (&str, &str),
        risk_snapshot: Option<Timestamp>,
        now: Timestamp,
    ) -> Events {
        self.ruled_by(rules)?;
        let by = act(actor, reason)?;
        if let Some(Apply { strategy, run, .. }) = self.under_way() {
            return Err(PromotionError::UnderWay { strategy: strategy.clone(), run: run.clone() });
        }
        if self.applied(strategy, run) && self.live_blocks(rules, strategy).is_empty() {
            return Ok(Vec::new());
        }
        let (runs, circumstances) = (self.records(), self.circumstances(risk_snapshot));
        let review = Review::new(rules, &runs, &circumstances, now);
        let plan = review.plan(strategy, run)?;
        if !plan.blocked_reasons.is_empty() {
            let (strategy, run) = (strategy.to_owned(), run.to_owned());
            return Err(PromotionError::Blocked { strategy, run, reasons: plan.blocked_reasons });
        }
        let others = plan.plan.activate.iter().filter(|id| *id != strategy);
        let others = others.filter_map(|id| Some(activation(id, &review.qualified(id)?.run_id)));
        Ok(vec![LifecycleEvent::PromotionFrozen {
            strategy: strategy.to_owned(),
            run: run.to_owned(),
            actor: by.actor,
            reason: by.reason,
            ruleset_hash: rules.ruleset_hash.clone(),
            // A strategy that is live by an older run goes on by this one.
            activate: std::iter::once(activation(strategy, run)).chain(others).collect(),
            deactivate: plan.plan.deactivate,
            rollback_point: self.live_activations(),
        }])
    }

    /// Whether the newest apply is that of the run, and still in force.
    fn applied(&self, strategy: &str, run: &str) -> bool {
        let newest = self.applies().last().filter(|apply| apply.state == ApplyState::Completed);
        newest.is_some_and(|apply| (apply.strategy.as_str(), apply.run.as_str()) == (strategy, run))
            && self.live().get(strategy).is_some_and(|live| live == run)
    }

    /// Ends the apply that is under way: the plan comes into force and orders are let go. Where the switch
    /// failed, or a strategy has stopped qualifying since orders were frozen, it is given up instead.
    ///
    /// # Errors
    /// If no apply is under way.
    pub fn finish_apply(
        &self,
        rules: &WorldRules,
        outcome: SwitchOutcome,
        risk_snapshot: Option<Timestamp>,
        now: Timestamp,
    ) -> Events {
        self.ruled_by(rules)?;
        let apply = self.under_way().ok_or(PromotionError::NothingUnderWay)?;
        let (strategy, run) = (apply.strategy.clone(), apply.run.clone());
        if apply.state == ApplyState::Switched {
            return Ok(vec![LifecycleEvent::PromotionCompleted { strategy, run }]);
        }
        if outcome == SwitchOutcome::Failed {
            return Ok(vec![given_up(apply, &apply.by.actor, "the switch failed")]);
        }
        let (runs, circumstances) = (self.records(), self.circumstances(risk_snapshot));
        let review = Review::new(rules, &runs, &circumstances, now);
        let qualifies = |one: &Activation| review.qualified(&one.strategy).is_some_and(|run| run.run_id == one.run);
        if !apply.activate.iter().all(qualifies) {
            return Ok(vec![given_up(apply, &apply.by.actor, "a strategy of the plan does not qualify any more")]);
        }
        let mut events = vec![
            LifecycleEvent::PromotionSwitched { strategy: strategy.clone(), run: run.clone() },
            LifecycleEvent::PromotionCompleted { strategy, run },
        ];
        for Activation { strategy, run } in &apply.activate {
            // One that was activated before stays so.
            events.extend(self.move_run(strategy, run, RunState::Activated)?);
        }
        Ok(events)
    }

    /// Freezes, switches and unfreezes at once, for hosts whose switch is the record itself.
    ///
    /// # Errors
    /// If anything stands in the way, or another apply is under way.
    pub fn apply_promotion(
        &self,
        rules: &WorldRules,
        by: (&str, &str),
        of: (&str, &str),
        risk_snapshot: Option<Timestamp>,
        now: Timestamp,
    ) -> Events {
        let mut events = self.begin_apply(rules, by, of, risk_snapshot, now)?;
        if events.is_empty() {
            return Ok(events);
        }
        let mut frozen = self.clone();
        events.iter().for_each(|event| frozen.apply(now, event));
        events.extend(frozen.finish_apply(rules, SwitchOutcome::Done, risk_snapshot, now)?);
        Ok(events)
    }

    /// Stops a strategy. It also ends an apply that would make it live, and makes its approvals void.
    ///
    /// # Errors
    /// If actor or reason are missing, or nothing is known of the strategy.
    pub fn demote(&self, (actor, reason): (&str, &str), strategy: &str) -> Events {
        let by = act(actor, reason)?;
        if !self.live().contains_key(strategy) && !self.strategies().any(|known| known == strategy) {
            return Err(PromotionError::UnknownStrategy { strategy: strategy.to_owned() });
        }
        let frozen = self.frozen().filter(|apply| apply.activate.iter().any(|one| one.strategy == strategy));
        let mut events: Vec<_> = frozen.map(|apply| given_up(apply, &by.actor, &by.reason)).into_iter().collect();
        let (actor, reason) = (by.actor, by.reason);
        events.push(LifecycleEvent::Demoted { strategy: strategy.to_owned(), actor, reason });
        Ok(events)
    }

    /// Halts the world: nothing promotes, and no order gate is more than reduce-only. It also ends an apply
    /// that is not in force yet.
    ///
    /// # Errors
    /// If actor or reason are missing.
    pub fn halt(&self, (actor, reason): (&str, &str)) -> Events {
        let by = act(actor, reason)?;
        if self.halted().is_some_and(|halt| halt.by == by) {
            return Ok(Vec::new());
        }
        let mut events: Vec<_> =
            self.frozen().map(|apply| given_up(apply, &by.actor, &by.reason)).into_iter().collect();
        events.push(LifecycleEvent::WorldHalted { actor: by.actor, reason: by.reason });
        Ok(events)
    }

    /// Lets a halted world go on.
    ///
    /// # Errors
    /// If actor or reason are missing, or the actor is no approver.
    pub fn resume(&self, rules: &WorldRules, (actor, reason): (&str, &str)) -> Events {
        self.ruled_by(rules)?;
        let by = act(actor, reason)?;
        by.must_approve(rules)?;
        let event = LifecycleEvent::WorldResumed { actor: by.actor, reason: by.reason };
        Ok(self.halted().map(|_| event).into_iter().collect())
    }

    /// Takes back the newest apply of a run: what it made live stops, and what it stopped becomes live again
    /// as far as it still qualifies and there is room. Where nothing of it is left, nothing happens.
    ///
    /// # Errors
    /// If actor or reason are missing, or the run is unknown.
    pub fn rollback(
        &self,
        rules: &WorldRules,
        (actor, reason): (&str, &str),
        (strategy, run): (&str, &str),
        risk_snapshot: Option<Timestamp>,
        now: Timestamp,
    ) -> Events {
        self.ruled_by(rules)?;
        let by = act(actor, reason)?;
        self.known(strategy, run)?;
        let of_run = |apply: &&Apply| (apply.strategy.as_str(), apply.run.as_str()) == (strategy, run);
        let in_question = |apply: &&Apply| of_run(apply) && apply.state != ApplyState::GivenUp;
        let apply = match self.applies().iter().rev().find(in_question) {
            None => return Ok(Vec::new()),
            Some(apply) => apply,
        };
        match apply.state {
            ApplyState::Frozen => return Ok(vec![given_up(apply, &by.actor, &by.reason)]),
            ApplyState::GivenUp | ApplyState::RolledBack => return Ok(Vec::new()),
            ApplyState::Switched | ApplyState::Completed => {}
        }
        let still = |one: &&Activation| self.live().get(&one.strategy) == Some(&one.run);
        let deactivate: Vec<_> = apply.activate.iter().filter(still).map(|one| one.strategy.clone()).collect();
        Ok(vec![LifecycleEvent::PromotionRolledBack {
            strategy: strategy.to_owned(),
            run: run.to_owned(),
            actor: by.actor,
            reason: by.reason,
            activate: self.still_qualified(rules, apply, &deactivate, risk_snapshot, now),
            deactivate,
            failed: false,
        }])
    }

    /// What an apply stopped and still qualifies by the same run, as far as there is room.
    fn still_qualified(
        &self,
        rules: &WorldRules,
        apply: &Apply,
        deactivate: &[String],
        risk_snapshot: Option<Timestamp>,
        now: Timestamp,
    ) -> Vec<Activation> {
        let (runs, circumstances) = (self.records(), self.circumstances(risk_snapshot));
        let review = Review::new(rules, &runs, &circumstances, now);
        let mut live: BTreeSet<_> = self.live().keys().filter(|id| !deactivate.contains(id)).collect();
        let mut again = Vec::new();
        for one in apply.rollback_point.iter().filter(|one| !self.live().contains_key(&one.strategy)) {
            let stopped = apply.deactivate.contains(&one.strategy);
            let qualifies = review.qualified(&one.strategy).is_some_and(|run| run.run_id == one.run);
            let room = rules.max_live_slots.is_none_or(|most| (live.len() as f64) < most);
            if stopped && qualifies && room {
                live.insert(&one.strategy);
                again.push(one.clone());
            }
        }
        again
    }

    fn frozen(&self) -> Option<&Apply> {
        self.under_way().filter(|apply| apply.state == ApplyState::Frozen)
    }

    fn ruled_by(&self, rules: &WorldRules) -> Result<(), PromotionError> {
        if rules.world == self.world() {
            return Ok(());
        }
        Err(PromotionError::OtherWorld { rules: rules.world.clone(), record: self.world().to_owned() })
    }
}

fn given_up(apply: &Apply, actor: &str, reason: &str) -> LifecycleEvent {
    LifecycleEvent::PromotionRolledBack {
        strategy: apply.strategy.clone(),
        run: apply.run.clone(),
        actor: actor.to_owned(),
        reason: reason.to_owned(),
        activate: Vec::new(),
        deactivate: Vec::new(),
        failed: true,
    }
}
