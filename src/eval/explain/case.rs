//! One strategy of one snapshot with its decision, and the same judged again with changes.

use std::cell::Cell;

use super::ExplainError;
use super::text::Writer;
use crate::eval::currency::measure;
use crate::eval::decision::{Decision, StrategyDecision};
use crate::eval::engine::{Options, Plans, evaluate};
use crate::eval::frame::{Data, Frame};
use crate::eval::notes::Notes;
use crate::eval::snapshot::Snapshot;
use crate::eval::state::Previous;
use crate::ir::{DataCurrency, Expr, Fingerprints, MetricId, Program, Rule, Step};
use crate::source::Sources;

use super::facts::Amount;

/// Most evaluations that one explanation may take.
const MOST_TRIALS: usize = 2_000;

/// What is explained, with everything that the parts of the explanation draw from.
pub(super) struct Case<'a> {
    pub program: &'a Program,
    pub fingerprints: &'a Fingerprints,
    pub snapshot: &'a Snapshot,
    pub options: &'a Options,
    plans: &'a Plans,
    pub row: usize,
    pub writer: Writer<'a>,
    /// What was decided.
    pub decision: Decision,
    /// What was decided about the strategy.
    pub own: StrategyDecision,
    pub was_active: bool,
    /// The rules in the order of the checks.
    pub rules: Vec<&'a Rule>,
    pub frame: Frame<'a>,
    /// The program without what only time or newer data can change: who is admitted by it qualifies.
    admission: Program,
    admission_plans: Plans,
    /// What that program decides.
    pub admitted: Decision,
    /// What that program decides about the strategy.
    pub admission_own: StrategyDecision,
    trials: Cell<usize>,
}

/// A metric and the value it is given.
pub(super) type Move = (String, f64);

impl<'a> Case<'a> {
    pub fn new(
        program: &'a Program,
        fingerprints: &'a Fingerprints,
        plans: &'a Plans,
        sources: &'a Sources,
        snapshot: &'a Snapshot,
        options: &'a Options,
        row: usize,
    ) -> Result<Self, ExplainError> {
        let id = snapshot.strategies.id(row);
        let of = |decision: &Decision| {
            let unknown = || ExplainError::UnknownStrategy { strategy: id.to_owned(), near: Vec::new() };
            decision.strategies.get(row).map(|(_, own)| own.clone()).ok_or_else(unknown)
        };
        let decision = evaluate(program, fingerprints, plans, snapshot, options)?;
        let admission = admission_of(program, snapshot, row);
        let admission_plans = Plans::new(&admission);
        let admitted = evaluate(&admission, fingerprints, &admission_plans, snapshot, options)?;
        let profile = decision.profile.as_ref().and_then(|name| program.profiles.iter().find(|p| p.name == *name));
        Ok(Self {
            program,
            fingerprints,
            snapshot,
            options,
            plans,
            row,
            writer: Writer { program, sources },
            was_active: was_active(snapshot, id),
            own: of(&decision)?,
            decision,
            rules: program.rules_under(profile),
            frame: Frame::new(program, &snapshot.strategies, &mut Notes::default()),
            admission,
            admission_plans,
            admission_own: of(&admitted)?,
            admitted,
            trials: Cell::new(0),
        })
    }

    pub fn id(&self) -> &'a str {
        self.snapshot.strategies.id(self.row)
    }

    pub fn qualifies(&self) -> bool {
        self.admission_own.selected
    }

    /// Who is admitted, whatever hysteresis makes of it.
    pub fn is_admitted(&self, id: &str) -> bool {
        self.admitted.selected.iter().any(|known| known == id)
    }

    /// The condition that a rule judged the strategy by.
    pub fn condition<'r>(&self, rule: &'r Rule) -> &'r Expr {
        rule.keep.as_ref().filter(|_| self.was_active).unwrap_or(&rule.when)
    }

    /// The number that an expression yields for the strategy.
    pub fn number(&self, expression: &Expr) -> Option<f64> {
        self.frame.numbers(expression).get(self.row).copied().filter(|value| !value.is_nan())
    }

    /// The value of a metric of the program.
    pub fn amount(&self, id: MetricId) -> Option<Amount> {
        match &self.frame.column(id)?.data {
            Data::Number(column) => column.get(self.row).copied().filter(|value| !value.is_nan()).map(Amount::Number),
            Data::Boolean(yes, no) if yes.get(self.row) || no.get(self.row) => Some(Amount::Truth(yes.get(self.row))),
            Data::Boolean(..) => None,
            Data::Text(texts) => texts.get(self.row)?.as_ref().map(|text| Amount::Text(text.to_string())),
        }
    }

    /// The snapshot with some metrics of the strategy changed.
    fn changed(&self, moves: &[Move]) -> Snapshot {
        let given = self.snapshot.clone();
        moves.iter().fold(given, |snapshot, (name, value)| snapshot.with_metric(self.row, name, *value))
    }

    /// What admission says with some metrics changed; none once enough has been tried.
    pub fn trial(&self, moves: &[Move]) -> Option<Decision> {
        let tried = self.trials.get();
        if tried >= MOST_TRIALS {
            return None;
        }
        self.trials.set(tried + 1);
        evaluate(&self.admission, self.fingerprints, &self.admission_plans, &self.changed(moves), self.options).ok()
    }

    /// What is decided with some metrics changed.
    pub fn full_trial(&self, moves: &[Move]) -> Option<Decision> {
        evaluate(self.program, self.fingerprints, self.plans, &self.changed(moves), self.options).ok()
    }

    /// What admission says where the strategy is not in the snapshot.
    pub fn trial_without(&self) -> Option<Decision> {
        evaluate(
            &self.admission,
            self.fingerprints,
            &self.admission_plans,
            &self.snapshot.without(self.row),
            self.options,
        )
        .ok()
    }

    /// A row of a decision on a changed snapshot.
    pub fn row_of<'d>(&self, decision: &'d Decision) -> Option<&'d StrategyDecision> {
        decision.strategies.get(self.row).map(|(_, own)| own)
    }
}

fn was_active(snapshot: &Snapshot, id: &str) -> bool {
    match &snapshot.previous {
        None => false,
        Some(Previous::Ids(ids)) => ids.iter().any(|known| known == id),
        Some(Previous::State(state)) => state.get(id).is_some_and(|state| state.active),
    }
}

/// Without streaks, without results, and without what no metric can say about the data.
fn admission_of(program: &Program, snapshot: &Snapshot, row: usize) -> Program {
    let mut admission = program.clone();
    admission.steps.retain(|step| !matches!(step, Step::Streaks(_)));
    admission.base.clear();
    admission.layers.clear();
    admission.profiles.iter_mut().for_each(|profile| profile.base.clear());
    let by_metric = measure(program, snapshot, row).is_none_or(|measured| measured.data_end.is_none());
    let dated = snapshot.as_of.is_some();
    admission.currency = DataCurrency {
        max_lag: program.currency.max_lag.clone().filter(|_| by_metric && dated),
        min_history: program.currency.min_history.clone().filter(|_| dated),
        min_coverage: None,
    };
    admission
}
