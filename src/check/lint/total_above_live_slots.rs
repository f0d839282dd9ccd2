//! QP4004: more strategies are selected than may be live.

use super::Lint;
use crate::check::Facts;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::ir::Step;

static RULE: Rule = Rule {
    code: "QP4004",
    slug: "total-above-live-slots",
    severity: Severity::Warning,
    summary: "The cut selects more strategies than there are live slots.",
    why: "Once the slots are full, further promotions are blocked with `max_live_slots_exceeded`, and the selection that \
          was reviewed never goes live as a whole. Lower the cut or raise the slots.",
    wrong: "world: demo\nselection:\n  gates: [sharpe >= 0.5]\n  score: sharpe\n  topk: { total: 10 }\ngovernance:\n  live_promotion: { max_live_slots: 8 }\n",
    right: "world: demo\nselection:\n  gates: [sharpe >= 0.5]\n  score: sharpe\n  topk: { total: 8 }\ngovernance:\n  live_promotion: { max_live_slots: 8 }\n",
};

pub(super) const LINT: Lint = Lint { rule: &RULE, run, partial: true };

fn run(facts: &Facts<'_>) -> Vec<Diagnostic> {
    let Some(slots) = facts.program.lifecycle.governance.max_live_slots.as_ref() else { return Vec::new() };
    let cuts = facts.program.steps.iter().filter_map(|step| match step {
        Step::Cut(cut) => cut.total.as_ref().map(|total| ("total", total)),
        Step::TopK(cut) => Some(("k", &cut.k)),
        _ => None,
    });
    let above = cuts.filter(|(_, count)| count.value > slots.value);
    above
        .filter_map(|(key, count)| {
            let message = format!("`{key}` ({}) is above `max_live_slots` ({})", count.value, slots.value);
            let diagnostic = Diagnostic::new(&RULE, count.written?, message).also(slots.written?, "live slots");
            Some(diagnostic.help(format!("lower `{key}`, or raise `max_live_slots`")))
        })
        .collect()
}
