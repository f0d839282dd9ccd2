//! `ln(x)`

use super::{Builtin, Kernel, Units};
use crate::value::Interval;

pub(super) static BUILTIN: Builtin = Builtin {
    name: "ln",
    usage: "ln(x)",
    summary: "The natural logarithm; missing at zero and below.",
    arguments: (1, Some(1)),
    units: Units::Plain,
    interval: |of| logarithms(of),
    kernel: Kernel::One(libm::log),
    examples: &[("ln(1)", "0"), ("ln(0)", "missing")],
};

fn logarithms(of: &[Interval]) -> Interval {
    let x = of.first().copied().unwrap_or(Interval::ALL);
    let low = if x.low > 0.0 { libm::log(x.low) } else { f64::NEG_INFINITY };
    let high = if x.high > 0.0 { libm::log(x.high) } else { f64::INFINITY };
    Interval::new(low, high).widened()
}
