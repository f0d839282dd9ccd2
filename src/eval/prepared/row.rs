//! One row at a time, where rules are intervals and the score is a sum of products: the commonest form,
//! flat enough for a few nanoseconds.

use super::{RowOutcome, Source};
use crate::eval::plan::{Plan, Score};
use crate::value::Interval;

/// Rules and score over the columns themselves.
#[derive(Debug, Clone)]
pub(super) struct FlatRow {
    bounds: Vec<Bound>,
    terms: Option<Vec<Term>>,
}

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
    /// The value, if it lies in the interval.
    #[inline(always)]
    fn of(&self, values: &[f64]) -> Option<f64> {
        values.get(self.column).copied().filter(|value| *value >= self.low && *value <= self.high)
    }
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
        let terms = match &plan.score {
            None => None,
            Some(Score::Code(_)) => return None,
            Some(Score::Terms(terms)) => Some(terms.iter().map(|term| {
                let value = bound(term.slot?, f64::MIN, f64::MAX)?;
                Some(Term { value, coefficient: term.coefficient })
            })),
        };
        Some(Self {
            bounds: bounds.collect::<Option<_>>()?,
            terms: match terms {
                None => None,
                Some(terms) => Some(terms.collect::<Option<_>>()?),
            },
        })
    }

    #[inline]
    pub fn judge(&self, values: &[f64]) -> RowOutcome {
        let passes = self.bounds.iter().all(|bound| bound.of(values).is_some());
        let score = if passes { self.terms.as_ref().and_then(|terms| sum(terms, values)) } else { None };
        RowOutcome { passes, score }
    }
}

#[inline]
fn sum(terms: &[Term], values: &[f64]) -> Option<f64> {
    let mut sum = -0.0;
    for term in terms {
        sum += term.coefficient * term.value.of(values)?;
    }
    sum.is_finite().then_some(sum)
}
