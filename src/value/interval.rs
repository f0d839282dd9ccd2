//! Closed intervals of doubles, for what an expression can yield.
//!
//! Bounds are computed with the very operations that evaluation uses. Each of them rounds
//! monotonically, so the bounds hold for every rounded result in between.

/// All numbers from `low` to `high`, both included; infinite ends are open.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Least value.
    pub low: f64,
    /// Greatest value.
    pub high: f64,
}

impl Interval {
    /// Every number.
    pub const ALL: Self = Self { low: f64::NEG_INFINITY, high: f64::INFINITY };

    /// From `low` to `high`; a NaN end means no bound.
    #[must_use]
    pub fn new(low: f64, high: f64) -> Self {
        Self {
            low: if low.is_nan() { f64::NEG_INFINITY } else { low },
            high: if high.is_nan() { f64::INFINITY } else { high },
        }
    }

    /// A single number.
    #[must_use]
    pub fn point(value: f64) -> Self {
        Self::new(value, value)
    }

    /// Whether a number lies in it.
    #[must_use]
    pub fn contains(self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }

    /// Whether both ends are infinite.
    #[must_use]
    pub fn is_unbounded(self) -> bool {
        self.low == f64::NEG_INFINITY && self.high == f64::INFINITY
    }

    /// The interval from the least to the greatest of some corner values; a NaN corner (such as
    /// infinity less infinity) opens both ends.
    #[must_use]
    pub fn hull(corners: impl IntoIterator<Item = f64>) -> Self {
        let mut hull = Self { low: f64::INFINITY, high: f64::NEG_INFINITY };
        for corner in corners {
            if corner.is_nan() {
                return Self::ALL;
            }
            hull.low = hull.low.min(corner);
            hull.high = hull.high.max(corner);
        }
        hull
    }

    /// The smallest interval around both.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self { low: self.low.min(other.low), high: self.high.max(other.high) }
    }

    /// Applies a function that grows with its argument.
    #[must_use]
    pub fn increasing(self, function: impl Fn(f64) -> f64) -> Self {
        Self::new(function(self.low), function(self.high))
    }

    /// Sum.
    #[must_use]
    pub fn sum(self, other: Self) -> Self {
        Self::new(self.low + other.low, self.high + other.high)
    }

    /// Difference.
    #[must_use]
    pub fn subtract(self, other: Self) -> Self {
        Self::new(self.low - other.high, self.high - other.low)
    }

    /// Negative.
    #[must_use]
    pub fn negate(self) -> Self {
        Self { low: -self.high, high: -self.low }
    }

    /// Product. Zero times an infinite end is zero: the end itself is never reached.
    #[must_use]
    pub fn multiply(self, other: Self) -> Self {
        let corner = |left: f64, right: f64| if left == 0.0 || right == 0.0 { 0.0 } else { left * right };
        Self::hull([
            corner(self.low, other.low),
            corner(self.low, other.high),
            corner(self.high, other.low),
            corner(self.high, other.high),
        ])
    }

    /// Quotient; unbounded where the divisor can be zero.
    #[must_use]
    pub fn divide(self, other: Self) -> Self {
        if other.contains(0.0) {
            return Self::ALL;
        }
        let corner = |left: f64, right: f64| if left == 0.0 || right.is_infinite() { 0.0 } else { left / right };
        Self::hull([
            corner(self.low, other.low),
            corner(self.low, other.high),
            corner(self.high, other.low),
            corner(self.high, other.high),
        ])
    }

    /// A little wider at finite ends, for functions that are not rounded exactly.
    #[must_use]
    pub fn widened(self) -> Self {
        let step = |value: f64, sign: f64| if value.is_finite() { value + sign * value.abs() * 1e-12 } else { value };
        Self { low: step(self.low, -1.0), high: step(self.high, 1.0) }
    }
}
