//! `eval`: judges a snapshot by a policy.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use super::args::{self, EvalArguments, EvalFormat};
use super::check::refuse;
use super::decision_table::decision_table;
use super::files::{FileLoader, display_name, is_standard_input, read_data, read_policy, write_whole};
use super::tables::{self, is_table};
use super::terminal::Terminal;
use super::{Failure, Outcome};
use crate::eval::{
    Action, Correlations, Decision, Detail, EvaluateError, Notes, Options, Previous, Snapshot, Status, Value,
    parse_instant, read_json, read_previous, read_yaml,
};
use crate::policy::{CompileError, Policy};
use crate::render::Report;
use crate::source::Limits;

pub(super) fn run(arguments: &EvalArguments, terminal: &Terminal) -> Result<Outcome, Failure> {
    let inputs = [
        Some(&arguments.policy),
        Some(&arguments.snapshot),
        arguments.previous.as_ref(),
        arguments.correlations.as_ref(),
    ];
    if inputs.into_iter().flatten().filter(|path| is_standard_input(path)).count() > 1 {
        return Err(Failure::new("standard input can be read once: name a file for the others"));
    }
    let Some(policy) = policy(&arguments.policy, terminal)? else { return Ok(Outcome::Findings) };
    if is_table(&arguments.snapshot) {
        return judge_table(arguments, &policy, terminal);
    }
    let name = display_name(&arguments.snapshot);
    let tree = tree(&arguments.snapshot)?;
    let snapshot = Snapshot::from_value(&tree).map_err(|error| Failure::new(format!("{name}: {error}")))?;
    let asked = format(arguments, terminal);
    let decision = Given::new(arguments)?.judge(arguments, asked, &policy, snapshot)?;
    let outcome = required(&decision, &arguments.require);
    let text = written(decision, asked, arguments, terminal)?;
    match &arguments.out {
        Some(path) => write_whole(path, &text)?,
        None => std::io::stdout().lock().write_all(text.as_bytes())?,
    }
    Ok(outcome)
}

fn format(arguments: &EvalArguments, terminal: &Terminal) -> EvalFormat {
    let for_people = terminal.interactive && arguments.out.is_none();
    arguments.format.unwrap_or(if for_people { EvalFormat::Table } else { EvalFormat::Json })
}

/// Which strategies are told in detail.
fn detail(asked: Option<args::Detail>, format: EvalFormat) -> Detail {
    match (asked, format) {
        (Some(args::Detail::None), _) => Detail::None,
        (Some(args::Detail::All), _) | (None, EvalFormat::Json | EvalFormat::Ndjson) => Detail::All,
        // People also want to see who has just left.
        (_, EvalFormat::Table) => Detail::Changed,
        (Some(args::Detail::Selected), _) => Detail::Selected,
    }
}

fn written(
    mut decision: Decision,
    format: EvalFormat,
    arguments: &EvalArguments,
    terminal: &Terminal,
) -> Result<String, Failure> {
    let detail = detail(arguments.detail, format);
    // Strategies that are only required were judged in detail, but nobody asked to see them.
    decision.strategies.retain(|(_, strategy)| match detail {
        Detail::None => false,
        Detail::Selected => strategy.selected,
        Detail::Changed => strategy.selected || strategy.action != Action::Hold,
        _ => true,
    });
    let text = match format {
        EvalFormat::Table => return Ok(decision_table(&decision, detail, terminal)),
        EvalFormat::Json => serde_json::to_string_pretty(&decision),
        EvalFormat::Ndjson => serde_json::to_string(&decision),
    };
    text.map(|text| text + "\n").map_err(|error| Failure::new(error.to_string()))
}

/// Judges the snapshots of a table in order, each on the state of the one before; the last one
/// answers `--require`.
fn judge_table(arguments: &EvalArguments, policy: &Policy, terminal: &Terminal) -> Result<Outcome, Failure> {
    let mut given = Given::new(arguments)?;
    let asked = format(arguments, terminal);
    let mut outcome = None;
    // What waits for the end: a file, which is whole or not there, and the only JSON document.
    let mut waiting = String::new();
    tables::read_table(&arguments.snapshot, &mut |snapshot| {
        if outcome.is_some() && asked == EvalFormat::Json {
            let message = "the table holds several `as_of`: ask for one decision a line with --format ndjson";
            return Err(Failure::new(message));
        }
        if outcome.is_some() && given.correlations.is_some() {
            given.notes.add(
                "correlations_reused",
                "the same correlations are used for every `as_of`",
                "--correlations",
            );
        }
        let decision = given.judge(arguments, asked, policy, snapshot)?;
        given.notes = Notes::default();
        given.previous = Some(Previous::State(Box::new(decision.state.clone())));
        outcome = Some(required(&decision, &arguments.require));
        let text = written(decision, asked, arguments, terminal)?;
        if arguments.out.is_some() || asked == EvalFormat::Json {
            waiting.push_str(&text);
        } else {
            std::io::stdout().lock().write_all(text.as_bytes())?;
        }
        Ok(())
    })?;
    match &arguments.out {
        Some(path) => write_whole(path, &waiting)?,
        None => std::io::stdout().lock().write_all(waiting.as_bytes())?,
    }
    Ok(outcome.unwrap_or(Outcome::Fine))
}

/// What the arguments put in the place of a snapshot's own.
struct Given {
    as_of: Option<Timestamp>,
    previous: Option<Previous>,
    correlations: Option<Arc<Correlations>>,
    notes: Notes,
}

