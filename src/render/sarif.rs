//! Findings as SARIF 2.1.0, which code scanning services read.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::Report;
use crate::diag::{Diagnostic, Rule};
use crate::source::Span;

/// The whole log: one run, whose rules are those that occur.
#[must_use]
pub fn render(reports: &[Report<'_>]) -> Value {
    let rules: BTreeMap<&str, &Rule> =
        reports.iter().flat_map(|report| report.diagnostics).map(|found| (found.code(), found.rule)).collect();
    let indices: BTreeMap<&str, usize> = rules.keys().enumerate().map(|(index, code)| (*code, index)).collect();
    let results = reports.iter().flat_map(|report| {
        let indices = &indices;
        report.ordered().into_iter().map(move |found| result(report, found, indices.get(found.code()).copied()))
    });
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "qmtl-policy",
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules.values().map(|rule| descriptor(rule)).collect::<Vec<_>>(),
            } },
            "columnKind": "unicodeCodePoints",
            "results": results.collect::<Vec<_>>(),
        }],
    })
}

fn descriptor(rule: &Rule) -> Value {
    let (why, wrong, right) = (rule.why, rule.wrong.trim_end(), rule.right.trim_end());
    json!({
        "id": rule.code,
        "name": rule.slug,
        "shortDescription": { "text": rule.summary },
        "fullDescription": { "text": why },
        "help": {
            "text": format!("{why}\n\nWrong:\n\n{wrong}\n\nRight:\n\n{right}\n"),
            "markdown": format!("{why}\n\nWrong:\n\n```yaml\n{wrong}\n```\n\nRight:\n\n```yaml\n{right}\n```\n"),
        },
        "defaultConfiguration": { "level": rule.severity.as_str() },
    })
}

fn result(report: &Report<'_>, found: &Diagnostic, rule_index: Option<usize>) -> Value {
    let help = found.help.iter().map(|help| format!("help: {help}"));
    let notes = found.notes.iter().map(|note| format!("note: {note}"));
    let message: Vec<_> = std::iter::once(found.message.clone()).chain(help).chain(notes).collect();
    let mut place = location(report, found.span, found.label.as_deref());
    let path = report.path(found.span);
    if !path.is_empty() {
        insert(&mut place, "logicalLocations", json!([{ "fullyQualifiedName": path }]));
    }
    let mut result = json!({
        "ruleId": found.code(),
        "level": found.severity.as_str(),
        "message": { "text": message.join("\n") },
        "locations": [place],
    });
    if let Some(index) = rule_index {
        insert(&mut result, "ruleIndex", json!(index));
    }
    if !found.labels.is_empty() {
        let related = found.labels.iter().enumerate().map(|(index, label)| {
            let mut place = location(report, label.span, Some(&label.message));
            insert(&mut place, "id", json!(index));
            place
        });
        insert(&mut result, "relatedLocations", related.collect());
    }
    result
}

fn location(report: &Report<'_>, span: Span, message: Option<&str>) -> Value {
    let place = report.place(span);
    let (start, end) = (place.start, place.end);
    let mut location = json!({
        "physicalLocation": {
            "artifactLocation": { "uri": uri(place.file) },
            "region": {
                "startLine": start.line,
                "startColumn": start.column,
                "endLine": end.line,
                "endColumn": end.column,
                "byteOffset": start.offset,
                "byteLength": end.offset.saturating_sub(start.offset),
            },
        },
    });
    if let Some(message) = message {
        insert(&mut location, "message", json!({ "text": message }));
    }
    location
}

fn insert(object: &mut Value, key: &str, value: Value) {
    if let Some(object) = object.as_object_mut() {
        object.insert(key.to_owned(), value);
    }
}

/// A path as a URI reference: forward slashes, and percent signs for what a URI cannot hold.
fn uri(name: &str) -> String {
    if let Some((scheme, rest)) = name.split_once("://") {
        return format!("{scheme}://{}", encode(rest, b":@?#&=%+,;"));
    }
    let path = name.replace('\\', "/");
    let path = path.strip_prefix("./").unwrap_or(&path);
    let drive = path.as_bytes().get(1) == Some(&b':') && path.starts_with(|letter: char| letter.is_ascii_alphabetic());
    match (path.starts_with('/'), drive) {
        (true, _) => format!("file://{}", encode(path, b"")),
        (_, true) => format!("file:///{}", encode(path, b":")),
        // A colon in a relative path would make its first part look like a scheme.
        _ => encode(path, b""),
    }
}

fn encode(path: &str, also: &[u8]) -> String {
    path.bytes().fold(String::with_capacity(path.len()), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) || also.contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}
