//! `median(x)`

use super::cohort;
use super::{Builtin, Kernel, Units};
use crate::value::Interval;

pub(super) static BUILTIN: Builtin = Builtin {
    name: "median",
    usage: "median(x)",
    summary: "The median over the cohort; of an even count the mean of the middle two.",
    arguments: (1, Some(1)),
    units: Units::Same(1),
    interval: |of| of.first().copied().unwrap_or(Interval::ALL),
    kernel: Kernel::Cohort(|values, _| cohort::constant(values, cohort::median)),
    examples: &[("median(5)", "5")],
};
