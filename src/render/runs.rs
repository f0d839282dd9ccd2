//! Runs as documents.

use serde::Serialize;
use serde_json::{Value as Json, json};

use crate::lifecycle::{DataWindow, OverrideStatus, Run, RunState, Stage};

/// A run as it is listed.
#[derive(Debug, Clone, Serialize)]
pub struct RunView {
    /// The strategy.
    pub strategy_id: String,
    /// The run.
    pub run_id: String,
    /// What it observes.
    pub stage: Stage,
    /// Where it stands.
    pub state: RunState,
    /// When it began.
    pub created_at: String,
    /// Until when it observed.
    pub updated_at: String,
    /// How it was judged.
    pub status: Option<Json>,
    /// Whether its decision selected the strategy.
    pub selected: Option<bool>,
    /// The mode that its decision gives it.
    pub effective_mode: Option<Json>,
    /// What a person said, as long as it is not void.
    pub override_status: OverrideStatus,
    /// The run that took its place.
    pub superseded_by: Option<String>,
}

/// The runs of a world.
#[derive(Debug, Serialize)]
pub struct RunsView {
    /// Of this document.
    pub schema_version: u32,
    /// The world.
    pub world_id: String,
    /// The runs, by strategy and id.
    pub runs: Vec<RunView>,
    /// Where the log ends.
    pub head: String,
}

/// A run with all that is known of it.
#[derive(Debug, Serialize)]
pub struct WholeRun {
    /// Of this document.
    pub schema_version: u32,
    /// The world.
    pub world_id: String,
    /// The run in short.
    #[serde(flatten)]
    pub run: RunView,
    /// The data that it was judged on, if known.
    pub data_window: Option<DataWindow>,
    /// The version of the policy that judged it.
    pub policy_version: Option<String>,
    /// The hash of that policy.
    pub ruleset_hash: String,
    /// What a person said, with who and why.
    #[serde(rename = "override")]
    pub spoken: Option<Json>,
    /// The run whose place it took, and why.
    pub supersedes: Option<Json>,
    /// Its metrics, as given.
    pub metrics: Option<Json>,
    /// The whole decision.
    pub decision: Option<Json>,
    /// Where the log ends.
    pub head: String,
}

impl RunView {
    /// The view of a run.
    #[must_use]
    pub fn of(run: &Run) -> Self {
        let told = run.decision.as_ref().and_then(|decision| decision.get("strategies")?.get(&run.submission.strategy));
        let field = |key: &str| told.and_then(|told| told.get(key)).cloned();
        let said = run.spoken.as_ref().filter(|spoken| !spoken.by.void);
        Self {
            strategy_id: run.submission.strategy.clone(),
            run_id: run.submission.run.clone(),
            stage: run.submission.stage,
            state: run.state,
            created_at: run.created_at.to_string(),
            updated_at: run.updated_at.to_string(),
            status: field("status"),
            selected: run.judgement.as_ref().map(|judged| judged.active_set.contains(&run.submission.strategy)),
            effective_mode: field("effective_mode"),
            override_status: said.map(|spoken| spoken.status).unwrap_or_default(),
            superseded_by: run.superseded_by.clone(),
        }
    }
}

impl WholeRun {
    /// The view of a run, with all that is known of it, in the log that ends with a head.
    #[must_use]
    pub fn of(run: &Run, world_id: String, head: String) -> Self {
        let spoken = run.spoken.as_ref().map(|spoken| {
            let by = &spoken.by;
            json!({ "status": spoken.status, "actor": by.actor, "reason": spoken.reason, "at": by.at,
            "ruleset_hash": by.ruleset_hash, "void": by.void })
        });
        let supersedes = run.supersedes.as_ref().map(|(run, reason)| json!({ "run_id": run, "reason": reason }));
        Self {
            schema_version: 1,
            world_id,
            run: RunView::of(run),
            data_window: run.submission.window.clone(),
            policy_version: run.submission.policy_version.clone(),
            ruleset_hash: run.submission.ruleset_hash.clone(),
            spoken,
            supersedes,
            metrics: run.metrics.clone(),
            decision: run.decision.clone(),
            head,
        }
    }
}
