//! Kinds of values and units of numbers.

/// What an expression yields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A number in a unit.
    Number(Unit),
    /// True or false.
    Boolean,
    /// Text that is only compared for equality.
    Text,
}

impl Kind {
    /// How messages call it.
    #[must_use]
    pub fn describe(self) -> &'static str {
        match self {
            Self::Number(_) => "a number",
            Self::Boolean => "true or false",
            Self::Text => "a text",
        }
    }
}

/// The unit of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unit {
    /// A literal without suffix, or a product of units: goes with everything but durations.
    Bare,
    /// A fraction of one.
    Ratio,
    /// Whole things.
    Count,
    /// Days of 86,400 s.
    Days,
    /// Years of 365 days.
    Years,
    /// Seconds.
    Duration,
    /// Money.
    Currency,
    /// A rating without a scale of its own.
    Score,
}

impl Unit {
    /// Every unit that a metric can be declared in.
    pub const DECLARABLE: [Self; 7] =
        [Self::Ratio, Self::Count, Self::Days, Self::Years, Self::Duration, Self::Currency, Self::Score];

    /// The name in policies.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bare => "number",
            Self::Ratio => "ratio",
            Self::Count => "count",
            Self::Days => "days",
            Self::Years => "years",
            Self::Duration => "duration",
            Self::Currency => "currency",
            Self::Score => "score",
        }
    }

    /// The unit with that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::DECLARABLE.into_iter().find(|unit| unit.as_str() == name)
    }

    /// How many seconds one of it lasts, for the three units of time.
    #[must_use]
    pub fn seconds(self) -> Option<f64> {
        match self {
            Self::Days => Some(86_400.0),
            Self::Years => Some(365.0 * 86_400.0),
            Self::Duration => Some(1.0),
            _ => None,
        }
    }

    /// What a number of this unit is multiplied with and then divided by to give one of `target`.
    ///
    /// A bare number goes over into every unit but duration. None where the two have nothing in common.
    #[must_use]
    pub fn conversion(self, target: Self) -> Option<(f64, f64)> {
        if self == target || (self == Self::Bare && target != Self::Duration) || target == Self::Bare {
            return (self != Self::Duration || target == Self::Duration).then_some((1.0, 1.0));
        }
        let (from, to) = (self.seconds()?, target.seconds()?);
        Some(if from >= to { (from / to, 1.0) } else { (1.0, to / from) })
    }

    /// The unit of a product.
    #[must_use]
    pub fn product(self, other: Self) -> Self {
        match (self, other) {
            (Self::Bare | Self::Ratio, unit) | (unit, Self::Bare | Self::Ratio) => unit,
            _ => Self::Bare,
        }
    }

    /// The unit of a quotient.
    #[must_use]
    pub fn quotient(self, divisor: Self) -> Self {
        match (self, divisor) {
            (unit, Self::Bare | Self::Ratio) => unit,
            (unit, other) if unit == other => Self::Ratio,
            _ => Self::Bare,
        }
    }
}
