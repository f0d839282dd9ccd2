//! QP4005: a metric that needs more data than paper trading gives.

use super::{Lint, once, wording};
use crate::check::Facts;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::ir::{self, Expr, Profile, Program, normalized_name};

static RULE: Rule = Rule {
    code: "QP4005",
    slug: "window-longer-than-paper",
    severity: Severity::Warning,
    summary: "A gate reads a metric over a longer window than paper trading lasts.",
    why: "When the paper window is over, the metric still reaches back to data from before paper trading, mostly the \
          backtest: the gate does not judge what was observed in paper, or the metric is missing. Lengthen the paper \
          window, or use a metric over a shorter one.",
    wrong: "world: demo\nselection:\n  gates: [sharpe_180d >= 0.5]\ncampaign:\n  paper: { window: 120d }\n",
    right: "world: demo\nselection:\n  gates: [sharpe_120d >= 0.5]\ncampaign:\n  paper: { window: 120d }\n",
};

pub(super) const LINT: Lint = Lint { rule: &RULE, run, partial: true };

/// The names of the stage: `dryrun` is another word for paper.
const PAPER: [&str; 3] = ["paper", "paper_only", "dryrun"];

fn run(facts: &Facts<'_>) -> Vec<Diagnostic> {
    let program = facts.program;
    let Some(paper) = program.lifecycle.campaign.as_ref().and_then(|campaign| campaign.paper.window.as_ref()) else {
        return Vec::new();
    };
    let profiles = program.profiles.iter().filter(|profile| judges_paper(program, profile));
    let rules = program.rules.iter().chain(profiles.flat_map(|profile| &profile.rules));
    let mut found = Vec::new();
    for condition in rules.flat_map(ir::Rule::conditions) {
        condition.walk(&mut |part| found.extend(longer(program, part, paper)));
    }
    once(found)
}

/// Whether a profile is the one for paper: by the mapping, else by its name.
fn judges_paper(program: &Program, profile: &Profile) -> bool {
    let own = normalized_name(&profile.name);
    let is_paper = |name: &str| PAPER.contains(&name);
    let mut mapped = program.default_profiles.iter().filter(|(stage, _)| is_paper(&normalized_name(stage))).peekable();
    if mapped.peek().is_none() { is_paper(&own) } else { mapped.any(|(_, name)| normalized_name(name) == own) }
}

fn longer(program: &Program, part: &Expr, paper: &ir::Setting<f64>) -> Option<Diagnostic> {
    let metric = program.metric(part.as_metric()?)?;
    let window = metric.window.filter(|window| *window > paper.value)?;
    let (name, window, shorter) = (&metric.name, wording::duration(window), wording::duration(paper.value));
    let message = format!("`{name}` looks back over {window}, but paper trading lasts {shorter}");
    let diagnostic = Diagnostic::new(&RULE, part.span, message).also(paper.written?, "the paper window");
    Some(diagnostic.help(format!("use a metric over {shorter} or less, or a paper window of {window}")))
}
