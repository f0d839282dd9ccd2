//! `explain`: the story of one strategy, and what would have to change.

use std::io::Write;

use super::args::{ExplainArguments, ExplainFormat};
use super::inputs::{self, Given};
use super::tables::{self, is_table};
use super::terminal::Terminal;
use super::{Failure, Outcome};
use crate::eval::{Detail, ExplainError, Explanation, Options, Snapshot};
use crate::policy::Policy;
use crate::render::explain::render;
use crate::render::human::Style;

pub(super) fn run(arguments: &ExplainArguments, terminal: &Terminal) -> Result<Outcome, Failure> {
    inputs::read_standard_input_once(&arguments.inputs)?;
    let Some(policy) = inputs::policy(&arguments.inputs.policy, terminal)? else { return Ok(Outcome::Findings) };
    let mut given = Given::new(&arguments.inputs)?;
    let (snapshot, instants) = if is_table(&arguments.inputs.snapshot) {
        last_of_table(arguments, &policy, &mut given)?
    } else {
        (inputs::snapshot(&arguments.inputs.snapshot)?, 1)
    };
    let snapshot = given.completed(snapshot);
    let explanation = policy.explain(&snapshot, &given.options(Options::default()), &arguments.strategy).map_err(
        |error| match error {
            ExplainError::Evaluate(error) => inputs::failure(error),
            error => Failure::new(error.to_string()),
        },
    )?;
    if instants > 1 {
        let instant = explanation.as_of.as_deref().unwrap_or("none");
        writeln!(std::io::stderr(), "the table holds {instants} instants; this is the last, {instant}")?;
    }
    std::io::stdout().lock().write_all(written(&explanation, arguments.format, terminal)?.as_bytes())?;
    Ok(Outcome::Fine)
}

fn written(explanation: &Explanation, format: ExplainFormat, terminal: &Terminal) -> Result<String, Failure> {
    match format {
        ExplainFormat::Human => {
            Ok(render(explanation, Style { colour: terminal.colors_output(), width: terminal.width }))
        }
        ExplainFormat::Json => {
            let text = crate::render::pretty(explanation);
            text.map(|text| text + "\n").map_err(|error| Failure::new(error.to_string()))
        }
    }
}

/// The last snapshot of a table, made ready by judging those before it in order, and how many there are.
fn last_of_table(
    arguments: &ExplainArguments,
    policy: &Policy,
    given: &mut Given<'_>,
) -> Result<(Snapshot, usize), Failure> {
    let mut waiting: Option<Snapshot> = None;
    let mut instants = 0;
    tables::read_given(&arguments.inputs, &mut |snapshot| {
        instants += 1;
        if let Some(before) = waiting.replace(snapshot) {
            // Only the state goes on.
            let options = Options { detail: Detail::None, ..Options::default() };
            let decision = given.judge(policy, before, options)?;
            given.follow(&decision);
        }
        Ok(())
    })?;
    let last = waiting.ok_or_else(|| Failure::new("the table has no rows"))?;
    Ok((last, instants))
}
