//! The life of strategies over a log in memory, whose events the host persists.
//!
//! A command is an object with `command`, `now` (the time of what happens) and what it needs:
//!
//! | command | takes |
//! |---|---|
//! | `submit` | `strategy`, `snapshot`, and if wanted `run`, `stage`, `data_start` with `data_end`, `supersedes` with `reason` |
//! | `transition` | `strategy`, `run`, `to` |
//! | `override` | `strategy`, `run`, `status`, `actor`, `reason` |
//! | `approve`, `reject` | `strategy`, `run`, `actor`, `reason` |
//! | `apply`, `rollback` | the same, and if wanted `risk_snapshot` |
//! | `demote` | `strategy`, `actor`, `reason` |
//! | `halt`, `resume` | `actor`, `reason` |
//! | `decide` | `snapshot`: it is judged by what the log holds, and the decision is recorded |
//!
//! A query is an object with `query`, `now` and, if wanted, `strategy`: `campaign`, `tick`, `candidates`
//! (`risk_snapshot`), `plan` (`run` and `risk_snapshot`), `runs`.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value as Json, json};

use super::documents::{Refusal, known_keys, needed, object, text, time};
use crate::diag::nearest;
use crate::eval::{Detail, Options, Snapshot, parse_instant, read_json};
use crate::lifecycle::{
    DataWindow, JudgeError, LifecycleEvent, OverrideStatus, PromotionError, Review, RunError, RunInput, RunState,
    WorldRecord, WorldRules, campaign_status, suggested_run_id, tick,
};
use crate::policy::Policy;
use crate::render::{RunView, RunsView, write_pretty};
use crate::store::{Clock, EventLog, Ledger, LedgerError, Lines, MemoryLog, Moment, StoreError, import};

/// Memory that an event takes for each byte of its line.
const PER_LINE_BYTE: usize = 8;

/// The log of one world.
#[derive(Debug)]
pub(super) struct Log {
    world: String,
    ledger: Ledger<MemoryLog>,
    /// Bytes of all lines.
    bytes: usize,
}

const COMMANDS: [&str; 11] = [
    "submit",
    "transition",
    "override",
    "approve",
    "reject",
    "apply",
    "rollback",
    "demote",
    "halt",
    "resume",
    "decide",
];
const QUERIES: [&str; 5] = ["campaign", "tick", "candidates", "plan", "runs"];

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::new("store", error.to_string())
    }
}

impl From<LedgerError> for Refusal {
    fn from(error: LedgerError) -> Self {
        Self::new("store", error.to_string())
    }
}

impl From<JudgeError> for Refusal {
    fn from(error: JudgeError) -> Self {
        Self::new("refused", error.to_string())
    }
}

impl From<RunError> for Refusal {
    fn from(error: RunError) -> Self {
        Self::new("refused", error.to_string())
    }
}

impl From<PromotionError> for Refusal {
    fn from(error: PromotionError) -> Self {
        Self::new("refused", error.to_string())
    }
}

impl Log {
    /// An empty one.
    pub fn new(options: &Map<String, Json>) -> Result<Self, Refusal> {
        known_keys(options, &["world", "clock"], "a log")?;
        let world = needed(options, "world")?.to_owned();
        let clock = match text(options, "clock")? {
            None | Some("wall") => Clock::Wall,
            Some("simulated") => Clock::Simulated,
            Some(other) => {
                return Err(Refusal::new("json", format!("`clock` can be wall or simulated, not `{other}`")));
            }
        };
        Ok(Self { ledger: Ledger::open(MemoryLog::new(clock), &world)?, world, bytes: 0 })
    }

    /// How many bytes it may take.
    pub fn bytes(&self) -> usize {
        self.bytes.saturating_mul(PER_LINE_BYTE)
    }

    /// Takes back lines, into an empty log.
    pub fn load(&mut self, lines: &str, now: &str) -> Result<Json, Refusal> {
        let wrong = || Refusal::new("json", format!("`{now}` is not a time such as 2026-01-31T21:00:00Z"));
        let now = parse_instant(now).ok_or_else(wrong)?;
        let mut log = self.ledger.log().clone();
        let head = import(&mut log, &mut Lines::new(lines.as_bytes()), now)?;
        self.ledger = Ledger::open(log, &self.world)?;
        self.bytes = lines.len();
        Ok(json!({ "events": head.number, "head": head.hash }))
    }

    /// The events from a number on, a line each.
    pub fn lines(&self, from: u64) -> Result<String, Refusal> {
        let mut lines = String::new();
        for event in self.ledger.log().events(from..) {
            let line = serde_json::to_string(&event?).map_err(|error| Refusal::of("store")(&error))?;
            lines.push_str(&line);
            lines.push('\n');
        }
        Ok(lines)
    }

