//! `mean(x)`

use super::cohort;
use super::{Builtin, Kernel, Units};
use crate::value::Interval;

pub(super) static BUILTIN: Builtin = Builtin {
    name: "mean",
    usage: "mean(x)",
    summary: "The mean over the cohort.",
    arguments: (1, Some(1)),
    units: Units::Same(1),
    interval: |of| of.first().copied().unwrap_or(Interval::ALL),
    kernel: Kernel::Cohort(|values, _| cohort::constant(values, cohort::mean)),
    examples: &[("mean(5)", "5")],
};
