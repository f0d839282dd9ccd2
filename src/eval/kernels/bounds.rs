//! Columns against constants, several at a time, and values outside the range of their column.

use multiversion::multiversion;

use super::{CHUNK, Chunk, Mask, mask};
use crate::value::Interval;

/// A column and the interval that its values must lie in, both ends included. Strict comparisons are
/// intervals that end at the next double; NaN lies in none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::eval) struct Bounds {
    pub slot: u32,
    pub low: f64,
    pub high: f64,
}

/// Columns tested in one pass: enough to hide the latency of a comparison, few enough for registers.
const TOGETHER: usize = 4;

/// Clears the bits of rows that lie outside one of the intervals.
pub(in crate::eval) fn keep_within<'c>(bounds: &[Bounds], column: impl Fn(u32) -> &'c Chunk, kept: &mut Mask) {
    let (groups, rest) = bounds.as_chunks::<TOGETHER>();
    for group in groups {
        narrow(*group, group.map(|bounds| column(bounds.slot)), kept);
    }
    match *rest {
        [a] => narrow([a], [column(a.slot)], kept),
        [a, b] => narrow([a, b], [column(a.slot), column(b.slot)], kept),
        [a, b, c] => narrow([a, b, c], [column(a.slot), column(b.slot), column(c.slot)], kept),
        _ => {}
    }
}

fn narrow<const N: usize>(bounds: [Bounds; N], columns: [&Chunk; N], kept: &mut Mask) {
    #[cfg(target_arch = "x86_64")]
    if let Some(found) = super::x86::within(bounds, columns) {
        return keep(&found, kept);
    }
    let at = |column: &Chunk, row: usize| column.get(row).copied().unwrap_or(f64::NAN);
    let within = |row: usize| {
        columns.iter().zip(&bounds).fold(true, |all, (column, bounds)| {
            let value = at(column, row);
            all & (value >= bounds.low) & (value <= bounds.high)
        })
    };
    keep(&mask(within), kept);
}

fn keep(found: &Mask, kept: &mut Mask) {
    kept.iter_mut().zip(found).for_each(|(kept, found)| *kept &= found);
}

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
