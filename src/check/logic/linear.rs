//! Linear expressions over variables, with exact rational coefficients.

use num_bigint::BigInt;
use num_traits::{One, Zero};

/// Exact rational number of unbounded size.
pub type Rational = num_rational::BigRational;

/// Index of a numeric variable; also its position in the slice of domains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Variable(pub u32);

/// The exact value of the shortest decimal that reads back as `value`.
///
/// So `0.1` becomes one tenth rather than the binary fraction nearest to it.
/// `None` when `value` is infinite or not a number.
pub fn rational_from_decimal(value: f64) -> Option<Rational> {
    if !value.is_finite() {
        return None;
    }
    let text = format!("{value:e}");
    let (mantissa, exponent) = text.split_once('e')?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: i64 = format!("{whole}{fraction}").parse().ok()?;
    let fraction_length = i32::try_from(fraction.len()).ok()?;
    let exponent = exponent.parse::<i32>().ok()? - fraction_length;
    let power = BigInt::from(10).pow(exponent.unsigned_abs());
    Some(if exponent < 0 {
        Rational::new(BigInt::from(digits), power)
    } else {
        Rational::from_integer(BigInt::from(digits) * power)
    })
}

/// A constant plus a sum of coefficient × variable terms.
///
/// Terms are kept sorted by variable, each variable once, no zero coefficient,
/// so equal expressions compare equal.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Linear {
    constant: Rational,
    terms: Vec<(Variable, Rational)>,
}

impl Linear {
    /// Builds an expression, merging repeated variables and dropping zeros.
    pub fn new(constant: Rational, mut terms: Vec<(Variable, Rational)>) -> Self {
        crate::order::sort_by_key(&mut terms, |(variable, _)| *variable);
        let mut merged: Vec<(Variable, Rational)> = Vec::with_capacity(terms.len());
        for (variable, coefficient) in terms {
            match merged.last_mut() {
                Some((last, sum)) if *last == variable => *sum += coefficient,
                _ => merged.push((variable, coefficient)),
            }
        }
        merged.retain(|(_, coefficient)| !coefficient.is_zero());
        Self { constant, terms: merged }
    }

    /// The expression that is just a number.
    pub fn from_constant(constant: Rational) -> Self {
        Self { constant, terms: Vec::new() }
    }

    /// The expression that is just one variable.
    pub fn from_variable(variable: Variable) -> Self {
        Self { constant: Rational::zero(), terms: vec![(variable, Rational::one())] }
    }

    /// The constant part.
    pub fn constant(&self) -> &Rational {
        &self.constant
    }

    /// The terms, sorted by variable, without zero coefficients.
    pub fn terms(&self) -> &[(Variable, Rational)] {
        &self.terms
    }

    /// The value, when no variable occurs.
    pub fn as_constant(&self) -> Option<&Rational> {
        self.terms.is_empty().then_some(&self.constant)
    }

    /// `self + other`.
    #[must_use]
    pub fn add(&self, other: &Self) -> Self {
        let terms = self.terms.iter().chain(&other.terms).cloned().collect();
        Self::new(&self.constant + &other.constant, terms)
    }

    /// `self - other`.
    #[must_use]
    pub fn subtract(&self, other: &Self) -> Self {
        self.add(&other.negate())
    }

    /// `factor × self`.
    #[must_use]
    pub fn scale(&self, factor: &Rational) -> Self {
        if factor.is_zero() {
            return Self::from_constant(Rational::zero());
        }
        Self {
            constant: &self.constant * factor,
            terms: self.terms.iter().map(|(variable, coefficient)| (*variable, coefficient * factor)).collect(),
        }
    }

    /// `-self`.
    #[must_use]
    pub fn negate(&self) -> Self {
        Self {
            constant: -&self.constant,
            terms: self.terms.iter().map(|(variable, coefficient)| (*variable, -coefficient)).collect(),
        }
    }
}
