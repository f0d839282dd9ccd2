//! Functions of the language: one file each, with signature, unit rule, interval rule, kernel, examples.
//!
//! A new function is a new file and one line in [`ALL`]. Its examples are its tests and its entry in
//! the language reference.

mod abs;
mod ceil;
mod choose;
mod clamp;
mod coalesce;
mod cohort;
mod count;
mod exact_sum;
mod exp;
mod floor;
mod ln;
mod log10;
mod max;
mod mean;
mod median;
mod min;
mod missing;
mod percentile;
mod quantile;
mod rank;
mod round;
mod sign;
mod sqrt;
mod stddev;
mod zscore;

use crate::ir::FunctionId;
use crate::value::Interval;

pub use exact_sum::ExactSum;

/// A function of the language.
pub struct Builtin {
    /// The name in expressions.
    pub name: &'static str,
    /// How it is called.
    pub usage: &'static str,
    /// What it yields.
    pub summary: &'static str,
    /// Fewest and most arguments.
    pub arguments: (usize, Option<usize>),
    /// How kinds and units go through it.
    pub units: Units,
    /// What it can yield, from what its arguments can be.
    pub interval: fn(&[Interval]) -> Interval,
    /// How it is computed.
    pub kernel: Kernel,
    /// Expressions with their results.
    pub examples: &'static [(&'static str, &'static str)],
}

/// How kinds and units go through a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Units {
    /// The first so many arguments are numbers of one unit, which the result has; the rest are literals.
    Same(usize),
    /// A number of any unit gives a bare number.
    Plain,
    /// A number of any unit gives a count.
    Counts,
    /// A number of any unit gives a ratio.
    Share,
    /// A truth value, then two values of one kind, which the result has.
    Choice,
    /// Values of one kind, which the result has.
    Any,
    /// Anything gives a truth value.
    Test,
}

/// How a function is computed. In numbers a NaN is a missing value, in and out.
pub enum Kernel {
    /// Of one number.
    One(fn(f64) -> f64),
    /// Of two or more numbers, left to right; missing where one is.
    Fold(fn(f64, f64) -> f64),
    /// Of three numbers; missing where one is.
    Three(fn(f64, f64, f64) -> f64),
    /// Of a number and a literal.
    WithLiteral(fn(f64, f64) -> f64),
    /// Of all values of the cohort, one result a row; the second argument is not used.
    Cohort(fn(&[f64], f64) -> Vec<f64>),
    /// Of all values of the cohort and a literal, one result a row.
    CohortWithLiteral(fn(&[f64], f64) -> Vec<f64>),
    /// `if`.
    Choose,
    /// `coalesce`.
    Coalesce,
    /// `missing`.
    Missing,
}

/// Every function, sorted by name.
pub static ALL: &[&Builtin] = &[
    &abs::BUILTIN,
    &ceil::BUILTIN,
    &clamp::BUILTIN,
    &coalesce::BUILTIN,
    &count::BUILTIN,
    &exp::BUILTIN,
    &floor::BUILTIN,
    &choose::BUILTIN,
    &ln::BUILTIN,
    &log10::BUILTIN,
    &max::BUILTIN,
    &mean::BUILTIN,
    &median::BUILTIN,
    &min::BUILTIN,
    &missing::BUILTIN,
    &percentile::BUILTIN,
    &quantile::BUILTIN,
    &rank::BUILTIN,
    &round::BUILTIN,
    &sign::BUILTIN,
    &sqrt::BUILTIN,
    &stddev::BUILTIN,
    &zscore::BUILTIN,
];

/// The function with a name.
#[must_use]
pub fn by_name(name: &str) -> Option<(FunctionId, &'static Builtin)> {
    let index = ALL.binary_search_by(|builtin| builtin.name.cmp(name)).ok()?;
    let builtin = ALL.get(index)?;
    Some((FunctionId { index: u16::try_from(index).ok()?, name: builtin.name }, builtin))
}

/// The function with an id.
#[must_use]
pub fn by_id(id: FunctionId) -> Option<&'static Builtin> {
    ALL.get(usize::from(id.index)).copied()
}

impl Builtin {
    /// Which argument must be a literal, and between which bounds.
    #[must_use]
    pub fn literal(&self) -> Option<(usize, f64, f64)> {
        match self.kernel {
            Kernel::WithLiteral(_) => Some((1, 0.0, round::MOST_DECIMALS)),
            Kernel::CohortWithLiteral(_) => Some((1, 0.0, 1.0)),
            _ => None,
        }
    }

    /// Whether it looks at all strategies at once.
    #[must_use]
    pub fn is_cohort(&self) -> bool {
        matches!(self.kernel, Kernel::Cohort(_) | Kernel::CohortWithLiteral(_))
    }
}
