//! `check`: syntax, names, units, logic and lifecycle of policies.

use std::io::Write;

use super::args::{CheckArguments, CheckFormat};
use super::files::{FileLoader, display_name, policies, read_policy};
use super::terminal::Terminal;
use super::{Failure, Outcome};
use crate::policy::{Checked, check};
use crate::render::{Report, Summary, github, human, json, pretty, sarif};
use crate::source::Limits;

pub(super) fn run(arguments: &CheckArguments, terminal: &Terminal) -> Result<Outcome, Failure> {
    let mut checked = Vec::new();
    for path in policies(&arguments.files)? {
        let text = read_policy(&path)?;
        checked.push(check(&display_name(&path), &text, &FileLoader, &Limits::default()));
    }
    let reports: Vec<_> = checked.iter().map(report).collect();
    let mut output = std::io::stdout().lock();
    match arguments.format {
        CheckFormat::Human => people(&reports, terminal)?,
        CheckFormat::Json => {
            let text = pretty(&json::render(&reports)).map_err(|error| Failure::new(error.to_string()))?;
            writeln!(output, "{text}")?;
        }
        CheckFormat::Github => write!(output, "{}", github::render(&reports))?,
        CheckFormat::Sarif => writeln!(output, "{:#}", sarif::render(&reports))?,
    }
    let total = Summary::total(&reports);
    let refused = total.errors > 0 || (arguments.deny_warnings && total.warnings > 0);
    Ok(if refused { Outcome::Findings } else { Outcome::Fine })
}

fn report(checked: &Checked) -> Report<'_> {
    Report { diagnostics: &checked.diagnostics, sources: &checked.sources, document: Some(&checked.document) }
}

/// Findings to standard error, one line a file to standard output.
fn people(reports: &[Report<'_>], terminal: &Terminal) -> Result<(), Failure> {
    for report in reports {
        let style = human::Style { colour: terminal.colors_errors(), width: terminal.width };
        write!(std::io::stderr().lock(), "{}", human::render(report, style))?;
        let style = human::Style { colour: terminal.colors_output(), width: terminal.width };
        writeln!(std::io::stdout().lock(), "{}", human::summary_line(report.name(), report.summary(), style))?;
    }
    if let Some(line) = human::more_line(reports) {
        writeln!(std::io::stderr().lock(), "{line}")?;
    }
    Ok(())
}

/// Paints diagnostics that keep a verb from its work.
pub(super) fn refuse(checked: &Report<'_>, terminal: &Terminal) -> Result<(), Failure> {
    let style = human::Style { colour: terminal.colors_errors(), width: terminal.width };
    write!(std::io::stderr().lock(), "{}", human::render(checked, style))?;
    Ok(())
}
