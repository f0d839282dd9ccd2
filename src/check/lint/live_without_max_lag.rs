//! QP4008: live trading on data of any age.

use super::Lint;
use crate::check::Facts;
use crate::diag::{Diagnostic, Rule, Severity};

static RULE: Rule = Rule {
    code: "QP4008",
    slug: "live-without-max-lag",
    severity: Severity::Warning,
    summary: "Strategies may go live, but no limit is set on how old the data may be.",
    why: "Without `data_currency.max_lag` a strategy stays live on numbers of last week when a feed dies. With it, stale \
          data takes the strategy down to `compute-only` until the data is back.",
    wrong: "world: demo\nallow_live: true\nselection:\n  gates: [sharpe >= 0.5]\ngovernance:\n  decision_ttl: 1h\n  live_promotion: { approvers: [risk-desk] }\n",
    right: "world: demo\nallow_live: true\nselection:\n  gates: [sharpe >= 0.5]\ndata_currency: { max_lag: 5m }\ngovernance:\n  decision_ttl: 1h\n  live_promotion: { approvers: [risk-desk] }\n",
};

pub(super) const LINT: Lint = Lint { rule: &RULE, run, partial: false };

fn run(facts: &Facts<'_>) -> Vec<Diagnostic> {
    let allow_live = &facts.program.lifecycle.allow_live;
    let place = allow_live.written.filter(|_| allow_live.value && facts.program.currency.max_lag.is_none());
    let message = "strategies may go live on data of any age: `data_currency.max_lag` is not set";
    let help = "add `data_currency: { max_lag: 5m }`, with the age that you can accept";
    place.map(|span| Diagnostic::new(&RULE, span, message).help(help)).into_iter().collect()
}