    /// Does what a command says; gives what was recorded, with its lines.
    pub fn command(&mut self, policy: &Policy, command: &str) -> Result<Json, Refusal> {
        let asked = Asked::read(command, "command", &COMMANDS)?;
        let rules = self.rules(policy)?;
        let before = self.ledger.head().number;
        let mut decided = None;
        let mut run = asked.text("run")?.map(str::to_owned);
        let moment = || Ok(Moment { at: asked.now, now: asked.now });
        let recorded = self.ledger.decide(moment, |world, now| {
            if asked.name == "decide" {
                let (events, decision) = asked.decide(policy, &rules, world, now)?;
                decided = Some(decision);
                return Ok(events);
            }
            if asked.name == "submit" {
                let (events, id) = asked.submit(policy, &rules, world, now)?;
                run = Some(id);
                return Ok(events);
            }
            asked.act(&rules, world, now)
        })?;
        let lines = self.lines(before.saturating_add(1))?;
        self.bytes = self.bytes.saturating_add(lines.len());
        let mut answer = serde_json::to_value(&recorded).map_err(|error| Refusal::of("store")(&error))?;
        if let Json::Object(answer) = &mut answer {
            answer.insert("lines".to_owned(), lines.into());
            let known = asked.text("strategy")?.zip(run.as_deref());
            let known = known.and_then(|(strategy, run)| self.ledger.record().run(strategy, run));
            if let Some(run) = known {
                let view = serde_json::to_value(RunView::of(run)).map_err(|error| Refusal::of("store")(&error))?;
                answer.insert("run".to_owned(), view);
            }
            if let Some(decision) = decided {
                answer.insert("decision".to_owned(), decision);
            }
        }
        Ok(answer)
    }

    /// Answers a query as the verb of the program prints it.
    pub fn query(&self, policy: &Policy, query: &str) -> Result<Vec<u8>, Refusal> {
        let asked = Asked::read(query, "query", &QUERIES)?;
        let rules = self.rules(policy)?;
        let record = self.ledger.record();
        let (runs, strategy) = (record.records(), asked.text("strategy")?);
        let status = || campaign_status(&rules, &runs, strategy, asked.now);
        let circumstances = record.circumstances(asked.time("risk_snapshot")?);
        let review = Review::new(&rules, &runs, &circumstances, asked.now);
        match asked.name {
            "campaign" => pretty(&status()),
            "tick" => pretty(&tick(&rules, &status())),
            "candidates" => {
                let mut found = review.candidates();
                found.candidates.retain(|one| strategy.is_none_or(|asked| asked == one.strategy_id));
                pretty(&found)
            }
            "plan" => {
                let plan = review.plan(asked.needed("strategy")?, asked.needed("run")?);
                pretty(&plan.map_err(|error| Refusal::of("refused")(&error))?)
            }
            _ => {
                let wanted = record.runs().filter(|run| strategy.is_none_or(|asked| asked == run.submission.strategy));
                let head = self.ledger.head().hash.clone();
                let runs = wanted.map(RunView::of).collect();
                pretty(&RunsView { schema_version: 1, world_id: rules.world.clone(), runs, head })
            }
        }
    }

    fn rules(&self, policy: &Policy) -> Result<WorldRules, Refusal> {
        WorldRules::new(policy, Some(&self.world), None).map_err(|error| Refusal::of("refused")(&error))
    }
}

fn pretty(document: &impl Serialize) -> Result<Vec<u8>, Refusal> {
    let mut out = Vec::new();
    write_pretty(&mut out, document).map_err(|error| Refusal::of("store")(&error))?;
    Ok(out)
}

/// A command or a query.
struct Asked {
    document: Map<String, Json>,
    name: &'static str,
    now: Timestamp,
}

