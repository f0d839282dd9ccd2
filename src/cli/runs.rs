//! `run`: submits runs and judges them, lists and shows them, moves them, and records what people say.

use serde::Serialize;

use super::answers::{answer, rules};
use super::inputs::{self, tree};
use super::record::{Ledger, recorded_page};
use super::record_args::{
    RecordArguments, RunArguments, RunList, RunOverride, RunShow, RunSubmit, RunTransition, RunVerb, SaidStatus,
};
use super::runs_pages::{list_table, run_page, submitted_page};
use super::tables::is_table;
use super::terminal::Terminal;
use super::{Failure, Outcome, clock};
use crate::lifecycle::{
    DataWindow, JudgeError, Mode, OverrideStatus, Run, RunError, RunInput, RunState, WorldRecord, WorldRules,
    suggested_run_id,
};
use crate::policy::Policy;
use crate::render::{RunView, RunsView, WholeRun};
use crate::store::Recorded;

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        Self::new(error.to_string())
    }
}

/// A submitted run, and what was recorded for it.
#[derive(Debug, Serialize)]
pub(super) struct Submitted {
    #[serde(flatten)]
    pub recorded: Recorded,
    pub requested_mode: Option<String>,
    pub run: RunView,
}

pub(super) fn run(arguments: &RunArguments, terminal: &Terminal) -> Result<Outcome, Failure> {
    match &arguments.verb {
        RunVerb::Submit(asked) => submit(asked, terminal),
        RunVerb::List(asked) => list(asked, terminal),
        RunVerb::Show(asked) => show(asked, terminal),
        RunVerb::Transition(asked) => transition(asked, terminal),
        RunVerb::Override(asked) => speak(asked, terminal),
    }
}

fn submit(asked: &RunSubmit, terminal: &Terminal) -> Result<Outcome, Failure> {
    let hint = asked.mode.as_deref().map(|mode| Mode::from_name(mode).map(|_| mode.to_owned()).ok_or(mode));
    let hint = hint.transpose().map_err(|mode| {
        Failure::new(format!(
            "--mode `{mode}` is no mode: take validate, compute-only, backtest, paper, shadow or live"
        ))
    })?;
    let Some((policy, rules, mut ledger)) = open(&asked.record, terminal)? else { return Ok(Outcome::Findings) };
    let input = read_input(asked)?;
    let supersedes = asked.supersedes.as_deref().zip(asked.reason.as_deref());
    let mut run = String::new();
    let recorded = ledger.decide(|world, at| {
        let suggested = || suggested_run_id(world.world(), &asked.strategy, input.stage(), at);
        run = asked.run.clone().unwrap_or_else(suggested);
        Ok(input.events((&policy, &rules), world, &run, supersedes, at)?)
    })?;
    let known = ledger.record().run(&asked.strategy, &run);
    let view =
        known.map(RunView::of).ok_or_else(|| Failure::new("the run is not in the store any more: submit it again"))?;
    let submitted = Submitted { recorded, requested_mode: hint, run: view };
    answer(&submitted, asked.record.answer.format, terminal, submitted_page)
}

/// What a run is judged on.
fn read_input(asked: &RunSubmit) -> Result<RunInput, Failure> {
    if is_table(&asked.snapshot) {
        return Err(Failure::new("a run is judged on one snapshot: write it as JSON or YAML"));
    }
    let time = |argument, text: &Option<String>| text.as_deref().map(|text| clock::time(argument, text)).transpose();
    let ends = time("--data-start", &asked.data_start)?.zip(time("--data-end", &asked.data_end)?);
    let input = RunInput::read(&tree(&asked.snapshot)?, &asked.strategy, asked.stage.as_deref());
    let input = input.map_err(|error| match error {
        JudgeError::Snapshot(error) => Failure::new(format!("{}: {error}", asked.snapshot.display())),
        error => error.into(),
    })?;
    Ok(input.on(ends.map(|(start, end)| DataWindow { start, end })))
}

fn open(arguments: &RecordArguments, terminal: &Terminal) -> Result<Option<(Policy, WorldRules, Ledger)>, Failure> {
    let Some(policy) = inputs::policy(&arguments.policy, terminal)? else { return Ok(None) };
    let rules = rules(&policy, arguments.world.as_deref(), None)?;
    let ledger = Ledger::open(&arguments.answer.store, &rules.world, &arguments.answer.now)?;
    Ok(Some((policy, rules, ledger)))
}

fn list(asked: &RunList, terminal: &Terminal) -> Result<Outcome, Failure> {
    let Some((_, rules, ledger)) = open(&asked.record, terminal)? else { return Ok(Outcome::Findings) };
    let wanted = |run: &&Run| asked.strategy.as_ref().is_none_or(|asked| *asked == run.submission.strategy);
    let runs = ledger.record().runs().filter(wanted).map(RunView::of).collect();
    let head = ledger.head().hash.clone();
    let found = RunsView { schema_version: 1, world_id: rules.world, runs, head };
    answer(&found, asked.record.answer.format, terminal, |found| list_table(found, terminal))
}

fn show(asked: &RunShow, terminal: &Terminal) -> Result<Outcome, Failure> {
    let Some((_, rules, ledger)) = open(&asked.record, terminal)? else { return Ok(Outcome::Findings) };
    let (strategy, run) = asked.run.of();
    let unknown = || RunError::Unknown { strategy: strategy.to_owned(), run: run.to_owned() };
    let known = ledger.record().run(strategy, run).ok_or_else(unknown)?;
    let whole = WholeRun::of(known, rules.world, ledger.head().hash.clone());
    answer(&whole, asked.record.answer.format, terminal, run_page)
}

fn transition(asked: &RunTransition, terminal: &Terminal) -> Result<Outcome, Failure> {
    let states: Vec<_> = RunState::ALL.iter().map(|state| state.as_str()).collect();
    let to = RunState::from_name(&asked.to)
        .ok_or_else(|| Failure::new(format!("`{}` is no state: take one of {}", asked.to, states.join(", "))))?;
    let Some((_, _, mut ledger)) = open(&asked.record, terminal)? else { return Ok(Outcome::Findings) };
    let recorded = ledger.decide(|world, _| Ok(world.move_run(&asked.run.strategy, &asked.run.run, to)?))?;
    answer(&recorded, asked.record.answer.format, terminal, recorded_page)
}

fn speak(asked: &RunOverride, terminal: &Terminal) -> Result<Outcome, Failure> {
    let status = match asked.status {
        SaidStatus::Approved => OverrideStatus::Approved,
        SaidStatus::Rejected => OverrideStatus::Rejected,
        SaidStatus::None => OverrideStatus::None,
    };
    let Some((_, rules, mut ledger)) = open(&asked.record, terminal)? else { return Ok(Outcome::Findings) };
    let said = |world: &WorldRecord, now| world.override_run(&rules, asked.act.by(), asked.run.of(), status, now);
    let recorded = ledger.decide(|world, now| Ok(said(world, now)?))?;
    answer(&recorded, asked.record.answer.format, terminal, recorded_page)
}
