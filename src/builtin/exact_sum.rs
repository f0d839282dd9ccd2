//! Sums of doubles that are exact until the end and rounded once.

/// Bits of one digit of the accumulator.
const DIGIT_BITS: u32 = 32;
/// Digits from the smallest subnormal (2^-1074) past the largest double (2^1024), and room above.
const DIGITS: usize = 68;

/// An accumulator wide enough for every double, so that no addition rounds and order cannot matter.
///
/// The digits are signed and carry lazily: up to 2^30 values may be added between carries, more than
/// any cohort has. The idea of a long fixed-point accumulator is Kulisch's.
#[derive(Debug, Clone)]
pub struct ExactSum {
    digits: [i64; DIGITS],
    pending: u32,
    /// Whether something was added that is no finite number: then there is no sum.
    undefined: bool,
}

impl Default for ExactSum {
    fn default() -> Self {
        Self { digits: [0; DIGITS], pending: 0, undefined: false }
    }
}

impl ExactSum {
    /// Adds a number. With one that is not finite there is no sum.
    pub fn add(&mut self, value: f64) {
        if !value.is_finite() {
            self.undefined = true;
            return;
        }
        if value == 0.0 {
            return;
        }
        let bits = value.to_bits();
        let biased = (bits >> 52 & 0x7ff) as u32;
        let fraction = bits & ((1 << 52) - 1);
        let (mantissa, shift) = if biased == 0 { (fraction, 0) } else { (fraction | 1 << 52, biased - 1) };
        let negative = value < 0.0;
        let (digit, within) = ((shift / DIGIT_BITS) as usize, shift % DIGIT_BITS);
        let wide = u128::from(mantissa) << within;
        for (offset, slot) in self.digits.iter_mut().skip(digit).take(3).enumerate() {
            let part = (wide >> (DIGIT_BITS as usize * offset) & 0xffff_ffff) as i64;
            *slot += if negative { -part } else { part };
        }
        self.pending += 1;
        if self.pending >= 1 << 30 {
            self.carry();
        }
    }

    fn carry(&mut self) {
        let mut carry = 0_i64;
        for digit in &mut self.digits {
            let total = *digit + carry;
            carry = total >> DIGIT_BITS;
            *digit = total & 0xffff_ffff;
        }
        // What is carried out of the top is the sign.
        if let Some(top) = self.digits.last_mut() {
            *top |= carry << DIGIT_BITS;
        }
        self.pending = 0;
    }

    /// The sum, rounded to nearest, ties to even; infinite where it is too large for a double, NaN where
    /// there is none.
    #[must_use]
    pub fn total(mut self) -> f64 {
        if self.undefined {
            return f64::NAN;
        }
        self.carry();
        let negative = self.digits.last().is_some_and(|&top| top < 0);
        if negative {
            self.digits.iter_mut().for_each(|digit| *digit = -*digit);
            self.carry();
        }
        let Some(top) = self.digits.iter().rposition(|&digit| digit != 0) else { return 0.0 };
        let digit = |index: usize| self.digits.get(index).map_or(0, |&digit| digit as u128);
        // The three highest digits hold at least 65 significant bits; whatever lies below only breaks ties.
        let low = top.saturating_sub(2);
        let mut head =
            (0..3).filter(|offset| low + offset <= top).map(|offset| digit(low + offset) << (32 * offset)).sum();
        let rest = self.digits.iter().take(low).any(|&digit| digit != 0);
        let mut exponent = i64::from(DIGIT_BITS) * low as i64 - 1074;
        let excess = i64::from(128 - head_zeros(head)) - 53;
        if excess > 0 && exponent + excess >= -1074 {
            let (kept, lost) = (head >> excess, head & ((1 << excess) - 1));
            let half = 1_u128 << (excess - 1);
            let up = lost > half || (lost == half && (rest || kept & 1 == 1));
            head = kept + u128::from(up);
            exponent += excess;
        }
        // Both factors are exact and so is the product, unless it overflows.
        let magnitude = libm::ldexp(head as f64, exponent as i32);
        if negative { -magnitude } else { magnitude }
    }
}

fn head_zeros(head: u128) -> u32 {
    head.leading_zeros()
}

/// The exact sum of numbers, rounded once.
pub(super) fn exact_sum(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut sum = ExactSum::default();
    values.into_iter().for_each(|value| sum.add(value));
    sum.total()
}

#[cfg(test)]
mod tests {
    use super::exact_sum;

    #[test]
    fn sums_are_exact_in_any_order() {
        assert_eq!(exact_sum([1e300, 1.0, -1e300]), 1.0);
        assert_eq!(exact_sum([f64::MAX, f64::MAX, -f64::MAX]), f64::MAX);
        assert_eq!(exact_sum([f64::MAX, f64::MAX]), f64::INFINITY);
        assert_eq!(exact_sum([5e-324, 5e-324, -5e-324]), 5e-324);
        assert_eq!(exact_sum([0.1; 10]), 1.0);
        assert_eq!(exact_sum([-0.1; 10]), -1.0);
        assert_eq!(exact_sum([1.0, 1.0 / 9_007_199_254_740_992.0]), 1.0);
        assert_eq!(exact_sum([1.0, 1.0 / 9_007_199_254_740_992.0, 5e-324]), 1.0 + f64::EPSILON);
        assert_eq!(exact_sum([-3.5, 2.25]), -1.25);
        assert_eq!(exact_sum([]), 0.0);
        assert!(exact_sum([1.0, f64::INFINITY, f64::NEG_INFINITY]).is_nan());
        assert!(exact_sum([f64::INFINITY]).is_nan());
    }
}
