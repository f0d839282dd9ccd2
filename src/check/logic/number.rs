//! Exact rationals that stay in two machine words while they are small.

use std::cmp::Ordering;
use std::ops::{Add, Mul, Neg, Sub};

use num_bigint::BigInt;
use num_traits::{ToPrimitive, Zero};

use super::linear::Rational;

/// An exact rational number.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Number {
    /// Numerator and positive denominator, reduced.
    Small(i64, i64),
    /// Only values that do not fit `Small`, so equality stays structural.
    Large(Box<Rational>),
}

impl Number {
    pub(super) const ZERO: Self = Self::Small(0, 1);
    pub(super) const ONE: Self = Self::Small(1, 1);

    pub(super) fn from_rational(value: &Rational) -> Self {
        match (value.numer().to_i64(), value.denom().to_i64()) {
            (Some(numerator), Some(1)) => Self::Small(numerator, 1),
            (Some(numerator), Some(denominator)) if denominator > 0 => {
                Self::from_parts(i128::from(numerator), i128::from(denominator))
            }
            _ => Self::Large(Box::new(value.clone())),
        }
    }

    pub(super) fn to_rational(&self) -> Rational {
        match self {
            // Already reduced, so the reducing constructor would be wasted work.
            Self::Small(numerator, denominator) => Rational::new_raw((*numerator).into(), (*denominator).into()),
            Self::Large(value) => (**value).clone(),
        }
    }

    /// Reduces; the denominator must be positive.
    fn from_parts(numerator: i128, denominator: i128) -> Self {
        let divisor = match denominator {
            1 => 1,
            _ => i128::try_from(gcd(numerator.unsigned_abs(), denominator.unsigned_abs())).unwrap_or(1),
        };
        let (numerator, denominator) = (numerator / divisor, denominator / divisor);
        match (i64::try_from(numerator), i64::try_from(denominator)) {
            (Ok(numerator), Ok(denominator)) => Self::Small(numerator, denominator),
            _ => Self::Large(Box::new(Rational::new_raw(BigInt::from(numerator), BigInt::from(denominator)))),
        }
    }

    pub(super) fn is_small(&self) -> bool {
        matches!(self, Self::Small(..))
    }

    pub(super) fn is_zero(&self) -> bool {
        matches!(self, Self::Small(0, _))
    }

    pub(super) fn is_positive(&self) -> bool {
        match self {
            Self::Small(numerator, _) => *numerator > 0,
            Self::Large(value) => **value > Rational::zero(),
        }
    }

    pub(super) fn is_integer(&self) -> bool {
        match self {
            Self::Small(_, denominator) => *denominator == 1,
            Self::Large(value) => value.is_integer(),
        }
    }

    pub(super) fn floor(&self) -> Self {
        match self {
            Self::Small(numerator, denominator) => {
                let (numerator, denominator) = (i128::from(*numerator), i128::from(*denominator));
                Self::from_parts(numerator.div_euclid(denominator), 1)
            }
            Self::Large(value) => Self::from_rational(&value.floor()),
        }
    }

    pub(super) fn ceiling(&self) -> Self {
        -&(-self).floor()
    }

    /// The quotient, unless `other` is zero.
    pub(super) fn divide(&self, other: &Self) -> Option<Self> {
        if other.is_zero() {
            return None;
        }
        if let (Self::Small(a, b), Self::Small(c, d)) = (self, other) {
            let numerator = i128::from(*a) * i128::from(*d);
            let denominator = i128::from(*b) * i128::from(*c);
            return Some(match denominator < 0 {
                true => Self::from_parts(-numerator, -denominator),
                false => Self::from_parts(numerator, denominator),
            });
        }
        Some(Self::from_rational(&(self.to_rational() / other.to_rational())))
    }

    /// Budget steps one operation on this number is worth.
    pub(super) fn cost(&self) -> u64 {
        match self {
            Self::Small(..) => 1,
            Self::Large(value) => 32 + (value.numer().bits() + value.denom().bits()) / 4,
        }
    }
}

fn gcd(mut left: u128, mut right: u128) -> u128 {
    while right != 0 {
        // Division of single words is several times cheaper.
        if let (Ok(mut a), Ok(mut b)) = (u64::try_from(left), u64::try_from(right)) {
            while b != 0 {
                (a, b) = (b, a % b);
            }
            return u128::from(a);
        }
        (left, right) = (right, left % right);
    }
    left
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Small(a, b), Self::Small(c, d)) if b == d => a.cmp(c),
            (Self::Small(a, b), Self::Small(c, d)) => {
                (i128::from(*a) * i128::from(*d)).cmp(&(i128::from(*c) * i128::from(*b)))
            }
            (Self::Large(left), Self::Large(right)) => left.cmp(right),
            _ => self.to_rational().cmp(&other.to_rational()),
        }
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Neg for &Number {
    type Output = Number;
    fn neg(self) -> Number {
        match self {
            Number::Small(numerator, denominator) => {
                Number::from_parts(-i128::from(*numerator), i128::from(*denominator))
            }
            Number::Large(value) => Number::from_rational(&-&**value),
        }
    }
}

impl Add for &Number {
    type Output = Number;
    fn add(self, other: &Number) -> Number {
        if let (Number::Small(a, b), Number::Small(c, d)) = (self, other) {
            let (a, b) = (i128::from(*a), i128::from(*b));
            let (c, d) = (i128::from(*c), i128::from(*d));
            return match b == d {
                true => Number::from_parts(a + c, b),
                // Each product is below 2^126, so the sum cannot overflow.
                false => Number::from_parts(a * d + c * b, b * d),
            };
        }
        Number::from_rational(&(self.to_rational() + other.to_rational()))
    }
}

impl Sub for &Number {
    type Output = Number;
    fn sub(self, other: &Number) -> Number {
        self + &-other
    }
}

impl Mul for &Number {
    type Output = Number;
    fn mul(self, other: &Number) -> Number {
        if let (Number::Small(a, b), Number::Small(c, d)) = (self, other) {
            return Number::from_parts(i128::from(*a) * i128::from(*c), i128::from(*b) * i128::from(*d));
        }
        Number::from_rational(&(self.to_rational() * other.to_rational()))
    }
}
