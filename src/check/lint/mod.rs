//! The lints: one file each, one line each in [`ALL`].

mod exit_above_enter;

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
pub static ALL: &[Lint] = &[exit_above_enter::LINT];
