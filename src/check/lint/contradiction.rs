//! QP3001: rules that exclude each other.

use super::Lint;
use crate::check::questions::demands;
use crate::check::{Encoder, Facts};
use crate::diag::{Diagnostic, Rule as Page, Severity};
use crate::ir::{Profile, Rule};

static RULE: Page = Page {
    code: "QP3001",
    slug: "contradictory-gates",
    severity: Severity::Error,
    summary: "Some rules exclude each other: no strategy can ever meet all of them.",
    why: "Whatever the numbers are, every strategy is kept out, and the selection stays empty without anyone \
          having decided that. The labels show a smallest set of rules that cannot hold together within the \
          declared ranges of their metrics. Loosen one of them.",
    wrong: "world: demo\nselection:\n  gates:\n    - sharpe >= 1.5\n    - sharpe < 1\n",
    right: "world: demo\nselection:\n  gates:\n    - sharpe >= 1\n    - sharpe < 1.5\n",
};

pub(super) const LINT: Lint = Lint { rule: &RULE, run, partial: true };

/// Most contradictions reported in one set of rules.
const MOST: usize = 16;

fn run(facts: &Facts<'_>) -> Vec<Diagnostic> {
    let base: Vec<&Rule> = facts.program.rules.iter().collect();
    // A threshold document that has profiles is always judged under one of them, which may replace thresholds.
    let alone = facts.program.dialect.is_native() || facts.program.profiles.is_empty();
    let mut found = if alone { contradictions(facts, &base, None) } else { Vec::new() };
    if found.is_empty() {
        for profile in &facts.program.profiles {
            found.extend(contradictions(facts, &under(facts, profile), Some(profile)));
        }
    }
    found
}

/// The rules that count under a profile: in threshold documents it replaces thresholds by name.
fn under<'p>(facts: &Facts<'p>, profile: &'p Profile) -> Vec<&'p Rule> {
    let replaced =
        |rule: &&Rule| !facts.program.dialect.is_native() && profile.rules.iter().any(|other| other.id == rule.id);
    facts.program.rules.iter().filter(|rule| !replaced(rule)).chain(&profile.rules).collect()
}

fn contradictions(facts: &Facts<'_>, rules: &[&Rule], profile: Option<&Profile>) -> Vec<Diagnostic> {
    let mut encoder = Encoder::new(facts);
    // A rule that is false by itself is reported as such.
    let possible = |rule: &&&Rule| demands(rule) && facts.always(&rule.when) != Some(false);
    let mut open: Vec<_> = rules.iter().filter(possible).map(|rule| (*rule, encoder.formula(&rule.when))).collect();
    let mut found = Vec::new();
    while found.len() < MOST {
        let formulas: Vec<_> = open.iter().map(|(_, formula)| formula).collect();
        let Some(core) = facts.contradiction(encoder.domains(), &formulas) else { break };
        let Some(&last) = core.last() else { break };
        let parts: Vec<&Rule> = core.iter().filter_map(|&index| open.get(index)).map(|(rule, _)| *rule).collect();
        found.extend(report(facts, &parts, profile));
        // Without this rule further contradictions can show.
        open.remove(last);
    }
    found
}

fn report(facts: &Facts<'_>, parts: &[&Rule], profile: Option<&Profile>) -> Option<Diagnostic> {
    let (last, others) = parts.split_last()?;
    let ids: Vec<_> = parts.iter().map(|rule| format!("`{}`", rule.id)).collect();
    let place = profile.map(|profile| format!(" under profile `{}`", profile.name)).unwrap_or_default();
    let message = format!("no strategy can meet {}{place}: together they are never true", ids.join(" and "));
    let mut diagnostic = Diagnostic::new(&RULE, last.span, message).help("loosen or remove one of these rules");
    if !others.is_empty() {
        diagnostic = diagnostic.label("excludes the others");
    }
    for rule in others {
        diagnostic = diagnostic.also(rule.span, "must be true as well");
    }
    Some(facts.lenient(diagnostic))
}
