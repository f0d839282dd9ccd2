//! `clamp(x, low, high)`

use super::{Builtin, Kernel, Units};
use crate::value::Interval;

pub(super) static BUILTIN: Builtin = Builtin {
    name: "clamp",
    usage: "clamp(x, low, high)",
    summary: "The number, or the nearer bound where it lies outside; missing where low exceeds high.",
    arguments: (3, Some(3)),
    units: Units::Same(3),
    interval: |of| bounds(of),
    kernel: Kernel::Three(clamp),
    examples: &[("clamp(7, 0, 5)", "5"), ("clamp(-7, 0, 5)", "0"), ("clamp(1, 5, 0)", "missing")],
};

fn clamp(x: f64, low: f64, high: f64) -> f64 {
    if low > high {
        return f64::NAN;
    }
    let raised = if x < low { low } else { x };
    if raised > high { high } else { raised }
}

fn bounds(of: &[Interval]) -> Interval {
    let &[x, low, high] = of else { return Interval::ALL };
    Interval::new(x.low.max(low.low).min(high.high), x.high.max(low.low).min(high.high))
}
