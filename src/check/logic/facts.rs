//! Why things hold: a record of facts, each resting on earlier ones.
//!
//! Tracing a contradiction back gives the formulas it needs (the raw material
//! of an unsatisfiable core) and the decisions it depends on (so the search
//! can jump over decisions that had no part in it).

use std::collections::BTreeSet;

use super::outcome::{Budget, Exhausted};

/// Position of a fact in the record.
pub(super) type FactId = usize;

/// The fact behind declared ranges.
pub(super) const AXIOM: FactId = 0;

#[derive(Clone, Copy, Debug)]
enum Origin {
    Axiom,
    Formula(usize),
    Decision(usize),
    Derived,
}

#[derive(Debug)]
struct Fact {
    origin: Origin,
    first_antecedent: usize,
    last_antecedent: usize,
}

/// What a contradiction rests on.
#[derive(Clone, Debug, Default)]
pub(super) struct Conflict {
    /// Indices of the formulas it needs.
    pub(super) formulas: BTreeSet<usize>,
    /// Levels of the decisions it depends on.
    pub(super) levels: BTreeSet<usize>,
    /// Set when some branch was given up rather than refuted.
    pub(super) unproven: bool,
}

impl Conflict {
    pub(super) fn absorb(&mut self, other: Conflict) {
        self.formulas.extend(other.formulas);
        self.levels.extend(other.levels);
        self.unproven |= other.unproven;
    }
}

/// The facts that currently hold, oldest first.
#[derive(Debug)]
pub(super) struct Facts {
    facts: Vec<Fact>,
    antecedents: Vec<FactId>,
    /// Per fact, the last trace that visited it.
    visited: Vec<u64>,
    trace: u64,
}

impl Facts {
    pub(super) fn new() -> Self {
        let mut facts = Self { facts: Vec::new(), antecedents: Vec::new(), visited: Vec::new(), trace: 0 };
        facts.record(Origin::Axiom, &[]);
        facts
    }

    fn record(&mut self, origin: Origin, antecedents: &[FactId]) -> FactId {
        let first_antecedent = self.antecedents.len();
        self.antecedents.extend_from_slice(antecedents);
        self.facts.push(Fact { origin, first_antecedent, last_antecedent: self.antecedents.len() });
        self.facts.len() - 1
    }

    /// Records that the formula with this index holds.
    pub(super) fn formula(&mut self, index: usize) -> FactId {
        self.record(Origin::Formula(index), &[])
    }

    /// Records a choice made at this level.
    pub(super) fn decision(&mut self, level: usize) -> FactId {
        self.record(Origin::Decision(level), &[])
    }

    /// Records a consequence of earlier facts.
    pub(super) fn derived(&mut self, antecedents: &[FactId]) -> FactId {
        // One antecedent needs no new entry.
        match antecedents {
            [only] => *only,
            _ => self.record(Origin::Derived, antecedents),
        }
    }

    pub(super) fn count(&self) -> usize {
        self.facts.len()
    }

    /// Forgets every fact after the first `count`.
    pub(super) fn truncate(&mut self, count: usize) {
        if let Some(fact) = self.facts.get(count) {
            self.antecedents.truncate(fact.first_antecedent);
            self.facts.truncate(count);
        }
    }

    /// Adds to `conflict` everything the given facts rest on.
    pub(super) fn trace(
        &mut self,
        from: &[FactId],
        conflict: &mut Conflict,
        budget: &mut Budget,
    ) -> Result<(), Exhausted> {
        self.trace += 1;
        self.visited.resize(self.visited.len().max(self.facts.len()), 0);
        let mut open = from.to_vec();
        while let Some(id) = open.pop() {
            budget.spend(1)?;
            let (Some(fact), Some(visited)) = (self.facts.get(id), self.visited.get_mut(id)) else {
                continue;
            };
            if *visited == self.trace {
                continue;
            }
            *visited = self.trace;
            match fact.origin {
                Origin::Axiom => {}
                Origin::Formula(index) => drop(conflict.formulas.insert(index)),
                Origin::Decision(level) => drop(conflict.levels.insert(level)),
                Origin::Derived => {
                    let range = fact.first_antecedent..fact.last_antecedent;
                    open.extend(self.antecedents.get(range).unwrap_or_default());
                }
            }
        }
        Ok(())
    }
}
