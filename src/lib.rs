//! World policies: which trading strategies may be trusted with money, and why.
//!
//! ```text
//! world.yaml ─► source ─► syntax ─► compile ─► ir ─┬─► check ──► diagnostics ─► render
//!                                     ▲            └─► eval ───► decision ────► render
//!                                  stdlib                 ▲
//!                                                    snapshot + state
//! decision ─► lifecycle (runs, campaigns, promotion, execution mode) ─► events ─► report ─► render
//! ```
//!
//! Each stage is a module, and a module imports only from those before it. Invariants:
//!
//! - **Fail closed.** Missing, not-a-number, stale or unknown data never opens a gate, and a
//!   misspelt key or metric is an error.
//! - **Pure.** A decision is a function of policy, snapshot, previous state and the time in the
//!   snapshot. Nothing here reads a clock, a file or the network; imports come through a
//!   [`Loader`] that the host gives.
//! - **All at once.** Every stage returns what it could build together with everything it found.
//!
//! ```
//! use qmtl_policy::{Options, Policy, Snapshot};
//!
//! let policy = Policy::compile("world: demo\nselection: { gates: [sharpe >= 0.5] }\n")?;
//! let snapshot = Snapshot::from_json(r#"{"metrics": {"a": {"sharpe": 0.7}, "b": {"sharpe": 0.3}, "c": {}}}"#)?;
//! let decision = policy.evaluate(&snapshot, &Options::default())?;
//! assert_eq!(decision.selected, ["a"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod builtin;
pub mod check;
#[cfg(feature = "cli")]
pub mod cli;
pub mod compile;
pub mod diag;
pub mod eval;
pub mod format;
pub mod ir;
pub mod lifecycle;
mod order;
mod policy;
pub mod render;
pub mod report;
pub mod source;
pub mod stdlib;
#[cfg(feature = "store")]
pub mod store;
pub mod syntax;
pub mod value;
#[cfg(feature = "wasm")]
pub mod wasm;

pub use compile::{LoadedFile, Loader, NoFiles};
pub use diag::{Diagnostic, Severity};
pub use eval::{
    Batch, BatchOptions, Column, ColumnsError, Decision, Detail, EvaluateError, ExplainError, Explanation, Options,
    PrepareError, PrepareOptions, Prepared, RowOutcome, Snapshot, SnapshotError,
};
pub use lifecycle::{LifecycleEvent, WorldRecord};
pub use policy::{Checked, CompileError, Policy, SelectError, check, json_schema};
pub use source::{Limits, Sources};

/// Runs the Rust of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
