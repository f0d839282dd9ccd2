//! `sign(x)`

use super::{Builtin, Kernel, Units};
use crate::value::Interval;

pub(super) static BUILTIN: Builtin = Builtin {
    name: "sign",
    usage: "sign(x)",
    summary: "-1, 0 or 1.",
    arguments: (1, Some(1)),
    units: Units::Plain,
    interval: |of| of.first().map_or(Interval::ALL, |x| x.increasing(sign)),
    kernel: Kernel::One(sign),
    examples: &[("sign(-3)", "-1"), ("sign(0)", "0"), ("sign(5)", "1")],
};

fn sign(x: f64) -> f64 {
    f64::from(i8::from(x > 0.0) - i8::from(x < 0.0))
}
