//! A run as campaigns and promotions see it, from a file or from the record of a world.

use jiff::Timestamp;

use crate::eval::Status;

use super::samples::Samples;
use super::words::{OverrideStatus, Stage};

/// A run in short.
#[derive(Debug, Clone, PartialEq)]
pub struct RunRecord {
    /// The strategy.
    pub strategy_id: String,
    /// The run.
    pub run_id: String,
    /// What it observes.
    pub stage: Stage,
    /// When it began.
    pub created_at: Timestamp,
    /// Until when it observed.
    pub updated_at: Timestamp,
    /// How it was judged, if it was.
    pub status: Option<Status>,
    /// Which strategies its decision selected.
    pub active_set: Option<Vec<String>>,
    /// What a person said about it.
    pub spoken: Spoken,
    /// Its metrics, as far as campaigns read them.
    pub samples: Samples,
    /// What it counts for.
    pub standing: Standing,
    /// Whether its strategy was stopped since, and nobody has approved the run again.
    pub stopped: bool,
    /// Whether its strategy is live by it.
    pub live: bool,
}

/// What a person said about a run, with what is known about that.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Spoken {
    /// What was said.
    pub status: OverrideStatus,
    /// When, by whom and under which policy; run records of a file do not say.
    pub source: Option<SpokenBy>,
}

/// Where an override comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpokenBy {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// Under which policy.
    pub ruleset_hash: String,
    /// Whether something that happened since has made an approval void.
    pub void: bool,
}

/// What a run counts for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Standing {
    /// Everything.
    #[default]
    Full,
    /// It is not judged yet: it is the latest, but shows nothing.
    Pending,
    /// Another has taken its place: it shows that was observed, and is never the latest.
    Superseded,
}

impl RunRecord {
    /// What later runs are greater in. Of runs of the same times the greater id counts as later.
    #[must_use]
    pub fn order(&self) -> (Timestamp, Timestamp, &str) {
        (self.updated_at, self.created_at, &self.run_id)
    }

    /// Whether its decision selected the strategy itself.
    #[must_use]
    pub fn selects_itself(&self) -> bool {
        self.active_set.as_ref().is_some_and(|active| active.contains(&self.strategy_id))
    }

    /// Whether it may carry a live strategy: its rules were met, and its decision selected the strategy.
    #[must_use]
    pub fn qualifies(&self) -> bool {
        self.passed() && self.selects_itself()
    }

    /// Whether its rules were met, perhaps with warnings.
    #[must_use]
    pub fn passed(&self) -> bool {
        matches!(self.status, Some(Status::Pass | Status::Warn))
    }
}
