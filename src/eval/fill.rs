//! Fills the column of a metric from strategies: by its name or an alias, converted, in its range.

use std::borrow::Cow;

use super::frame::{Data, Values};
use super::kernels::clear_outside;
use super::notes::Notes;
use super::snapshot::{Leaf, Strategy};
use super::strategies::{Form, Strategies};
use super::table::{Cells, Table, TableColumn};
use crate::ir::Metric;
use crate::syntax::parse_duration;
use crate::value::{Bitmask, Interval, Kind, Unit};

/// The column of a metric.
pub(super) fn column<'s>(
    metric: &'s Metric,
    native: bool,
    strategies: &'s Strategies,
    notes: &mut Notes,
) -> Values<'s> {
    let mut filler = Filler { metric, native, notes };
    match strategies.form() {
        Form::Rows(rows) => filler.of_strategies(rows.len(), |row, take| {
            if let Some(strategy) = rows.get(row) {
                take(strategy);
            }
        }),
        Form::Table(table) => filler.of_table(table),
    }
}

/// Notes that a value is no number that could be used.
pub(super) fn note_non_finite(notes: &mut Notes, example: String) {
    notes.add("non_finite", "values that are null or not finite count as missing", example);
}

struct Filler<'a> {
    metric: &'a Metric,
    native: bool,
    notes: &'a mut Notes,
}

impl Filler<'_> {
    /// A whole column of numbers as it stands, where it is the only one that the metric can mean.
    fn of_table<'s>(&mut self, table: &'s Table) -> Values<'s> {
        let means = |column: &str| {
            let last = column.rsplit('.').next().unwrap_or(column);
            let names = std::iter::once(&self.metric.name).chain(self.metric.aliases.iter().map(|(alias, _)| alias));
            names.into_iter().any(|name| column == name || last == name)
        };
        let candidates: Vec<_> = table.columns().iter().filter(|column| means(&column.name)).collect();
        if let ([TableColumn { name, cells: Cells::Number(values, presence), .. }], Kind::Number(_)) =
            (candidates.as_slice(), self.metric.kind)
            && presence.is_whole()
            && self.factor(name) == Some(1.0)
        {
            return self.whole(values, table);
        }
        // What several columns may mean, and what must be converted, is decided row by row.
        let rows = table.rows();
        self.of_strategies(rows, |row, take| take(&table.strategy_of(row, &candidates)))
    }

    fn factor(&self, column: &str) -> Option<f64> {
        let special = ["side", "sector", "weight"].contains(&self.metric.name.as_str());
        if special {
            return None;
        }
        let last = column.rsplit('.').next().unwrap_or(column);
        let own = [column, last].contains(&self.metric.name.as_str());
        let alias = || self.metric.aliases.iter().find(|(alias, _)| column == alias || last == alias);
        if own { Some(1.0) } else { alias().map(|(_, factor)| *factor) }
    }

    fn whole<'s>(&mut self, values: &'s [f64], table: &Table) -> Values<'s> {
        let range = if self.native { self.metric.range } else { Interval::ALL };
        let mut copy = Vec::new();
        let mut data = Cow::Borrowed(values);
        // Most columns are clean and stay where they are.
        let missing = values.iter().any(|value| value.is_nan());
        let outside = clear_outside(values, range, &mut []);
        if missing || outside {
            for (row, value) in values.iter().enumerate() {
                copy.push(self.checked(*value, || table.id(row).to_owned()));
            }
            data = Cow::Owned(copy);
        }
        Values { data: Data::Number(data), wrong_kind: Bitmask::filled(values.len(), false) }
    }

    fn of_strategies<'s>(&mut self, rows: usize, strategy: impl Fn(usize, &mut dyn FnMut(&Strategy))) -> Values<'s> {
        let mut wrong_kind = Bitmask::filled(rows, false);
        let mut numbers = Vec::new();
        let (mut yes, mut no) = (Bitmask::filled(rows, false), Bitmask::filled(rows, false));
        let mut texts = Vec::new();
        for row in 0..rows {
            strategy(row, &mut |strategy| {
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
                    (Kind::Text, Some((Leaf::Text(text), _))) => texts.push(Some(Cow::Owned(text))),
                    (kind, found) => {
                        let null = matches!(found, Some((Leaf::Number(number), _)) if number.is_nan());
                        wrong_kind.set(row, found.is_some() && !null);
                        if kind == Kind::Text {
                            texts.push(None);
                        }
                    }
                }
            });
        }
        let data = match self.metric.kind {
            Kind::Number(_) => Data::Number(Cow::Owned(numbers)),
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
        (self.checked(value, || strategy.id.clone()), true)
    }

    /// A value in its range, or missing, with a note.
    fn checked(&mut self, value: f64, id: impl Fn() -> String) -> f64 {
        let example = || format!("{}.{}", id(), self.metric.name);
        if !value.is_finite() {
            note_non_finite(self.notes, example());
            return f64::NAN;
        }
        if self.native && !self.metric.range.contains(value) {
            let message = "values outside the declared range of their metric count as missing";
            self.notes.add("out_of_range", message, format!("{} = {value}", example()));
            return f64::NAN;
        }
        value
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
        let is_plain = !name.contains('.');
        let last = |path: &str| {
            let before = if is_plain { path.strip_suffix(name) } else { None };
            before.is_some_and(|before| before.is_empty() || before.ends_with('.'))
        };
        if !self.native {
            // QMTL's engine flattens blocks: the first number in document order has the name. What has the
            // name and is of another kind is a mistake, not an absence.
            let kind = self.metric.kind;
            let fits = |leaf: &Leaf| match (leaf, kind) {
                (Leaf::Number(number), Kind::Number(_)) => number.is_finite(),
                (Leaf::Boolean(_), Kind::Boolean) | (Leaf::Text(_), Kind::Text) => true,
                _ => false,
            };
            let first = leaves.iter().find(|(path, leaf)| last(path) && fits(leaf));
            let exact = || leaves.iter().find(|(path, _)| path == name);
            let any = || leaves.iter().find(|(path, _)| last(path));
            return first.or_else(exact).or_else(any).map(|(_, leaf)| leaf);
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
