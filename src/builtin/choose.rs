//! `if(c, a, b)`

use super::{Builtin, Kernel, Units};
use crate::value::Interval;

pub(super) static BUILTIN: Builtin = Builtin {
    name: "if",
    usage: "if(c, a, b)",
    summary: "a where c is true, b where it is false, missing where c is; the other branch is not read.",
    arguments: (3, Some(3)),
    units: Units::Choice,
    interval: |of| of.get(1).zip(of.get(2)).map_or(Interval::ALL, |(a, b)| a.union(*b)),
    kernel: Kernel::Choose,
    examples: &[("if(2 > 1, 10, 20)", "10"), ("if(missing(sqrt(-1)), 0, sqrt(-1))", "0")],
};
