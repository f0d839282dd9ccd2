//! `exp(x)`

use super::{Builtin, Kernel, Units};
use crate::value::Interval;

pub(super) static BUILTIN: Builtin = Builtin {
    name: "exp",
    usage: "exp(x)",
    summary: "The number e raised to x; missing where it overflows.",
    arguments: (1, Some(1)),
    units: Units::Plain,
    interval: |of| of.first().map_or(Interval::ALL, |x| x.increasing(libm::exp).widened()),
    kernel: Kernel::One(libm::exp),
    examples: &[("exp(0)", "1"), ("exp(1000)", "missing")],
};
