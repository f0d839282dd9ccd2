//! `zscore(x)`

use super::cohort;
use super::{Builtin, Kernel, Units};
use crate::value::Interval;

pub(super) static BUILTIN: Builtin = Builtin {
    name: "zscore",
    usage: "zscore(x)",
    summary: "How many sample standard deviations x lies above the cohort's mean; missing where that is 0.",
    arguments: (1, Some(1)),
    units: Units::Plain,
    interval: |_| Interval::ALL,
    kernel: Kernel::Cohort(|values, _| cohort::zscore(values)),
    examples: &[("zscore(5)", "missing")],
};
