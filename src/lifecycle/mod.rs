//! The life of strategies: runs, campaigns, promotion, and where things execute.
//!
//! Pure: commands look at the record of a world and return events or an error that says what to do; time
//! comes from the caller, and nothing is kept here. [`WorldRecord::apply`] makes the record from events, so
//! whoever keeps the events has everything. The way up needs all that the policy asks for; the way down
//! (demote, halt, roll back) needs an actor and a reason.
//!
//! ```
//! use qmtl_policy::WorldRecord;
//!
//! let mut record = WorldRecord::new("demo");
//! let now = "2026-01-31T21:00:00Z".parse().expect("an instant");
//! for event in record.halt(("ann", "prices look wrong"))? {
//!     record.apply(now, &event);
//! }
//! assert!(record.halted().is_some());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod act;
mod approved;
mod campaign;
mod correlated;
mod event;
mod fields;
mod history;
mod judged;
mod mode;
mod outlook;
mod promotion;
mod record;
mod rules;
mod run;
mod run_file;
mod samples;
mod words;
mod world;

pub use act::{Act, ActError};
pub use campaign::{
    CampaignConfig, CampaignReason, CampaignStatus, Phase, StrategyStatus, Tick, TickAction, WindowStatus,
    campaign_status, suggested_run_id, tick,
};
pub use correlated::{Correlated, correlated};
pub use event::{Activation, DataWindow, EventError, LifecycleEvent};
pub use fields::ReadFieldError;
pub use history::{Happening, History, PastDecision, PastRejection, PastStanding};
pub use judged::{JudgeError, RunInput};
pub use mode::{DecidedMode, Domain, Downgrade, Mode, ModeContext, OrderGate, ResolvedMode, resolve_mode};
pub use outlook::Outlook;
pub use promotion::{
    BlockReason, Candidate, Candidates, Circumstances, PlanError, PlannedChange, PromotionError, PromotionPlan,
    RISK_SNAPSHOT_FRESH, Review, SwitchOutcome, canary_allows, canary_share,
};
pub use record::{RunRecord, Spoken, SpokenBy, Standing};
pub use rules::{RulesError, WorldRules};
pub use run::{Judgement, Override, Run, RunError, Submission};
pub use run_file::{RunsError, read_runs, read_runs_json};
pub use samples::Samples;
pub use words::{OverrideStatus, RunState, Stage};
pub use world::{Apply, ApplyState, Halt, WorldRecord};
