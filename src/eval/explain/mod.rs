//! Explains the decision about one strategy: what it was judged by, where it stands, what would change that.
//!
//! Everything here is a fact; `render` makes sentences of it. A change is reported only after the
//! changed snapshot has been evaluated and admits the strategy.

mod case;
mod changes;
mod compared;
mod data;
mod facts;
mod hysteresis;
mod room;
mod rules;
mod search;
mod standing;
mod text;

pub use compared::{Compared, compared};
pub use facts::{
    Amount, Blocker, Change, ChangeOutcome, CutFacts, DataFacts, Explanation, ExposureFacts, HysteresisFacts, Placed,
    Quantity, Reading, Room, RuleFacts, ScoreFacts, Term,
};

use super::engine::{Options, Plans};
use super::error::EvaluateError;
use super::snapshot::Snapshot;
use crate::diag::nearest_few;
use crate::ir::{Fingerprints, Program};
use crate::source::Sources;
use case::Case;

/// The version of the form of explanations.
const EXPLANATION_VERSION: u32 = 1;
/// Most ids named as probably meant.
const MOST_NEAR: usize = 3;

/// Why a strategy cannot be explained.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ExplainError {
    /// The snapshot has no strategy of that id.
    #[error("the snapshot has no strategy `{strategy}`{}", meant(.near))]
    UnknownStrategy {
        /// The id asked for.
        strategy: String,
        /// Ids that were probably meant, the nearest first.
        near: Vec<String>,
    },
    /// The snapshot cannot be judged.
    #[error(transparent)]
    Evaluate(#[from] EvaluateError),
}

fn meant(near: &[String]) -> String {
    let near: Vec<_> = near.iter().map(|id| format!("`{id}`")).collect();
    match near.split_last() {
        None => String::new(),
        Some((last, [])) => format!(": did you mean {last}?"),
        Some((last, others)) => format!(": did you mean {} or {last}?", others.join(", ")),
    }
}

/// Explains the decision about a strategy.
///
/// # Errors
/// If the snapshot lacks the strategy, or cannot be judged by the program.
pub fn explain(
    program: &Program,
    fingerprints: &Fingerprints,
    plans: &Plans,
    sources: &Sources,
    snapshot: &Snapshot,
    options: &Options,
    strategy: &str,
) -> Result<Explanation, ExplainError> {
    let Some(row) = snapshot.strategies.position(strategy) else {
        let ids = (0..snapshot.strategies.len()).map(|row| snapshot.strategies.id(row));
        let near = nearest_few(strategy, ids, MOST_NEAR).into_iter().map(str::to_owned).collect();
        return Err(ExplainError::UnknownStrategy { strategy: strategy.to_owned(), near });
    };
    let case = Case::new(program, fingerprints, plans, sources, snapshot, options, row)?;
    Ok(case.story())
}

impl Case<'_> {
    fn story(&self) -> Explanation {
        let own = &self.own;
        let found = changes::changes(self);
        let qualified = self.qualifies();
        Explanation {
            schema_version: EXPLANATION_VERSION,
            world: self.decision.world.clone(),
            policy_version: self.decision.policy_version.clone(),
            strategy: self.id().to_owned(),
            as_of: self.decision.as_of.clone(),
            stage: self.decision.stage.clone(),
            profile: self.decision.profile.clone(),
            selected: own.selected,
            was_active: self.was_active,
            qualified,
            action: own.action,
            effective_mode: own.effective_mode,
            downgraded: own.downgraded,
            downgrade_reason: own.downgrade_reason,
            recommended_stage: own.recommended_stage,
            status: own.status,
            rejected_by: own.rejected_by.clone(),
            not_admitted_by: self.admission_own.rejected_by.clone().filter(|_| !qualified),
            data: data::data(self),
            rules: rules::rules(self),
            score: standing::score(self),
            blocked_by: standing::blockers(self),
            exposure: standing::exposure(self),
            hysteresis: hysteresis::hysteresis(self),
            changes: found.alone,
            changes_together: found.together,
            outcome: found.outcome,
            obstacle: found.obstacle,
            room: qualified.then(|| room::room(self)),
        }
    }
}
