//! `count(x)`

use super::cohort;
use super::{Builtin, Kernel, Units};
use crate::value::Interval;

pub(super) static BUILTIN: Builtin = Builtin {
    name: "count",
    usage: "count(x)",
    summary: "How many strategies of the cohort have a value.",
    arguments: (1, Some(1)),
    units: Units::Counts,
    interval: |_| Interval::new(0.0, f64::INFINITY),
    kernel: Kernel::Cohort(|values, _| cohort::count(values)),
    examples: &[("count(5)", "1"), ("count(sqrt(-1))", "0")],
};
