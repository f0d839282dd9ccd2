//! Decisions by what a store holds, and appended to it.

use super::Failure;
use super::answers::rules;
use super::args::EvalArguments;
use super::inputs::Given;
use super::record::{Ledger, Recorded};
use super::runs::previous;
use super::store_file::StoreArguments;
use crate::eval::{Correlations, Decision, Detail, Options, Previous, Snapshot};
use crate::lifecycle::{Correlated, LifecycleEvent, WorldRecord, WorldRules, correlated};
use crate::policy::Policy;

/// Who stops a strategy that a recorded decision demotes.
const POLICY: &str = "policy";

/// A store that approvals and states come from, and that decisions may be appended to.
pub(super) struct DecisionStore {
    ledger: Ledger,
    rules: WorldRules,
    records: bool,
    judged: bool,
    last: Option<Recorded>,
}

impl DecisionStore {
    /// The store that arguments name, if they name one.
    pub fn open(arguments: &EvalArguments, policy: &Policy) -> Result<Option<Self>, Failure> {
        if arguments.store.is_none() {
            if arguments.now.now.is_some() {
                return Err(Failure::new("--now is for --store: the time of a snapshot is its own, or --as-of"));
            }
            return Ok(None);
        }
        let rules = rules(policy, arguments.inputs.world.as_deref(), None)?;
        let store = StoreArguments { store: arguments.store.clone() };
        let ledger = Ledger::open(&store, &rules.world, &arguments.now)?;
        Ok(Some(Self { ledger, rules, records: arguments.record, judged: false, last: None }))
    }

    /// Judges a snapshot by what the store holds; records the decision where that is asked for.
    pub fn judge(
        &mut self,
        given: &mut Given<'_>,
        policy: &Policy,
        snapshot: &Snapshot,
        options: &Options,
    ) -> Result<Decision, Failure> {
        if !self.records {
            // Further instants of a table follow the decision before.
            if !std::mem::replace(&mut self.judged, true) {
                let world = self.ledger.record();
                given.hold(world.approved(&self.rules), previous(world)?);
            }
            return given.judge(policy, snapshot.clone(), options.clone());
        }
        // What is recorded is whole, however little of it is shown.
        let options = Options { detail: Detail::All, ..options.clone() };
        let mut decided = None;
        let recorded = self.ledger.decide(|world, _| {
            let before = previous(world)?;
            given.hold(world.approved(&self.rules), before.clone());
            let decision = given.judge(policy, snapshot.clone(), options.clone())?;
            let events = events(world, before.as_ref(), &decision, given.correlations(snapshot).as_deref())?;
            decided = Some(decision);
            Ok(events)
        })?;
        self.last = Some(recorded);
        decided.ok_or_else(|| Failure::new("nothing was decided: try again"))
    }

    /// Where the record ends, if anything was recorded.
    pub fn end(&self) -> Option<String> {
        let last = self.last.as_ref()?;
        Some(format!("recorded: head {} of {} events", last.head, last.number))
    }
}

/// A decision to record, and the live strategies that stop being active by it: they need a new approval to
/// come back, also where the snapshot lacks them.
fn events(
    world: &WorldRecord,
    before: Option<&Previous>,
    decision: &Decision,
    correlations: Option<&Correlations>,
) -> Result<Vec<LifecycleEvent>, Failure> {
    let document = serde_json::to_value(decision).map_err(|error| Failure::new(error.to_string()))?;
    let judged = decision.strategies.iter().map(|(id, _)| id.as_str());
    let correlations = known_correlations(world, judged, &decision.selected, correlations);
    let mut events = vec![LifecycleEvent::DecisionRecorded { decision: document, correlations }];
    let was_active = |id: &str| match before {
        Some(Previous::State(state)) => state.get(id).is_some_and(|state| state.active),
        Some(Previous::Ids(ids)) => ids.iter().any(|known| known == id),
        None => false,
    };
    let stopped = world.live().keys().filter(|id| was_active(id) && !decision.selected.contains(id));
    for id in stopped {
        events.extend(world.demote((POLICY, &reason(decision, id)), id)?);
    }
    Ok(events)
}

/// How judged strategies go with what is live or selected; none where nobody gives correlations.
pub(super) fn known_correlations<'s>(
    world: &WorldRecord,
    judged: impl IntoIterator<Item = &'s str>,
    selected: &[String],
    correlations: Option<&Correlations>,
) -> Option<Vec<Correlated>> {
    let active = world.live().keys().chain(selected).cloned().collect();
    correlations.map(|given| correlated(judged, &active, given))
}

fn reason(decision: &Decision, id: &str) -> String {
    let as_of = decision.as_of.as_deref().map(|as_of| format!(" as of {as_of}")).unwrap_or_default();
    let own = decision.strategies.iter().find(|(known, _)| known == id).map(|(_, own)| own);
    let cause = match own.map(|own| &own.rejected_by) {
        None => ": absent".to_owned(),
        Some(None) => String::new(),
        Some(Some(rejection)) => {
            let rule = rejection.rule.as_deref().map(|rule| format!(", {rule}")).unwrap_or_default();
            format!(": {}{rule}", rejection.code.replace('_', " "))
        }
    };
    format!("demoted by the decision{as_of}{cause}")
}
