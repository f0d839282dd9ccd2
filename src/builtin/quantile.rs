//! `quantile(x, q)`

use super::cohort;
use super::{Builtin, Kernel, Units};
use crate::value::Interval;

pub(super) static BUILTIN: Builtin = Builtin {
    name: "quantile",
    usage: "quantile(x, q)",
    summary: "The q-quantile over the cohort (type 7 of Hyndman and Fan 1996); q is a literal from 0 to 1.",
    arguments: (2, Some(2)),
    units: Units::Same(1),
    interval: |of| of.first().copied().unwrap_or(Interval::ALL),
    kernel: Kernel::CohortWithLiteral(|values, q| cohort::constant(values, |present| cohort::quantile(present, q))),
    examples: &[("quantile(5, 0.5)", "5")],
};
