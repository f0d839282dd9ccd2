//! QP3013: a profile that judges nothing.

use super::Lint;
use crate::check::Facts;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::ir::{DeclarationKind, Profile, Program, normalized_name};

static RULE: Rule = Rule {
    code: "QP3013",
    slug: "unused-profile",
    severity: Severity::Warning,
    summary: "No stage is judged by a profile.",
    why: "Its rules look as if they counted, and they do not: no stage is mapped to the profile, and none has its name. \
          Only a caller who names it with `--profile` would get it.",
    wrong: "world: demo\nvalidation_profiles:\n  paper: { performance: { sharpe_min: 0.5 } }\n  strict: { performance: { sharpe_min: 1 } }\n",
    right: "world: demo\nvalidation_profiles:\n  paper: { performance: { sharpe_min: 0.5 } }\n  strict: { performance: { sharpe_min: 1 } }\ndefault_profile_by_stage: { paper: paper, live: strict }\n",
};

pub(super) const LINT: Lint = Lint { rule: &RULE, run, partial: false };

/// The stages that strategies can be in, and `dryrun`, another word for paper.
const STAGES: [&str; 8] =
    ["backtest", "paper", "shadow", "live", "dryrun", "backtest_only", "paper_only", "paper_ok_live_candidate"];

fn run(facts: &Facts<'_>) -> Vec<Diagnostic> {
    let program = facts.program;
    let profiles = program.declarations.iter().filter(|declaration| declaration.kind == DeclarationKind::Profile);
    let last_resort = last_resort(program).map(|profile| normalized_name(&profile.name));
    let unused = profiles.filter(|declaration| {
        let name = normalized_name(&declaration.name);
        !declaration.used && !STAGES.contains(&name.as_str()) && last_resort.as_ref() != Some(&name)
    });
    unused
        .map(|declaration| {
            let name = &declaration.name;
            let message = format!("no stage is judged by profile `{name}`");
            let help = format!("map a stage to it, as in `default_profile_by_stage: {{ live: {name} }}`, or remove it");
            Diagnostic::new(&RULE, declaration.span, message).help(help)
        })
        .collect()
}

/// The profile that a stage without one of its own falls back to, where no mapping says which.
fn last_resort(program: &Program) -> Option<&Profile> {
    let named =
        |name: &str| program.profiles.iter().find(|profile| normalized_name(&profile.name) == normalized_name(name));
    let mapped = program.default_profiles.iter().find_map(|(_, name)| named(name));
    mapped.or_else(|| named("backtest")).or_else(|| named("paper")).or(program.profiles.first())
}
