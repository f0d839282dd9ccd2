//! What a policy asks of each row by itself, fused: which rows meet every blocking rule, and their scores.
//!
//! A rule that must be true is split into its conjuncts. Those that compare a metric with a constant
//! become bounds, which are tested several at a time; the others run as instructions. A score that is
//! a sum of products with constants becomes terms.

mod run;

use crate::eval::code::{ChunkStack, Code, Lowering, Row, RowStack, Slot};
use crate::eval::kernels::{Bounds, MOST, Scores, Sieve};
use crate::eval::window::{Copies, Window};
use crate::ir::{Expr, ExprKind, MetricId, MissingMode, Rule, RuleSeverity};
use crate::syntax::{ArithmeticOperator, Comparison};

pub(super) use crate::eval::kernels::Term;
pub(super) use run::{Found, Wanted};

/// The fused form of some rules and a score.
#[derive(Debug, Clone, Default)]
pub(super) struct Plan {
    /// What fills the slots that everything below reads.
    pub slots: Vec<Slot>,
    bounds: Vec<Bounds>,
    tests: Vec<Test>,
    /// By slot, whether instructions read it.
    in_code: Vec<bool>,
    /// How rows are scored; unscored where the policy has no score.
    pub score: Option<Score>,
}

/// A condition that is no bound.
#[derive(Debug, Clone)]
struct Test {
    code: Code,
    /// Whether a row passes where the condition is missing.
    tolerant: bool,
}

/// How rows are scored.
#[derive(Debug, Clone)]
pub(super) enum Score {
    /// A sum of products with constants, of values that lie in some intervals.
    Terms { terms: Vec<Term>, ranges: Vec<Bounds> },
    /// Anything else.
    Code(Code),
}

impl Plan {
    /// Fuses the blocking ones of some rules, as strategies face them that are not active, and a score.
    pub fn new<'r>(rules: impl IntoIterator<Item = &'r Rule>, score: Option<&Expr>) -> Self {
        let mut plan = Self::default();
        let mut lowering = Lowering::default();
        for rule in rules.into_iter().filter(|rule| rule.severity == RuleSeverity::Blocking) {
            if rule.on_missing == MissingMode::Fail {
                plan.require(&rule.when, &mut lowering);
            } else {
                let code = lowering.truth(&rule.when);
                plan.tests.push(Test { code, tolerant: true });
            }
        }
        plan.score = score.map(|score| match terms(score, &mut lowering) {
            Some(terms) => Score::Terms { terms, ranges: Vec::new() },
            None => Score::Code(lowering.number(score)),
        });
        plan.slots = lowering.slots;
        plan.in_code = (0..plan.slots.len()).map(|slot| plan.is_in_code(slot as u32)).collect();
        plan
    }

    /// Adds a condition that must be true.
    fn require(&mut self, condition: &Expr, lowering: &mut Lowering) {
        match &condition.node {
            ExprKind::And(items) => items.iter().for_each(|item| self.require(item, lowering)),
            ExprKind::Compare(..) if condition.links().iter().all(|link| bounds(*link).is_some()) => {
                for link in condition.links() {
                    if let Some((metric, low, high)) = bounds(link) {
                        Self::tighten(&mut self.bounds, lowering.metric(metric), low, high);
                    }
                }
            }
            _ => {
                let code = lowering.truth(condition);
                self.tests.push(Test { code, tolerant: false });
            }
        }
    }

    /// Narrows the interval of a slot.
    fn tighten(bounds: &mut Vec<Bounds>, slot: u32, low: f64, high: f64) {
        match bounds.iter_mut().find(|bounds| bounds.slot == slot) {
            Some(bounds) => (bounds.low, bounds.high) = (bounds.low.max(low), bounds.high.min(high)),
            None => bounds.push(Bounds { slot, low, high }),
        }
    }

    /// Whether instructions read a slot.
    fn is_in_code(&self, slot: u32) -> bool {
        let reads = |code: &Code| code.reads(slot);
        self.tests.iter().any(|test| reads(&test.code))
            || matches!(&self.score, Some(Score::Code(code)) if reads(code))
            || self.slots.iter().any(|own| matches!(own, Slot::Cohort { argument, .. } if reads(argument)))
    }

    /// Makes the range of a slot part of what is asked of it. False where instructions read the slot, so
    /// that values outside the range must be taken out first.
    pub fn narrow_to_range(&mut self, slot: u32, low: f64, high: f64) -> bool {
        let own = self.in_code.get(slot as usize) == Some(&false);
        if own && self.bounds.iter().any(|bounds| bounds.slot == slot) {
            Self::tighten(&mut self.bounds, slot, low, high);
        } else if let (true, Some(Score::Terms { ranges, .. })) =
            (own && (low > f64::MIN || high < f64::MAX), &mut self.score)
        {
            // Without a range what is missing or infinite makes the sum so.
            Self::tighten(ranges, slot, low, high);
        }
        own
    }

    /// The interval of each bounded slot; none where the rules ask for more than intervals.
    pub fn intervals(&self) -> Option<&[Bounds]> {
        self.tests.is_empty().then_some(&self.bounds)
    }

    /// Whether a row meets every rule.
    #[inline]
    pub fn passes(&self, row: &impl Row, stack: &mut RowStack) -> bool {
        let within = |bounds: &Bounds| {
            let value = row.number(bounds.slot);
            value >= bounds.low && value <= bounds.high
        };
        self.bounds.iter().all(within)
            && self.tests.iter().all(|test| test.code.truth_at(row, stack).unwrap_or(test.tolerant))
    }

    /// The score of a row; NaN is missing.
    #[inline]
    pub fn score_of(&self, row: &impl Row, stack: &mut RowStack) -> f64 {
        match &self.score {
            None => f64::NAN,
            Some(Score::Terms { terms, .. }) => {
                let term = |term: &Term| term.slot.map_or(term.coefficient, |slot| term.coefficient * row.number(slot));
                let sum = terms.iter().fold(-0.0, |sum, next| sum + term(next));
                if sum.is_finite() { sum } else { f64::NAN }
            }
            Some(Score::Code(code)) => code.number_at(row, stack),
        }
    }

    /// Judges the rows of a window: bits of those that pass, and where there is a score a slot for each
    /// row, NaN where it does not pass or has none.
    pub fn judge(&self, window: &Window<'_>, scratch: &mut Scratch, passed: &mut [u64], scores: Scores<'_>) {
        window.present(passed);
        let (column, rows) = (|slot: u32| window.values(slot), window.rows());
        let Self { bounds, tests, score, .. } = self;
        let (terms, ranges) = match score {
            Some(Score::Terms { terms, ranges }) => (terms.as_slice(), ranges.as_slice()),
            _ => (&[][..], &[][..]),
        };
        let (groups, last) = bounds.split_at(bounds.len().saturating_sub(1) / MOST * MOST);
        for bounds in groups.chunks(MOST) {
            Sieve { bounds, ..Sieve::default() }.run(column, rows, passed, Scores::default());
        }
        if tests.is_empty() && !matches!(score, Some(Score::Code(_))) {
            return Sieve { bounds: last, ranges, terms }.run(column, rows, passed, scores);
        }
        Sieve { bounds: last, ..Sieve::default() }.run(column, rows, passed, Scores::default());
        for test in tests {
            if passed.iter().all(|word| *word == 0) {
                break;
            }
            let truth = test.code.truth_chunk(window, &mut scratch.stack);
            for ((passed, yes), no) in passed.iter_mut().zip(truth.yes).zip(truth.no) {
                *passed &= if test.tolerant { !no } else { yes };
            }
        }
        if passed.iter().all(|word| *word == 0) {
            scores.out.fill(f64::NAN);
            scores.hits.fill(false);
            return;
        }
        let scoring = Sieve { bounds: &[], ranges, terms };
        match score {
            Some(Score::Code(code)) => {
                let values = code.number_chunk(window, &mut scratch.stack);
                let terms = &[Term { slot: Some(0), coefficient: 1.0 }];
                let values = values.get(..rows).unwrap_or_default();
                Sieve { terms, ..scoring }.run(|_| values, rows, passed, scores)
            }
            _ => scoring.run(column, rows, passed, scores),
        }
    }

    /// By slot, whether it must be shown as a whole chunk.
    fn whole(&self) -> &[bool] {
        &self.in_code
    }
}

