//! Looks for the value of one metric that is enough, and writes it shortly.
//!
//! Nothing is assumed about how the outcome depends on the value: what is returned was tried.

use crate::ir::{Better, Expr};
use crate::value::Interval;

/// How near to the boundary a search comes, relative to the larger of value and way.
const PRECISION: f64 = 1e-7;
/// How far from the boundary a shorter number may lie, likewise.
const SLACK: f64 = 5e-4;
/// Most halvings of one search.
const MOST_HALVINGS: usize = 60;
/// Most figures that distinguish two doubles.
const MOST_FIGURES: usize = 17;
/// How far a search goes where the range is open, in units of the value.
const REACHES: [f64; 4] = [1.0, 8.0, 64.0, 1_024.0];

/// The constants that a condition compares a metric with, and their neighbours, nearest to `from` first.
pub(super) fn boundaries(conditions: &[&Expr], is_metric: &dyn Fn(&Expr) -> bool, from: Option<f64>) -> Vec<f64> {
    let mut found = Vec::new();
    for condition in conditions {
        condition.walk(&mut |part| {
            for (left, _, right) in part.links() {
                let constant = match (is_metric(left), is_metric(right)) {
                    (true, false) => right.as_number(),
                    (false, true) => left.as_number(),
                    _ => None,
                };
                found.extend(constant.into_iter().flat_map(around));
            }
        });
    }
    sorted_by_distance(&mut found, from);
    found
}

/// A constant and the doubles next to it, for operators that exclude it.
pub(super) fn around(constant: f64) -> [f64; 3] {
    [constant, constant.next_up(), constant.next_down()]
}

pub(super) fn sorted_by_distance(values: &mut Vec<f64>, from: Option<f64>) {
    // Without a value now, the constant itself comes before its neighbours.
    if let Some(from) = from {
        crate::order::sort_by(values, |left, right| libm::fabs(left - from).total_cmp(&libm::fabs(right - from)));
    }
    values.dedup();
}

/// A value in the range for which the test holds, as near to `from` as halving finds; none if none is found.
pub(super) fn search(
    from: Option<f64>,
    range: Interval,
    better: Option<Better>,
    whole: bool,
    holds: &dyn Fn(f64) -> bool,
) -> Option<f64> {
    let start = from.unwrap_or_else(|| worst(range, better));
    let ends = match better {
        Some(Better::Higher) => vec![range.high],
        Some(Better::Lower) => vec![range.low],
        None => vec![range.high, range.low],
    };
    if from.is_none() && holds(start) {
        return Some(start);
    }
    let (outside, inside) = ends.into_iter().find_map(|end| reach(start, end, holds))?;
    let inside = halve(outside, inside, holds);
    Some(shortened(start, inside, whole, holds))
}

/// Whether a value that holds is a boundary: the double next to it towards `from` does not hold.
pub(super) fn is_boundary(from: Option<f64>, value: f64, holds: &dyn Fn(f64) -> bool) -> bool {
    from.is_none_or(|from| !holds(if from < value { value.next_down() } else { value.next_up() }))
}

/// A value nearer to `from` than one that holds.
pub(super) fn nearer(from: f64, value: f64, whole: bool, holds: &dyn Fn(f64) -> bool) -> f64 {
    shortened(from, halve(from, value, holds), whole, holds)
}

/// Where a metric without a value starts from: the worse end of its range, if it has one.
fn worst(range: Interval, better: Option<Better>) -> f64 {
    let end = match better {
        Some(Better::Lower) => range.high,
        _ => range.low,
    };
    if end.is_finite() { end } else { 0.0 }
}

/// Two values, the first of which fails and the second of which holds.
fn reach(start: f64, end: f64, holds: &dyn Fn(f64) -> bool) -> Option<(f64, f64)> {
    let scale = libm::fabs(start).max(1.0);
    let sign = if end > start { 1.0 } else { -1.0 };
    let steps: Vec<f64> = if end.is_finite() {
        // The best value of all most likely holds; if not, something on the way may.
        [1.0, 0.5, 0.25, 0.75].iter().map(|part| start + part * (end - start)).collect()
    } else {
        REACHES.iter().map(|reach| start + sign * reach * scale).collect()
    };
    let mut outside = start;
    for step in steps {
        if step != start && holds(step) {
            return Some((outside, step));
        }
        if end.is_infinite() {
            outside = step;
        }
    }
    None
}

