//! Values outside the range of their column.

use multiversion::multiversion;

use super::CHUNK;
use crate::value::Interval;

/// Lanes of the search for the least and the greatest value.
const LANES: usize = 16;

/// Whether every value lies in a range or is missing already.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl", "x86_64+avx2"))]
fn all_within(values: &[f64], range: Interval) -> bool {
    let (mut least, mut most) = ([range.low; LANES], [range.high; LANES]);
    let (groups, rest) = values.as_chunks::<LANES>();
    for group in groups {
        // A NaN is neither less nor greater, so it changes nothing.
        for ((value, least), most) in group.iter().zip(&mut least).zip(&mut most) {
            *least = if *value < *least { *value } else { *least };
            *most = if *value > *most { *value } else { *most };
        }
    }
    let outside = |value: &f64| *value < range.low || *value > range.high;
    least.iter().all(|least| *least >= range.low)
        && most.iter().all(|most| *most <= range.high)
        && !rest.iter().any(outside)
}

/// Copies values that are missing or outside the range as missing; false, with nothing copied, where
/// there are none. Infinite ends stand for the largest doubles: infinities are never values.
pub(in crate::eval) fn clear_outside(values: &[f64], range: Interval, copy: &mut [f64]) -> bool {
    let range = Interval { low: range.low.max(f64::MIN), high: range.high.min(f64::MAX) };
    if all_within(values, range) {
        return false;
    }
    for (copy, value) in copy.iter_mut().zip(values) {
        *copy = if range.contains(*value) { *value } else { f64::NAN };
    }
    true
}

const _: () = assert!(CHUNK.is_multiple_of(LANES), "chunks are whole groups of lanes");
