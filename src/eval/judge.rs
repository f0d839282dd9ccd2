//! The outcome of every rule for every strategy.

use std::borrow::Cow;
use std::cell::OnceCell;

use super::compute::Truth;
use super::decision::{Check, Status};
use super::frame::{Data, Frame};
use crate::ir::{ErrorMode, Expr, MetricId, MissingMode, Program, Rule, RuleSeverity};
use crate::syntax::Comparison;
use crate::value::Bitmask;

/// A rule with its outcome in each row.
pub(super) struct Judged<'p> {
    pub rule: &'p Rule,
    pub truth: Truth,
    /// Rows in which a metric that is read has a value of the wrong kind.
    wrong_kind: Bitmask,
    /// Rows in which a metric that is read has no value at all.
    absent: Bitmask,
    /// The numbers compared, where the rule is one comparison with a constant.
    value: Option<Compared<'p>>,
    /// The same for `keep`.
    keep_value: Option<Compared<'p>>,
}

/// A comparison of a number with a constant. The numbers are looked up when first asked for.
struct Compared<'p> {
    frame: &'p Frame<'p>,
    operand: &'p Expr,
    values: OnceCell<Cow<'p, [f64]>>,
    operator: Comparison,
    threshold: f64,
}

/// Judges rules over a frame; active strategies face `keep` where there is one.
pub(super) fn judge<'p>(frame: &'p Frame<'p>, rules: &[&'p Rule], active: &Bitmask) -> Vec<Judged<'p>> {
    rules.iter().map(|rule| Judged::new(frame, rule, active)).collect()
}

impl<'p> Judged<'p> {
    fn new(frame: &'p Frame<'p>, rule: &'p Rule, active: &Bitmask) -> Self {
        let when = frame.truth(&rule.when);
        let truth = match &rule.keep {
            Some(keep) => Truth::choose(active, &frame.truth(keep), &when),
            None => when,
        };
        let (mut wrong_kind, mut absent) = frame.defects(&rule.when);
        if let Some(keep) = &rule.keep {
            let (wrong, none) = frame.defects(keep);
            wrong_kind = wrong.and(active).or(&wrong_kind.and_not(active));
            absent = none.and(active).or(&absent.and_not(active));
        }
        let compared = |condition: &'p Expr| {
            let (operand, operator, threshold) = condition.as_threshold()?;
            Some(Compared { frame, operand, values: OnceCell::new(), operator, threshold })
        };
        Self {
            rule,
            truth,
            wrong_kind,
            absent,
            value: compared(&rule.when),
            keep_value: rule.keep.as_ref().and_then(compared),
        }
    }

    /// Rows that it keeps out.
    pub fn rejecting(&self) -> Bitmask {
        let rows = self.truth.no.rows();
        if self.rule.severity != RuleSeverity::Blocking {
            return Bitmask::filled(rows, false);
        }
        if self.rule.on_missing == MissingMode::Fail && self.rule.on_error == ErrorMode::Fail {
            return Bitmask::filled(rows, true).and_not(&self.truth.yes);
        }
        Bitmask::from_fn(rows, |row| self.status(row) == Status::Fail)
    }

    /// How the outcome in a row is read.
    pub fn status(&self, row: usize) -> Status {
        match self.truth.get(row) {
            Some(true) => Status::Pass,
            Some(false) => Status::Fail,
            // Where some values are absent and others of the wrong kind, the stricter reading counts.
            None => match (self.wrong_kind.get(row), self.absent.get(row)) {
                (true, true) => self.unknown().max(self.mistaken()),
                (true, false) => self.mistaken(),
                (false, _) => self.unknown(),
            },
        }
    }

    fn mistaken(&self) -> Status {
        match self.rule.on_error {
            ErrorMode::Fail => Status::Fail,
            ErrorMode::Warn => Status::Warn,
        }
    }

    fn unknown(&self) -> Status {
        match self.rule.on_missing {
            MissingMode::Fail => Status::Fail,
            MissingMode::Warn => Status::Warn,
            MissingMode::Ignore => Status::Pass,
        }
    }

    /// Whether it keeps the strategy of a row out.
    pub fn rejects(&self, row: usize) -> bool {
        self.rule.severity == RuleSeverity::Blocking && self.status(row) == Status::Fail
    }

    /// Whether it is missing in a row.
    pub fn is_missing(&self, row: usize) -> bool {
        self.truth.get(row).is_none()
    }

    /// The check as a decision shows it.
    pub fn check(&self, row: usize, active: bool) -> Check {
        let compared = if active { self.keep_value.as_ref().or(self.value.as_ref()) } else { self.value.as_ref() };
        // A `keep` that is no single comparison has no margin either.
        let compared = compared.filter(|_| !active || self.rule.keep.is_none() || self.keep_value.is_some());
        let value = compared.and_then(|compared| compared.value(row));
        let margin = value.zip(compared).and_then(|(value, compared)| compared.margin(value));
        Check {
            id: self.rule.id.clone(),
            layer: self.rule.layer.as_str(),
            outcome: match self.truth.get(row) {
                Some(true) => "true",
                Some(false) => "false",
                None => "missing",
            },
            status: self.status(row),
            value,
            threshold: compared.map(|compared| compared.threshold),
            margin,
            severity: self.rule.severity,
            owner: self.rule.owner.clone(),
        }
    }

    /// In words, for people.
    pub fn explain(&self, row: usize, active: bool) -> String {
        if let Some(reason) = &self.rule.reason {
            return reason.clone();
        }
        let check = self.check(row, active);
        match (check.outcome, check.value, check.threshold) {
            ("missing", ..) => format!("`{}` has no value to judge", check.id),
            (_, Some(value), Some(threshold)) => format!("`{}`: {value} against {threshold}", check.id),
            (outcome, ..) => format!("`{}` is {outcome}", check.id),
        }
    }
}

impl Compared<'_> {
    fn value(&self, row: usize) -> Option<f64> {
        let column = || match self.operand.as_metric().and_then(|id| self.frame.column(id)).map(|values| &values.data) {
            Some(Data::Number(numbers)) => Cow::Borrowed(&**numbers),
            _ => Cow::Owned(self.frame.numbers(self.operand)),
        };
        self.values.get_or_init(column).get(row).copied().filter(|value| !value.is_nan())
    }

    fn margin(&self, value: f64) -> Option<f64> {
        let distance = match self.operator {
            Comparison::Greater | Comparison::GreaterEqual => value - self.threshold,
            Comparison::Less | Comparison::LessEqual => self.threshold - value,
            Comparison::Equal => -libm::fabs(value - self.threshold),
            Comparison::NotEqual => libm::fabs(value - self.threshold),
        };
        distance.is_finite().then_some(distance)
    }
}

/// Names of the metrics that are missing in a row, each once.
pub(super) fn missing_metrics(
    program: &Program,
    frame: &Frame<'_>,
    read: impl Iterator<Item = MetricId>,
    row: usize,
) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for id in read {
        let name = program.metric(id).map(|metric| metric.name.clone()).unwrap_or_default();
        if !frame.has(id, row) && !found.contains(&name) {
            found.push(name);
        }
    }
    found
}
