//! Cases as files: `tests/corpus/check/**/*.yaml`, with what is found in them written beside it.
//!
//! Directly above the line on which a finding starts stands `#~ CODE severity START-END message`:
//! columns from 1, the end exclusive, `START-` when it ends on another line, `FILE:LINE:START-END`
//! when it lies in an imported file (above line 1). Where no comment can stand, `#~+N` stands above
//! a line before it and counts N lines down from there. `UPDATE_CORPUS=1` rewrites all of that.
//! Files in a directory `lib` are imported by cases and are none themselves.

use std::path::{Path, PathBuf};

use qmtl_policy::format::format_policy;
use qmtl_policy::render::{Report, github, human, json, sarif};
use qmtl_policy::source::FileId;
use qmtl_policy::{Limits, Policy, check};

use crate::support::{Beside, example_policies, files, root, shown};

const MARK: &str = "#~";

/// One finding, or the expectation of one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Finding {
    line: usize,
    /// `CODE severity START-END message`.
    text: String,
}

/// A line and how it ends.
#[derive(Debug, Clone)]
struct Line<'t> {
    content: &'t str,
    ending: &'t str,
}

/// The cases of the corpus.
pub fn cases() -> Vec<PathBuf> {
    let is_case = |path: &PathBuf| !path.components().any(|part| part.as_os_str() == "lib");
    files("tests/corpus/check", &["yaml", "yml"]).into_iter().filter(is_case).collect()
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("cannot read {}: {error}", shown(path)))
}

/// Splits a text as the compiler counts lines; a text that ends with a line end has an empty last line.
fn lines(text: &str) -> Vec<Line<'_>> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['\n', '\r']) {
        let width = if rest[at..].starts_with("\r\n") { 2 } else { 1 };
        found.push(Line { content: &rest[..at], ending: &rest[at..at + width] });
        rest = &rest[at + width..];
    }
    found.push(Line { content: rest, ending: "" });
    found
}

fn is_expectation(line: &str) -> bool {
    line.trim_start_matches('\u{feff}').trim_start().starts_with(MARK)
}

/// What is found in a text.
fn findings(name: &str, text: &str) -> Vec<Finding> {
    let checked = check(name, text, &Beside, &Limits::default());
    let finding = |diagnostic: &qmtl_policy::Diagnostic| {
        let span = diagnostic.span;
        let source = checked.sources.get(span.file).unwrap_or_else(|| panic!("{name}: no file for {diagnostic:?}"));
        let (start, end) = (source.position(span.start as usize), source.position(span.end as usize));
        let end_column = if end.line == start.line { end.column.to_string() } else { String::new() };
        let columns = format!("{}-{end_column}", start.column);
        let own = span.file == FileId(0);
        let place = if own { columns } else { format!("{}:{}:{columns}", source.name(), start.line) };
        assert!(!diagnostic.message.contains('\n'), "{name}: a message of several lines: {:?}", diagnostic.message);
        let text = format!("{} {} {place} {}", diagnostic.code(), diagnostic.severity.as_str(), diagnostic.message);
        Finding { line: if own { start.line } else { 1 }, text: escape(&text) }
    };
    let mut found: Vec<_> = checked.diagnostics.iter().map(finding).collect();
    found.sort();
    found
}

/// Messages may quote characters that must not stand in a comment.
fn escape(text: &str) -> String {
    text.chars().flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] }).collect()
}

/// What a case expects.
fn expectations(path: &Path, text: &str) -> Vec<Finding> {
    let lines = lines(text);
    let mut found = Vec::new();
    for (index, line) in lines.iter().enumerate().filter(|(_, line)| is_expectation(line.content)) {
        let written = line.content.trim_start_matches('\u{feff}').trim_start().trim_start_matches(MARK).trim_end();
        let wrong = || -> ! { panic!("{}:{}: not `#~[+N] CODE severity START-END message`", shown(path), index + 1) };
        let (down, text) = match written.strip_prefix('+') {
            Some(rest) => match rest.split_once(' ') {
                Some((down, text)) => (down.parse().unwrap_or_else(|_| wrong()), text),
                None => wrong(),
            },
            None => (0, written),
        };
        let next = lines.iter().skip(index).position(|line| !is_expectation(line.content)).unwrap_or(0) + index;
        let ahead = lines[next..].iter().enumerate().filter(|(_, line)| !is_expectation(line.content));
        let Some((target, _)) = ahead.clone().nth(down) else { wrong() };
        found.push(Finding { line: next + target + 1, text: text.trim_start().to_owned() });
    }
    // What lies in an imported file has no line here, and what is said of a whole empty document
    // stands before its first comment.
    let first = lines.iter().position(|line| !is_expectation(line.content)).unwrap_or(0) + 1;
    for finding in &mut found {
        if is_elsewhere(&finding.text) || (finding.line == first && place(&finding.text) == "1-1") {
            finding.line = 1;
        }
    }
    found.sort();
    found
}

fn place(text: &str) -> &str {
    text.split(' ').nth(2).unwrap_or("")
}

fn is_elsewhere(text: &str) -> bool {
    place(text).contains(':')
}

/// The text without expectations.
fn bare(text: &str) -> String {
    let mark = if text.starts_with('\u{feff}') { "\u{feff}" } else { "" };
    let kept = lines(text).into_iter().filter(|line| !is_expectation(line.content));
    let rest: String = kept.map(|line| format!("{}{}", line.content.trim_start_matches('\u{feff}'), line.ending)).collect();
    format!("{mark}{rest}")
}

