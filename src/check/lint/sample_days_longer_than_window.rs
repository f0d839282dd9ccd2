//! QP4006: more days of sample are asked for than a window holds.

use super::{Lint, wording};
use crate::check::Facts;
use crate::diag::{Diagnostic, Rule, Severity};

static RULE: Rule = Rule {
    code: "QP4006",
    slug: "sample-days-longer-than-window",
    severity: Severity::Warning,
    summary: "`min_sample_days` is longer than a window of the campaign.",
    why: "A window that is over does not yet give the sample that a promotion needs, so strategies wait beyond it, and \
          `campaign status` shows a full window that promotes nobody. It is right only where the sample reaches back \
          beyond the window; otherwise bring the two in line.",
    wrong: "world: demo\nselection:\n  gates: [sharpe >= 0.5]\ncampaign:\n  paper: { window: 30d }\n  common: { min_sample_days: 90 }\n",
    right: "world: demo\nselection:\n  gates: [sharpe >= 0.5]\ncampaign:\n  paper: { window: 90d }\n  common: { min_sample_days: 90 }\n",
};

pub(super) const LINT: Lint = Lint { rule: &RULE, run, partial: true };

const SECONDS_PER_DAY: f64 = 86_400.0;

fn run(facts: &Facts<'_>) -> Vec<Diagnostic> {
    let Some(campaign) = facts.program.lifecycle.campaign.as_ref() else { return Vec::new() };
    let Some((days, span)) = campaign.min_sample_days.as_ref().and_then(|days| Some((days.value, days.written?)))
    else {
        return Vec::new();
    };
    let stages = [("backtest", &campaign.backtest), ("paper", &campaign.paper)];
    let windows = stages.into_iter().filter_map(|(name, stage)| Some((name, stage.window.as_ref()?)));
    let shorter: Vec<_> = windows.filter(|(_, window)| days * SECONDS_PER_DAY > window.value).collect();
    if shorter.is_empty() {
        return Vec::new();
    }
    let names: Vec<_> = shorter
        .iter()
        .map(|(name, window)| format!("the {name} window ({})", wording::duration(window.value)))
        .collect();
    let message = format!("`min_sample_days` ({days}) is longer than {}", names.join(" and "));
    let help = "lengthen the window or ask for fewer days; leave it if the sample reaches back beyond the window";
    let diagnostic = Diagnostic::new(&RULE, span, message).help(help);
    let places = shorter.iter().filter_map(|(name, window)| Some((window.written?, format!("the {name} window"))));
    vec![places.fold(diagnostic, |diagnostic, (span, label)| diagnostic.also(span, label))]
}
