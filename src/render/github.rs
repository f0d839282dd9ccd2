//! Findings as workflow commands, which GitHub Actions shows beside the changed lines.

use super::Report;
use crate::diag::{Diagnostic, Severity};

/// One line per finding, each ended by `\n`.
#[must_use]
pub fn render(reports: &[Report<'_>]) -> String {
    let lines = |report: &Report<'_>| -> String {
        report.ordered().into_iter().map(|diagnostic| command(report, diagnostic) + "\n").collect()
    };
    reports.iter().map(lines).collect()
}

fn command(report: &Report<'_>, diagnostic: &Diagnostic) -> String {
    let place = report.place(diagnostic.span);
    let (start, end) = (place.start, place.end);
    let kind = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    // GitHub matches paths as git writes them: `./world.yaml` would find no file.
    let file = property(place.file.strip_prefix("./").unwrap_or(place.file));
    // The runner drops columns of a command whose lines differ, with a complaint in the log.
    let region = if start.line == end.line {
        format!("line={},col={},endLine={},endColumn={}", start.line, start.column, end.line, end.column)
    } else {
        format!("line={},endLine={}", start.line, end.line)
    };
    let title = property(&format!("{} {}", diagnostic.code(), diagnostic.rule.slug));
    format!("::{kind} file={file},{region},title={title}::{}", data(&text(report, diagnostic)))
}

/// The message and all that belongs to it, as lines.
fn text(report: &Report<'_>, diagnostic: &Diagnostic) -> String {
    let pointer = |span, message: &String| {
        let place = report.place(span);
        format!("{}:{}:{}: {message}", place.file, place.start.line, place.start.column)
    };
    let own = diagnostic.label.iter().map(|label| pointer(diagnostic.span, label));
    let others = diagnostic.labels.iter().map(|label| pointer(label.span, &label.message));
    let help = diagnostic.help.iter().map(|help| format!("help: {help}"));
    let notes = diagnostic.notes.iter().map(|note| format!("note: {note}"));
    let lines = std::iter::once(diagnostic.message.clone()).chain(own).chain(others).chain(help).chain(notes);
    lines.collect::<Vec<_>>().join("\n")
}

/// Escapes what stands behind the second `::`.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes the value of a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
