//! What was active before an evaluation: nothing, a list of ids, or a state that must fit.

use super::error::EvaluateError;
use super::notes::Notes;
use super::snapshot::Snapshot;
use super::state::{Previous, SCHEMA_VERSION, State, StrategyState};
use crate::ir::Fingerprints;
use crate::value::Bitmask;

/// What was active before this evaluation.
pub(super) struct Before {
    pub state: State,
    pub streaks_known: bool,
    /// Whether streaks move: not without an instant, and not at the state's own.
    pub streaks_move: bool,
}

impl Before {
    /// `names_world`: whether the policy itself names the world.
    pub fn new(
        snapshot: &Snapshot,
        (world, names_world): (Option<&str>, bool),
        fingerprints: &Fingerprints,
        has_streaks: bool,
        notes: &mut Notes,
    ) -> Result<Self, EvaluateError> {
        let mut state = match &snapshot.previous {
            None => return Ok(Self::nothing(snapshot)),
            Some(Previous::Ids(ids)) => {
                if !has_streaks {
                    return Ok(Self { state: state_of_ids(ids), ..Self::nothing(snapshot) });
                }
                let message = "the previous selection is a list of ids: the first failure demotes";
                notes.add("state_without_streaks", message, format!("{} ids", ids.len()));
                return Ok(Self { state: state_of_ids(ids), streaks_known: false, ..Self::nothing(snapshot) });
            }
            Some(Previous::State(state)) => (**state).clone(),
        };
        match (&state.world, world) {
            (Some(of), Some(world)) if of != world => {
                return Err(EvaluateError::StateOfOtherWorld { state: of.clone(), world: world.to_owned() });
            }
            (None, Some(world)) if names_world => {
                return Err(EvaluateError::StateOfNoWorld { world: world.to_owned() });
            }
            _ => {}
        }
        if let (Some(made), Some(as_of)) = (state.as_of, snapshot.as_of)
            && made > as_of
        {
            return Err(EvaluateError::StateFromLater { state: made.to_string(), snapshot: as_of.to_string() });
        }
        if state.selection_hash != fingerprints.selection {
            notes.add(
                "selection_changed",
                "the policy selects differently than the state's did: passes are counted anew",
                state.selection_hash.clone(),
            );
            state.strategies.iter_mut().for_each(|(_, strategy)| strategy.pass_streak = 0);
        }
        let streaks_move = snapshot.as_of.is_some() && snapshot.as_of != state.as_of;
        Ok(Self { state, streaks_known: true, streaks_move })
    }

    fn nothing(snapshot: &Snapshot) -> Self {
        Self { state: state_of_ids(&[]), streaks_known: true, streaks_move: snapshot.as_of.is_some() }
    }

    /// Which strategies of the state are among some ids, by their place in it.
    pub fn present<'i>(&self, ids: impl Iterator<Item = &'i str>) -> Bitmask {
        let known = &self.state.strategies;
        let mut present = Bitmask::filled(known.len(), false);
        for id in ids.filter(|_| !known.is_empty()) {
            if let Ok(place) = known.binary_search_by(|(known, _)| known.as_str().cmp(id)) {
                present.set(place, true);
            }
        }
        present
    }

    pub fn is_active(&self, id: &str) -> bool {
        self.state.get(id).is_some_and(|state| state.active)
    }
}

fn state_of_ids(ids: &[String]) -> State {
    let active = StrategyState { active: true, ..StrategyState::default() };
    let mut strategies: Vec<_> = ids.iter().map(|id| (id.clone(), active.clone())).collect();
    crate::order::sort_by(&mut strategies, |left, right| left.0.cmp(&right.0));
    State {
        schema_version: SCHEMA_VERSION,
        world: None,
        ruleset_hash: String::new(),
        selection_hash: String::new(),
        as_of: None,
        strategies,
    }
}
