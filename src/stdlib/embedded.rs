//! The files of the standard library. A file that is not listed here fails a test.

macro_rules! file {
    ($path:literal) => {
        (concat!("std/", $path), include_str!(concat!("../../stdlib/", $path, ".yaml")))
    };
}

/// Read for every policy.
pub(super) static ALWAYS: &[(&str, &str)] = &[
    file!("metrics/attributes"),
    file!("metrics/data_currency"),
    file!("metrics/sample"),
    file!("metrics/performance"),
    file!("metrics/risk"),
    file!("metrics/robustness"),
    file!("metrics/stress"),
    file!("metrics/diagnostics"),
    file!("metrics/live"),
    file!("metrics/portfolio"),
    file!("derived/performance"),
    file!("derived/risk"),
    file!("derived/stability"),
    file!("derived/live"),
    file!("layers/validation"),
    file!("layers/cohort"),
    file!("layers/portfolio"),
    file!("layers/benchmark"),
    file!("layers/stress"),
    file!("layers/paper_shadow_consistency"),
    file!("layers/live_monitoring"),
];

/// Read when a policy imports them.
pub(super) static IMPORTABLE: &[(&str, &str)] =
    &[file!("profiles/conservative"), file!("profiles/balanced"), file!("profiles/exploratory")];
