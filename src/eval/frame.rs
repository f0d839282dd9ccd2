//! A frame: strategies × metrics, in columns with validity.

use super::notes::Notes;
use super::snapshot::{Leaf, Snapshot, Strategy};
use crate::ir::{Expr, Metric, Program};
use crate::syntax::parse_duration;
use crate::value::{Bitmask, Column, Kind, Unit};

/// The columns that a program reads, in the order of its metrics.
#[derive(Debug, Clone, Default)]
pub struct Frame {
    rows: usize,
    columns: Vec<Values>,
}

/// One column.
#[derive(Debug, Clone)]
pub struct Values {
    /// The values by kind.
    pub data: Data,
    /// Rows whose value is of another kind; it is missing there.
    pub wrong_kind: Bitmask,
}

/// Values by kind.
#[derive(Debug, Clone)]
pub enum Data {
    /// Numbers.
    Number(Column),
    /// Truth values: true, and false; neither is missing.
    Boolean(Bitmask, Bitmask),
    /// Texts.
    Text(Vec<Option<Box<str>>>),
}

impl Frame {
    /// How many strategies it has.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The column of a metric by its position in the program.
    #[must_use]
    pub fn column(&self, index: usize) -> Option<&Values> {
        self.columns.get(index)
    }

    /// Rows in which some metric of an expression is of the wrong kind, and rows in which one is absent.
    #[must_use]
    pub(super) fn defects(&self, expression: &Expr) -> (Bitmask, Bitmask) {
        let (mut wrong, mut absent) = (Bitmask::filled(self.rows, false), Bitmask::filled(self.rows, false));
        for values in expression.metrics().into_iter().filter_map(|id| self.column(id.0 as usize)) {
            let has = |row: usize| match &values.data {
                Data::Number(column) => column.get(row).is_some(),
                Data::Boolean(yes, no) => yes.get(row) || no.get(row),
                Data::Text(texts) => texts.get(row).is_some_and(Option::is_some),
            };
            wrong = wrong.or(&values.wrong_kind);
            absent = absent.or(&Bitmask::from_fn(self.rows, |row| !has(row)).and_not(&values.wrong_kind));
        }
        (wrong, absent)
    }

    /// Takes from a snapshot what a program reads.
    #[must_use]
    pub fn new(program: &Program, snapshot: &Snapshot, notes: &mut Notes) -> Self {
        let rows = snapshot.strategies.len();
        let build = |metric: &Metric| {
            let mut builder = Builder { metric, native: program.dialect.is_native(), notes };
            builder.column(&snapshot.strategies)
        };
        Self { rows, columns: program.metrics.iter().map(build).collect() }
    }

    /// One metric of one strategy, without notes: other parts of the evaluation report the same values.
    #[must_use]
    pub(super) fn single(metric: &Metric, native: bool, strategy: &Strategy) -> Values {
        let mut notes = Notes::default();
        Builder { metric, native, notes: &mut notes }.column(std::slice::from_ref(strategy))
    }
}

struct Builder<'a> {
    metric: &'a Metric,
    native: bool,
    notes: &'a mut Notes,
}

impl Builder<'_> {
    fn column(&mut self, strategies: &[Strategy]) -> Values {
        let rows = strategies.len();
        let mut wrong_kind = Bitmask::filled(rows, false);
        let mut numbers = Vec::new();
        let (mut yes, mut no) = (Bitmask::filled(rows, false), Bitmask::filled(rows, false));
        let mut texts = Vec::new();
        for (row, strategy) in strategies.iter().enumerate() {
            let found = self.find(strategy);
            match (self.metric.kind, found) {
                (Kind::Number(_), found) => {
                    let (value, fits) = self.number(strategy, found);
                    wrong_kind.set(row, !fits);
                    numbers.push(value);
                }
                (Kind::Boolean, Some((Leaf::Boolean(flag), _))) => {
                    yes.set(row, flag);
                    no.set(row, !flag);
                }
                (Kind::Text, Some((Leaf::Text(text), _))) => texts.push(Some(text.into())),
                (kind, found) => {
                    let null = matches!(found, Some((Leaf::Number(number), _)) if number.is_nan());
                    wrong_kind.set(row, found.is_some() && !null);
                    if kind == Kind::Text {
                        texts.push(None);
                    }
                }
            }
        }
        let data = match self.metric.kind {
            Kind::Number(_) => Data::Number(Column::new(numbers)),
            Kind::Boolean => Data::Boolean(yes, no),
            Kind::Text => Data::Text(texts),
        };
        Values { data, wrong_kind }
    }

    /// The number of a strategy, NaN where it has none, and whether what it has is of the right kind.
    fn number(&mut self, strategy: &Strategy, found: Option<(Leaf, f64)>) -> (f64, bool) {
        let value = match found {
            None => return (f64::NAN, true),
            Some((Leaf::Number(value), factor)) => value * factor,
            Some((Leaf::Text(text), factor)) if self.metric.kind == Kind::Number(Unit::Duration) => {
                match parse_duration(&text) {
                    Some(seconds) => seconds * factor,
                    None => return (f64::NAN, false),
                }
            }
            Some(_) => return (f64::NAN, false),
        };
        let example = || format!("{}.{}", strategy.id, self.metric.name);
        if !value.is_finite() {
            self.notes.add("non_finite", "values that are null or not finite count as missing", example());
            return (f64::NAN, true);
        }
        if self.native && !self.metric.range.contains(value) {
            let message = "values outside the declared range of their metric count as missing";
            self.notes.add("out_of_range", message, format!("{} = {value}", example()));
            return (f64::NAN, true);
        }
        (value, true)
    }

    /// The leaf under the metric's name or one of its aliases, and the alias's factor.
    fn find(&mut self, strategy: &Strategy) -> Option<(Leaf, f64)> {
        let attribute = match self.metric.name.as_str() {
            "side" => strategy.side.clone().map(Leaf::Text),
            "sector" => strategy.sector.clone().map(Leaf::Text),
            "weight" => strategy.weight.map(Leaf::Number),
            _ => None,
        };
        if let Some(leaf) = attribute {
            return Some((leaf, 1.0));
        }
        if let Some(leaf) = self.named(strategy, &self.metric.name) {
            return Some((leaf.clone(), 1.0));
        }
        let aliases = &self.metric.aliases;
        aliases.iter().find_map(|(alias, factor)| self.named(strategy, alias).map(|leaf| (leaf.clone(), *factor)))
    }

    fn named<'s>(&mut self, strategy: &'s Strategy, name: &str) -> Option<&'s Leaf> {
        let leaves = &strategy.metrics;
        let last = |path: &str| path.rsplit('.').next() == Some(name);
        if !self.native {
            // QMTL's engine flattens blocks: the first number in document order has the name.
            let exact = leaves.iter().find(|(path, _)| path == name);
            let first = leaves.iter().find(|(path, leaf)| last(path) && matches!(leaf, Leaf::Number(n) if !n.is_nan()));
            return first.or(exact).map(|(_, leaf)| leaf);
        }
        if let Some((_, leaf)) = leaves.iter().find(|(path, _)| path == name) {
            return Some(leaf);
        }
        let mut same = leaves.iter().filter(|(path, _)| last(path));
        let (first, second) = (same.next(), same.next());
        if second.is_some() {
            let message = "a short name stands for several metrics of a strategy and counts as missing";
            self.notes.add("ambiguous_metric", message, format!("{}.{name}", strategy.id));
            return None;
        }
        first.map(|(_, leaf)| leaf)
    }
}
