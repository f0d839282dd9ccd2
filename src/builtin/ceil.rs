//! `ceil(x)`

use super::{Builtin, Kernel, Units};
use crate::value::Interval;

pub(super) static BUILTIN: Builtin = Builtin {
    name: "ceil",
    usage: "ceil(x)",
    summary: "The least whole number that is not below x.",
    arguments: (1, Some(1)),
    units: Units::Same(1),
    interval: |of| of.first().map_or(Interval::ALL, |x| x.increasing(libm::ceil)),
    kernel: Kernel::One(libm::ceil),
    examples: &[("ceil(2.1)", "3"), ("ceil(-2.7)", "-2")],
};
