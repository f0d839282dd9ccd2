//! QP3009: a hysteresis whose exit lies above its entry.

use super::Lint;
use crate::check::Facts;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::ir::Step;

static RULE: Rule = Rule {
    code: "QP3009",
    slug: "exit-above-enter",
    severity: Severity::Error,
    summary: "The exit level of a hysteresis lies above its entry level.",
    why: "A strategy would enter and leave at the same value, over and over. Hysteresis needs room: leave at a \
          lower level than the one to enter at.",
    wrong: "world: demo\nselection:\n  hysteresis: { metric: sharpe, enter: 0.4, exit: 0.6 }\n",
    right: "world: demo\nselection:\n  hysteresis: { metric: sharpe, enter: 0.6, exit: 0.4 }\n",
};

pub(super) const LINT: Lint = Lint { rule: &RULE, run, partial: true };

fn run(facts: &Facts<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for step in &facts.program.steps {
        let Step::MetricHysteresis(levels) = step else { continue };
        let (enter, exit) = (&levels.enter, &levels.exit);
        if let (true, Some(span), Some(enter_span)) = (exit.value > enter.value, exit.written, enter.written) {
            let message = format!("`exit` ({}) lies above `enter` ({})", exit.value, enter.value);
            let diagnostic = Diagnostic::new(&RULE, span, message).also(enter_span, "enters here");
            found.push(facts.lenient(diagnostic.help("swap the two levels")));
        }
    }
    found
}
