//! QP4002: settings that disagree about who lets strategies go live.

use super::Lint;
use crate::check::Facts;
use crate::diag::{Diagnostic, Rule, Severity};
use crate::ir::{Lifecycle, PromotionMode, Setting};
use crate::source::Span;

static RULE: Rule = Rule {
    code: "QP4002",
    slug: "auto-apply-conflict",
    severity: Severity::Error,
    summary: "The policy says in two ways, and differently, who lets strategies go live.",
    why: "`live_auto_apply`, `live_requires_manual_approval` and `governance.live_promotion.mode` speak about the same \
          decision. Where they disagree, one reader believes that a person approves every promotion while another \
          program promotes by itself. Keep one of them, best the mode: what is not written follows it.",
    wrong: "world: demo\nselection:\n  gates: [sharpe >= 0.5]\nlive_auto_apply: true\nlive_requires_manual_approval: true\n",
    right: "world: demo\nselection:\n  gates: [sharpe >= 0.5]\nlive_auto_apply: false\nlive_requires_manual_approval: true\n",
};

pub(super) const LINT: Lint = Lint { rule: &RULE, run, partial: true };

fn run(facts: &Facts<'_>) -> Vec<Diagnostic> {
    let lifecycle = &facts.program.lifecycle;
    let (auto, manual) = (&lifecycle.live_auto_apply, &lifecycle.live_requires_manual_approval);
    let mode = &lifecycle.governance.mode;
    let Some(mode_span) = mode.written else { return flags(lifecycle).into_iter().collect() };
    let flags = [
        ("live_auto_apply", auto, Some(mode.value == PromotionMode::AutoApply)),
        ("live_requires_manual_approval", manual, manual_fits(mode.value)),
    ];
    let unlike = flags.into_iter().filter(|(_, flag, fits)| fits.is_some_and(|fits| flag.value != fits));
    unlike.filter_map(|(key, flag, _)| against_mode(key, flag, mode.value, mode_span)).collect()
}

/// What `live_requires_manual_approval` must be under a mode, if it matters there.
fn manual_fits(mode: PromotionMode) -> Option<bool> {
    match mode {
        PromotionMode::Disabled => None,
        PromotionMode::ManualApproval => Some(true),
        PromotionMode::AutoApply => Some(false),
    }
}

fn against_mode(key: &str, flag: &Setting<bool>, mode: PromotionMode, mode_span: Span) -> Option<Diagnostic> {
    let message = format!("`{key}: {}` disagrees with mode `{}`", flag.value, mode.as_str());
    let diagnostic = Diagnostic::new(&RULE, flag.written?, message).also(mode_span, "the mode is written here");
    Some(diagnostic.help(format!("remove `{key}`: it follows the mode")))
}

/// The two flags against each other, where no mode is written.
fn flags(lifecycle: &Lifecycle) -> Option<Diagnostic> {
    let (auto, manual) = (&lifecycle.live_auto_apply, &lifecycle.live_requires_manual_approval);
    if !(auto.value && manual.value) {
        return None;
    }
    let message = "`live_auto_apply: true` disagrees with the manual approval that is required";
    let diagnostic = Diagnostic::new(&RULE, auto.written?, message);
    let diagnostic = match manual.written {
        Some(span) => diagnostic.also(span, "required here"),
        None => diagnostic,
    };
    Some(diagnostic.help("decide who approves, best with `governance.live_promotion.mode`"))
}
