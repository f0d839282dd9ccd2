//! The closed vocabularies of runs: stages, states of a run, overrides.

use serde::{Deserialize, Serialize};

use crate::ir::normalized_name;

/// What a run observes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// History.
    Backtest,
    /// The market, without money.
    Paper,
    /// The market, beside what is live.
    Shadow,
    /// The market, with money.
    Live,
}

impl Stage {
    /// The stages, in the order strategies go through them.
    pub const ALL: [Self; 4] = [Self::Backtest, Self::Paper, Self::Shadow, Self::Live];

    /// The name in documents.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Backtest => "backtest",
            Self::Paper => "paper",
            Self::Shadow => "shadow",
            Self::Live => "live",
        }
    }

    /// The stage with a name, as evaluations read it: case and `-` for `_` do not matter, `dryrun` is
    /// paper, and the recommended stages stand for those they recommend.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match normalized_name(name).as_str() {
            "backtest" | "backtest_only" => Self::Backtest,
            "paper" | "paper_only" | "dryrun" => Self::Paper,
            "shadow" => Self::Shadow,
            "live" | "paper_ok_live_candidate" => Self::Live,
            _ => return None,
        })
    }
}

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// Known, nothing done yet.
    Submitted,
    /// Its backtest runs.
    BacktestRunning,
    /// Its metrics are being judged.
    Evaluating,
    /// Judged: metrics and decision stand for good.
    Evaluated,
    /// Judged and in use.
    Activated,
    /// Judged and turned down.
    Rejected,
    /// No longer of interest.
    Expired,
}

impl RunState {
    /// All states, in the order of a run's life.
    pub const ALL: [Self; 7] = [
        Self::Submitted,
        Self::BacktestRunning,
        Self::Evaluating,
        Self::Evaluated,
        Self::Activated,
        Self::Rejected,
        Self::Expired,
    ];

    /// The name in documents.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Submitted => "submitted",
            Self::BacktestRunning => "backtest_running",
            Self::Evaluating => "evaluating",
            Self::Evaluated => "evaluated",
            Self::Activated => "activated",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
        }
    }

    /// The state with that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// Whether a run may go from here to there.
    #[must_use]
    pub fn may_become(self, next: Self) -> bool {
        match next {
            Self::Submitted => false,
            Self::BacktestRunning => self == Self::Submitted,
            Self::Evaluating => matches!(self, Self::Submitted | Self::BacktestRunning),
            Self::Evaluated => self == Self::Evaluating,
            Self::Activated | Self::Rejected => self == Self::Evaluated,
            Self::Expired => self != Self::Expired,
        }
    }

    /// Whether a run in this state stands by its decision.
    #[must_use]
    pub fn stands(self) -> bool {
        matches!(self, Self::Evaluated | Self::Activated)
    }
}

impl std::fmt::Display for RunState {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// What a person says about a run, whatever the rules say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OverrideStatus {
    /// Nothing.
    #[default]
    None,
    /// It may go live.
    Approved,
    /// It may not.
    Rejected,
}

impl OverrideStatus {
    /// The name in documents.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
        }
    }

    /// The status with that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::None, Self::Approved, Self::Rejected].into_iter().find(|status| status.as_str() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::RunState::{Activated, BacktestRunning, Evaluated, Evaluating, Expired, Rejected, Submitted};
    use super::*;

    #[test]
    fn runs_move_forward_only() {
        let legal = [
            (Submitted, BacktestRunning),
            (Submitted, Evaluating),
            (BacktestRunning, Evaluating),
            (Evaluating, Evaluated),
            (Evaluated, Activated),
            (Evaluated, Rejected),
        ];
        for from in RunState::ALL {
            for to in RunState::ALL {
                let expected = legal.contains(&(from, to)) || (to == Expired && from != Expired);
                assert_eq!(from.may_become(to), expected, "{from} to {to}");
            }
        }
    }

    #[test]
    fn stages_are_read_as_evaluations_read_them() {
        assert_eq!(Stage::from_name(" Backtest-Only "), Some(Stage::Backtest));
        assert_eq!(Stage::from_name("dryrun"), Some(Stage::Paper));
        assert_eq!(Stage::from_name("paper_ok_live_candidate"), Some(Stage::Live));
        assert_eq!(Stage::from_name("prod"), None);
        for stage in Stage::ALL {
            assert_eq!(Stage::from_name(stage.as_str()), Some(stage));
        }
    }
}
