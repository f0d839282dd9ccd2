//! Findings as one JSON document, `schema_version` 1.

use serde::Serialize;

use super::{Place, Report, Summary};
use crate::diag::{Diagnostic, Severity};
use crate::source::Position;

/// The document: findings of all files in one list.
#[derive(Debug, Serialize)]
pub struct Findings<'a> {
    schema_version: u32,
    diagnostics: Vec<Finding<'a>>,
    summary: Summary,
}

#[derive(Debug, Serialize)]
struct Finding<'a> {
    code: &'a str,
    severity: Severity,
    message: &'a str,
    file: &'a str,
    path: String,
    span: Range,
    labels: Vec<Pointer<'a>>,
    help: Option<&'a str>,
    notes: &'a [String],
}

/// Offsets in bytes from 0; lines, and columns in Unicode scalar values, from 1; the end is exclusive.
#[derive(Debug, Serialize)]
struct Range {
    start: Position,
    end: Position,
}

#[derive(Debug, Serialize)]
struct Pointer<'a> {
    /// Only where it is not the finding's own file.
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    span: Range,
    message: &'a str,
}

/// Everything that was found, ready for `serde_json`.
#[must_use]
pub fn render<'a>(reports: &[Report<'a>]) -> Findings<'a> {
    let of_one = |report: &Report<'a>| {
        let report = *report;
        report.ordered().into_iter().map(move |diagnostic| finding(&report, diagnostic))
    };
    Findings {
        schema_version: 1,
        diagnostics: reports.iter().flat_map(of_one).collect(),
        summary: Summary::total(reports),
    }
}

fn finding<'a>(report: &Report<'a>, diagnostic: &'a Diagnostic) -> Finding<'a> {
    let place = report.place(diagnostic.span);
    // What is said right at the main place comes first, like any other label.
    let own = diagnostic.label.as_deref().map(|message| Pointer { file: None, span: range(&place), message });
    let others = diagnostic.labels.iter().map(|label| Pointer {
        file: (label.span.file != diagnostic.span.file).then(|| report.place(label.span).file),
        span: range(&report.place(label.span)),
        message: &label.message,
    });
    Finding {
        code: diagnostic.code(),
        severity: diagnostic.severity,
        message: &diagnostic.message,
        file: place.file,
        path: report.path(diagnostic.span),
        span: range(&place),
        labels: own.into_iter().chain(others).collect(),
        help: diagnostic.help.as_deref(),
        notes: &diagnostic.notes,
    }
}

fn range(place: &Place<'_>) -> Range {
    Range { start: place.start, end: place.end }
}
