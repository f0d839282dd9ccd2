//! Selection steps.

use super::{Expr, MissingMode, Setting};
use crate::source::Span;

/// One step of the selection, after the rules.
#[derive(Debug, Clone)]
pub enum Step {
    /// Ranks by an expression, descending.
    Score(Expr),
    /// Admits in rank order those that are not too like others already admitted.
    Correlation(CorrelationLimit),
    /// Admits in rank order while exposure lasts.
    Exposure(ExposureLimits),
    /// Admits the best.
    Cut(Cut),
    /// Smooths admission over time.
    Streaks(Streaks),
    /// Threshold documents: the `k` largest of a metric.
    TopK(TopK),
    /// Threshold documents: correlation after the cut.
    PostCorrelation(Setting<f64>),
    /// Threshold documents: enter and exit levels of a metric.
    MetricHysteresis(MetricHysteresis),
}

/// `constraints.correlation`.
#[derive(Debug, Clone)]
pub struct CorrelationLimit {
    /// Largest |rho| with any strategy admitted before, in [0, 1].
    pub max_pairwise: Setting<f64>,
    /// What no matrix at all means.
    pub on_missing: MissingMode,
    /// Where that is written.
    pub on_missing_span: Option<Span>,
}

/// `constraints.exposure`.
#[derive(Debug, Clone, Default)]
pub struct ExposureLimits {
    /// Largest gross weight of a side, by name.
    pub gross_budget: Vec<(String, f64)>,
    /// Largest gross weight of a sector.
    pub per_sector: Option<f64>,
    /// Largest gross weight of all.
    pub max_leverage: Option<f64>,
}

/// `topk`.
#[derive(Debug, Clone)]
pub struct Cut {
    /// How many in all.
    pub total: Option<Setting<f64>>,
    /// How many of each side, by name.
    pub by_side: Vec<(String, Setting<f64>)>,
}

/// Streak `hysteresis`.
#[derive(Debug, Clone)]
pub struct Streaks {
    /// Passes in a row before a promotion.
    pub promote_after: Setting<f64>,
    /// Failures in a row before a demotion.
    pub demote_after: Setting<f64>,
    /// Seconds between changes.
    pub min_dwell: Setting<f64>,
    /// Whether a false risk rule demotes at once.
    pub risk_exit: RiskExit,
}

/// What a false blocking rule of layer `risk` does to an active strategy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RiskExit {
    /// Demotes at once.
    Immediate,
    /// Waits as every other failure does.
    Hysteresis,
}

/// `top_k`.
#[derive(Debug, Clone)]
pub struct TopK {
    /// Ranks by it, descending.
    pub metric: Expr,
    /// How many stay.
    pub k: Setting<f64>,
}

/// `hysteresis: {metric, enter, exit}`.
#[derive(Debug, Clone)]
pub struct MetricHysteresis {
    /// The level.
    pub metric: Expr,
    /// Others enter at or above.
    pub enter: Setting<f64>,
    /// Active ones stay at or above.
    pub exit: Setting<f64>,
}