/// Room for the work on a chunk. Its memory is used again.
#[derive(Debug, Clone, Default)]
pub(super) struct Scratch {
    stack: ChunkStack,
    copies: Copies,
}

/// A comparison of a metric with a constant as the least and the greatest value that meets it.
fn bounds((left, operator, right): (&Expr, Comparison, &Expr)) -> Option<(MetricId, f64, f64)> {
    let (metric, operator, value) = match (left.as_metric(), right.as_number(), left.as_number(), right.as_metric()) {
        (Some(metric), Some(value), ..) => (metric, operator, value),
        (_, _, Some(value), Some(metric)) => (metric, operator.mirrored(), value),
        _ => return None,
    };
    if value.is_nan() {
        return None;
    }
    let (low, high) = match operator {
        Comparison::GreaterEqual => (value, f64::MAX),
        Comparison::Greater => (value.next_up(), f64::MAX),
        Comparison::LessEqual => (f64::MIN, value),
        Comparison::Less => (f64::MIN, value.next_down()),
        Comparison::Equal => (value, value),
        Comparison::NotEqual => return None,
    };
    Some((metric, low, high))
}

/// A sum of metrics and constants, each times a constant; none of any other shape.
fn terms(expression: &Expr, lowering: &mut Lowering) -> Option<Vec<Term>> {
    let ExprKind::Arithmetic(first, rest) = &expression.node else { return Some(vec![term(expression, lowering)?]) };
    if rest.iter().any(|(operator, _)| operator.is_multiplicative()) {
        return Some(vec![term(expression, lowering)?]);
    }
    if rest.len() >= MOST {
        return None;
    }
    let mut found = vec![term(first, lowering)?];
    for (operator, next) in rest {
        let next = term(next, lowering)?;
        // Taking away is adding the opposite: both round the same.
        found.push(if *operator == ArithmeticOperator::Subtract { next.negated() } else { next });
    }
    Some(found)
}

fn term(expression: &Expr, lowering: &mut Lowering) -> Option<Term> {
    if let Some(coefficient) = expression.as_number() {
        return Some(Term { slot: None, coefficient });
    }
    if let Some(metric) = expression.as_metric() {
        return Some(Term { slot: Some(lowering.metric(metric)), coefficient: 1.0 });
    }
    match &expression.node {
        ExprKind::Negate(inner) => Some(term(inner, lowering)?.negated()),
        ExprKind::Arithmetic(first, rest) => {
            let [(ArithmeticOperator::Multiply, second)] = rest.as_slice() else { return None };
            let (metric, coefficient) = match (first.as_metric(), second.as_number()) {
                (Some(metric), Some(coefficient)) => (metric, coefficient),
                _ => (second.as_metric()?, first.as_number()?),
            };
            Some(Term { slot: Some(lowering.metric(metric)), coefficient })
        }
        _ => None,
    }
}
