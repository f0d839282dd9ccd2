//! QP3006: a threshold that keeps the good strategies out.

use super::Lint;
use super::bounds::{self, Bound};
use crate::check::Facts;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::ir::{self, Better, RuleSeverity};
use crate::syntax::Comparison;

static RULE: Rule = Rule {
    code: "QP3006",
    slug: "threshold-against-direction",
    severity: Severity::Warning,
    summary: "A threshold asks a metric to be bad.",
    why: "The gate lets the weak strategies in and keeps the strong ones out, which is seldom what was meant: most often \
          the comparison points the wrong way. A metric that is bounded from both sides is taken as a deliberate range \
          and not reported. If only suspiciously good values should be caught, make the rule `soft` or `info`, or give \
          the other bound, too.",
    wrong: "world: demo\nselection:\n  gates:\n    - sharpe <= 0.5\n",
    right: "world: demo\nselection:\n  gates:\n    - sharpe >= 0.5\n",
};

pub(super) const LINT: Lint = Lint { rule: &RULE, run, partial: true };

fn run(facts: &Facts<'_>) -> Vec<Diagnostic> {
    let demanded = demanded(facts);
    let ranged =
        |bound: &Bound<'_>| demanded.iter().any(|(_, other)| other.id == bound.id && other.is_against() == Some(false));
    let alone =
        demanded.iter().filter(|(_, bound)| bound.is_against() == Some(true) && limits(bound) && !ranged(bound));
    alone.map(|(span, bound)| report(*span, bound)).collect()
}

/// Every bound that a blocking rule demands, with the comparison it stands in.
fn demanded<'a>(facts: &Facts<'a>) -> Vec<(crate::source::Span, Bound<'a>)> {
    let blocking = |rule: &&ir::Rule| rule.severity == RuleSeverity::Blocking;
    let conditions = facts.program.all_rules().filter(blocking).flat_map(ir::Rule::conditions);
    let parts = conditions.flat_map(bounds::conjuncts);
    parts
        .flat_map(|part| bounds::of_comparison(facts.program, part).into_iter().map(|bound| (part.span, bound)))
        .collect()
}

/// Whether some value of the metric passes and some does not: the others are reported as such.
fn limits(bound: &Bound<'_>) -> bool {
    let range = bound.metric.range;
    let open = |value: f64, end: f64| value != end || matches!(bound.operator, Comparison::Less | Comparison::Greater);
    let ends = match bound.operator {
        Comparison::Less | Comparison::LessEqual => open(bound.value, range.high),
        _ => open(bound.value, range.low),
    };
    !bound.is_outside() && ends
}

fn report(span: crate::source::Span, bound: &Bound<'_>) -> Diagnostic {
    let (name, operator) = (&bound.metric.name, bound.operator.as_str());
    let better = if bound.metric.better == Some(Better::Higher) { "higher" } else { "lower" };
    let turned = bound.operator.mirrored().as_str();
    let message =
        format!("this keeps the good strategies out: `{name}` is better {better}, and the gate asks for `{operator}`");
    let help = format!("write `{turned}`, or bound `{name}` from the other side, too");
    Diagnostic::new(&RULE, span, message).help(help)
}
