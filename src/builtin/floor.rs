//! `floor(x)`

use super::{Builtin, Kernel, Units};
use crate::value::Interval;

pub(super) static BUILTIN: Builtin = Builtin {
    name: "floor",
    usage: "floor(x)",
    summary: "The greatest whole number that is not above x.",
    arguments: (1, Some(1)),
    units: Units::Same(1),
    interval: |of| of.first().map_or(Interval::ALL, |x| x.increasing(libm::floor)),
    kernel: Kernel::One(libm::floor),
    examples: &[("floor(2.7)", "2"), ("floor(-2.1)", "-3")],
};
