//! Exact satisfiability of boolean combinations of linear constraints.
//!
//! Everything is decided over the reals in exact rational arithmetic, within
//! declared variable ranges and under a bound on the work. The answer is one
//! of: satisfiable with a re-checked witness, unsatisfiable, or undecided.
//!
//! The order of attack is cheapest first: interval bounds per variable, then
//! propagation through disjunctions and linear rows, then case splitting with
//! backjumping, and an exact simplex only where several variables interact.

mod compile;
mod domain;
mod facts;
mod formula;
mod interval;
mod linear;
mod number;
mod outcome;
mod propagate;
mod rounding;
mod search;
mod simplex;
mod solve;
mod state;

#[cfg(test)]
mod oracle;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

pub use domain::{Domain, Limit};
pub use formula::{Atom, BooleanVariable, Formula, Relation};
pub use linear::{Linear, Rational, Variable, rational_from_decimal};
pub use outcome::{Budget, Outcome, Witness};
pub use solve::{solve, solve_all, unsatisfiable_core};
