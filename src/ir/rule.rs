//! Rules and profiles.

use serde::Serialize;

use super::{Expr, LayerSection};
use crate::source::Span;

/// What a rule is about. The order is from gravest to lightest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Layer {
    /// Drawdown, tails, leverage, exposure, capacity.
    Risk,
    /// Scenarios.
    Stress,
    /// Freshness and coverage.
    DataCurrency,
    /// Amount of evidence.
    Sample,
    /// Returns.
    Performance,
    /// Stability of the evidence.
    Robustness,
    /// Everything else.
    Diagnostics,
}

impl Layer {
    /// All layers, gravest first.
    pub const ALL: [Self; 7] = [
        Self::Risk,
        Self::Stress,
        Self::DataCurrency,
        Self::Sample,
        Self::Performance,
        Self::Robustness,
        Self::Diagnostics,
    ];

    /// The name in policies.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Risk => "risk",
            Self::Stress => "stress",
            Self::DataCurrency => "data_currency",
            Self::Sample => "sample",
            Self::Performance => "performance",
            Self::Robustness => "robustness",
            Self::Diagnostics => "diagnostics",
        }
    }

    /// The layer with that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|layer| layer.as_str() == name)
    }
}

/// What a failed rule does. The order is from lightest to gravest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RuleSeverity {
    /// Is reported.
    Info,
    /// Makes the status `warn`.
    Soft,
    /// Keeps the strategy out.
    Blocking,
}

impl RuleSeverity {
    /// All severities, lightest first.
    pub const ALL: [Self; 3] = [Self::Info, Self::Soft, Self::Blocking];

    /// The name in policies.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Soft => "soft",
            Self::Blocking => "blocking",
        }
    }

    /// The severity with that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|severity| severity.as_str() == name)
    }
}

/// How a rule reads a missing result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Default)]
#[serde(rename_all = "lowercase")]
pub enum MissingMode {
    /// As a failure.
    #[default]
    Fail,
    /// As a warning that does not block.
    Warn,
    /// As a pass.
    Ignore,
}

impl MissingMode {
    /// The name in policies.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Warn => "warn",
            Self::Ignore => "ignore",
        }
    }

    /// The one of two that lets less through.
    #[must_use]
    pub fn stricter(self, other: Self) -> Self {
        match (self, other) {
            (Self::Fail, _) | (_, Self::Fail) => Self::Fail,
            (Self::Warn, _) | (_, Self::Warn) => Self::Warn,
            _ => Self::Ignore,
        }
    }

    /// The mode with that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Fail, Self::Warn, Self::Ignore].into_iter().find(|mode| mode.as_str() == name)
    }
}

/// How a rule reads a value of the wrong kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Default)]
#[serde(rename_all = "lowercase")]
pub enum ErrorMode {
    /// As a failure.
    #[default]
    Fail,
    /// As a warning that does not block.
    Warn,
}

impl ErrorMode {
    /// The one of two that lets less through.
    #[must_use]
    pub fn stricter(self, other: Self) -> Self {
        if self == Self::Fail { self } else { other }
    }

    /// The name in policies.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Warn => "warn",
        }
    }
}

/// Where a rule comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    /// `selection.gates`.
    Gate,
    /// `thresholds`.
    Threshold,
    /// A section of `validation`.
    Validation,
    /// A section of a profile.
    Profile,
}

/// One check that every strategy faces.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Unique within base rules and each profile; the author's, or the path of the rule.
    pub id: String,
    /// Where it comes from.
    pub origin: Origin,
    /// What it is about.
    pub layer: Layer,
    /// What must be true.
    pub when: Expr,
    /// What must be true instead for a strategy that is active now.
    pub keep: Option<Expr>,
    /// What failing does.
    pub severity: RuleSeverity,
    /// Who answers for it.
    pub owner: String,
    /// How missing is read.
    pub on_missing: MissingMode,
    /// How a value of the wrong kind is read.
    pub on_error: ErrorMode,
    /// What the author says about it.
    pub reason: Option<String>,
    /// Where it stands.
    pub span: Span,
}

impl Rule {
    /// `when`, and `keep` where there is one.
    pub fn conditions(&self) -> impl Iterator<Item = &Expr> {
        std::iter::once(&self.when).chain(&self.keep)
    }
}

/// Rules for a stage, in addition to the base rules.
#[derive(Debug, Clone)]
pub struct Profile {
    /// As written.
    pub name: String,
    /// Its rules. In threshold documents a rule replaces the base threshold with the same id.
    pub rules: Vec<Rule>,
    /// The base results under this profile.
    pub base: Vec<LayerSection>,
    /// Where its name stands.
    pub span: Span,
}

/// A stage as it is compared: a dry run is paper under another name.
#[must_use]
pub fn normalized_stage(stage: &str) -> String {
    let stage = normalized_name(stage);
    if stage == "dryrun" { "paper".to_owned() } else { stage }
}

/// A profile or stage name as it is compared: trimmed, lower case, `-` as `_`.
#[must_use]
pub fn normalized_name(name: &str) -> String {
    name.trim().to_lowercase().replace('-', "_")
}
