//! Layer sections: lists of verdicts that report and never change the selection.

use super::{Expr, Layer, RuleSeverity};
use crate::source::Span;

/// A section such as `cohort` or one of the five base results of threshold documents.
#[derive(Debug, Clone)]
pub struct LayerSection {
    /// The name of the result.
    pub name: String,
    /// How grave a failed verdict is.
    pub severity: RuleSeverity,
    /// Who answers for it.
    pub owner: String,
    /// Tags of the result.
    pub tags: Vec<String>,
    /// Tried in order: the first failure, else the first warning, else `ok`.
    pub verdicts: Vec<Verdict>,
    /// The code when nothing fails or warns.
    pub ok: String,
    /// The code when the policy has none of the steps that the verdicts ask about.
    pub unconfigured: Option<String>,
    /// Stages in which it speaks; all where none is given.
    pub stages: Option<Vec<String>>,
    /// Where it stands.
    pub span: Span,
}

/// One verdict of a section.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// What is looked at.
    pub selector: Selector,
    /// The code when it is false; without one, false is read as missing.
    pub fail: Option<String>,
    /// The code when it is missing; a missing result passes where there is none.
    pub missing: Option<String>,
    /// The code when it is missing and missing metrics are ignored.
    pub ignored: Option<String>,
}

/// What a verdict looks at.
#[derive(Debug, Clone)]
pub enum Selector {
    /// An expression that must be true.
    Expression(Expr),
    /// Thresholds of a group (none: of all) must hold, judged on some metrics only where any are named.
    Thresholds(Option<ThresholdGroup>, Vec<String>),
    /// Metrics of the thresholds of a group must be there; none: any number at all.
    Present(Option<ThresholdGroup>),
    /// A selection step must have let the strategy pass.
    Step(StepTest),
    /// The rules of some layers must hold (native policies).
    Rules(Vec<Layer>),
    /// The place by a metric among all strategies (descending, ties in input order, missing last)
    /// must be at most `limit`; missing where no strategy has the metric.
    Place {
        /// Ranks by it.
        metric: Expr,
        /// Last place that passes.
        limit: f64,
    },
}

/// The selection steps that a verdict can ask about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StepTest {
    /// Correlation, before or after the cut.
    Correlation,
    /// Exposure.
    Exposure,
    /// The cut.
    Cut,
    /// A strategy that was not active enters.
    HysteresisEnter,
    /// An active strategy stays.
    HysteresisExit,
}

impl StepTest {
    /// The step with that name in templates.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "correlation" => Self::Correlation,
            "exposure" => Self::Exposure,
            "cut" => Self::Cut,
            "hysteresis_enter" => Self::HysteresisEnter,
            "hysteresis_exit" => Self::HysteresisExit,
            _ => return None,
        })
    }
}

/// The groups into which threshold documents sort thresholds, by the metric's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ThresholdGroup {
    /// Freshness.
    DataCurrency,
    /// Evidence.
    Sample,
    /// Risk.
    Risk,
    /// The rest.
    Performance,
}

impl ThresholdGroup {
    /// The layer of its thresholds.
    #[must_use]
    pub fn layer(self) -> Layer {
        match self {
            Self::DataCurrency => Layer::DataCurrency,
            Self::Sample => Layer::Sample,
            Self::Risk => Layer::Risk,
            Self::Performance => Layer::Performance,
        }
    }

    /// The group of a metric by its name.
    #[must_use]
    pub fn of(metric: &str) -> Self {
        let name = metric.to_lowercase();
        let begins = |prefixes: &[&str]| prefixes.iter().any(|prefix| name.starts_with(prefix));
        if begins(&["lag", "stale", "fresh", "as_of", "coverage"]) {
            Self::DataCurrency
        } else if begins(&["sample", "history", "effective_history", "n_trades", "num_trades"])
            || name.contains("trade")
        {
            Self::Sample
        } else if begins(&[
            "adv_",
            "participation_rate",
            "exposure",
            "var",
            "es",
            "beta",
            "correlation",
            "leverage",
            "tail",
        ]) {
            Self::Risk
        } else {
            Self::Performance
        }
    }
}
