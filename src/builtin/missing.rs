//! `missing(x)`

use super::{Builtin, Kernel, Units};
use crate::value::Interval;

pub(super) static BUILTIN: Builtin = Builtin {
    name: "missing",
    usage: "missing(x)",
    summary: "Whether x has no value. This is never missing itself.",
    arguments: (1, Some(1)),
    units: Units::Test,
    interval: |_| Interval::ALL,
    kernel: Kernel::Missing,
    examples: &[("missing(sqrt(-1))", "true"), ("missing(1)", "false")],
};
