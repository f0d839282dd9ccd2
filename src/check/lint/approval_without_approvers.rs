//! QP4007: anyone may approve a promotion to live.

use super::Lint;
use crate::check::Facts;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::ir::PromotionMode;

static RULE: Rule = Rule {
    code: "QP4007",
    slug: "approval-without-approvers",
    severity: Severity::Warning,
    summary: "Promotions to live need an approval, but nobody is named who may give it.",
    why: "Without `approvers` every actor may approve, also the author of the strategy. Name the people or desks that \
          answer for live trading, so that an approval means a second pair of eyes.",
    wrong: "world: demo\nallow_live: true\nselection:\n  gates: [sharpe >= 0.5]\ndata_currency: { max_lag: 5m }\ngovernance:\n  decision_ttl: 1h\n",
    right: "world: demo\nallow_live: true\nselection:\n  gates: [sharpe >= 0.5]\ndata_currency: { max_lag: 5m }\ngovernance:\n  decision_ttl: 1h\n  live_promotion: { approvers: [risk-desk] }\n",
};

pub(super) const LINT: Lint = Lint { rule: &RULE, run, partial: false };

fn run(facts: &Facts<'_>) -> Vec<Diagnostic> {
    let lifecycle = &facts.program.lifecycle;
    let governance = &lifecycle.governance;
    let asked = lifecycle.allow_live.value && governance.mode.value == PromotionMode::ManualApproval;
    if !asked || !governance.approvers.value.is_empty() {
        return Vec::new();
    }
    let place = governance.approvers.written.or(governance.mode.written).or(lifecycle.allow_live.written);
    let message = "promotions to live need an approval, but no `approvers` are named: anyone may approve";
    let help = "add `governance.live_promotion.approvers: [<actor>, …]`";
    place.map(|span| Diagnostic::new(&RULE, span, message).help(help)).into_iter().collect()
}
