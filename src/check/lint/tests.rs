//! Every page is true: its wrong example has the defect, its right example is clean.

use super::ALL;
use crate::check::{check, registry};
use crate::compile::{LoadedFile, Loader, NoFiles, compile};
use crate::diag::{Diagnostic, Rule, Severity};
use crate::source::Limits;

/// Answers `./a.yaml` with a library that imports itself.
struct Circle;

impl Loader for Circle {
    fn load(&self, name: &str, _importer: &str) -> Result<LoadedFile, String> {
        match name {
            "./a.yaml" => Ok(LoadedFile { name: name.to_owned(), text: "import: [./a.yaml]\n".to_owned() }),
            _ => Err("there is no such file".to_owned()),
        }
    }
}

fn findings(rule: &Rule, text: &str) -> Vec<Diagnostic> {
    let limits = Limits::default();
    let loader: &dyn Loader = if rule.code == "QP1017" { &Circle } else { &NoFiles };
    let compiled = compile("policy.yaml", text, loader, &limits);
    let mut found = compiled.diagnostics;
    found.extend(compiled.program.iter().flat_map(|program| check(program, false, limits.analysis_steps)));
    found
}

fn describe(found: &[Diagnostic]) -> Vec<String> {
    found
        .iter()
        .map(|diagnostic| format!("{} {:?}: {}", diagnostic.code(), diagnostic.severity, diagnostic.message))
        .collect()
}

fn has(found: &[Diagnostic], rule: &Rule) -> bool {
    found.iter().any(|diagnostic| diagnostic.code() == rule.code)
}

#[test]
fn wrong_examples_have_the_defect() {
    for rule in registry() {
        let found = findings(rule, rule.wrong);
        assert!(has(&found, rule), "{} {:#?}", rule.code, describe(&found));
    }
}

#[test]
fn right_examples_do_not() {
    for rule in registry() {
        let found = findings(rule, rule.right);
        let errors = found.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
        assert!(!errors && !has(&found, rule), "{} {:#?}", rule.code, describe(&found));
    }
}

#[test]
fn examples_of_lints_show_nothing_else() {
    for rule in ALL.iter().map(|lint| lint.rule) {
        let found = findings(rule, rule.wrong);
        assert!(found.iter().all(|diagnostic| diagnostic.code() == rule.code), "{} {:#?}", rule.code, describe(&found));
        let found = findings(rule, rule.right);
        assert!(found.is_empty(), "{} {:#?}", rule.code, describe(&found));
    }
}

#[test]
fn codes_and_slugs_are_unique_and_lints_are_in_order() {
    assert!(ALL.is_sorted_by(|left, right| left.rule.code < right.rule.code));
    let rules = registry();
    assert!(rules.is_sorted_by(|left, right| left.code < right.code));
    let mut slugs: Vec<_> = rules.iter().map(|rule| rule.slug).collect();
    slugs.sort_unstable();
    assert!(slugs.is_sorted_by(|left, right| left < right), "{slugs:?}");
}

#[test]
fn pages_are_plain_sentences() {
    for rule in registry() {
        assert!(rule.summary.ends_with('.') && rule.why.ends_with('.'), "{}", rule.code);
        assert!(!rule.summary.contains('\n') && !rule.why.contains("  "), "{}", rule.code);
        assert!(rule.slug.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{}", rule.slug);
    }
}