/// Puts lines before some lines (numbered from 1) of a text.
fn insert(text: &str, before: &[(usize, String)]) -> String {
    let ending = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let body = text.trim_start_matches('\u{feff}');
    let mut out = String::from(if text.len() > body.len() { "\u{feff}" } else { "" });
    for (index, line) in lines(body).iter().enumerate() {
        let indent: String = line.content.chars().take_while(|c| *c == ' ').collect();
        for (_, comment) in before.iter().filter(|(number, _)| *number == index + 1) {
            out.push_str(&format!("{indent}{comment}{ending}"));
        }
        out.push_str(line.content);
        out.push_str(line.ending);
    }
    out
}

/// The nearest line at or above a finding's line before which a comment changes nothing.
fn place_for_comment(name: &str, text: &str, found: &[Finding], line: usize) -> usize {
    let before = check(name, text, &Beside, &Limits::default());
    let harmless = |at: &usize| {
        let with = insert(text, &[(*at, "# a comment".to_owned())]);
        let shifted = |finding: &Finding| {
            let whole = finding.line == 1 && place(&finding.text) == "1-1";
            let down = finding.line >= *at && !is_elsewhere(&finding.text) && !whole;
            Finding { line: finding.line + usize::from(down), text: finding.text.clone() }
        };
        let mut expected: Vec<_> = found.iter().map(shifted).collect();
        expected.sort();
        let after = check(name, &with, &Beside, &Limits::default());
        let comments = after.document.comments.len() == before.document.comments.len() + 1;
        findings(name, &with) == expected && (comments || after.document.root.is_none())
    };
    (1..=line).rev().find(harmless).unwrap_or(line)
}

/// The text with the expectations that it should have.
fn updated(name: &str, text: &str) -> String {
    let text = bare(text);
    let found = findings(name, &text);
    let mut comments = Vec::new();
    for finding in &found {
        let at = place_for_comment(name, &text, &found, finding.line);
        let down = finding.line - at;
        let down = if down > 0 { format!("+{down}") } else { String::new() };
        comments.push((at, format!("{MARK}{down} {}", finding.text)));
    }
    insert(&text, &comments)
}

#[test]
fn findings_are_those_expected() {
    let update = std::env::var_os("UPDATE_CORPUS").is_some();
    let cases = cases();
    let mut wrong = Vec::new();
    for path in &cases {
        let name = shown(path);
        let text = read(path);
        if update {
            let new = updated(&name, &text);
            assert_eq!(updated(&name, &new), new, "{name}: rewriting twice gives something else");
            if new != text {
                std::fs::write(path, &new).unwrap();
            }
        }
        let text = read(path);
        let (found, expected) = (findings(&name, &text), expectations(path, &text));
        let mut left = expected.clone();
        for finding in &found {
            match left.iter().position(|other| other == finding) {
                Some(index) => drop(left.remove(index)),
                None => wrong.push(format!("{name}:{}: not expected: {}", finding.line, finding.text)),
            }
        }
        wrong.extend(left.iter().map(|finding| format!("{name}:{}: not found: {}", finding.line, finding.text)));
    }
    println!("{} cases", cases.len());
    assert!(wrong.is_empty(), "{} differences (UPDATE_CORPUS=1 rewrites):\n{}", wrong.len(), wrong.join("\n"));
}

/// A case goes through every way of showing it; none may fail, whatever stands in the file.
#[test]
fn every_case_can_be_shown_in_every_format() {
    for path in cases() {
        let checked = check(&shown(&path), &read(&path), &Beside, &Limits::default());
        for document in [None, Some(&checked.document)] {
            let report = Report { diagnostics: &checked.diagnostics, sources: &checked.sources, document };
            for (colour, width) in [(true, 40), (false, 200)] {
                let people = human::render(&report, human::Style { colour, width });
                assert_eq!(people.is_empty(), checked.diagnostics.is_empty(), "{}", shown(&path));
            }
            let _ = github::render(&[report]);
            let _ = sarif::render(&[report]).to_string();
            let _ = serde_json::to_string(&json::render(&[report])).unwrap();
        }
    }
}

#[test]
fn formatting_twice_changes_nothing_and_keeps_the_meaning() {
    let policies = cases().into_iter().chain(example_policies());
    for path in policies {
        let (name, text) = (shown(&path), read(&path));
        let compile = |text: &str| Policy::compile_with(&name, text, &Beside, &Limits::default());
        let before = compile(&text);
        let formatted = match format_policy(&name, &text, &Limits::default()) {
            Ok(formatted) => formatted,
            Err(diagnostics) => {
                assert!(before.is_err(), "{name} compiles but cannot be formatted: {diagnostics:?}");
                assert!(!diagnostics.is_empty(), "{name} cannot be formatted, and nobody says why");
                continue;
            }
        };
        let again = format_policy(&name, &formatted, &Limits::default());
        assert_eq!(again.as_ref(), Ok(&formatted), "{name}: formatting twice differs from once");
        match (before, compile(&formatted)) {
            (Ok(before), Ok(after)) => {
                assert_eq!(before.ruleset_hash(), after.ruleset_hash(), "{name}: formatting changed the meaning:\n{formatted}");
            }
            (Err(_), Err(_)) => {}
            (before, after) => panic!("{name}: compiles before: {}, after: {}", before.is_ok(), after.is_ok()),
        }
    }
}

#[test]
fn examples_have_no_errors_or_warnings() {
    for path in example_policies() {
        let checked = check(&shown(&path), &read(&path), &Beside, &Limits::default());
        let found: Vec<_> = checked.diagnostics.iter().filter(|d| d.severity != qmtl_policy::Severity::Note).collect();
        assert!(found.is_empty(), "{}: {found:#?}", shown(&path));
    }
}

#[test]
fn the_corpus_is_there() {
    assert!(root().join("tests/corpus/check/general").is_dir());
}
