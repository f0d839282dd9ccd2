//! `rank(x)`

use super::cohort;
use super::{Builtin, Kernel, Units};
use crate::value::Interval;

pub(super) static BUILTIN: Builtin = Builtin {
    name: "rank",
    usage: "rank(x)",
    summary: "The place in the cohort: 1 for the largest, equal values share the smaller place.",
    arguments: (1, Some(1)),
    units: Units::Counts,
    interval: |_| Interval::new(1.0, f64::INFINITY),
    kernel: Kernel::Cohort(|values, _| cohort::rank(values)),
    examples: &[("rank(5)", "1")],
};
