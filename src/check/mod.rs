//! Checks of a compiled program: what it cannot mean, and what it probably does not mean.
//!
//! A finding is a fact within the declared ranges, never a guess. Each lint is a file in `lint/`
//! with its code, its explanation and its function, and one line in `lint::ALL`.

mod encode;
mod facts;
mod lint;
pub mod logic;
mod questions;

use crate::diag::{Diagnostic, Rule, documents, names};
use crate::ir::Program;

pub use encode::Encoder;
pub use facts::Facts;
pub use lint::Lint;

/// Runs every lint over a program; over one with errors, those that hold for what could be read.
/// `steps` bounds the work of the analyses that search.
#[must_use]
pub fn check(program: &Program, has_errors: bool, steps: u64) -> Vec<Diagnostic> {
    let facts = Facts::new(program, steps);
    let lints = lint::ALL.iter().filter(|lint| lint.partial || !has_errors);
    lints.flat_map(|lint| (lint.run)(&facts)).collect()
}

/// Every code with its page, in the order of codes.
#[must_use]
pub fn registry() -> Vec<&'static Rule> {
    let lints = lint::ALL.iter().map(|lint| lint.rule);
    let mut rules: Vec<_> = documents::ALL.iter().chain(names::ALL).copied().chain(lints).collect();
    crate::order::sort_by_key(&mut rules, |rule| rule.code);
    rules
}

/// The page of a code or of a slug, in any case.
#[must_use]
pub fn rule(name: &str) -> Option<&'static Rule> {
    let wanted = name.trim();
    registry().into_iter().find(|rule| rule.code.eq_ignore_ascii_case(wanted) || rule.slug.eq_ignore_ascii_case(wanted))
}
