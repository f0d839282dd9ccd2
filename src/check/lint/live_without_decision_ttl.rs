//! QP4009: live trading without saying how long a decision stands.

use super::{Lint, wording};
use crate::check::Facts;
use crate::diag::{Diagnostic, Rule, Severity};

static RULE: Rule = Rule {
    code: "QP4009",
    slug: "live-without-decision-ttl",
    severity: Severity::Warning,
    summary: "Strategies may go live, but the policy does not say how long a decision stands.",
    why: "After `decision_ttl` a decision is stale, and execution falls back to backtest; open live positions can then \
          only be closed. The default is short. Choose a time that fits how often this world is evaluated, and write it \
          down.",
    wrong: "world: demo\nallow_live: true\nselection:\n  gates: [sharpe >= 0.5]\ndata_currency: { max_lag: 5m }\ngovernance:\n  live_promotion: { approvers: [risk-desk] }\n",
    right: "world: demo\nallow_live: true\nselection:\n  gates: [sharpe >= 0.5]\ndata_currency: { max_lag: 5m }\ngovernance:\n  decision_ttl: 1h\n  live_promotion: { approvers: [risk-desk] }\n",
};

pub(super) const LINT: Lint = Lint { rule: &RULE, run, partial: false };

fn run(facts: &Facts<'_>) -> Vec<Diagnostic> {
    let (allow_live, ttl) = (&facts.program.lifecycle.allow_live, &facts.program.lifecycle.governance.decision_ttl);
    let place = allow_live.written.filter(|_| allow_live.value && ttl.written.is_none());
    let default = wording::duration(ttl.value);
    let message =
        format!("strategies may go live, but `governance.decision_ttl` is not set: decisions stand for {default}");
    let help = "add `governance: { decision_ttl: 1h }`, a little more than the time between two evaluations";
    place.map(|span| Diagnostic::new(&RULE, span, message).help(help)).into_iter().collect()
}
