//! Where a strategy executes, and which of its orders pass. The world's decision is the authority: what a
//! caller asks for is a hint, and nothing that it passes raises the domain above the decision.
//!
//! Closed by default: without a fresh decision, or without what must be given, everything executes in the
//! backtest domain. Names that do not exist are errors, so that a slip is seen and never guessed at.

mod context;

use jiff::Timestamp;
use serde::Serialize;

use crate::eval::seconds_between;
use crate::ir::normalized_name;

/// A mode that somebody asks for, or that a decision gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Judge only.
    Validate,
    /// Compute, and send nothing.
    ComputeOnly,
    /// On history.
    Backtest,
    /// On the market, without money.
    Paper,
    /// Another name of paper.
    Dryrun,
    /// Beside what is live.
    Shadow,
    /// With money.
    Live,
}

/// Where something executes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Domain {
    /// On history.
    Backtest,
    /// On the market, without money.
    Dryrun,
    /// Beside what is live.
    Shadow,
    /// With money.
    Live,
}

/// Which orders pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderGate {
    /// All.
    On,
    /// Those that close positions.
    ReduceOnly,
    /// None.
    Off,
}

/// Why something executes below what the world decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Downgrade {
    /// There is no decision.
    DecisionUnavailable,
    /// The decision is older than it may be, or from the future, or does not say how old it is.
    StaleDecision,
    /// `as_of` must be given.
    MissingAsOf,
    /// `dataset_fingerprint` must be given.
    MissingDatasetFingerprint,
}

/// What the world decided.
#[derive(Debug, Clone, PartialEq)]
pub struct DecidedMode {
    /// The mode.
    pub mode: Mode,
    /// When.
    pub issued_at: Option<Timestamp>,
    /// For how many seconds it stands.
    pub ttl: Option<f64>,
}

/// All that the mode of execution depends on.
#[derive(Debug, Clone, PartialEq)]
pub struct ModeContext {
    /// The moment.
    pub now: Timestamp,
    /// What the caller asks for.
    pub requested_mode: Option<Mode>,
    /// What it runs as.
    pub existing_mode: Option<Mode>,
    /// What the world decided.
    pub decision: Option<DecidedMode>,
    /// The instant of the data.
    pub as_of: Option<Timestamp>,
    /// Which data it is.
    pub dataset_fingerprint: Option<String>,
    /// Whether `as_of` must be given.
    pub require_as_of: bool,
    /// Whether `dataset_fingerprint` must be given.
    pub require_dataset_fingerprint: bool,
    /// Where it executed before.
    pub previous_domain: Option<Domain>,
    /// Whether its activation is frozen.
    pub freeze: bool,
    /// Whether it is being wound down.
    pub drain: bool,
    /// Whether the world is halted.
    pub halted: bool,
}

/// Where a strategy executes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ResolvedMode {
    /// Version of this form.
    pub schema_version: u32,
    /// What was asked for in the end.
    pub requested_mode: Mode,
    /// Where it executes.
    pub execution_domain: Domain,
    /// Which of its orders pass.
    pub order_gate: OrderGate,
    /// Whether it executes there because something is missing.
    pub safe_mode: bool,
    /// The same, as decisions call it.
    pub downgraded: bool,
    /// What is missing.
    pub downgrade_reason: Option<Downgrade>,
    /// Whether another domain was asked for.
    pub overridden: bool,
}

impl Mode {
    const ALL: [(&'static str, Self); 7] = [
        ("validate", Self::Validate),
        ("compute-only", Self::ComputeOnly),
        ("backtest", Self::Backtest),
        ("paper", Self::Paper),
        ("dryrun", Self::Dryrun),
        ("shadow", Self::Shadow),
        ("live", Self::Live),
    ];

    /// The mode with a name; case and `_` for `-` do not matter.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let wanted = normalized_name(name);
        Self::ALL.iter().find(|(known, _)| normalized_name(known) == wanted).map(|(_, mode)| *mode)
    }