impl Given {
    fn new(arguments: &EvalArguments) -> Result<Self, Failure> {
        let mut notes = Notes::default();
        let as_of = arguments.as_of.as_ref().map(|time| {
            let wrong = || Failure::new(format!("--as-of `{time}` is not a time such as 2026-01-31T21:00:00Z"));
            parse_instant(time).ok_or_else(wrong)
        });
        let previous = arguments.previous.as_ref().map(|path| {
            let failed = |error| Failure::new(format!("{}: {error}", display_name(path)));
            read_previous(&tree(path)?).map_err(failed)
        });
        let correlations = arguments.correlations.as_ref().map(|path| correlations(path, &mut notes));
        Ok(Self {
            as_of: as_of.transpose()?,
            previous: previous.transpose()?,
            correlations: correlations.transpose()?.map(Arc::new),
            notes,
        })
    }

    fn judge(
        &self,
        arguments: &EvalArguments,
        format: EvalFormat,
        policy: &Policy,
        mut snapshot: Snapshot,
    ) -> Result<Decision, Failure> {
        snapshot.stage = arguments.stage.clone().or(snapshot.stage);
        snapshot.as_of = self.as_of.or(snapshot.as_of);
        snapshot.previous = self.previous.clone().or(snapshot.previous);
        snapshot.correlations = self.correlations.clone().or(snapshot.correlations);
        snapshot.notes.append(self.notes.clone());
        let options = Options {
            world: arguments.world.clone(),
            profile: arguments.profile.clone(),
            detail: detail(arguments.detail, format),
            shown: arguments.require.clone(),
            threads: std::thread::available_parallelism().map_or(1, usize::from),
        };
        policy.evaluate(&snapshot, &options).map_err(|error| {
            let hint = if error == EvaluateError::NoWorld { " with --world" } else { "" };
            Failure::new(format!("{error}{hint}"))
        })
    }
}

/// Compiles a policy; its errors go to standard error.
fn policy(path: &Path, terminal: &Terminal) -> Result<Option<Policy>, Failure> {
    let text = read_policy(path)?;
    match Policy::compile_with(&display_name(path), &text, &FileLoader, &Limits::default()) {
        Ok(policy) => Ok(Some(policy)),
        Err(CompileError(checked)) => {
            refuse(&Report { diagnostics: &checked.diagnostics, sources: &checked.sources, document: None }, terminal)?;
            Ok(None)
        }
    }
}

/// Reads JSON or YAML: by the file's ending, else JSON where the text begins like JSON.
fn tree(path: &Path) -> Result<Value, Failure> {
    let name = display_name(path);
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
    let text = read_data(path)?;
    let json = match ending.as_str() {
        "json" => true,
        "yaml" | "yml" => false,
        _ => text.trim_start_matches('\u{feff}').trim_start().starts_with(['{', '[']),
    };
    let read = if json { read_json(&text) } else { read_yaml(&text) };
    read.map_err(|error| Failure::new(format!("{name}:{}:{}: {}", error.line, error.column, error.message)))
}

/// Reads pairs from CSV with the columns `a,b,rho`.
fn correlations(path: &Path, notes: &mut Notes) -> Result<Correlations, Failure> {
    let name = display_name(path);
    let text = read_data(path)?;
    let mut lines = text.trim_start_matches('\u{feff}').lines().enumerate();
    let header: Vec<_> = lines.next().map_or("", |(_, line)| line).split(',').map(str::trim).collect();
    if header != ["a", "b", "rho"] {
        return Err(Failure::new(format!("{name}:1: the first line must be `a,b,rho`")));
    }
    let mut found = Correlations::default();
    for (index, line) in lines.filter(|(_, line)| !line.trim().is_empty()) {
        let place = |problem: &dyn std::fmt::Display| Failure::new(format!("{name}:{}: {problem}", index + 1));
        let fields: Vec<_> = line.split(',').map(str::trim).collect();
        let [first, second, rho] = fields.as_slice() else {
            return Err(place(&format!("three fields are needed, not {}", fields.len())));
        };
        let rho: f64 = rho.parse().map_err(|_| place(&format!("`{rho}` is not a number")))?;
        found.add(first, second, rho, notes).map_err(|error| place(&error))?;
    }
    Ok(found)
}

/// Whether all required strategies are selected, or lack nothing but data.
fn required(decision: &Decision, ids: &[String]) -> Outcome {
    let mut outcome = Outcome::Fine;
    for id in ids {
        if decision.selected.contains(id) {
            continue;
        }
        let strategy = decision.strategies.iter().find(|(known, _)| known == id).map(|(_, strategy)| strategy);
        let Some(strategy) = strategy else {
            outcome = if outcome == Outcome::Findings { outcome } else { Outcome::Inconclusive };
            continue;
        };
        let failed: Vec<_> = strategy.checks.iter().filter(|check| check.status == Status::Fail).collect();
        let only_missing = !failed.is_empty() && failed.iter().all(|check| check.outcome == "missing");
        let code = strategy.rejected_by.as_ref().map_or("", |rejection| rejection.code.as_str());
        let missing_step = matches!(
            code,
            "score_missing" | "correlation_missing" | "side_missing" | "sector_missing" | "weight_missing"
        );
        let inconclusive = only_missing || (failed.is_empty() && missing_step);
        outcome = if inconclusive && outcome != Outcome::Findings { Outcome::Inconclusive } else { Outcome::Findings };
    }
    outcome
}
