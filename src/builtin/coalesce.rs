//! `coalesce(x, …)`

use super::{Builtin, Kernel, Units};
use crate::value::Interval;

pub(super) static BUILTIN: Builtin = Builtin {
    name: "coalesce",
    usage: "coalesce(x, …)",
    summary: "The first argument that is not missing.",
    arguments: (1, None),
    units: Units::Any,
    interval: |of| of.iter().copied().reduce(Interval::union).unwrap_or(Interval::ALL),
    kernel: Kernel::Coalesce,
    examples: &[("coalesce(sqrt(-1), 7)", "7")],
};
