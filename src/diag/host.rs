//! Diagnostics for Rust hosts that collect them through `miette`.

use std::fmt;

use miette::{LabeledSpan, NamedSource, SourceCode};

use super::{Diagnostic, Severity};
use crate::source::Sources;

/// A diagnostic together with the text it speaks of, as `miette` wants it.
#[derive(Debug, Clone)]
pub struct HostDiagnostic {
    diagnostic: Diagnostic,
    text: NamedSource<String>,
}

impl HostDiagnostic {
    /// Joins a diagnostic with its source.
    #[must_use]
    pub fn new(diagnostic: Diagnostic, sources: &Sources) -> Self {
        let (name, text) = sources.get(diagnostic.span.file).map_or(("", ""), |source| (source.name(), source.text()));
        let text = NamedSource::new(name, text.to_owned());
        Self { diagnostic, text }
    }

    /// The diagnostic itself.
    #[must_use]
    pub fn diagnostic(&self) -> &Diagnostic {
        &self.diagnostic
    }
}

impl fmt::Display for HostDiagnostic {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.diagnostic.message)
    }
}

impl std::error::Error for HostDiagnostic {}

impl miette::Diagnostic for HostDiagnostic {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.diagnostic.code()))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.diagnostic.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
            Severity::Note => miette::Severity::Advice,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.diagnostic.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.text)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let file = self.diagnostic.span.file;
        let main = LabeledSpan::new_primary_with_span(self.diagnostic.label.clone(), self.diagnostic.span.range());
        let others = self.diagnostic.labels.iter().filter(move |label| label.span.file == file);
        let others = others.map(|label| LabeledSpan::new_with_span(Some(label.message.clone()), label.span.range()));
        Some(Box::new(std::iter::once(main).chain(others)))
    }
}
