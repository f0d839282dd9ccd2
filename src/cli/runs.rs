//! `run`: submits runs and judges them, lists and shows them, moves them, and records what people say.

use serde::{Deserialize, Serialize};
use serde_json::{Number, Value as Json, json};

use super::answers::{answer, rules};
use super::decision_store::known_correlations;
use super::inputs::{self, tree};
use super::record::{Ledger, Recorded};
use super::record_args::{
    RecordArguments, RunArguments, RunList, RunOverride, RunShow, RunSubmit, RunTransition, RunVerb, SaidStatus,
};
use super::runs_pages::{list_table, run_page, submitted_page};
use super::tables::is_table;
use super::terminal::Terminal;
use super::{Failure, Outcome};
use crate::diag::nearest;
use crate::eval::{Detail, Options, Previous, Snapshot, Value, read_json, read_previous};
use crate::lifecycle::{
    LifecycleEvent, Mode, OverrideStatus, Run, RunError, RunState, Stage, Submission, WorldRecord, WorldRules,
    suggested_run_id,
};
use crate::policy::Policy;

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        Self::new(error.to_string())
    }
}

/// A run as it is listed.
#[derive(Debug, Clone, Serialize)]
pub(super) struct RunView {
    pub strategy_id: String,
    pub run_id: String,
    pub stage: Stage,
    pub state: RunState,
    pub created_at: String,
    pub updated_at: String,
    pub status: Option<Json>,
    pub selected: Option<bool>,
    pub effective_mode: Option<Json>,
    pub override_status: OverrideStatus,
    pub superseded_by: Option<String>,
}

/// The runs of a world.
#[derive(Debug, Serialize)]
pub(super) struct RunsView {
    pub schema_version: u32,
    pub world_id: String,
    pub runs: Vec<RunView>,
    pub head: String,
}

/// A run with all that is known of it.
#[derive(Debug, Serialize)]
pub(super) struct WholeRun {
    pub schema_version: u32,
    pub world_id: String,
    #[serde(flatten)]
    pub run: RunView,
    pub policy_version: Option<String>,
    pub ruleset_hash: String,
    #[serde(rename = "override")]
    pub spoken: Option<Json>,
    pub supersedes: Option<Json>,
    pub metrics: Option<Json>,
    pub decision: Option<Json>,
    pub head: String,
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
    let judged = Judged::read(asked)?;
    let mut run = String::new();
    let recorded = ledger.decide(|world, at| {
        let suggested = || suggested_run_id(world.world(), &asked.strategy, judged.stage, at);
        run = asked.run.clone().unwrap_or_else(suggested);
        judged.events(asked, &policy, &rules, world, &run, at)
    })?;
    let known = ledger.record().run(&asked.strategy, &run);
    let view = known.map(view).ok_or_else(|| Failure::new("the run is not in the store any more: submit it again"))?;
    let submitted = Submitted { recorded, requested_mode: hint, run: view };
    answer(&submitted, asked.record.answer.format, terminal, submitted_page)
}

/// What a run is judged on.
struct Judged {
    snapshot: Snapshot,
    stage: Stage,
    metrics: Json,
}

