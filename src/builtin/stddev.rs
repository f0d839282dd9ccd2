//! `stddev(x)`

use super::cohort;
use super::{Builtin, Kernel, Units};
use crate::value::Interval;

pub(super) static BUILTIN: Builtin = Builtin {
    name: "stddev",
    usage: "stddev(x)",
    summary: "The sample standard deviation over the cohort; missing below two values.",
    arguments: (1, Some(1)),
    units: Units::Same(1),
    interval: |_| Interval::new(0.0, f64::INFINITY),
    kernel: Kernel::Cohort(|values, _| cohort::constant(values, cohort::deviation)),
    examples: &[("stddev(5)", "missing")],
};
