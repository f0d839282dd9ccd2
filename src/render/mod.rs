//! Findings made readable: for people in a terminal, for programs, and for code review sites.
//!
//! Every format shows the same [`Report`]s in the same order; only the dress differs. Nothing here
//! reads the environment or writes anywhere: the caller gets text or something that serialises.

#[cfg(feature = "cli")]
mod amounts;
#[cfg(feature = "cli")]
pub mod explain;
pub mod github;
#[cfg(feature = "cli")]
pub mod human;
pub mod json;
mod pretty;
mod prose;
#[cfg(feature = "cli")]
pub mod report;
pub mod rule_page;
mod runs;
pub mod sarif;
#[cfg(test)]
mod tests;

#[cfg(feature = "cli")]
pub(crate) use amounts::duration;
pub use pretty::{pretty, write_pretty};
pub use runs::{RunView, RunsView, WholeRun};

use std::fmt;

use serde::Serialize;

use crate::diag::{Diagnostic, Severity};
use crate::source::{Document, Position, Sources, Span};

/// What was found in one policy, with the texts that the findings point into.
#[derive(Debug, Clone, Copy)]
pub struct Report<'a> {
    /// The findings, in any order.
    pub diagnostics: &'a [Diagnostic],
    /// The policy's text, which is the first, and what it imports.
    pub sources: &'a Sources,
    /// The policy's tree, from which findings get their YAML path.
    pub document: Option<&'a Document>,
}

/// A span as readers see it: the file's name, and where it begins and ends.
#[derive(Debug, Clone, Copy)]
struct Place<'a> {
    file: &'a str,
    start: Position,
    end: Position,
}

impl<'a> Report<'a> {
    /// The name of the policy; empty where there are no texts at all.
    #[must_use]
    pub fn name(&self) -> &'a str {
        self.sources.iter().next().map_or("", |(_, source)| source.name())
    }

    /// How many findings of each severity there are.
    #[must_use]
    pub fn summary(&self) -> Summary {
        Summary::of(self.diagnostics)
    }

    /// The findings in the order in which every format shows them.
    #[must_use]
    pub fn ordered(&self) -> Vec<&'a Diagnostic> {
        ordered(self.diagnostics)
    }

    fn place(&self, span: Span) -> Place<'a> {
        match self.sources.get(span.file) {
            Some(source) => Place {
                file: source.name(),
                start: source.position(span.start as usize),
                end: source.position(span.end as usize),
            },
            None => {
                let start = Position { offset: 0, line: 1, column: 1 };
                Place { file: "", start, end: start }
            }
        }
    }

    /// The YAML path at a span of the policy itself. Imported files have no tree here, so no path.
    fn path(&self, span: Span) -> String {
        let own = self.sources.iter().next().is_some_and(|(file, _)| file == span.file);
        self.document.filter(|_| own).map_or_else(String::new, |document| document.path_at(span.start))
    }
}

/// Sorts findings by file, start and code; equal ones keep the order in which they were found.
#[must_use]
pub fn ordered(diagnostics: &[Diagnostic]) -> Vec<&Diagnostic> {
    let mut sorted: Vec<_> = diagnostics.iter().collect();
    crate::order::sort_by_key(&mut sorted, |diagnostic| {
        (diagnostic.span.file, diagnostic.span.start, diagnostic.code())
    });
    sorted
}

/// How many findings there are. Its `Display` is a sentence: `2 errors, 1 warning`, or `ok`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Summary {
    /// The policy cannot be used.
    pub errors: usize,
    /// Probably mistakes.
    pub warnings: usize,
    /// Worth knowing.
    pub notes: usize,
}

impl Summary {
    /// Counts.
    #[must_use]
    pub fn of(diagnostics: &[Diagnostic]) -> Self {
        let count = |severity| diagnostics.iter().filter(|diagnostic| diagnostic.severity == severity).count();
        Self { errors: count(Severity::Error), warnings: count(Severity::Warning), notes: count(Severity::Note) }
    }

    /// The counts of several files together.
    #[must_use]
    pub fn total(reports: &[Report<'_>]) -> Self {
        reports.iter().map(Report::summary).fold(Self::default(), |total, one| Self {
            errors: total.errors + one.errors,
            warnings: total.warnings + one.warnings,
            notes: total.notes + one.notes,
        })
    }

    /// The gravest severity that occurs.
    #[must_use]
    pub fn worst(&self) -> Option<Severity> {
        let counts = [(self.errors, Severity::Error), (self.warnings, Severity::Warning), (self.notes, Severity::Note)];
        counts.into_iter().find(|(count, _)| *count > 0).map(|(_, severity)| severity)
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = [(self.errors, "error"), (self.warnings, "warning"), (self.notes, "note")];
        let said = counts.into_iter().filter(|(count, _)| *count > 0);
        let plural = |count| if count == 1 { "" } else { "s" };
        let mut parts: Vec<_> = said.map(|(count, word)| format!("{count} {word}{}", plural(count))).collect();
        // Notes alone leave the policy as good as it was.
        if self.errors + self.warnings == 0 {
            parts.insert(0, "ok".to_owned());
        }
        formatter.write_str(&parts.join(", "))
    }
}
