//! The lints: one file each, one line each in [`ALL`].

mod constant_gate;
mod contradiction;
mod exit_above_enter;
mod implied;
mod stricter_keep;

use super::Facts;
use crate::diag::{Diagnostic, Rule};

/// A check of a whole program.
pub struct Lint {
    /// Its code and page.
    pub rule: &'static Rule,
    /// Finds all places.
    pub run: fn(&Facts<'_>) -> Vec<Diagnostic>,
}

/// Every lint, by code.
pub static ALL: &[Lint] = &[
    contradiction::LINT,
    constant_gate::NEVER_LINT,
    constant_gate::ALWAYS_LINT,
    implied::LINT,
    stricter_keep::LINT,
    exit_above_enter::LINT,
];