/// Keeps one side failing and the other holding until they are next to each other.
fn halve(mut outside: f64, mut inside: f64, holds: &dyn Fn(f64) -> bool) -> f64 {
    let way = libm::fabs(inside - outside);
    for _ in 0..MOST_HALVINGS {
        let middle = outside + (inside - outside) / 2.0;
        let tolerance = PRECISION * libm::fabs(inside).max(way.min(libm::fabs(inside - outside)));
        if middle == outside || middle == inside || libm::fabs(inside - outside) <= tolerance {
            break;
        }
        if holds(middle) {
            inside = middle;
        } else {
            outside = middle;
        }
    }
    inside
}

/// The shortest number near a value for which the test holds; the value itself where there is none.
fn shortened(start: f64, value: f64, whole: bool, holds: &dyn Fn(f64) -> bool) -> f64 {
    let slack = SLACK * libm::fabs(value).max(libm::fabs(value - start));
    if whole {
        let away = if value > start { libm::ceil(value) } else { libm::floor(value) };
        if holds(away) {
            return away;
        }
    }
    for figures in 1..MOST_FIGURES {
        let near = rounded(value, figures);
        for candidate in [Some(near), beyond(near, value, start, figures)].into_iter().flatten() {
            if candidate != start && libm::fabs(candidate - value) <= slack && holds(candidate) {
                return candidate;
            }
        }
    }
    value
}

/// A number with so many figures.
fn rounded(value: f64, figures: usize) -> f64 {
    format!("{value:.*e}", figures.saturating_sub(1)).parse().unwrap_or(value)
}

/// The next number of so many figures on the far side of the value, seen from `start`.
fn beyond(near: f64, value: f64, start: f64, figures: usize) -> Option<f64> {
    let away = if value > start { near < value } else { near > value };
    if !away {
        return None;
    }
    let text = format!("{value:.*e}", figures.saturating_sub(1));
    let exponent: i32 = text.split_once('e')?.1.parse().ok()?;
    let places = exponent - i32::try_from(figures).ok()? + 1;
    let unit: f64 = format!("1e{places}").parse().ok()?;
    let step = if value > start { unit } else { -unit };
    Some(rounded(near + step, figures))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(from: f64, better: Better, holds: &dyn Fn(f64) -> bool) -> Option<f64> {
        search(Some(from), Interval::ALL, Some(better), false, holds)
    }

    #[test]
    fn finds_short_numbers_at_the_boundary() {
        assert_eq!(found(0.4, Better::Higher, &|x| x >= 0.62), Some(0.62));
        assert_eq!(found(0.4, Better::Higher, &|x| x > 0.6173284), Some(0.6174));
        assert_eq!(found(0.4, Better::Lower, &|x| x <= -3.0), Some(-3.0));
        assert_eq!(found(0.4, Better::Lower, &|x| x <= 0.2), Some(0.2));
        assert_eq!(found(0.0, Better::Higher, &|x| x >= 812.0), Some(812.0));
        assert_eq!(found(0.4, Better::Higher, &|_| false), None);
    }

    #[test]
    fn stays_within_the_range_and_keeps_counts_whole() {
        let range = Interval::new(0.0, 1.0);
        assert_eq!(search(Some(0.3), range, Some(Better::Lower), false, &|x| (0.0..=0.1).contains(&x)), Some(0.1));
        assert_eq!(search(Some(0.3), range, Some(Better::Higher), false, &|x| x > 1.0), None);
        assert_eq!(
            search(Some(3.0), Interval::new(0.0, f64::INFINITY), Some(Better::Higher), true, &|x| x > 39.2),
            Some(40.0)
        );
        assert_eq!(search(None, range, Some(Better::Lower), false, &|x| x <= 0.25), Some(0.25));
    }

    #[test]
    fn what_holds_in_an_island_is_verified() {
        let island = |x: f64| (0.5..0.7).contains(&x);
        let value = search(Some(0.0), Interval::new(0.0, 1.0), Some(Better::Higher), false, &island).unwrap();
        assert!(island(value), "{value}");
    }
}
