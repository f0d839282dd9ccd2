//! QP3005: a metric compared with a value that it cannot have.

use super::bounds::{self, Bound};
use super::{Lint, once, wording};
use crate::check::Facts;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::ir::Expr;
use crate::value::{Kind, Unit};

static RULE: Rule = Rule {
    code: "QP3005",
    slug: "threshold-outside-range",
    severity: Severity::Warning,
    summary: "A threshold lies outside the range of its metric.",
    why: "The comparison has the same result for every strategy, so it limits nobody or shuts everybody out, while it \
          looks like a limit. Most often a percentage lost its `%`: drawdowns and rates are fractions of one, and 25 is \
          2500%. Write the value with its unit.",
    wrong: "world: demo\nselection:\n  gates:\n    - max_dd_120d <= 25\n",
    right: "world: demo\nselection:\n  gates:\n    - max_dd_120d <= 25%\n",
};

pub(super) const LINT: Lint = Lint { rule: &RULE, run, partial: true };

fn run(facts: &Facts<'_>) -> Vec<Diagnostic> {
    let found = facts.program.expressions().flat_map(|expression| outside(facts, expression));
    once(found.map(|bound| report(&bound)).collect())
}

/// Whether the lint speaks about a part of the condition.
pub(super) fn concerns(facts: &Facts<'_>, condition: &Expr) -> bool {
    !outside(facts, condition).is_empty()
}

fn outside<'a>(facts: &Facts<'a>, condition: &Expr) -> Vec<Bound<'a>> {
    let mut found = Vec::new();
    condition.walk(&mut |part| {
        found.extend(bounds::of_comparison(facts.program, part).into_iter().filter(Bound::is_outside));
    });
    found
}

fn report(bound: &Bound<'_>) -> Diagnostic {
    let (name, value, range) = (&bound.metric.name, bound.value, bound.metric.range);
    let written = if bound.metric.kind == Kind::Number(Unit::Ratio) {
        value.to_string()
    } else {
        wording::amount(value, bound.metric)
    };
    let message = format!("`{written}` lies outside the range of `{name}`, which is {}", wording::range(bound.metric));
    let hundredth = value / 100.0;
    let help = if bound.metric.kind == Kind::Number(Unit::Ratio) && range.contains(hundredth) {
        format!("did you mean `{}`?", wording::percent(hundredth))
    } else if value < 0.0 && range.low == 0.0 {
        format!("`{name}` is never negative: write the size of the value")
    } else {
        "write a value within the range".to_owned()
    };
    Diagnostic::new(&RULE, bound.span, message).help(help)
}
