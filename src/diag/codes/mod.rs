//! The codes of all findings that arise while a policy is read and compiled.
//!
//! Codes are `QP` and four digits and are never used again for something else: 1xxx syntax and
//! documents, 2xxx names, types and units, 3xxx logic, 4xxx lifecycle and governance, 5xxx
//! compatibility and style. Lints keep theirs beside their function.

pub mod documents;
pub mod names;

use super::Severity;

/// What a code stands for; `qmtl-policy rule CODE` prints it.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// `QPnnnn`.
    pub code: &'static str,
    /// The code in words.
    pub slug: &'static str,
    /// How grave a finding is, unless the dialect lowers it.
    pub severity: Severity,
    /// What is wrong, in one line.
    pub summary: &'static str,
    /// Why it matters and what to do.
    pub why: &'static str,
    /// A policy that has the defect.
    pub wrong: &'static str,
    /// The same policy without it.
    pub right: &'static str,
}
