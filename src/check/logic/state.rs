//! What is known at one point of the search, and how to take it back.

use std::collections::VecDeque;

use super::compile::{Node, Problem};
use super::facts::{FactId, Facts};
use super::interval::{Bound, Interval, Side};
use super::outcome::{Budget, Stop};

/// A change that can be undone.
#[derive(Debug)]
enum Change {
    Bound(usize, Side, Option<Bound>),
    Boolean(usize),
    Asserted(usize),
    Resolved(usize),
}

/// Work waiting for propagation.
#[derive(Clone, Copy, Debug)]
pub(super) enum Task {
    /// Carry bounds between a row and its terms.
    Row(usize),
    /// Look for the last open part of a disjunction.
    Disjunction(usize),
}

/// Progress of one node that is a disjunction.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Disjunction {
    /// The fact that makes it hold, once it has to.
    pub(super) fact: Option<FactId>,
    /// Whether one of its parts already holds or has been asserted.
    pub(super) resolved: bool,
    queued: bool,
}

/// Propagation effort spent on one row.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct RowEffort {
    queued: bool,
    pub(super) round: u64,
    pub(super) runs: u32,
}

/// A point to return to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    changes: usize,
    facts: usize,
    pending: usize,
    cursor: usize,
}

pub(super) struct State<'query> {
    pub(super) problem: &'query Problem,
    pub(super) budget: &'query mut Budget,
    pub(super) facts: Facts,
    pub(super) intervals: Vec<Interval>,
    pub(super) booleans: Vec<Option<(bool, FactId)>>,
    pub(super) disjunctions: Vec<Disjunction>,
    pub(super) row_efforts: Vec<RowEffort>,
    pub(super) round: u64,
    /// Asserted disjunctions, oldest first.
    pub(super) pending: Vec<usize>,
    /// Everything in `pending` before this position is resolved.
    pub(super) cursor: usize,
    /// Whether a bound that matters to some row changed since last cleared.
    pub(super) rows_changed: bool,
    queue: VecDeque<Task>,
    changes: Vec<Change>,
}

impl<'query> State<'query> {
    pub(super) fn new(problem: &'query Problem, budget: &'query mut Budget) -> Self {
        let columns = &problem.columns;
        let mut state = Self {
            problem,
            budget,
            facts: Facts::new(),
            intervals: columns.iter().map(|column| column.interval.clone()).collect(),
            booleans: vec![None; problem.booleans.len()],
            disjunctions: vec![Disjunction::default(); problem.nodes.len()],
            row_efforts: vec![RowEffort::default(); columns.len()],
            round: 0,
            pending: Vec::new(),
            cursor: 0,
            rows_changed: !problem.rows.is_empty(),
            queue: VecDeque::new(),
            changes: Vec::new(),
        };
        for row in &problem.rows {
            state.enqueue_row(*row);
        }
        state
    }

    pub(super) fn mark(&self) -> Mark {
        Mark {
            changes: self.changes.len(),
            facts: self.facts.count(),
            pending: self.pending.len(),
            cursor: self.cursor,
        }
    }

    pub(super) fn undo_to(&mut self, mark: Mark) {
        while self.changes.len() > mark.changes {
            match self.changes.pop() {
                Some(Change::Bound(column, side, old)) => {
                    if let Some(interval) = self.intervals.get_mut(column) {
                        *interval.bound_mut(side) = old;
                    }
                }
                Some(Change::Boolean(index)) => {
                    if let Some(boolean) = self.booleans.get_mut(index) {
                        *boolean = None;
                    }
                }
                Some(Change::Asserted(node)) => {
                    if let Some(disjunction) = self.disjunctions.get_mut(node) {
                        disjunction.fact = None;
                    }
                }
                Some(Change::Resolved(node)) => {
                    if let Some(disjunction) = self.disjunctions.get_mut(node) {
                        disjunction.resolved = false;
                    }
                }
                None => break,
            }
        }
        self.facts.truncate(mark.facts);
        self.pending.truncate(mark.pending);
        self.cursor = mark.cursor;
        // Whatever still waits belongs to the branch being left.
        while self.next_task().is_some() {}
    }

    pub(super) fn next_task(&mut self) -> Option<Task> {
        let task = self.queue.pop_front()?;
        match task {
            Task::Row(column) => {
                if let Some(effort) = self.row_efforts.get_mut(column) {
                    effort.queued = false;
                }
            }
            Task::Disjunction(node) => {
                if let Some(disjunction) = self.disjunctions.get_mut(node) {
                    disjunction.queued = false;
                }
            }
        }
        Some(task)
    }

    fn enqueue_row(&mut self, column: usize) {
        if let Some(effort) = self.row_efforts.get_mut(column)
            && !effort.queued
        {
            effort.queued = true;
            self.queue.push_back(Task::Row(column));
        }
    }

    fn enqueue_disjunction(&mut self, node: usize) {
        if let Some(disjunction) = self.disjunctions.get_mut(node)
            && !disjunction.queued
            && !disjunction.resolved
            && disjunction.fact.is_some()
        {
            disjunction.queued = true;
            self.queue.push_back(Task::Disjunction(node));
        }
    }

