//! `eval`: judges a snapshot by a policy.

use std::io::Write;

use super::args::EvalArguments;
use super::decision_store::DecisionStore;
use super::inputs::{self, Given};
use super::output::{Form, Output};
use super::require::Requirements;
use super::tables::{self, is_table};
use super::terminal::Terminal;
use super::{Failure, Outcome};
use crate::eval::{Decision, Options, Snapshot};
use crate::policy::Policy;

pub(super) fn run(arguments: &EvalArguments, terminal: &Terminal) -> Result<Outcome, Failure> {
    let inputs = &arguments.inputs;
    inputs::read_standard_input_once(inputs)?;
    let form = Form::of(arguments, terminal)?;
    let Some(policy) = inputs::policy(&inputs.policy, terminal)? else { return Ok(Outcome::Findings) };
    if is_table(&inputs.snapshot) {
        return judge_table(arguments, form, &policy, terminal);
    }
    let snapshot = inputs::snapshot(&inputs.snapshot)?;
    let mut given = Given::new(inputs)?;
    // Nothing is recorded unless it can be written, too.
    let mut output = Output::new(arguments, form, terminal)?;
    let mut store = DecisionStore::open(arguments, &policy)?;
    let requirements = Requirements::new(&arguments.require, &policy, &snapshot);
    let decision = judge(&mut given, &policy, snapshot, options(arguments, form), store.as_mut())?;
    let outcome = requirements.outcome(&decision)?;
    output.decision(decision)?;
    output.finish()?;
    tell(store)?;
    Ok(outcome)
}

/// Judges by the arguments alone, or by what the store holds.
fn judge(
    given: &mut Given<'_>,
    policy: &Policy,
    snapshot: Snapshot,
    options: Options,
    store: Option<&mut DecisionStore>,
) -> Result<Decision, Failure> {
    match store {
        None => given.judge(policy, snapshot, options),
        Some(store) => store.judge(given, policy, &snapshot, &options),
    }
}

/// Says where the record ends, if anything was recorded.
fn tell(store: Option<DecisionStore>) -> Result<(), Failure> {
    if let Some(end) = store.as_ref().and_then(DecisionStore::end) {
        writeln!(std::io::stderr(), "{end}")?;
    }
    Ok(())
}

fn options(arguments: &EvalArguments, form: Form) -> Options {
    Options {
        detail: form.detail(arguments.detail),
        shown: arguments.require.clone(),
        threads: std::thread::available_parallelism().map_or(1, usize::from),
        ..Options::default()
    }
}

/// Judges the snapshots of a table in order, each on the state of the one before; the last one
/// answers `--require`.
fn judge_table(
    arguments: &EvalArguments,
    form: Form,
    policy: &Policy,
    terminal: &Terminal,
) -> Result<Outcome, Failure> {
    let mut given = Given::new(&arguments.inputs)?;
    let mut store = DecisionStore::open(arguments, policy)?;
    let mut output = Output::new(arguments, form, terminal)?;
    let mut outcome = Outcome::Fine;
    tables::read_given(&arguments.inputs, &mut |snapshot| {
        output.ready()?;
        let requirements = Requirements::new(&arguments.require, policy, &snapshot);
        let decision = judge(&mut given, policy, snapshot, options(arguments, form), store.as_mut())?;
        given.follow(&decision);
        outcome = requirements.outcome(&decision)?;
        output.decision(decision)
    })?;
    output.finish()?;
    tell(store)?;
    Ok(outcome)
}