impl Judged {
    fn read(asked: &RunSubmit) -> Result<Self, Failure> {
        if is_table(&asked.snapshot) {
            return Err(Failure::new("a run is judged on one snapshot: write it as JSON or YAML"));
        }
        let tree = tree(&asked.snapshot)?;
        let mut snapshot = Snapshot::from_value(&tree)
            .map_err(|error| Failure::new(format!("{}: {error}", asked.snapshot.display())))?;
        let ids: Vec<_> = (0..snapshot.strategies.len()).map(|row| snapshot.strategies.id(row)).collect();
        if !ids.contains(&asked.strategy.as_str()) {
            let near = nearest(&asked.strategy, ids).map(|near| format!(": did you mean `{near}`?"));
            let hint = near.unwrap_or_else(|| ": add its metrics".to_owned());
            return Err(Failure::new(format!("the snapshot lacks the strategy `{}`{hint}", asked.strategy)));
        }
        let stages = "backtest, paper, shadow or live";
        let named = asked.stage.clone().or_else(|| snapshot.stage.clone());
        let named = named.ok_or_else(|| Failure::new(format!("no stage is given: name {stages} with --stage")))?;
        let stage = Stage::from_name(&named)
            .ok_or_else(|| Failure::new(format!("`{named}` is no stage of a run: take {stages}")))?;
        snapshot.stage = Some(stage.as_str().to_owned());
        let metrics = tree.get("metrics").and_then(|metrics| metrics.get(&asked.strategy));
        let metrics = metrics.filter(|block| **block != Value::Null).map_or_else(|| json!({}), as_json);
        Ok(Self { snapshot, stage, metrics })
    }

    /// What is to be recorded: the run, and the decision about it. A run that is judged on these metrics
    /// already keeps its decision, whatever has happened to the world since.
    fn events(
        &self,
        asked: &RunSubmit,
        policy: &Policy,
        rules: &WorldRules,
        world: &WorldRecord,
        run: &str,
        at: jiff::Timestamp,
    ) -> Result<Vec<LifecycleEvent>, Failure> {
        let submission = Submission {
            strategy: asked.strategy.clone(),
            run: run.to_owned(),
            stage: self.stage,
            window: None,
            policy_version: policy.program().version.clone(),
            ruleset_hash: policy.ruleset_hash().to_owned(),
            selection_hash: policy.selection_hash().to_owned(),
        };
        let supersedes = asked.supersedes.as_deref().zip(asked.reason.as_deref());
        let mut events = world.submit(&submission, supersedes)?;
        let known = world.run(&asked.strategy, run);
        if known.is_some_and(|known| known.judgement.is_some() && known.metrics.as_ref() == Some(&self.metrics)) {
            return Ok(events);
        }
        let decision = self.decision(asked, policy, rules, world)?;
        let mut submitted = world.clone();
        events.iter().for_each(|event| submitted.apply(at, event));
        let selected: Vec<String> =
            decision.get("selected").map(Vec::deserialize).transpose().ok().flatten().unwrap_or_default();
        let correlations =
            known_correlations(world, [asked.strategy.as_str()], &selected, self.snapshot.correlations.as_deref());
        let judged = submitted.evaluate_run(&asked.strategy, run, &self.metrics, &decision)?;
        events.extend(judged.into_iter().map(|event| event.with_correlations(correlations.clone())));
        Ok(events)
    }

    fn decision(
        &self,
        asked: &RunSubmit,
        policy: &Policy,
        rules: &WorldRules,
        world: &WorldRecord,
    ) -> Result<Json, Failure> {
        let mut snapshot = self.snapshot.clone();
        snapshot.approvals = world.approved(rules);
        snapshot.previous = previous(world)?;
        let options = Options {
            world: asked.record.world.clone(),
            detail: Detail::Selected,
            shown: vec![asked.strategy.clone()],
            ..Options::default()
        };
        let decision = policy.evaluate(&snapshot, &options).map_err(inputs::failure)?;
        serde_json::to_value(&decision).map_err(|error| Failure::new(error.to_string()))
    }
}

