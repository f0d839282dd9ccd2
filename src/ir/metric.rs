//! Metrics as a program reads them.

use serde::Serialize;

use super::Layer;
use crate::value::{Interval, Kind};

/// Position of a metric in [`super::Program::metrics`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MetricId(pub u32);

/// Which way a metric is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Better {
    /// More is better.
    Higher,
    /// Less is better.
    Lower,
}

/// A metric that some expression reads.
#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    /// The canonical name: a name of the catalogue, a declared one, or a dotted path.
    pub name: String,
    /// Other names under which a snapshot may carry it, with the factor that turns that value into this unit.
    pub aliases: Vec<(String, f64)>,
    /// Number in a unit, truth value or text.
    pub kind: Kind,
    /// Declared range; values outside are missing in native policies.
    pub range: Interval,
    /// Which way it is good, if it is.
    pub better: Option<Better>,
    /// The layer of rules over it.
    pub layer: Layer,
    /// The window in its name, in seconds.
    pub window: Option<f64>,
    /// Whether the catalogue or the author declares it.
    pub declared: bool,
}