impl Asked {
    fn read(source: &str, kind: &str, names: &[&'static str]) -> Result<Self, Refusal> {
        let document = object(source)?;
        let written = needed(&document, kind)?;
        let Some(name) = names.iter().find(|name| **name == written) else {
            let near = nearest(written, names.iter().copied());
            let hint =
                near.map_or_else(|| format!("take {}", names.join(", ")), |near| format!("did you mean `{near}`?"));
            return Err(Refusal::new("unknown_key", format!("`{written}` is no {kind}: {hint}")));
        };
        let mut keys = vec![kind, "now"];
        keys.extend(keys_of(name));
        known_keys(&document, &keys, &format!("`{name}`"))?;
        let now =
            time(&document, "now")?.ok_or_else(|| Refusal::new("json", "`now` is needed: say what time it is"))?;
        Ok(Self { document, name, now })
    }

    fn text(&self, key: &str) -> Result<Option<&str>, Refusal> {
        text(&self.document, key)
    }

    fn needed(&self, key: &str) -> Result<&str, Refusal> {
        needed(&self.document, key)
    }

    fn time(&self, key: &str) -> Result<Option<Timestamp>, Refusal> {
        time(&self.document, key)
    }

    /// Somebody with a reason.
    fn by(&self) -> Result<(&str, &str), Refusal> {
        Ok((self.needed("actor")?, self.needed("reason")?))
    }

    /// A run of a strategy.
    fn of(&self) -> Result<(&str, &str), Refusal> {
        Ok((self.needed("strategy")?, self.needed("run")?))
    }

    fn tree(&self) -> Result<crate::eval::Value, Refusal> {
        let snapshot = self.document.get("snapshot").ok_or_else(|| Refusal::new("json", "`snapshot` is needed"))?;
        read_json(&snapshot.to_string()).map_err(|error| Refusal::new("snapshot", error.message))
    }

    fn submit(
        &self,
        policy: &Policy,
        rules: &WorldRules,
        world: &WorldRecord,
        now: Timestamp,
    ) -> Result<(Vec<LifecycleEvent>, String), Refusal> {
        let strategy = self.needed("strategy")?;
        let window = match (self.time("data_start")?, self.time("data_end")?) {
            (Some(start), Some(end)) => Some(DataWindow { start, end }),
            (None, None) => None,
            _ => return Err(Refusal::new("json", "`data_start` and `data_end` go together")),
        };
        let input = RunInput::read(&self.tree()?, strategy, self.text("stage")?)?.on(window);
        let supersedes = match (self.text("supersedes")?, self.text("reason")?) {
            (Some(run), Some(reason)) => Some((run, reason)),
            (None, None) => None,
            _ => return Err(Refusal::new("json", "`supersedes` and `reason` go together")),
        };
        let suggested = || suggested_run_id(world.world(), strategy, input.stage(), now);
        let run = self.text("run")?.map_or_else(suggested, str::to_owned);
        let events = input.events((policy, rules), world, &run, supersedes, now)?;
        Ok((events, run))
    }

    fn decide(
        &self,
        policy: &Policy,
        rules: &WorldRules,
        world: &WorldRecord,
        now: Timestamp,
    ) -> Result<(Vec<LifecycleEvent>, Json), Refusal> {
        let mut snapshot = Snapshot::from_value(&self.tree()?).map_err(|error| Refusal::of("snapshot")(&error))?;
        let before = world.previous()?;
        (snapshot.approvals, snapshot.previous) = (world.approved(rules), before.clone());
        let (world_id, halted) = (Some(rules.world.clone()), world.halted().is_some());
        let options = Options { world: world_id, detail: Detail::All, halted, ..Options::default() };
        let decision = policy.evaluate(&snapshot, &options).map_err(|error| Refusal::of("evaluate")(&error))?;
        let document = serde_json::to_value(&decision).map_err(|error| Refusal::of("evaluate")(&error))?;
        let correlations = snapshot.correlations.as_deref();
        Ok((world.record_decision(rules, before.as_ref(), &decision, correlations, now)?, document))
    }

    fn act(&self, rules: &WorldRules, world: &WorldRecord, now: Timestamp) -> Result<Vec<LifecycleEvent>, Refusal> {
        let risk = || self.time("risk_snapshot");
        Ok(match self.name {
            "transition" => world.move_run(self.needed("strategy")?, self.needed("run")?, self.state()?)?,
            "override" => world.override_run(rules, self.by()?, self.of()?, self.status()?, now)?,
            "approve" => world.approve(rules, self.by()?, self.of()?, now)?,
            "reject" => world.reject(rules, self.by()?, self.of()?, now)?,
            "apply" => world.apply_promotion(rules, self.by()?, self.of()?, risk()?, now)?,
            "rollback" => world.rollback(rules, self.by()?, self.of()?, risk()?, now)?,
            "demote" => world.demote(self.by()?, self.needed("strategy")?)?,
            "halt" => world.halt(self.by()?)?,
            _ => world.resume(rules, self.by()?)?,
        })
    }

    fn state(&self) -> Result<RunState, Refusal> {
        let to = self.needed("to")?;
        let states: Vec<_> = RunState::ALL.iter().map(|state| state.as_str()).collect();
        let wrong = || Refusal::new("json", format!("`{to}` is no state: take one of {}", states.join(", ")));
        RunState::from_name(to).ok_or_else(wrong)
    }

    fn status(&self) -> Result<OverrideStatus, Refusal> {
        match self.needed("status")? {
            "approved" => Ok(OverrideStatus::Approved),
            "rejected" => Ok(OverrideStatus::Rejected),
            "none" => Ok(OverrideStatus::None),
            other => Err(Refusal::new("json", format!("`status` can be approved, rejected or none, not `{other}`"))),
        }
    }
}

/// What a command or a query takes beside its name and the time.
fn keys_of(name: &str) -> &'static [&'static str] {
    match name {
        "submit" => &["strategy", "snapshot", "run", "stage", "data_start", "data_end", "supersedes", "reason"],
        "transition" => &["strategy", "run", "to"],
        "override" => &["strategy", "run", "status", "actor", "reason"],
        "approve" | "reject" => &["strategy", "run", "actor", "reason"],
        "apply" | "rollback" => &["strategy", "run", "actor", "reason", "risk_snapshot"],
        "demote" => &["strategy", "actor", "reason"],
        "halt" | "resume" => &["actor", "reason"],
        "decide" => &["snapshot"],
        "candidates" => &["strategy", "risk_snapshot"],
        "plan" => &["strategy", "run", "risk_snapshot"],
        _ => &["strategy"],
    }
}
