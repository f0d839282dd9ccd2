//! The lints: one file each, one line each in [`ALL`].

mod approval_without_approvers;
mod auto_apply_conflict;
mod below_one;
mod bounds;
mod canary_out_of_bounds;
mod carried_not_enforced;
mod constant_gate;
mod contradiction;
mod correlation_out_of_bounds;
mod coverage_without_hysteresis;
mod empty_bounds;
mod exit_above_enter;
mod fail_open_mode;
mod implied;
mod live_without_decision_ttl;
mod live_without_max_lag;
mod possible_division_by_zero;
mod quotas_cannot_fill;
mod sample_days_longer_than_window;
mod severity_without_effect;
mod stricter_keep;
mod threshold_against_direction;
mod threshold_outside_range;
mod total_above_live_slots;
mod unused_definition;
mod unused_metric;
mod unused_profile;
mod window_longer_than_paper;
mod wording;

#[cfg(test)]
mod tests;

use std::collections::HashSet;

use super::Facts;
use crate::diag::{Diagnostic, Rule};

/// A check of a whole program.
pub struct Lint {
    /// Its code and page.
    pub rule: &'static Rule,
    /// Finds all places.
    pub run: fn(&Facts<'_>) -> Vec<Diagnostic>,
    /// Whether a finding stays true where parts of the policy could not be read. What is absent may
    /// only be misspelt.
    pub partial: bool,
}

/// Every lint, by code.
pub static ALL: &[Lint] = &[
    contradiction::LINT,
    constant_gate::NEVER_LINT,
    constant_gate::ALWAYS_LINT,
    implied::LINT,
    threshold_outside_range::LINT,
    threshold_against_direction::LINT,
    stricter_keep::LINT,
    possible_division_by_zero::LINT,
    exit_above_enter::LINT,
    below_one::LINT,
    correlation_out_of_bounds::LINT,
    quotas_cannot_fill::LINT,
    unused_profile::LINT,
    unused_definition::LINT,
    unused_metric::LINT,
    empty_bounds::LINT,
    coverage_without_hysteresis::LINT,
    canary_out_of_bounds::LINT,
    auto_apply_conflict::LINT,
    fail_open_mode::LINT,
    total_above_live_slots::LINT,
    window_longer_than_paper::LINT,
    sample_days_longer_than_window::LINT,
    approval_without_approvers::LINT,
    live_without_max_lag::LINT,
    live_without_decision_ttl::LINT,
    severity_without_effect::LINT,
    carried_not_enforced::LINT,
];

/// One finding for each place: what a definition holds is found again wherever it is named.
fn once(mut found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut places = HashSet::new();
    found.retain(|diagnostic| places.insert(diagnostic.span));
    found
}
