//! QP4003: missing or wrong data lets strategies pass where clients depend on them.

use super::Lint;
use crate::check::Facts;
use crate::diag::{Diagnostic, Rule as Page, Severity};
use crate::ir::{ErrorMode, MissingMode, Origin, Program, Rule, RuleSeverity, Step};
use crate::source::Span;

static RULE: Page = Page {
    code: "QP4003",
    slug: "fail-open-mode",
    severity: Severity::Error,
    summary: "A high-tier, client-critical world lets missing or wrong data pass.",
    why: "Where clients depend on a world, data that is absent or unreadable must keep a strategy out: it says nothing \
          about the risk. `warn` and `ignore` would let a strategy through exactly when its numbers are in doubt. Write \
          `fail`, or leave the mode out.",
    wrong: "world: demo\nrisk_profile: { tier: high, client_critical: true }\nvalidation:\n  on_missing_metric: warn\nselection:\n  gates: [sharpe >= 0.5]\n",
    right: "world: demo\nrisk_profile: { tier: high, client_critical: true }\nvalidation:\n  on_missing_metric: fail\nselection:\n  gates: [sharpe >= 0.5]\n",
};

pub(super) const LINT: Lint = Lint { rule: &RULE, run, partial: true };

fn run(facts: &Facts<'_>) -> Vec<Diagnostic> {
    let program = facts.program;
    if !program.lifecycle.risk_profile.is_strict() {
        return Vec::new();
    }
    let rules = program.all_rules().filter(|rule| is_open(program, rule));
    let rules = rules
        .map(|rule| report(program, rule.span, &format!("`on_missing` of `{}`", rule.id), rule.on_missing.as_str()));
    validation(program).into_iter().chain(rules).chain(correlation(program)).collect()
}

fn validation(program: &Program) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    if let (true, Some(span)) = (program.on_missing != MissingMode::Fail, program.on_missing_span) {
        found.push(report(program, span, "`on_missing_metric`", program.on_missing.as_str()));
    }
    if let (true, Some(span)) = (program.on_error != ErrorMode::Fail, program.on_error_span) {
        found.push(report(program, span, "`on_error`", program.on_error.as_str()));
    }
    found
}

/// Whether a rule passes missing values by a mode of its own, not by that of `validation`.
fn is_open(program: &Program, rule: &Rule) -> bool {
    let inherited = rule.origin != Origin::Gate && rule.on_missing == program.on_missing;
    rule.severity == RuleSeverity::Blocking && rule.on_missing != MissingMode::Fail && !inherited
}

fn correlation(program: &Program) -> Option<Diagnostic> {
    let limit = program.steps.iter().find_map(|step| match step {
        Step::Correlation(limit) => Some(limit),
        _ => None,
    })?;
    let span = limit.on_missing_span.filter(|_| limit.on_missing != MissingMode::Fail)?;
    Some(report(program, span, "`on_missing` of the correlation limit", limit.on_missing.as_str()))
}

fn report(program: &Program, span: Span, what: &str, mode: &str) -> Diagnostic {
    let message = format!("{what} is `{mode}`, but this world is high-tier and client-critical: it must be `fail`");
    let mut diagnostic = Diagnostic::new(&RULE, span, message).help("write `fail`, or leave it out");
    let profile = &program.lifecycle.risk_profile;
    if let Some(tier) = profile.tier.as_ref().and_then(|tier| tier.written) {
        diagnostic = diagnostic.also(tier, "high tier");
    }
    if let Some(critical) = profile.client_critical.as_ref().and_then(|critical| critical.written) {
        diagnostic = diagnostic.also(critical, "client-critical");
    }
    diagnostic
}
