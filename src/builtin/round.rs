//! `round(x, n)`

use super::{Builtin, Kernel, Units};
use crate::value::Interval;

pub(super) static BUILTIN: Builtin = Builtin {
    name: "round",
    usage: "round(x, n)",
    summary: "x to n decimals, halves away from zero; n is a literal from 0 to 12.",
    arguments: (2, Some(2)),
    units: Units::Same(1),
    interval: rounded,
    kernel: Kernel::WithLiteral(round),
    examples: &[("round(2.5, 0)", "3"), ("round(-0.125, 2)", "-0.13"), ("round(1.005, 2)", "1")],
};

/// Most decimals that can be asked for.
pub(super) const MOST_DECIMALS: f64 = 12.0;

/// Rounds the exact value of the double, not the rounded product with a power of ten: the error of
/// the product is computed exactly (Dekker 1971) and decides where the product alone shows a half.
fn round(x: f64, decimals: f64) -> f64 {
    let power = libm::pow(10.0, decimals);
    let magnitude = libm::fabs(x);
    let product = magnitude * power;
    // From 2^52 on every double is whole, and splitting a huge number would overflow.
    if product >= 4_503_599_627_370_496.0 {
        return x;
    }
    let whole = libm::floor(product);
    let half = product - whole - 0.5;
    let up = half > 0.0 || (half == 0.0 && product_error(magnitude, power, product) >= 0.0);
    libm::copysign((if up { whole + 1.0 } else { whole }) / power, x)
}

/// What is missing from the rounded product of two doubles.
fn product_error(left: f64, right: f64, product: f64) -> f64 {
    let split = |value: f64| {
        let scaled = value * 134_217_729.0;
        let high = scaled - (scaled - value);
        (high, value - high)
    };
    let ((left_high, left_low), (right_high, right_low)) = (split(left), split(right));
    ((left_high * right_high - product) + left_high * right_low + left_low * right_high) + left_low * right_low
}

fn rounded(of: &[Interval]) -> Interval {
    match of {
        [x, n] if n.low == n.high => x.increasing(|end| if end.is_finite() { round(end, n.low) } else { end }),
        _ => Interval::ALL,
    }
}

#[cfg(test)]
mod tests {
    use super::round;

    #[test]
    fn rounds_the_exact_value() {
        for (x, decimals, wanted) in [
            (1.115, 2.0, 1.11),
            (0.285, 2.0, 0.28),
            (0.5, 0.0, 1.0),
            (-0.5, 0.0, -1.0),
            (1e300, 12.0, 1e300),
            (2.675, 2.0, 2.67),
        ] {
            assert_eq!(round(x, decimals), wanted, "{x}");
        }
    }
}
