//! `max(x, …)`

use super::min::ends;
use super::{Builtin, Kernel, Units};

pub(super) static BUILTIN: Builtin = Builtin {
    name: "max",
    usage: "max(x, …)",
    summary: "The greatest of its arguments.",
    arguments: (2, None),
    units: Units::Same(usize::MAX),
    interval: |of| ends(of, f64::max),
    kernel: Kernel::Fold(|a, b| if b > a { b } else { a }),
    examples: &[("max(3, 1, 2)", "3")],
};
