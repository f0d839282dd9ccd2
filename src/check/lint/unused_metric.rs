//! QP3015: a declared metric that nothing reads.

use super::Lint;
use crate::check::Facts;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::ir::DeclarationKind;

static RULE: Rule = Rule {
    code: "QP3015",
    slug: "unused-metric",
    severity: Severity::Warning,
    summary: "Nothing reads a declared metric.",
    why: "A metric that no rule, no score and no definition reads has no effect, whatever snapshots say about it. \
          Most often the rule for which it was declared is missing or spells it differently.",
    wrong: "world: demo\nmetrics: { signal_quality: { unit: ratio, range: [0, 1], better: higher } }\nselection:\n  gates: [sharpe >= 0.5]\n",
    right: "world: demo\nmetrics: { signal_quality: { unit: ratio, range: [0, 1], better: higher } }\nselection:\n  gates: [signal_quality >= 0.5]\n",
};

pub(super) const LINT: Lint = Lint { rule: &RULE, run, partial: false };

fn run(facts: &Facts<'_>) -> Vec<Diagnostic> {
    let declared = facts.program.declarations.iter().filter(|declaration| declaration.kind == DeclarationKind::Metric);
    let unused = declared.filter(|declaration| !declaration.used);
    unused
        .map(|declaration| {
            let message = format!("nothing reads the metric `{name}`", name = declaration.name);
            Diagnostic::new(&RULE, declaration.span, message).help("use it in a rule or in the score, or remove it")
        })
        .collect()
}
