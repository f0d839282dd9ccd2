//! `tests/corpus/check`: policies with the findings they must give.
//!
//! Above the line where a finding starts stands `#~ CODE severity START-END message`, columns from 1,
//! the end exclusive and left out where it lies on another line. Inside a block scalar no comment can
//! stand: there `#~+N` above the scalar speaks of N lines further down. `UPDATE_CORPUS=1` rewrites
//! the expectations; read what changes.

use std::path::{Path, PathBuf};

use qmtl_policy::compile::{LoadedFile, Loader};
use qmtl_policy::format::format_policy;
use qmtl_policy::{Checked, Limits, Policy, check};

use crate::{example_policies, root};

/// Imports stand in a folder `lib` beside the case.
struct Beside<'a>(&'a Path);

impl Loader for Beside<'_> {
    fn load(&self, name: &str, _importer: &str) -> Result<LoadedFile, String> {
        let path = self.0.parent().unwrap().join("lib").join(name);
        let text = std::fs::read_to_string(&path).map_err(|_| "there is no such file".to_owned())?;
        Ok(LoadedFile { name: name.to_owned(), text })
    }
}

fn cases() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().join("tests/corpus/check")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() && entry.file_name().unwrap() != "lib" {
                folders.push(entry);
            } else if entry.extension().is_some_and(|ending| ending == "yaml") {
                found.push(entry);
            }
        }
    }
    found.sort();
    found
}

fn checked(path: &Path, text: &str) -> Checked {
    check("case.yaml", text, &Beside(path), &Limits::default())
}

const MARK: &str = "#~";

fn is_expectation(line: &str) -> bool {
    line.trim_start().starts_with(MARK)
}

/// The expectation line of every finding, with the line it speaks of (0-based, in this very text).
fn findings(checked: &Checked) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for finding in &checked.diagnostics {
        let Some(source) = checked.sources.get(finding.span.file).filter(|_| finding.span.file.0 == 0) else {
            found.push((0, format!("{} {} in {}", finding.code(), finding.severity.as_str(), finding.message)));
            continue;
        };
        let (start, end) = (source.position(finding.span.start as usize), source.position(finding.span.end as usize));
        let until = if start.line == end.line { end.column.to_string() } else { String::new() };
        let (code, severity) = (finding.code(), finding.severity.as_str());
        // A file that holds comments only is empty from its first line on.
        let line =
            (start.line - 1..).find(|&line| !source.text().lines().nth(line).is_some_and(is_expectation)).unwrap();
        found.push((line, format!("{code} {severity} {}-{until} {}", start.column, finding.message)));
    }
    found
}

/// What the expectation lines say: the line each speaks of, and its text.
fn expected(text: &str) -> Vec<(usize, String)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (index, line) in lines.iter().enumerate().filter(|(_, line)| is_expectation(line)) {
        let said = line.trim_start().strip_prefix(MARK).unwrap();
        let below = (index..lines.len()).find(|&at| !is_expectation(lines[at])).unwrap_or(lines.len());
        let (further, said) = match said.strip_prefix('+') {
            Some(rest) => rest.split_once(' ').map(|(count, said)| (count.parse().unwrap(), said)).unwrap(),
            None => (0_usize, said),
        };
        found.push((below + further, said.trim().to_owned()));
    }
    found
}

/// The text with expectation lines for what is found in it. Comments in the way move nothing: the
/// findings are taken from the text without expectations, whose lines are those that stay.
fn rewritten(path: &Path, text: &str) -> String {
    let ending = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let kept: Vec<&str> = text.lines().filter(|line| !is_expectation(line)).collect();
    let bare = text.split_inclusive('\n').filter(|line| !is_expectation(line)).collect::<String>();
    let findings = findings(&checked(path, &bare));
    let mut notes: Vec<(usize, String)> = Vec::new();
    for (line, said) in findings {
        let anchor = anchor(&kept, line);
        let mark = if anchor == line { MARK.to_owned() } else { format!("{MARK}+{}", line - anchor) };
        let indent: String = kept.get(anchor).map_or("", |line| line).chars().take_while(|c| *c == ' ').collect();
        notes.push((anchor, format!("{indent}{mark} {said}{ending}")));
    }
    let mut out = String::new();
    let mut lines = bare.split_inclusive('\n').enumerate();
    for (index, line) in lines.by_ref() {
        notes.iter().filter(|(anchor, _)| *anchor == index).for_each(|(_, note)| out.push_str(note));
        out.push_str(line);
    }
    let count = kept.len();
    notes.iter().filter(|(anchor, _)| *anchor >= count).for_each(|(_, note)| out.push_str(note));
    out
}

/// The nearest line at or above that a comment can stand before: not inside a block or quoted scalar.
fn anchor(lines: &[&str], line: usize) -> usize {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let opens = |line: &str| {
        let code = line.split(" #").next().unwrap().trim_end();
        let value = code.rsplit([' ']).next().unwrap_or("");
        value.starts_with(['|', '>']) || code.matches('"').count() % 2 == 1 || code.matches('\'').count() % 2 == 1
    };
    let own = lines.get(line).map_or(0, |line| indent(line));
    let above = (0..line).rev().find(|&at| !lines[at].trim().is_empty() && indent(lines[at]) < own.max(1));
    match above {
        Some(at) if opens(lines[at]) => at,
        _ => line,
    }
}

#[test]
fn every_case_gives_its_findings() {
    let update = std::env::var_os("UPDATE_CORPUS").is_some();
    let mut wrong = Vec::new();
    let cases = cases();
    assert!(cases.len() > 100, "only {} cases", cases.len());
    for path in &cases {
        let text = std::fs::read_to_string(path).unwrap();
        if update {
            std::fs::write(path, rewritten(path, &text)).unwrap();
            continue;
        }
        let mut found = findings(&checked(path, &text));
        let mut wanted = expected(&text);
        found.sort();
        wanted.sort();
        if found != wanted {
            wrong.push(format!("{}\n  found  {found:#?}\n  wanted {wanted:#?}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{} cases differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn formatting_changes_no_meaning() {
    for path in cases().into_iter().chain(example_policies()) {
        let text = std::fs::read_to_string(&path).unwrap();
        let Ok(formatted) = format_policy("case", &text, &Limits::default()) else { continue };
        assert_eq!(
            format_policy("case", &formatted, &Limits::default()).as_ref(),
            Ok(&formatted),
            "{}",
            path.display()
        );
        let hash = |text: &str| {
            let policy = Policy::compile_with("case", text, &Beside(&path), &Limits::default());
            policy.ok().map(|policy| policy.ruleset_hash().to_owned())
        };
        assert_eq!(hash(&text), hash(&formatted), "{}", path.display());
    }
}

#[test]
fn every_code_has_a_case_that_shows_it_and_one_that_does_not() {
    // A circle of imports is reported in the library, and bytes that are no text never reach a case.
    let elsewhere = ["QP1017"];
    for rule in qmtl_policy::check::registry() {
        let folder = root().join("tests/corpus/check").join(rule.code);
        if elsewhere.contains(&rule.code) {
            continue;
        }
        for (name, shows) in [("wrong.yaml", true), ("right.yaml", false)] {
            let path = folder.join(name);
            let text = std::fs::read_to_string(&path).unwrap_or_else(|_| panic!("{} is missing", path.display()));
            let codes: Vec<_> = checked(&path, &text).diagnostics.iter().map(|finding| finding.code()).collect();
            assert_eq!(codes.contains(&rule.code), shows, "{}: {codes:?}", path.display());
        }
    }
}
