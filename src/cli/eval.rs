//! `eval`: judges a snapshot by a policy.

use std::io::Write;

use super::args::{self, EvalArguments, EvalFormat};
use super::decision_table::decision_table;
use super::files::write_whole;
use super::inputs::{self, Given};
use super::tables::{self, is_table};
use super::terminal::Terminal;
use super::{Failure, Outcome};
use crate::eval::{Action, Decision, Detail, Options, Status};
use crate::policy::Policy;

pub(super) fn run(arguments: &EvalArguments, terminal: &Terminal) -> Result<Outcome, Failure> {
    let inputs = &arguments.inputs;
    inputs::read_standard_input_once(inputs)?;
    let Some(policy) = inputs::policy(&inputs.policy, terminal)? else { return Ok(Outcome::Findings) };
    if is_table(&inputs.snapshot) {
        return judge_table(arguments, &policy, terminal);
    }
    let snapshot = inputs::snapshot(&inputs.snapshot)?;
    let asked = format(arguments, terminal);
    let decision = Given::new(inputs)?.judge(&policy, snapshot, options(arguments, asked))?;
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

fn options(arguments: &EvalArguments, format: EvalFormat) -> Options {
    Options {
        detail: detail(arguments.detail, format),
        shown: arguments.require.clone(),
        threads: std::thread::available_parallelism().map_or(1, usize::from),
        ..Options::default()
    }
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
    let mut given = Given::new(&arguments.inputs)?;
    let asked = format(arguments, terminal);
    let mut outcome = None;
    // What waits for the end: a file, which is whole or not there, and the only JSON document.
    let mut waiting = String::new();
    tables::read_table(&arguments.inputs.snapshot, &mut |snapshot| {
        if outcome.is_some() && asked == EvalFormat::Json {
            let message = "the table holds several `as_of`: ask for one decision a line with --format ndjson";
            return Err(Failure::new(message));
        }
        let decision = given.judge(policy, snapshot, options(arguments, asked))?;
        given.follow(&decision);
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
