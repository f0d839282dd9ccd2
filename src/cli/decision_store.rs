//! Decisions by what a store holds, and appended to it.

use super::Failure;
use super::answers::rules;
use super::args::EvalArguments;
use super::inputs::Given;
use super::record::Ledger;
use super::store_file::StoreArguments;
use crate::eval::{Decision, Detail, Options, Snapshot};
use crate::lifecycle::WorldRules;
use crate::policy::Policy;
use crate::store::Recorded;

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
        if arguments.store.is_none() && !arguments.record {
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
                given.hold(world.approved(&self.rules), world.previous()?);
            }
            let halted = self.ledger.record().halted().is_some();
            return given.judge(policy, snapshot.clone(), Options { halted, ..options.clone() });
        }
        let mut decided = None;
        let recorded = self.ledger.decide(|world, at| {
            let halted = world.halted().is_some();
            // What is recorded is whole, however little of it is shown.
            let options = Options { detail: Detail::All, halted, ..options.clone() };
            let before = world.previous()?;
            given.hold(world.approved(&self.rules), before.clone());
            let decision = given.judge(policy, snapshot.clone(), options)?;
            let correlations = given.correlations(snapshot);
            let events = world.record_decision(&self.rules, before.as_ref(), &decision, correlations.as_deref(), at)?;
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
