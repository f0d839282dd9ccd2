//! `fmt`: formats policies, keeping comments.

use std::io::Write;

use super::args::FmtArguments;
use super::check::refuse;
use super::files::{display_name, is_standard_input, policies, read_policy, write_whole};
use super::terminal::Terminal;
use super::{Failure, Outcome};
use crate::format::format_policy;
use crate::render::Report;
use crate::source::{Limits, Sources};

pub(super) fn run(arguments: &FmtArguments, terminal: &Terminal) -> Result<Outcome, Failure> {
    let mut outcome = Outcome::Fine;
    let mut output = std::io::stdout().lock();
    for path in policies(&arguments.files)? {
        let name = display_name(&path);
        let text = read_policy(&path)?;
        let formatted = match format_policy(&name, &text, &Limits::default()) {
            Ok(formatted) => formatted,
            Err(diagnostics) => {
                let mut sources = Sources::default();
                sources.add(name, text);
                refuse(&Report { diagnostics: &diagnostics, sources: &sources, document: None }, terminal)?;
                outcome = Outcome::Findings;
                continue;
            }
        };
        if arguments.check {
            if formatted != text {
                writeln!(output, "{name}: not formatted")?;
                outcome = Outcome::Findings;
            }
        } else if is_standard_input(&path) {
            output.write_all(formatted.as_bytes())?;
        } else if formatted != text {
            write_whole(&path, &formatted)?;
        }
    }
    Ok(outcome)
}
