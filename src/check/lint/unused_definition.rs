//! QP3014: a named expression that nothing reads.

use super::Lint;
use crate::check::Facts;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::ir::DeclarationKind;

static RULE: Rule = Rule {
    code: "QP3014",
    slug: "unused-definition",
    severity: Severity::Warning,
    summary: "Nothing reads a definition.",
    why: "A named expression that no rule, no score and no other definition reads has no effect. Most often a rule \
          that should use it is missing or names something else.",
    wrong: "world: demo\ndefine: { edge: sharpe_mid - 0.2 }\nselection:\n  gates: [sharpe >= 0.5]\n",
    right: "world: demo\ndefine: { edge: sharpe_mid - 0.2 }\nselection:\n  gates: [edge >= 0.3]\n",
};

pub(super) const LINT: Lint = Lint { rule: &RULE, run, partial: false };

fn run(facts: &Facts<'_>) -> Vec<Diagnostic> {
    let declared =
        facts.program.declarations.iter().filter(|declaration| declaration.kind == DeclarationKind::Definition);
    let unused = declared.filter(|declaration| !declaration.used);
    unused
        .map(|declaration| {
            let message = format!("nothing reads the definition `{name}`", name = declaration.name);
            Diagnostic::new(&RULE, declaration.span, message).help("use it in a rule or in the score, or remove it")
        })
        .collect()
}
