//! Statistics over all judged strategies that have a value. A NaN is a missing value.

use super::exact_sum::exact_sum;

fn present(values: &[f64]) -> Vec<f64> {
    values.iter().copied().filter(|value| !value.is_nan()).collect()
}

/// One statistic, the same in every row.
pub(super) fn constant(values: &[f64], statistic: impl Fn(&mut [f64]) -> f64) -> Vec<f64> {
    let mut present = present(values);
    let result = if present.is_empty() { f64::NAN } else { statistic(&mut present) };
    vec![result; values.len()]
}

pub(super) fn mean(present: &mut [f64]) -> f64 {
    exact_sum(present.iter().copied()) / present.len() as f64
}

/// Sample standard deviation in two passes; missing below two values. Equal values have none: their mean
/// is rounded, so the passes would find one.
pub(super) fn deviation(present: &mut [f64]) -> f64 {
    let count = present.len() as f64;
    if count < 2.0 {
        return f64::NAN;
    }
    if present.windows(2).all(|pair| pair.first() == pair.last()) {
        return 0.0;
    }
    let center = mean(present);
    let squares = present.iter().map(|value| (value - center) * (value - center));
    libm::sqrt(exact_sum(squares) / (count - 1.0))
}

pub(super) fn median(present: &mut [f64]) -> f64 {
    present.sort_unstable_by(f64::total_cmp);
    let middle = present.len() / 2;
    let at = |index: usize| present.get(index).copied().unwrap_or(f64::NAN);
    if present.len() % 2 == 1 { at(middle) } else { (at(middle - 1) + at(middle)) / 2.0 }
}

/// Type 7: linear between order statistics.
pub(super) fn quantile(present: &mut [f64], share: f64) -> f64 {
    present.sort_unstable_by(f64::total_cmp);
    let place = share * (present.len() - 1) as f64;
    let below = libm::floor(place);
    let at = |index: f64| present.get(index as usize).copied();
    let Some(low) = at(below) else { return f64::NAN };
    let Some(high) = at(below + 1.0) else { return low };
    low + (place - below) * (high - low)
}

pub(super) fn count(values: &[f64]) -> Vec<f64> {
    vec![present(values).len() as f64; values.len()]
}

/// Descending place, equal values sharing the smaller.
pub(super) fn rank(values: &[f64]) -> Vec<f64> {
    let sorted = sorted(values);
    per_row(values, |value| (sorted.len() - sorted.partition_point(|other| *other <= value) + 1) as f64)
}

pub(super) fn percentile(values: &[f64]) -> Vec<f64> {
    let sorted = sorted(values);
    per_row(values, |value| sorted.partition_point(|other| *other <= value) as f64 / sorted.len() as f64)
}

pub(super) fn zscore(values: &[f64]) -> Vec<f64> {
    let mut present = present(values);
    let (center, spread) = (mean(&mut present), deviation(&mut present));
    per_row(values, |value| if spread == 0.0 { f64::NAN } else { (value - center) / spread })
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = present(values);
    sorted.sort_unstable_by(|left, right| left.partial_cmp(right).unwrap_or(std::cmp::Ordering::Equal));
    sorted
}

fn per_row(values: &[f64], statistic: impl Fn(f64) -> f64) -> Vec<f64> {
    values.iter().map(|&value| if value.is_nan() { f64::NAN } else { statistic(value) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics_pass_over_missing_values() {
        let values = [3.0, f64::NAN, 1.0, 3.0, 2.0];
        assert_eq!(rank(&values)[0], 1.0);
        assert_eq!(rank(&values)[4], 3.0);
        assert!(rank(&values)[1].is_nan());
        assert_eq!(percentile(&values)[4], 0.5);
        assert_eq!(median(&mut [4.0, 1.0, 3.0, 2.0]), 2.5);
        assert_eq!(quantile(&mut [1.0, 2.0, 4.0], 0.75), 3.0);
        assert_eq!(deviation(&mut [2.0, 4.0]), std::f64::consts::SQRT_2);
        assert_eq!(count(&values)[0], 4.0);
        assert!(zscore(&[2.0, 2.0])[0].is_nan());
        assert_eq!(deviation(&mut [0.35; 3]), 0.0);
        assert!(zscore(&[0.35; 3])[0].is_nan());
        assert!(deviation(&mut [1e200, -1e200]).is_nan());
        assert!(zscore(&[1e200, -1e200])[0].is_nan());
    }
}
