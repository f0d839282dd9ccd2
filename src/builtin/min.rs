//! `min(x, …)`

use super::{Builtin, Kernel, Units};
use crate::value::Interval;

pub(super) static BUILTIN: Builtin = Builtin {
    name: "min",
    usage: "min(x, …)",
    summary: "The least of its arguments.",
    arguments: (2, None),
    units: Units::Same(usize::MAX),
    interval: |of| ends(of, f64::min),
    kernel: Kernel::Fold(|a, b| if b < a { b } else { a }),
    examples: &[("min(3, 1, 2)", "1")],
};

/// Bounds of a function that picks one of its arguments by order.
pub(super) fn ends(of: &[Interval], pick: impl Fn(f64, f64) -> f64) -> Interval {
    let both = |a: Interval, b: Interval| Interval::new(pick(a.low, b.low), pick(a.high, b.high));
    of.iter().copied().reduce(both).unwrap_or(Interval::ALL)
}
