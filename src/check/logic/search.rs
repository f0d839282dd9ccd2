//! Case splitting over disjunctions, with jumps over irrelevant decisions.

use std::collections::BTreeMap;

use super::compile::{BooleanMeaning, Meaning, Node, Problem};
use super::facts::{Conflict, FactId};
use super::formula::BooleanVariable;
use super::interval::Side;
use super::linear::Variable;
use super::number::Number;
use super::outcome::{Budget, Exhausted, Stop};
use super::rounding::round_to_integers;
use super::simplex::Simplex;
use super::state::{Mark, State};

/// Up to this many rows the exact check runs after every decision, beyond it
/// only before the first decision and once nothing is left to decide.
const EAGER_ROWS: usize = 32;

/// How a search ended.
pub(super) enum Verdict {
    Model(Model),
    Conflict(Conflict),
    Undecided,
}

/// Values that satisfy every constraint the search asserted.
pub(super) struct Model {
    pub(super) numbers: Vec<(Variable, Number)>,
    pub(super) booleans: Vec<(BooleanVariable, bool)>,
}

/// One open decision: which part of a disjunction is being tried.
struct Decision {
    node: usize,
    fact: FactId,
    next_part: usize,
    mark: Mark,
    /// What the refutations of the parts tried so far rest on.
    refuted: Conflict,
}

/// How one branch ended.
enum Leaf {
    Model(Model),
    /// Satisfiable over the reals, but no rounding to whole numbers worked.
    NoIntegers,
    Opaque,
}

struct Search<'query> {
    state: State<'query>,
    decisions: Vec<Decision>,
}

/// Looks for values that make every root of the problem hold.
pub(super) fn search(problem: &Problem, budget: &mut Budget) -> Verdict {
    let mut search = Search { state: State::new(problem, budget), decisions: Vec::new() };
    search.run().unwrap_or(Verdict::Undecided)
}

