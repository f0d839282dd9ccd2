//! `sqrt(x)`

use super::{Builtin, Kernel, Units};
use crate::value::Interval;

pub(super) static BUILTIN: Builtin = Builtin {
    name: "sqrt",
    usage: "sqrt(x)",
    summary: "The square root; missing below zero.",
    arguments: (1, Some(1)),
    units: Units::Plain,
    interval: |of| roots(of),
    kernel: Kernel::One(libm::sqrt),
    examples: &[("sqrt(9)", "3"), ("sqrt(-1)", "missing")],
};

fn roots(of: &[Interval]) -> Interval {
    let x = of.first().copied().unwrap_or(Interval::ALL);
    Interval::new(libm::sqrt(x.low.max(0.0)), libm::sqrt(x.high.max(0.0)))
}
