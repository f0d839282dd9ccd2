//! Draws the consequences of what is known without guessing.

use super::compile::{Meaning, Node};
use super::facts::FactId;
use super::interval::{Bound, Side};
use super::number::Number;
use super::outcome::Stop;
use super::state::{State, Task};

/// How often one row may be propagated in one go; bounds that creep towards a
/// limit without reaching it would otherwise go on for ever.
const RUNS_PER_ROW: u32 = 4;

/// The largest (or smallest) value of one term of a row.
struct Extreme {
    /// `None` when the variable has no bound on that side.
    known: Option<(Number, bool, FactId)>,
}

impl State<'_> {
    pub(super) fn is_row(&self, column: usize) -> bool {
        let column = self.problem.columns.get(column);
        column.is_some_and(|column| matches!(column.meaning, Meaning::Row(_)))
    }

    /// Works through everything waiting.
    pub(super) fn propagate(&mut self) -> Result<(), Stop> {
        self.round += 1;
        while let Some(task) = self.next_task() {
            match task {
                Task::Disjunction(node) => self.propagate_disjunction(node)?,
                Task::Row(column) => {
                    if self.may_run(column) {
                        self.propagate_row(column, Side::Upper)?;
                        self.propagate_row(column, Side::Lower)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn may_run(&mut self, column: usize) -> bool {
        let round = self.round;
        let Some(effort) = self.row_efforts.get_mut(column) else {
            return false;
        };
        if effort.round != round {
            effort.round = round;
            effort.runs = 0;
        }
        effort.runs += 1;
        effort.runs <= RUNS_PER_ROW
    }

    fn propagate_disjunction(&mut self, node: usize) -> Result<(), Stop> {
        let problem = self.problem;
        let (Some(Node::Or(parts)), Some(disjunction)) =
            (problem.nodes.get(node), self.disjunctions.get(node).copied())
        else {
            return Ok(());
        };
        let Some(fact) = disjunction.fact.filter(|_| !disjunction.resolved) else {
            return Ok(());
        };
        let mut visits = 0;
        let mut open = None;
        for part in parts {
            match self.truth(*part, &mut visits) {
                Some(false) => {}
                Some(true) => {
                    self.budget.spend(visits)?;
                    self.resolve(node);
                    return Ok(());
                }
                None if open.is_none() => open = Some(*part),
                // Two open parts: nothing follows yet.
                None => return Ok(self.budget.spend(visits)?),
            }
        }
        let mut reasons = vec![fact];
        for part in parts.iter().filter(|part| Some(**part) != open) {
            self.reasons_against(*part, &mut reasons, &mut visits);
        }
        self.budget.spend(visits)?;
        match open {
            None => Err(Stop::Conflict(reasons)),
            Some(part) => {
                let fact = self.facts.derived(&reasons);
                self.resolve(node);
                self.assert(part, fact)
            }
        }
    }

    fn extreme(&self, column: usize, coefficient: &Number, side: Side) -> Extreme {
        let side = side.times(coefficient.is_positive());
        let bound = self.intervals.get(column).and_then(|known| known.bound(side));
        Extreme { known: bound.map(|bound| (&bound.value * coefficient, bound.strict, bound.fact)) }
    }

    /// Sums the terms' extremes on `side`; bounds the row on that side, and
    /// the terms through the row's bound on the other side.
    fn propagate_row(&mut self, row: usize, side: Side) -> Result<(), Stop> {
        let problem = self.problem;
        let Some(Meaning::Row(terms)) = problem.columns.get(row).map(|column| &column.meaning) else {
            return Ok(());
        };
        // Exact sums and quotients make this dearer than other steps.
        self.budget.spend(3 * terms.len() as u64)?;
        let mut extremes = Vec::with_capacity(terms.len());
        let (mut total, mut unknown, mut strict) = (Number::ZERO, 0_usize, 0_usize);
        for (column, coefficient) in terms {
            let extreme = self.extreme(*column, coefficient, side);
            match &extreme.known {
                None => unknown += 1,
                Some((value, is_strict, _)) => {
                    total = &total + value;
                    strict += usize::from(*is_strict);
                }
            }
            extremes.push(extreme);
        }
        if unknown > 1 || !total.is_small() {
            return Ok(());
        }
        if unknown == 0 {
            self.derive(row, side, (total.clone(), strict > 0), None, &extremes, usize::MAX)?;
        }
        let row_bound = self.intervals.get(row).and_then(|known| known.bound(side.opposite()));
        // A bound that came from the terms has nothing to tell them.
        let Some(row_bound) = row_bound.filter(|bound| bound.asserted).cloned() else {
            return Ok(());
        };
        for (position, ((column, coefficient), extreme)) in terms.iter().zip(&extremes).enumerate() {
            let (rest, rest_strict) = match &extreme.known {
                None => (total.clone(), strict > 0),
                Some(_) if unknown > 0 => continue,
                Some((value, own, _)) => (&total - value, strict > usize::from(*own)),
            };
            let Some(value) = (&row_bound.value - &rest).divide(coefficient) else {
                continue;
            };
            let bounded = side.opposite().times(coefficient.is_positive());
            let limit = (value, rest_strict || row_bound.strict);
            self.derive(*column, bounded, limit, Some(row_bound.fact), &extremes, position)?;
        }
        Ok(())
    }

    /// Tightens a bound that follows from `first` and all extremes but one.
    fn derive(
        &mut self,
        column: usize,
        side: Side,
        (value, strict): (Number, bool),
        first: Option<FactId>,
        extremes: &[Extreme],
        except: usize,
    ) -> Result<(), Stop> {
        let known = self.intervals.get(column);
        // Long fractions only grow further; the exact check will see to them.
        if !value.is_small() || known.is_none_or(|known| known.implies(side, &value, strict)) {
            return Ok(());
        }
        let others = extremes.iter().enumerate().filter(|(position, _)| *position != except);
        let facts = others.filter_map(|(_, extreme)| extreme.known.as_ref().map(|known| known.2));
        let reasons: Vec<FactId> = first.into_iter().chain(facts).collect();
        self.budget.spend(reasons.len() as u64)?;
        let fact = self.facts.derived(&reasons);
        let bound = Bound { value, strict, fact, asserted: false };
        self.tighten(column, side, bound)
    }
}