impl Search<'_> {
    fn run(&mut self) -> Result<Verdict, Exhausted> {
        let mut step = self.start();
        loop {
            step = step.and_then(|()| self.state.propagate());
            let outcome = match step {
                Ok(()) => self.check(),
                Err(stop) => Err(stop),
            };
            let conflict = match outcome {
                Err(Stop::Exhausted) => return Err(Exhausted),
                Err(Stop::Conflict(facts)) => self.trace(&facts)?,
                Ok(Some(Leaf::Model(model))) => return Ok(Verdict::Model(model)),
                Ok(Some(Leaf::Opaque)) => return Ok(Verdict::Undecided),
                Ok(Some(Leaf::NoIntegers)) => Conflict { unproven: true, ..Conflict::default() },
                Ok(None) => {
                    self.decide();
                    match self.advance()? {
                        Ok(next) => {
                            step = next;
                            continue;
                        }
                        Err(conflict) => conflict,
                    }
                }
            };
            match self.backtrack(conflict)? {
                Ok(next) => step = next,
                Err(conflict) if conflict.unproven => return Ok(Verdict::Undecided),
                Err(conflict) => return Ok(Verdict::Conflict(conflict)),
            }
        }
    }

    fn start(&mut self) -> Result<(), Stop> {
        for interval in &self.state.intervals {
            if let Some(facts) = interval.conflict() {
                return Err(Stop::Conflict(facts.to_vec()));
            }
        }
        let problem = self.state.problem;
        for (index, root) in problem.roots.iter().enumerate() {
            let fact = self.state.facts.formula(index);
            self.state.assert(*root, fact)?;
        }
        Ok(())
    }

    fn trace(&mut self, facts: &[FactId]) -> Result<Conflict, Exhausted> {
        let mut conflict = Conflict::default();
        let State { facts: record, budget, .. } = &mut self.state;
        record.trace(facts, &mut conflict, budget)?;
        Ok(conflict)
    }

    /// Opens a decision on the first unresolved disjunction.
    fn decide(&mut self) {
        let state = &self.state;
        let Some(node) = state.pending.get(state.cursor).copied() else {
            return;
        };
        let known = state.disjunctions.get(node).copied().unwrap_or_default();
        self.decisions.push(Decision {
            node,
            fact: known.fact.unwrap_or_default(),
            next_part: 0,
            mark: state.mark(),
            refuted: Conflict::default(),
        });
    }

    /// Tries the next part of the latest decision. The inner error is what the
    /// refutation of all its parts rests on.
    fn advance(&mut self) -> Result<Result<Result<(), Stop>, Conflict>, Exhausted> {
        let level = self.decisions.len();
        let Some(mut decision) = self.decisions.pop() else {
            return Ok(Err(Conflict::default()));
        };
        let problem = self.state.problem;
        let parts: &[usize] = match problem.nodes.get(decision.node) {
            Some(Node::Or(parts)) => parts,
            _ => &[],
        };
        while let Some(part) = parts.get(decision.next_part).copied() {
            decision.next_part += 1;
            let (mut visits, mut reasons) = (0, Vec::new());
            let refuted = self.state.truth(part, &mut visits) == Some(false);
            if refuted {
                self.state.reasons_against(part, &mut reasons, &mut visits);
            }
            self.state.budget.spend(visits)?;
            if refuted {
                let why = self.trace(&reasons)?;
                decision.refuted.absorb(why);
                continue;
            }
            self.state.resolve(decision.node);
            let fact = self.state.facts.decision(level);
            self.decisions.push(decision);
            return Ok(Ok(self.state.assert(part, fact)));
        }
        let why = self.trace(&[decision.fact])?;
        decision.refuted.absorb(why);
        Ok(Err(decision.refuted))
    }

    /// Returns to the latest decision the conflict depends on that has a part
    /// left to try. The inner error is a conflict that depends on none.
    fn backtrack(&mut self, mut conflict: Conflict) -> Result<Result<Result<(), Stop>, Conflict>, Exhausted> {
        loop {
            let level = self.decisions.len();
            let Some(decision) = self.decisions.last_mut() else {
                return Ok(Err(conflict));
            };
            self.state.budget.spend(1)?;
            self.state.undo_to(decision.mark);
            if !conflict.unproven && !conflict.levels.contains(&level) {
                self.decisions.pop();
                continue;
            }
            conflict.levels.remove(&level);
            decision.refuted.absorb(conflict);
            match self.advance()? {
                Ok(next) => return Ok(Ok(next)),
                Err(wider) => conflict = wider,
            }
        }
    }

    /// Moves the cursor to the first unresolved disjunction, if any.
    fn has_open_disjunction(&mut self) -> Result<bool, Exhausted> {
        let state = &mut self.state;
        while let Some(node) = state.pending.get(state.cursor).copied() {
            let known = state.disjunctions.get(node).copied().unwrap_or_default();
            if !known.resolved {
                let mut visits = 0;
                let truth = state.truth(node, &mut visits);
                state.budget.spend(visits)?;
                if truth != Some(true) {
                    return Ok(true);
                }
            }
            state.cursor += 1;
        }
        Ok(false)
    }

    /// Checks the rows exactly where that is due; `Some` at a leaf.
    fn check(&mut self) -> Result<Option<Leaf>, Stop> {
        let open = self.has_open_disjunction()?;
        self.state.budget.spend(self.state.problem.rows.len() as u64 / 4)?;
        let rows = self.asserted_rows();
        let due = rows.len() <= EAGER_ROWS || self.decisions.is_empty();
        let mut exact = BTreeMap::new();
        if !rows.is_empty() && (!open || (due && self.state.rows_changed)) {
            self.state.rows_changed = false;
            exact = self.solve_rows(&rows)?;
        }
        if open {
            return Ok(None);
        }
        if self.state.problem.opaque {
            return Ok(Some(Leaf::Opaque));
        }
        Ok(Some(self.leaf(exact, &rows)?))
    }

    /// Rows with a bound that their terms' bounds do not already imply.
    fn asserted_rows(&self) -> Vec<usize> {
        let state = &self.state;
        let rows = state.problem.rows.iter().copied();
        rows.filter(|row| {
            state.intervals.get(*row).is_some_and(|known| {
                let mut bounds = known.lower.iter().chain(&known.upper);
                bounds.any(|bound| bound.asserted)
            })
        })
        .collect()
    }

    /// Values for the variables of these rows that respect them.
    fn solve_rows(&mut self, rows: &[usize]) -> Result<BTreeMap<usize, Number>, Stop> {
        let state = &mut self.state;
        let mut simplex = Simplex::default();
        let mut places: BTreeMap<usize, usize> = BTreeMap::new();
        let mut definitions = Vec::with_capacity(rows.len());
        for row in rows {
            let Some(Meaning::Row(terms)) = state.problem.columns.get(*row).map(|it| &it.meaning) else {
                continue;
            };
            state.budget.spend(terms.len() as u64)?;
            let mut definition = BTreeMap::new();
            for (column, coefficient) in terms {
                let known = state.intervals.get(*column);
                let place = *places.entry(*column).or_insert_with(|| {
                    simplex.add_column(
                        known.and_then(|known| known.lower.as_ref()),
                        known.and_then(|known| known.upper.as_ref()),
                    )
                });
                definition.insert(place, coefficient.clone());
            }
            definitions.push((*row, definition));
        }
        for (row, definition) in definitions {
            let known = state.intervals.get(row);
            let asserted = |side| {
                let bound = known.and_then(|known| known.bound(side));
                bound.filter(|bound| bound.asserted)
            };
            simplex.add_row(definition, asserted(Side::Lower), asserted(Side::Upper));
        }
        simplex.solve(state.budget)?;
        let values = simplex.values();
        let known = places.into_iter();
        Ok(known.filter_map(|(column, place)| Some((column, values.get(place)?.clone()))).collect())
    }

    fn leaf(&mut self, exact: BTreeMap<usize, Number>, rows: &[usize]) -> Result<Leaf, Exhausted> {
        let state = &mut self.state;
        let Some(exact) = round_to_integers(state, exact, rows)? else {
            return Ok(Leaf::NoIntegers);
        };
        state.budget.spend(state.intervals.len() as u64)?;
        let mut numbers = Vec::new();
        for (index, (column, known)) in state.problem.columns.iter().zip(&state.intervals).enumerate() {
            let Meaning::Variable(variable) = column.meaning else {
                continue;
            };
            let value = exact.get(&index).cloned().or_else(|| known.pick(column.integer));
            let Some(value) = value else {
                return Ok(Leaf::NoIntegers);
            };
            numbers.push((variable, value));
        }
        crate::order::sort_by_key(&mut numbers, |(variable, _)| *variable);
        let known = state.problem.booleans.iter().zip(&state.booleans);
        let mut booleans: Vec<_> = known
            .filter_map(|(boolean, value)| match boolean.meaning {
                BooleanMeaning::Variable(variable) => Some((variable, value.is_some_and(|(value, _)| value))),
                _ => None,
            })
            .collect();
        crate::order::sort_by_key(&mut booleans, |(variable, _)| *variable);
        Ok(Leaf::Model(Model { numbers, booleans }))
    }
}
