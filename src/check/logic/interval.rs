//! The range of values still open to one column, and why.

use std::cmp::Ordering;

use super::facts::FactId;
use super::number::Number;

/// One end of a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Lower,
    Upper,
}

impl Side {
    pub(super) fn opposite(self) -> Self {
        match self {
            Self::Lower => Self::Upper,
            Self::Upper => Self::Lower,
        }
    }

    /// The side reached after multiplying by a number of this sign.
    pub(super) fn times(self, positive: bool) -> Self {
        if positive { self } else { self.opposite() }
    }
}

/// A bound and the fact it rests on.
#[derive(Clone, Debug)]
pub(super) struct Bound {
    pub(super) value: Number,
    pub(super) strict: bool,
    pub(super) fact: FactId,
    /// False when the bound of a row merely follows from those of its terms.
    pub(super) asserted: bool,
}

/// A possibly open-ended range.
#[derive(Clone, Debug, Default)]
pub(super) struct Interval {
    pub(super) lower: Option<Bound>,
    pub(super) upper: Option<Bound>,
}

/// The nearest whole number inside a bound.
pub(super) fn round_inward(side: Side, value: &Number, strict: bool) -> Number {
    match (side, strict) {
        (Side::Lower, false) => value.ceiling(),
        (Side::Lower, true) => &value.floor() + &Number::ONE,
        (Side::Upper, false) => value.floor(),
        (Side::Upper, true) => &value.ceiling() - &Number::ONE,
    }
}

/// `Greater` when the bound `left` excludes more than the bound `right`.
fn compare_tightness(side: Side, left: (&Number, bool), right: (&Number, bool)) -> Ordering {
    let order = match side {
        Side::Lower => left.0.cmp(right.0),
        Side::Upper => right.0.cmp(left.0),
    };
    order.then(left.1.cmp(&right.1))
}

impl Interval {
    pub(super) fn bound(&self, side: Side) -> Option<&Bound> {
        match side {
            Side::Lower => self.lower.as_ref(),
            Side::Upper => self.upper.as_ref(),
        }
    }

    pub(super) fn bound_mut(&mut self, side: Side) -> &mut Option<Bound> {
        match side {
            Side::Lower => &mut self.lower,
            Side::Upper => &mut self.upper,
        }
    }

    /// Whether every value in the range respects the limit.
    pub(super) fn implies(&self, side: Side, value: &Number, strict: bool) -> bool {
        self.bound(side)
            .is_some_and(|bound| compare_tightness(side, (&bound.value, bound.strict), (value, strict)).is_ge())
    }

    /// The fact that leaves no value respecting the limit, if there is one.
    pub(super) fn refutes(&self, side: Side, value: &Number, strict: bool) -> Option<FactId> {
        let bound = self.bound(side.opposite())?;
        let order = match side {
            Side::Lower => value.cmp(&bound.value),
            Side::Upper => bound.value.cmp(value),
        };
        let empty = match order {
            Ordering::Greater => true,
            Ordering::Equal => strict || bound.strict,
            Ordering::Less => false,
        };
        empty.then_some(bound.fact)
    }

    /// The two facts that leave the range empty, if it is.
    pub(super) fn conflict(&self) -> Option<[FactId; 2]> {
        let lower = self.lower.as_ref()?;
        let other = self.refutes(Side::Lower, &lower.value, lower.strict)?;
        Some([lower.fact, other])
    }

    pub(super) fn contains(&self, value: &Number) -> bool {
        self.refutes(Side::Lower, value, false).is_none() && self.refutes(Side::Upper, value, false).is_none()
    }

    /// Some value in the range; a whole one if `integer`.
    pub(super) fn pick(&self, integer: bool) -> Option<Number> {
        let at = |side| {
            let bound = self.bound(side)?;
            Some(match integer {
                true => round_inward(side, &bound.value, bound.strict),
                false => bound.value.clone(),
            })
        };
        let candidate = match (at(Side::Lower), at(Side::Upper)) {
            (None, None) => Number::ZERO,
            (Some(lower), _) if self.contains(&lower) => lower,
            (_, Some(upper)) if self.contains(&upper) => upper,
            (Some(lower), None) => &lower + &Number::ONE,
            (None, Some(upper)) => &upper - &Number::ONE,
            (Some(lower), Some(upper)) => &(&lower + &upper) * &Number::Small(1, 2),
        };
        (self.contains(&candidate) && (!integer || candidate.is_integer())).then_some(candidate)
    }
}
