//! The command line: the only place that reads the clock, the terminal, the environment, and files other than a store.

mod answers;
mod args;
#[cfg(feature = "arrow")]
mod arrow_tables;
mod bench;
mod campaign;
mod check;
mod clock;
#[cfg(feature = "arrow")]
mod decision_parquet;
mod decision_rows;
mod decision_store;
mod decision_table;
mod eval;
mod explain;
mod files;
mod fmt;
mod inputs;
mod lifecycle_args;
mod metrics;
mod output;
mod promote;
mod promote_acts;
mod record;
mod record_args;
mod report;
mod require;
mod resolve_mode;
mod rule;
mod runs;
mod runs_pages;
mod schema;
mod store;
mod store_file;
mod table;
mod tables;
mod terminal;
mod world;
mod world_page;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use args::{Arguments, Verb};
pub use files::FileLoader;
use terminal::Terminal;

/// How a verb ended; the numbers are part of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Nothing to object to.
    Fine,
    /// Findings, or an unmet requirement.
    Findings,
    /// A requirement unmet only for missing data.
    Inconclusive,
}

/// A failure that ends the program: one line that says what to do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Failure(pub String);

impl Failure {
    pub fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self(format!("cannot write the output: {error}"))
    }
}

/// Runs the program on the process's arguments.
#[must_use]
pub fn run() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS };
        }
    };
    let terminal = Terminal::new(arguments.color);
    let outcome = match &arguments.verb {
        Verb::Check(verb) => check::run(verb, &terminal),
        Verb::Eval(verb) => eval::run(verb, &terminal),
        Verb::Explain(verb) => explain::run(verb, &terminal),
        Verb::Fmt(verb) => fmt::run(verb, &terminal),
        Verb::Rule(verb) => rule::run(verb, &terminal),
        Verb::Metrics(verb) => metrics::run(verb, &terminal),
        Verb::Run(verb) => runs::run(verb, &terminal),
        Verb::Campaign(verb) => campaign::run(verb, &terminal),
        Verb::Promote(verb) => promote::run(verb, &terminal),
        Verb::World(verb) => world::run(verb, &terminal),
        Verb::Report(verb) => report::run(verb, &terminal),
        Verb::ResolveMode(verb) => resolve_mode::run(verb, &terminal),
        Verb::Schema => schema::run(),
        Verb::Bench(verb) => bench::run(verb, &terminal),
        Verb::Store(verb) => store::run(verb, &terminal),
    };
    match outcome {
        Ok(Outcome::Fine) => ExitCode::SUCCESS,
        Ok(Outcome::Findings) => ExitCode::from(1),
        Ok(Outcome::Inconclusive) => ExitCode::from(3),
        // A reader that closed the pipe has what it wanted.
        Err(Failure(message)) if message.contains("Broken pipe") => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = writeln!(std::io::stderr(), "{}", terminal.error(&failure.to_string()));
            ExitCode::from(2)
        }
    }
}
