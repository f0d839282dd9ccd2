//! How lints write numbers: as a policy's author would.

use crate::ir::Metric;
use crate::value::{Kind, Unit};

/// A value of a metric: a percentage for ratios that lie within one, a duration with its unit.
pub(super) fn amount(value: f64, metric: &Metric) -> String {
    let within_one = metric.range.low >= -1.0 && metric.range.high <= 1.0 && value.abs() <= 1.0;
    match metric.kind {
        Kind::Number(Unit::Ratio) if within_one => percent(value),
        Kind::Number(Unit::Duration) => duration(value),
        _ => value.to_string(),
    }
}

/// The range of a metric in words.
pub(super) fn range(metric: &Metric) -> String {
    let (low, high) = (metric.range.low, metric.range.high);
    match (low.is_finite(), high.is_finite()) {
        (true, true) => format!("{} to {}", amount(low, metric), amount(high, metric)),
        (true, false) => format!("{} or more", amount(low, metric)),
        (false, true) => format!("{} or less", amount(high, metric)),
        (false, false) => "any number".to_owned(),
    }
}

/// `25%` for 0.25.
pub(super) fn percent(value: f64) -> String {
    // A hundredth is no double: shifting the point of 0.07 must not show as 7.000000000000001.
    format!("{}%", libm::round(value * 1e12) / 1e10)
}

/// Seconds in the largest unit that divides them.
pub(super) fn duration(seconds: f64) -> String {
    let units = [("d", 86_400.0), ("h", 3_600.0), ("m", 60.0)];
    let whole = units.into_iter().find(|(_, size)| libm::fabs(seconds) >= *size && libm::fmod(seconds, *size) == 0.0);
    let (name, size) = whole.unwrap_or(("s", 1.0));
    format!("{}{name}", seconds / size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_show_no_rounding_noise() {
        assert_eq!(percent(0.07), "7%");
        assert_eq!(percent(0.0005), "0.05%");
        assert_eq!(percent(-1.0), "-100%");
    }

    #[test]
    fn durations_take_the_largest_unit() {
        assert_eq!(duration(10_368_000.0), "120d");
        assert_eq!(duration(5_400.0), "90m");
        assert_eq!(duration(0.0), "0s");
        assert_eq!(duration(0.25), "0.25s");
    }
}
