//! What people decide about promotions, appended to the record.

use std::cell::RefCell;
use std::io::Write;

use jiff::Timestamp;

use super::answers::{answer, rules};
use super::inputs;
use super::record::{Ledger, recorded_page};
use super::record_args::{ActOnRun, ApplyRun, DemoteStrategy, RecordAnswer, RecordArguments, StopArguments};
use super::terminal::Terminal;
use super::{Failure, Outcome, clock};
use crate::lifecycle::{LifecycleEvent, PromotionError, WorldRecord, WorldRules};

impl From<PromotionError> for Failure {
    fn from(error: PromotionError) -> Self {
        Self::new(error.to_string())
    }
}

type Decided = Result<Vec<LifecycleEvent>, PromotionError>;

pub(super) fn approve(asked: &ActOnRun, terminal: &Terminal) -> Result<Outcome, Failure> {
    record(&asked.record, terminal, |world, rules, now| world.approve(rules, asked.act.by(), asked.run.of(), now))
}

pub(super) fn reject(asked: &ActOnRun, terminal: &Terminal) -> Result<Outcome, Failure> {
    record(&asked.record, terminal, |world, rules, now| world.reject(rules, asked.act.by(), asked.run.of(), now))
}

pub(super) fn apply(asked: &ApplyRun, terminal: &Terminal) -> Result<Outcome, Failure> {
    let risk = risk_snapshot(asked.risk_snapshot.as_deref())?;
    record(&asked.record, terminal, |world, rules, now| {
        world.apply_promotion(rules, asked.act.by(), asked.run.of(), risk, now)
    })
}

pub(super) fn rollback(asked: &ApplyRun, terminal: &Terminal) -> Result<Outcome, Failure> {
    let risk = risk_snapshot(asked.risk_snapshot.as_deref())?;
    let stays_out = RefCell::new(Vec::new());
    let outcome = record(&asked.record, terminal, |world, rules, now| {
        let events = world.rollback(rules, asked.act.by(), asked.run.of(), risk, now)?;
        *stays_out.borrow_mut() = events.iter().flat_map(|event| stay_out(world, event)).collect();
        Ok(events)
    })?;
    let stays_out = stays_out.into_inner();
    if !stays_out.is_empty() {
        let why = match risk {
            Some(_) => "it does not qualify any more, or there is no room",
            None => "whether it still qualifies takes a --risk-snapshot",
        };
        writeln!(std::io::stderr(), "not live again: {}: {why}", stays_out.join(", "))?;
    }
    Ok(outcome)
}

/// What an apply stopped and its rollback does not bring back.
fn stay_out(world: &WorldRecord, event: &LifecycleEvent) -> Vec<String> {
    let LifecycleEvent::PromotionRolledBack { strategy, run, activate, failed: false, .. } = event else {
        return Vec::new();
    };
    let apply = world.applies().iter().rev().find(|apply| (&apply.strategy, &apply.run) == (strategy, run));
    let stopped = apply.into_iter().flat_map(|apply| &apply.deactivate);
    stopped.filter(|id| activate.iter().all(|one| one.strategy != **id)).cloned().collect()
}

pub(super) fn demote(asked: &DemoteStrategy, terminal: &Terminal) -> Result<Outcome, Failure> {
    stop(&asked.stop, terminal, |world| world.demote(asked.act.by(), &asked.strategy))
}

/// The time of a risk snapshot.
pub(super) fn risk_snapshot(text: Option<&str>) -> Result<Option<Timestamp>, Failure> {
    text.map(|text| clock::time("--risk-snapshot", text)).transpose()
}

/// Records what is decided under the rules of a policy.
pub(super) fn record(
    arguments: &RecordArguments,
    terminal: &Terminal,
    decide: impl Fn(&WorldRecord, &WorldRules, Timestamp) -> Decided,
) -> Result<Outcome, Failure> {
    let Some(policy) = inputs::policy(&arguments.policy, terminal)? else { return Ok(Outcome::Findings) };
    let rules = rules(&policy, arguments.world.as_deref(), None)?;
    let mut ledger = Ledger::open(&arguments.answer.store, &rules.world, &arguments.answer.now)?;
    append(&mut ledger, &arguments.answer, terminal, |world, now| decide(world, &rules, now))
}

/// Records what is decided whatever the policy says.
pub(super) fn stop(
    arguments: &StopArguments,
    terminal: &Terminal,
    decide: impl Fn(&WorldRecord) -> Decided,
) -> Result<Outcome, Failure> {
    let named = match &arguments.policy {
        None => arguments.world.clone().unwrap_or_default(),
        Some(path) => {
            let Some(policy) = inputs::policy(path, terminal)? else {
                return Err(Failure::new("the policy has errors: leave it out and name the world with --world"));
            };
            rules(&policy, arguments.world.as_deref(), None)?.world
        }
    };
    let mut ledger = Ledger::open(&arguments.answer.store, &named, &arguments.answer.now)?;
    // A misspelt world must not look halted.
    if arguments.policy.is_none() && *ledger.record() == WorldRecord::new(&named) {
        let message = format!("the store holds nothing of a world `{named}`: check its name, or give its policy");
        return Err(Failure::new(message));
    }
    append(&mut ledger, &arguments.answer, terminal, |world, _| decide(world))
}

fn append(
    ledger: &mut Ledger,
    arguments: &RecordAnswer,
    terminal: &Terminal,
    decide: impl Fn(&WorldRecord, Timestamp) -> Decided,
) -> Result<Outcome, Failure> {
    let recorded = ledger.decide(|world, now| Ok(decide(world, now)?))?;
    answer(&recorded, arguments.format, terminal, recorded_page)
}
