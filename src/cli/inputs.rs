//! What judging reads: a policy, a snapshot, and what the arguments put in the place of the snapshot's own.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use super::Failure;
use super::args::InputArguments;
use super::check::refuse;
use super::files::{FileLoader, display_name, is_standard_input, read_data, read_policy};
use super::terminal::Terminal;
use crate::eval::{
    Correlations, Decision, EvaluateError, Notes, Options, Previous, ReadError, Snapshot, Value, parse_instant,
    read_json, read_previous, read_yaml,
};
use crate::policy::{CompileError, Policy};
use crate::render::Report;
use crate::source::Limits;

/// What the arguments put in the place of a snapshot's own.
pub(super) struct Given<'a> {
    inputs: &'a InputArguments,
    as_of: Option<Timestamp>,
    previous: Option<Previous>,
    correlations: Option<Arc<Correlations>>,
    /// What may go live by a store, which then also says what was active before.
    approvals: Option<Vec<String>>,
    notes: Notes,
}

impl<'a> Given<'a> {
    pub fn new(arguments: &'a InputArguments) -> Result<Self, Failure> {
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
            inputs: arguments,
            as_of: as_of.transpose()?,
            previous: previous.transpose()?,
            correlations: correlations.transpose()?.map(Arc::new),
            approvals: None,
            notes,
        })
    }

    /// Takes approvals and what was active before from a store, whatever the snapshot says.
    pub fn hold(&mut self, approvals: Vec<String>, previous: Option<Previous>) {
        (self.approvals, self.previous) = (Some(approvals), previous);
    }

    /// The snapshot with what the arguments put in the place of its own.
    pub fn completed(&self, mut snapshot: Snapshot) -> Snapshot {
        snapshot.stage = self.inputs.stage.clone().or(snapshot.stage);
        snapshot.as_of = self.as_of.or(snapshot.as_of);
        match &self.approvals {
            Some(approvals) => {
                (snapshot.approvals, snapshot.previous) = (approvals.clone(), self.previous.clone());
            }
            None => snapshot.previous = self.previous.clone().or(snapshot.previous),
        }
        snapshot.correlations = self.correlations(&snapshot);
        snapshot.notes.append(self.notes.clone());
        snapshot
    }

    /// The correlations that a snapshot is judged with.
    pub fn correlations(&self, snapshot: &Snapshot) -> Option<Arc<Correlations>> {
        self.correlations.clone().or_else(|| snapshot.correlations.clone())
    }

    /// Options with what else the arguments ask for.
    pub fn options(&self, options: Options) -> Options {
        Options { world: self.inputs.world.clone(), profile: self.inputs.profile.clone(), ..options }
    }

    pub fn judge(&self, policy: &Policy, snapshot: Snapshot, options: Options) -> Result<Decision, Failure> {
        policy.evaluate(&self.completed(snapshot), &self.options(options)).map_err(failure)
    }

    /// Makes the arguments ready for the next instant of a table, after the decision on the one before.
    pub fn follow(&mut self, decision: &Decision) {
        self.notes = Notes::default();
        self.previous = Some(Previous::State(Box::new(decision.state.clone())));
        if self.correlations.is_some() {
            let message = "the same correlations are used for every `as_of`";
            self.notes.add("correlations_reused", message, "--correlations");
        }
    }
}

/// Why a snapshot was not judged, with what to do about it.
pub(super) fn failure(error: EvaluateError) -> Failure {
    let hint = if error == EvaluateError::NoWorld { " with --world" } else { "" };
    Failure::new(format!("{error}{hint}"))
}

/// Refuses arguments of which several are standard input.
pub(super) fn read_standard_input_once(arguments: &InputArguments) -> Result<(), Failure> {
    let inputs = [
        Some(&arguments.policy),
        Some(&arguments.snapshot),
        arguments.previous.as_ref(),
        arguments.correlations.as_ref(),
    ];
    if inputs.into_iter().flatten().filter(|path| is_standard_input(path)).count() > 1 {
        return Err(Failure::new("standard input can be read once: name a file for the others"));
    }
    Ok(())
}

/// Reads a snapshot that is no table.
pub(super) fn snapshot(path: &Path) -> Result<Snapshot, Failure> {
    let name = display_name(path);
    Snapshot::from_value(&tree(path)?).map_err(|error| Failure::new(format!("{name}: {error}")))
}

/// Compiles a policy; its errors go to standard error.
pub(super) fn policy(path: &Path, terminal: &Terminal) -> Result<Option<Policy>, Failure> {
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
pub(super) fn tree(path: &Path) -> Result<Value, Failure> {
    let text = read_data(path)?;
    let read = if is_json(path, &text) { read_json(&text) } else { read_yaml(&text) };
    read.map_err(|error| unreadable(path, &error))
}

/// Whether a file is to be read as JSON.
pub(super) fn is_json(path: &Path, text: &str) -> bool {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
    match ending.as_str() {
        "json" => true,
        "yaml" | "yml" => false,
        _ => text.trim_start_matches('\u{feff}').trim_start().starts_with(['{', '[']),
    }
}

/// Where a file could not be read, and why.
pub(super) fn unreadable(path: &Path, error: &ReadError) -> Failure {
    Failure::new(format!("{}:{}:{}: {}", display_name(path), error.line, error.column, error.message))
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
        if first.is_empty() || second.is_empty() {
            return Err(place(&"an id is empty: each line names two strategies"));
        }
        let rho: f64 = rho.parse().map_err(|_| place(&format!("`{rho}` is not a number")))?;
        found.add(first, second, rho, notes).map_err(|error| place(&error))?;
    }
    Ok(found)
}
