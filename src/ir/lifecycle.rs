//! Data currency, campaigns, promotion and governance.

use serde::Serialize;

use crate::source::Span;

/// A setting with the place it was written at; none where the default stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting<T> {
    /// The value.
    pub value: T,
    /// Where it was written.
    pub written: Option<Span>,
}

impl<T> Setting<T> {
    /// A value that nobody wrote.
    #[must_use]
    pub fn unwritten(value: T) -> Self {
        Self { value, written: None }
    }

    /// A value as written at a place.
    #[must_use]
    pub fn written(value: T, span: Span) -> Self {
        Self { value, written: Some(span) }
    }
}

/// `data_currency`. Times in seconds.
#[derive(Debug, Clone, Default)]
pub struct DataCurrency {
    /// Largest lag.
    pub max_lag: Option<Setting<f64>>,
    /// Shortest history.
    pub min_history: Option<Setting<f64>>,
    /// Share of the active strategies that a snapshot must hold.
    pub min_coverage: Option<Setting<f64>>,
}

/// Everything that governs phases and promotion.
#[derive(Debug, Clone)]
pub struct Lifecycle {
    /// Whether anything may go live.
    pub allow_live: Setting<bool>,
    /// `live_auto_apply`.
    pub live_auto_apply: Setting<bool>,
    /// `live_requires_manual_approval`.
    pub live_requires_manual_approval: Setting<bool>,
    /// `campaign`, if written.
    pub campaign: Option<CampaignSettings>,
    /// `governance`.
    pub governance: Governance,
    /// `risk_profile`.
    pub risk_profile: RiskProfile,
}

/// `campaign`.
#[derive(Debug, Clone, Default)]
pub struct CampaignSettings {
    /// In backtest.
    pub backtest: WindowSettings,
    /// In paper.
    pub paper: WindowSettings,
    /// Days of sample needed.
    pub min_sample_days: Option<Setting<f64>>,
    /// Trades needed.
    pub min_trades_total: Option<Setting<f64>>,
    /// Trades needed within a stage's window.
    pub min_trades_per_window: Option<Setting<f64>>,
}

/// One stage of a campaign. Times in seconds.
#[derive(Debug, Clone, Default)]
pub struct WindowSettings {
    /// How long to observe.
    pub window: Option<Setting<f64>>,
    /// The same as it was written: `180d`.
    pub window_text: Option<String>,
    /// How many runs at least.
    pub min_runs: Option<Setting<f64>>,
    /// Longest pause between runs.
    pub max_gap: Option<Setting<f64>>,
}

/// How a live promotion is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PromotionMode {
    /// Never.
    Disabled,
    /// By a person.
    ManualApproval,
    /// By the rules alone.
    AutoApply,
}

impl PromotionMode {
    /// The name in policies.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Disabled => "disabled",
            Self::ManualApproval => "manual_approval",
            Self::AutoApply => "auto_apply",
        }
    }

    /// The mode with that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Disabled, Self::ManualApproval, Self::AutoApply].into_iter().find(|mode| mode.as_str() == name)
    }
}

/// `governance`. Times in seconds.
#[derive(Debug, Clone)]
pub struct Governance {
    /// How long a decision stands.
    pub decision_ttl: Setting<f64>,
    /// `live_promotion.mode`; follows the two `live_*` flags where unwritten.
    pub mode: Setting<PromotionMode>,
    /// Pause between applies.
    pub cooldown: Option<Setting<f64>>,
    /// Most live strategies.
    pub max_live_slots: Option<Setting<f64>>,
    /// Share of strategies that `auto_apply` takes.
    pub canary_fraction: Option<Setting<f64>>,
    /// Who may approve; anyone where empty.
    pub approvers: Setting<Vec<String>>,
    /// Whether a fresh risk snapshot is needed; follows `allow_live` where unwritten.
    pub require_risk_snapshot: Setting<bool>,
}

/// `risk_profile`.
#[derive(Debug, Clone, Default)]
pub struct RiskProfile {
    /// `low`, `medium`, `high`.
    pub tier: Option<Setting<String>>,
    /// Whether clients depend on it.
    pub client_critical: Option<Setting<bool>>,
}

impl RiskProfile {
    /// Whether missing and wrong values must fail everywhere.
    #[must_use]
    pub fn is_strict(&self) -> bool {
        self.tier.as_ref().is_some_and(|tier| tier.value == "high")
            && self.client_critical.as_ref().is_some_and(|critical| critical.value)
    }
}