    /// The name in documents.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(_, mode)| *mode == self).map_or("", |(name, _)| *name)
    }

    /// Whether decisions give it: the others are names of domains.
    fn is_decided(self) -> bool {
        !matches!(self, Self::Backtest | Self::Dryrun)
    }

    /// Where it executes.
    #[must_use]
    pub fn domain(self) -> Domain {
        match self {
            Self::Validate | Self::ComputeOnly | Self::Backtest => Domain::Backtest,
            Self::Paper | Self::Dryrun => Domain::Dryrun,
            Self::Shadow => Domain::Shadow,
            Self::Live => Domain::Live,
        }
    }
}

impl Domain {
    /// The name in documents.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Backtest => "backtest",
            Self::Dryrun => "dryrun",
            Self::Shadow => "shadow",
            Self::Live => "live",
        }
    }

    /// The domain with a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match normalized_name(name).as_str() {
            "backtest" => Self::Backtest,
            "dryrun" => Self::Dryrun,
            "shadow" => Self::Shadow,
            "live" => Self::Live,
            _ => return None,
        })
    }
}

impl OrderGate {
    /// The name in documents.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::On => "on",
            Self::ReduceOnly => "reduce_only",
            Self::Off => "off",
        }
    }
}

impl Downgrade {
    /// The name in documents.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DecisionUnavailable => "decision_unavailable",
            Self::StaleDecision => "stale_decision",
            Self::MissingAsOf => "missing_as_of",
            Self::MissingDatasetFingerprint => "missing_dataset_fingerprint",
        }
    }
}

/// Where a strategy executes, and which of its orders pass.
#[must_use]
pub fn resolve_mode(context: &ModeContext) -> ResolvedMode {
    let decided = context.decision.as_ref().map(|decision| decision.mode);
    let requested = context.requested_mode.or(context.existing_mode).or(decided).unwrap_or(Mode::Backtest);
    let downgrade = downgrade(context);
    let domain = match (downgrade, decided) {
        (None, Some(mode)) => mode.domain(),
        _ => Domain::Backtest,
    };
    ResolvedMode {
        schema_version: 1,
        requested_mode: requested,
        execution_domain: domain,
        order_gate: order_gate(context, domain),
        safe_mode: downgrade.is_some(),
        downgraded: downgrade.is_some(),
        downgrade_reason: downgrade,
        overridden: requested.domain() != domain,
    }
}

fn downgrade(context: &ModeContext) -> Option<Downgrade> {
    let Some(decision) = &context.decision else { return Some(Downgrade::DecisionUnavailable) };
    let fresh = decision.issued_at.zip(decision.ttl).is_some_and(|(issued_at, ttl)| {
        let age = seconds_between(issued_at, context.now);
        (0.0..=ttl).contains(&age)
    });
    if !fresh {
        return Some(Downgrade::StaleDecision);
    }
    if context.require_as_of && context.as_of.is_none() {
        return Some(Downgrade::MissingAsOf);
    }
    (context.require_dataset_fingerprint && context.dataset_fingerprint.is_none())
        .then_some(Downgrade::MissingDatasetFingerprint)
}

/// Whoever may hold positions can close them unless orders are frozen; whoever was never live has none.
fn order_gate(context: &ModeContext, domain: Domain) -> OrderGate {
    let decided = context.decision.as_ref().map(|decision| decision.mode);
    // What a caller asks for shows nothing: it may never have been.
    let was_live = context.previous_domain == Some(Domain::Live)
        || context.existing_mode == Some(Mode::Live)
        || decided == Some(Mode::Live);
    match (context.freeze, domain) {
        (true, _) => OrderGate::Off,
        (false, Domain::Live) if !context.drain && !context.halted => OrderGate::On,
        (false, _) if was_live => OrderGate::ReduceOnly,
        (false, _) => OrderGate::Off,
    }
}
