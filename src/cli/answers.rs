//! What the verbs about the life of strategies share: reading runs, and writing answers.

use std::io::Write;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::Serialize;

use super::files::{display_name, is_standard_input, read_data};
use super::inputs;
use super::lifecycle_args::{AnswerFormat, WorldArguments};
use super::record::Ledger;
use super::terminal::Terminal;
use super::{Failure, Outcome};
use crate::diag::nearest;
use crate::eval::read_yaml;
use crate::lifecycle::{RulesError, RunRecord, RunsError, WorldRules, read_runs, read_runs_json};
use crate::policy::Policy;

/// A world as the arguments give it.
pub(super) struct World {
    pub rules: WorldRules,
    pub runs: Vec<RunRecord>,
    pub now: Timestamp,
    /// What the store holds of it, where the runs are from there.
    pub ledger: Option<Ledger>,
}

impl World {
    /// Reads policy and runs; none where the policy has errors, which are told.
    pub fn read(
        arguments: &WorldArguments,
        allow_live: Option<bool>,
        terminal: &Terminal,
    ) -> Result<Option<Self>, Failure> {
        let twice = |runs: &PathBuf| is_standard_input(&arguments.policy) && is_standard_input(runs);
        if arguments.runs.as_ref().is_some_and(twice) {
            return Err(Failure::new("standard input can be read once: name a file for the policy or the runs"));
        }
        let now = arguments.now.moment()?;
        let Some(policy) = inputs::policy(&arguments.policy, terminal)? else { return Ok(None) };
        let rules = rules(&policy, arguments.world.as_deref(), allow_live)?;
        let (runs, ledger) = match &arguments.runs {
            Some(path) => (ended_by(now, runs(path)?)?, None),
            None => {
                let ledger = Ledger::open(&arguments.store, &rules.world, &arguments.now)?;
                (ledger.record().records(), Some(ledger))
            }
        };
        Ok(Some(Self { rules, runs, now, ledger }))
    }

    /// Fails where a strategy is asked for that has no run.
    pub fn has(&self, strategy: Option<&str>) -> Result<(), Failure> {
        let Some(strategy) = strategy else { return Ok(()) };
        if self.runs.iter().any(|run| run.strategy_id == strategy) {
            return Ok(());
        }
        let near = nearest(strategy, self.runs.iter().map(|run| run.strategy_id.as_str()));
        let hint = near.map(|near| format!(": did you mean `{near}`?"));
        let hint = hint.unwrap_or_else(|| ": name one of theirs with --strategy".to_owned());
        Err(Failure::new(format!("the runs hold none of `{strategy}`{hint}")))
    }
}

/// What a policy says about the life of its strategies.
pub(super) fn rules(policy: &Policy, world: Option<&str>, allow_live: Option<bool>) -> Result<WorldRules, Failure> {
    WorldRules::new(policy, world, allow_live).map_err(|error| {
        let hint = if error == RulesError::NoWorld { " with --world" } else { "" };
        Failure::new(format!("{error}{hint}"))
    })
}

/// Fails where a run has observed what is still to come: it would fill windows that nobody has seen.
fn ended_by(now: Timestamp, runs: Vec<RunRecord>) -> Result<Vec<RunRecord>, Failure> {
    match runs.iter().find(|run| run.updated_at > now) {
        None => Ok(runs),
        Some(RunRecord { strategy_id, run_id, updated_at, .. }) => Err(Failure::new(format!(
            "the run `{run_id}` of `{strategy_id}` observed until {updated_at}, after {now}: give --now at or after that"
        ))),
    }
}

fn runs(path: &Path) -> Result<Vec<RunRecord>, Failure> {
    let text = read_data(path)?;
    let read = if inputs::is_json(path, &text) {
        read_runs_json(&text)
    } else {
        read_yaml(&text).map_err(RunsError::from).and_then(|tree| Ok(read_runs(&tree)?))
    };
    read.map_err(|error| match error {
        RunsError::Syntax(error) => inputs::unreadable(path, &error),
        error => Failure::new(format!("{}: {error}", display_name(path))),
    })
}

/// Writes an answer as a table or as one JSON document.
pub(super) fn answer<T: Serialize>(
    document: &T,
    format: Option<AnswerFormat>,
    terminal: &Terminal,
    table: impl FnOnce(&T) -> String,
) -> Result<Outcome, Failure> {
    let usual = if terminal.interactive { AnswerFormat::Table } else { AnswerFormat::Json };
    let text = match format.unwrap_or(usual) {
        AnswerFormat::Table => table(document),
        AnswerFormat::Json => crate::render::pretty(document).map_err(|error| Failure::new(error.to_string()))?,
    };
    writeln!(std::io::stdout().lock(), "{}", text.trim_end())?;
    Ok(Outcome::Fine)
}

/// A code as words.
pub(super) fn words<'c>(codes: impl IntoIterator<Item = &'c str>) -> String {
    let words: Vec<_> = codes.into_iter().map(|code| code.replace('_', " ")).collect();
    words.join(", ")
}
