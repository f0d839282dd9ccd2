//! `abs(x)`

use super::{Builtin, Kernel, Units};
use crate::value::Interval;

pub(super) static BUILTIN: Builtin = Builtin {
    name: "abs",
    usage: "abs(x)",
    summary: "The number without its sign.",
    arguments: (1, Some(1)),
    units: Units::Same(1),
    interval: magnitude,
    kernel: Kernel::One(libm::fabs),
    examples: &[("abs(-2)", "2"), ("abs(0.5)", "0.5")],
};

fn magnitude(of: &[Interval]) -> Interval {
    let x = of.first().copied().unwrap_or(Interval::ALL);
    let high = x.low.abs().max(x.high.abs());
    Interval::new(if x.contains(0.0) { 0.0 } else { x.low.abs().min(x.high.abs()) }, high)
}
