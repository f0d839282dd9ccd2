//! One row at a time, where rules are intervals and the score is a sum of products: the commonest form,
//! flat enough for a few nanoseconds.

use super::{RowOutcome, Source};
use crate::eval::plan::{self, Plan, Score};
use crate::value::Interval;

/// Rules and score over the columns themselves.
#[derive(Debug, Clone)]
pub(super) struct FlatRow {
    /// In groups that are tested without a branch; the last one is filled up with its own bounds.
    bounds: Vec<[Bound; TOGETHER]>,
    terms: Vec<Term>,
    is_scored: bool,
}

/// Bounds of a group.
const TOGETHER: usize = 4;

/// A column and the interval that its value must lie in.
#[derive(Debug, Clone, Copy)]
struct Bound {
    column: usize,
    low: f64,
    high: f64,
}

/// A column times a constant, with the interval in which the column has values at all.
#[derive(Debug, Clone, Copy)]
struct Term {
    value: Bound,
    coefficient: f64,
}

impl Bound {
    #[inline(always)]
    fn holds(&self, value: f64) -> bool {
        (value >= self.low) & (value <= self.high)
    }
}

/// The value of a column; missing where the row is too short.
#[inline(always)]
fn at(values: &[f64], column: usize) -> f64 {
    values.get(column).copied().unwrap_or(f64::NAN)
}

impl FlatRow {
    /// The flat form of a plan; none where it has another.
    pub fn new(plan: &Plan, sources: &[Option<Source>]) -> Option<Self> {
        let bound = |slot: u32, low: f64, high: f64| {
            let source = sources.get(slot as usize)?.as_ref().filter(|source| source.factor == 1.0)?;
            let Interval { low: least, high: most } = source.kind.range()?;
            Some(Bound { column: source.column, low: low.max(least), high: high.min(most) })
        };
        let bounds = plan.intervals()?.iter().map(|bounds| bound(bounds.slot, bounds.low, bounds.high));
        let bounds: Vec<Bound> = bounds.collect::<Option<_>>()?;
        let term = |term: &plan::Term| {
            Some(Term { value: bound(term.slot?, f64::MIN, f64::MAX)?, coefficient: term.coefficient })
        };
        let terms: Vec<Term> = match &plan.score {
            None => Vec::new(),
            Some(Score::Code(_)) => return None,
            Some(Score::Terms { terms, .. }) => terms.iter().map(term).collect::<Option<_>>()?,
        };
        let group = |part: &[Bound]| {
            let last = *part.last()?;
            Some(std::array::from_fn(|index| part.get(index).copied().unwrap_or(last)))
        };
        let bounds = bounds.chunks(TOGETHER).map(group).collect::<Option<_>>()?;
        Some(Self { bounds, terms, is_scored: plan.score.is_some() })
    }

    #[inline]
    pub fn judge(&self, values: &[f64]) -> RowOutcome {
        for group in &self.bounds {
            let all = group.iter().fold(true, |all, bound| all & bound.holds(at(values, bound.column)));
            if !all {
                return RowOutcome::REJECTED;
            }
        }
        let score = if self.is_scored { self.score(values) } else { f64::NAN };
        RowOutcome { passes: true, score }
    }

    /// NaN where there is none.
    #[inline]
    fn score(&self, values: &[f64]) -> f64 {
        let (mut sum, mut known) = (-0.0, true);
        for term in &self.terms {
            let value = at(values, term.value.column);
            known &= term.value.holds(value);
            sum += term.coefficient * value;
        }
        if known & sum.is_finite() { sum } else { f64::NAN }
    }
}