    /// Makes a node hold because of `fact`.
    pub(super) fn assert(&mut self, node: usize, fact: FactId) -> Result<(), Stop> {
        let problem = self.problem;
        let mut open = vec![node];
        while let Some(id) = open.pop() {
            self.budget.spend(1)?;
            match problem.nodes.get(id) {
                Some(Node::Constant(false)) => return Err(Stop::Conflict(vec![fact])),
                Some(Node::Constant(true)) | None => {}
                Some(Node::And(parts)) => open.extend(parts.iter().rev()),
                Some(Node::Or(_)) => self.assert_disjunction(id, fact),
                Some(Node::Boolean { index, value }) => self.assign(*index, *value, fact)?,
                Some(Node::Limit { column, side, value, strict }) => {
                    let implied =
                        self.intervals.get(*column).is_none_or(|interval| interval.implies(*side, value, *strict));
                    if !implied {
                        let bound = Bound { value: value.clone(), strict: *strict, fact, asserted: true };
                        self.tighten(*column, *side, bound)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn assert_disjunction(&mut self, node: usize, fact: FactId) {
        if let Some(disjunction) = self.disjunctions.get_mut(node)
            && disjunction.fact.is_none()
        {
            disjunction.fact = Some(fact);
            self.changes.push(Change::Asserted(node));
            self.pending.push(node);
            self.enqueue_disjunction(node);
        }
    }

    /// Notes that a disjunction needs no more attention in this branch.
    pub(super) fn resolve(&mut self, node: usize) {
        if let Some(disjunction) = self.disjunctions.get_mut(node)
            && !disjunction.resolved
        {
            disjunction.resolved = true;
            self.changes.push(Change::Resolved(node));
        }
    }

    fn assign(&mut self, index: usize, value: bool, fact: FactId) -> Result<(), Stop> {
        let problem = self.problem;
        let Some(boolean) = self.booleans.get_mut(index) else {
            return Ok(());
        };
        match *boolean {
            Some((known, _)) if known == value => return Ok(()),
            Some((_, other)) => return Err(Stop::Conflict(vec![fact, other])),
            None => *boolean = Some((value, fact)),
        }
        self.changes.push(Change::Boolean(index));
        if let Some(boolean) = problem.booleans.get(index) {
            for node in &boolean.disjunctions {
                self.enqueue_disjunction(*node);
            }
        }
        Ok(())
    }

    /// Replaces a bound by a tighter one.
    pub(super) fn tighten(&mut self, column: usize, side: Side, bound: Bound) -> Result<(), Stop> {
        let problem = self.problem;
        self.budget.spend(bound.value.cost())?;
        let (Some(interval), Some(watched)) = (self.intervals.get_mut(column), problem.columns.get(column)) else {
            return Ok(());
        };
        let old = interval.bound_mut(side).replace(bound);
        let conflict = interval.conflict();
        self.changes.push(Change::Bound(column, side, old));
        if let Some(facts) = conflict {
            return Err(Stop::Conflict(facts.to_vec()));
        }
        let is_row = self.is_row(column);
        self.rows_changed |= is_row || !watched.rows.is_empty();
        if is_row {
            self.enqueue_row(column);
        }
        for row in &watched.rows {
            self.enqueue_row(*row);
        }
        for node in &watched.disjunctions {
            self.enqueue_disjunction(*node);
        }
        Ok(())
    }

    /// The value of a node that current knowledge forces, if any.
    pub(super) fn truth(&self, node: usize, visits: &mut u64) -> Option<bool> {
        *visits += 1;
        match self.problem.nodes.get(node)? {
            Node::Constant(value) => Some(*value),
            Node::Boolean { index, value } => {
                let (known, _) = (*self.booleans.get(*index)?)?;
                Some(known == *value)
            }
            Node::Limit { column, side, value, strict } => {
                let interval = self.intervals.get(*column)?;
                if interval.implies(*side, value, *strict) {
                    return Some(true);
                }
                interval.refutes(*side, value, *strict).map(|_| false)
            }
            Node::And(parts) => self.decisive(parts, false, visits),
            Node::Or(parts) => self.decisive(parts, true, visits),
        }
    }

    fn decisive(&self, parts: &[usize], decisive: bool, visits: &mut u64) -> Option<bool> {
        let mut result = Some(!decisive);
        for part in parts {
            match self.truth(*part, visits) {
                Some(value) if value == decisive => return Some(decisive),
                Some(_) => {}
                None => result = None,
            }
        }
        result
    }

    /// Collects the facts that make a false node false.
    pub(super) fn reasons_against(&self, node: usize, reasons: &mut Vec<FactId>, visits: &mut u64) {
        *visits += 1;
        match self.problem.nodes.get(node) {
            None | Some(Node::Constant(_)) => {}
            Some(Node::Boolean { index, .. }) => {
                reasons.extend(self.booleans.get(*index).copied().flatten().map(|known| known.1));
            }
            Some(Node::Limit { column, side, value, strict }) => {
                let interval = self.intervals.get(*column);
                reasons.extend(interval.and_then(|known| known.refutes(*side, value, *strict)));
            }
            Some(Node::And(parts)) => {
                let mut parts = parts.iter();
                if let Some(part) = parts.find(|part| self.truth(**part, visits) == Some(false)) {
                    self.reasons_against(*part, reasons, visits);
                }
            }
            Some(Node::Or(parts)) => {
                for part in parts {
                    self.reasons_against(*part, reasons, visits);
                }
            }
        }
    }
}