/// What was active before, by the last recorded decision.
pub(super) fn previous(world: &WorldRecord) -> Result<Option<Previous>, Failure> {
    let Some(state) = world.last_decision().and_then(|decision| decision.get("state")) else { return Ok(None) };
    let wrong = |problem: String| Failure::new(format!("the last recorded decision cannot be read: {problem}"));
    let state = read_json(&state.to_string()).map_err(|error| wrong(error.message))?;
    read_previous(&state).map(Some).map_err(wrong)
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

fn open(arguments: &RecordArguments, terminal: &Terminal) -> Result<Option<(Policy, WorldRules, Ledger)>, Failure> {
    let Some(policy) = inputs::policy(&arguments.policy, terminal)? else { return Ok(None) };
    let rules = rules(&policy, arguments.world.as_deref(), None)?;
    let ledger = Ledger::open(&arguments.answer.store, &rules.world, &arguments.answer.now)?;
    Ok(Some((policy, rules, ledger)))
}

fn list(asked: &RunList, terminal: &Terminal) -> Result<Outcome, Failure> {
    let Some((_, rules, ledger)) = open(&asked.record, terminal)? else { return Ok(Outcome::Findings) };
    let wanted = |run: &&Run| asked.strategy.as_ref().is_none_or(|asked| *asked == run.submission.strategy);
    let runs = ledger.record().runs().filter(wanted).map(view).collect();
    let head = ledger.head().hash.clone();
    let found = RunsView { schema_version: 1, world_id: rules.world, runs, head };
    answer(&found, asked.record.answer.format, terminal, |found| list_table(found, terminal))
}

fn show(asked: &RunShow, terminal: &Terminal) -> Result<Outcome, Failure> {
    let Some((_, rules, ledger)) = open(&asked.record, terminal)? else { return Ok(Outcome::Findings) };
    let (strategy, run) = asked.run.of();
    let unknown = || RunError::Unknown { strategy: strategy.to_owned(), run: run.to_owned() };
    let known = ledger.record().run(strategy, run).ok_or_else(unknown)?;
    let whole = whole(known, rules.world, ledger.head().hash.clone());
    answer(&whole, asked.record.answer.format, terminal, run_page)
}

fn transition(asked: &RunTransition, terminal: &Terminal) -> Result<Outcome, Failure> {
    let states: Vec<_> = RunState::ALL.iter().map(|state| state.as_str()).collect();
    let to = RunState::from_name(&asked.to)
        .ok_or_else(|| Failure::new(format!("`{}` is no state: take one of {}", asked.to, states.join(", "))))?;
    let Some((_, _, mut ledger)) = open(&asked.record, terminal)? else { return Ok(Outcome::Findings) };
    let recorded = ledger.decide(|world, _| Ok(world.move_run(&asked.run.strategy, &asked.run.run, to)?))?;
    answer(&recorded, asked.record.answer.format, terminal, Recorded::page)
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
    answer(&recorded, asked.record.answer.format, terminal, Recorded::page)
}

fn view(run: &Run) -> RunView {
    let told = run.decision.as_ref().and_then(|decision| decision.get("strategies")?.get(&run.submission.strategy));
    let field = |key: &str| told.and_then(|told| told.get(key)).cloned();
    RunView {
        strategy_id: run.submission.strategy.clone(),
        run_id: run.submission.run.clone(),
        stage: run.submission.stage,
        state: run.state,
        created_at: run.created_at.to_string(),
        updated_at: run.updated_at.to_string(),
        status: field("status"),
        selected: run.judgement.as_ref().map(|judged| judged.active_set.contains(&run.submission.strategy)),
        effective_mode: field("effective_mode"),
        override_status: run.spoken.as_ref().map(|spoken| spoken.status).unwrap_or_default(),
        superseded_by: run.superseded_by.clone(),
    }
}

fn whole(run: &Run, world_id: String, head: String) -> WholeRun {
    let spoken = run.spoken.as_ref().map(|spoken| {
        let by = &spoken.by;
        json!({ "status": spoken.status, "actor": by.actor, "reason": spoken.reason, "at": by.at,
            "ruleset_hash": by.ruleset_hash, "void": by.void })
    });
    let supersedes = run.supersedes.as_ref().map(|(run, reason)| json!({ "run_id": run, "reason": reason }));
    WholeRun {
        schema_version: 1,
        world_id,
        run: view(run),
        policy_version: run.submission.policy_version.clone(),
        ruleset_hash: run.submission.ruleset_hash.clone(),
        spoken,
        supersedes,
        metrics: run.metrics.clone(),
        decision: run.decision.clone(),
        head,
    }
}
