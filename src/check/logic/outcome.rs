//! What a query costs and what it answers.

use super::facts::FactId;
use super::formula::BooleanVariable;
use super::linear::{Rational, Variable};

/// Work still allowed; every query takes from it, so it can be shared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Remaining steps; at zero every query answers undecided.
    pub steps: u64,
}

impl Budget {
    /// A budget of `steps` units of work.
    pub fn new(steps: u64) -> Self {
        Self { steps }
    }

    pub(super) fn spend(&mut self, amount: u64) -> Result<(), Exhausted> {
        if self.steps < amount.max(1) {
            self.steps = 0;
            return Err(Exhausted);
        }
        self.steps -= amount;
        Ok(())
    }
}

/// The answer to a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Some assignment satisfies the query; this one was re-checked.
    Satisfiable(Witness),
    /// No assignment satisfies the query, whatever the opaque parts are.
    Unsatisfiable,
    /// The budget ran out, or an opaque part or integrality stood in the way.
    Undecided,
}

/// An assignment of the variables a query mentions, each list sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Witness {
    /// Values of the numeric variables.
    pub numbers: Vec<(Variable, Rational)>,
    /// Values of the boolean variables.
    pub booleans: Vec<(BooleanVariable, bool)>,
}

impl Witness {
    /// The value given to a numeric variable, if any.
    pub fn number(&self, variable: Variable) -> Option<&Rational> {
        let found = self.numbers.binary_search_by_key(&variable, |entry| entry.0);
        self.numbers.get(found.ok()?).map(|entry| &entry.1)
    }

    /// The value given to a boolean variable, if any.
    pub fn boolean(&self, variable: BooleanVariable) -> Option<bool> {
        let found = self.booleans.binary_search_by_key(&variable, |entry| entry.0);
        self.booleans.get(found.ok()?).map(|entry| entry.1)
    }
}

/// The budget ran out.
#[derive(Debug)]
pub(super) struct Exhausted;

/// Why a line of reasoning ended without an assignment.
#[derive(Debug)]
pub(super) enum Stop {
    /// These facts cannot hold together.
    Conflict(Vec<FactId>),
    /// The budget ran out.
    Exhausted,
}

impl From<Exhausted> for Stop {
    fn from(_: Exhausted) -> Self {
        Self::Exhausted
    }
}
