//! `percentile(x)`

use super::cohort;
use super::{Builtin, Kernel, Units};
use crate::value::Interval;

pub(super) static BUILTIN: Builtin = Builtin {
    name: "percentile",
    usage: "percentile(x)",
    summary: "The share of the cohort's values that are not above x.",
    arguments: (1, Some(1)),
    units: Units::Share,
    interval: |_| Interval::new(0.0, 1.0),
    kernel: Kernel::Cohort(|values, _| cohort::percentile(values)),
    examples: &[("percentile(5)", "1")],
};
