//! Declared ranges of numeric variables.

use super::facts::AXIOM;
use super::interval::{Bound, Interval, Side, round_inward};
use super::linear::Rational;
use super::number::Number;

/// One end of a declared range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Where the range ends.
    pub value: Rational,
    /// Whether the end itself belongs to the range.
    pub inclusive: bool,
}

/// The values a variable may take.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Domain {
    /// Lower end; `None` for no lower end.
    pub lower: Option<Limit>,
    /// Upper end; `None` for no upper end.
    pub upper: Option<Limit>,
    /// Whether only whole numbers belong to the range.
    pub integer: bool,
}

impl Domain {
    /// Every real number.
    pub fn unbounded() -> Self {
        Self::default()
    }

    /// The reals from `lower` to `upper`, both included.
    pub fn closed(lower: Rational, upper: Rational) -> Self {
        let included = |value| Some(Limit { value, inclusive: true });
        Self { lower: included(lower), upper: included(upper), integer: false }
    }

    /// Whether `value` belongs to the range.
    pub fn contains(&self, value: &Rational) -> bool {
        let above =
            self.lower.as_ref().is_none_or(|limit| *value > limit.value || (limit.inclusive && *value == limit.value));
        let below =
            self.upper.as_ref().is_none_or(|limit| *value < limit.value || (limit.inclusive && *value == limit.value));
        above && below && (!self.integer || value.is_integer())
    }

    pub(super) fn interval(&self) -> Interval {
        let bound = |limit: &Option<Limit>, side| {
            let limit = limit.as_ref()?;
            let mut value = Number::from_rational(&limit.value);
            let mut strict = !limit.inclusive;
            if self.integer {
                (value, strict) = (round_inward(side, &value, strict), false);
            }
            Some(Bound { value, strict, fact: AXIOM, asserted: true })
        };
        Interval { lower: bound(&self.lower, Side::Lower), upper: bound(&self.upper, Side::Upper) }
    }
}
