//! Exact feasibility of rows and bounds by the simplex method.
//!
//! The general simplex of satisfiability solvers: every column has bounds,
//! rows define some columns through others, and pivots (in the end by Bland's
//! rule, which cannot cycle) move the defined columns into their bounds. A strict bound is
//! a plain one shifted by an infinitely small amount.

use std::collections::{BTreeMap, BTreeSet};

use super::facts::FactId;
use super::interval::{Bound, Side};
use super::number::Number;
use super::outcome::{Budget, Stop};

/// A number plus a multiple of an infinitely small positive amount.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Nudged {
    real: Number,
    nudge: Number,
}

impl Nudged {
    const ZERO: Self = Self { real: Number::ZERO, nudge: Number::ZERO };

    fn from_bound(bound: &Bound, side: Side) -> Self {
        let nudge = match (bound.strict, side) {
            (false, _) => Number::ZERO,
            (true, Side::Lower) => Number::ONE,
            (true, Side::Upper) => -&Number::ONE,
        };
        Self { real: bound.value.clone(), nudge }
    }

    fn plus(&self, other: &Self, factor: &Number) -> Self {
        Self { real: &self.real + &(&other.real * factor), nudge: &self.nudge + &(&other.nudge * factor) }
    }
}

#[derive(Debug)]
struct Column {
    lower: Option<(Nudged, FactId)>,
    upper: Option<(Nudged, FactId)>,
    value: Nudged,
    /// The rows whose definition uses this column.
    used_by: BTreeSet<usize>,
}

impl Column {
    fn bound(&self, side: Side) -> Option<&(Nudged, FactId)> {
        match side {
            Side::Lower => self.lower.as_ref(),
            Side::Upper => self.upper.as_ref(),
        }
    }

    /// The bound the value lies beyond, if any.
    fn violation(&self) -> Option<(Side, &Nudged)> {
        if let Some((lower, _)) = self.lower.as_ref().filter(|lower| self.value < lower.0) {
            return Some((Side::Lower, lower));
        }
        let (upper, _) = self.upper.as_ref().filter(|upper| self.value > upper.0)?;
        Some((Side::Upper, upper))
    }

    /// Whether there is room for the value to move towards `side`.
    fn can_move(&self, side: Side) -> bool {
        match side {
            Side::Lower => self.lower.as_ref().is_none_or(|lower| self.value > lower.0),
            Side::Upper => self.upper.as_ref().is_none_or(|upper| self.value < upper.0),
        }
    }
}

/// A column defined as a combination of columns that are not defined.
#[derive(Debug)]
struct Row {
    defined: usize,
    terms: BTreeMap<usize, Number>,
}

/// A system of rows and bounds.
#[derive(Debug, Default)]
pub(super) struct Simplex {
    columns: Vec<Column>,
    rows: Vec<Row>,
    /// Defined columns beyond a bound, with the row that defines them.
    violated: BTreeMap<usize, usize>,
    pivots: usize,
}

impl Simplex {
    /// Adds a free column and gives its index.
    pub(super) fn add_column(&mut self, lower: Option<&Bound>, upper: Option<&Bound>) -> usize {
        let limit = |bound: Option<&Bound>, side| bound.map(|bound| (Nudged::from_bound(bound, side), bound.fact));
        let (lower, upper) = (limit(lower, Side::Lower), limit(upper, Side::Upper));
        let start = lower.as_ref().or(upper.as_ref());
        let value = start.map_or(Nudged::ZERO, |(value, _)| value.clone());
        self.columns.push(Column { lower, upper, value, used_by: BTreeSet::new() });
        self.columns.len() - 1
    }

    /// Adds a column that is a combination of free columns.
    pub(super) fn add_row(&mut self, terms: BTreeMap<usize, Number>, lower: Option<&Bound>, upper: Option<&Bound>) {
        let defined = self.add_column(lower, upper);
        let row = self.rows.len();
        let mut value = Nudged::ZERO;
        for (column, coefficient) in &terms {
            if let Some(column) = self.columns.get_mut(*column) {
                value = value.plus(&column.value, coefficient);
                column.used_by.insert(row);
            }
        }
        if let Some(column) = self.columns.get_mut(defined) {
            column.value = value;
        }
        self.rows.push(Row { defined, terms });
    }

    /// Moves every column into its bounds, or tells which bounds clash.
    pub(super) fn solve(&mut self, budget: &mut Budget) -> Result<(), Stop> {
        budget.spend(self.rows.len() as u64)?;
        for (index, row) in self.rows.iter().enumerate() {
            if self.columns.get(row.defined).is_some_and(|column| column.violation().is_some()) {
                self.violated.insert(row.defined, index);
            }
        }
        while let Some((&defined, &row)) = self.violated.first_key_value() {
            let Some((side, target)) = self.columns.get(defined).and_then(Column::violation) else {
                self.violated.remove(&defined);
                continue;
            };
            let target = target.clone();
            let Some(entering) = self.entering(row, side, budget)? else {
                return Err(Stop::Conflict(self.clash(row, side)));
            };
            self.move_to(row, entering, target, budget)?;
            self.pivot(row, entering, budget)?;
        }
        Ok(())
    }

    /// A column whose movement can bring the row back to `side`.
    fn entering(&mut self, row: usize, side: Side, budget: &mut Budget) -> Result<Option<usize>, Stop> {
        self.pivots += 1;
        let settled = self.pivots > 4 * self.rows.len();
        let Some(row) = self.rows.get(row) else {
            return Ok(None);
        };
        budget.spend(1 + row.terms.len() as u64)?;
        let mut usable = row.terms.iter().filter_map(|(index, coefficient)| {
            let direction = side.opposite().times(coefficient.is_positive());
            let column = self.columns.get(*index)?;
            column.can_move(direction).then_some((column.used_by.len(), *index))
        });
        // Few uses keep the rows short, but only first choices can never cycle.
        let chosen = match settled {
            true => usable.next(),
            false => usable.min(),
        };
        Ok(chosen.map(|(_, index)| index))
    }

    /// The bounds that together keep the row from reaching `side`.
    fn clash(&self, row: usize, side: Side) -> Vec<FactId> {
        let Some(row) = self.rows.get(row) else {
            return Vec::new();
        };
        let fact = |column: usize, side| {
            let bound = self.columns.get(column)?.bound(side)?;
            Some(bound.1)
        };
        let blocking = row
            .terms
            .iter()
            .filter_map(|(column, coefficient)| fact(*column, side.opposite().times(coefficient.is_positive())));
        fact(row.defined, side).into_iter().chain(blocking).collect()
    }

    /// Moves `entering` so that the row's defined column lands on `target`.
    fn move_to(&mut self, row: usize, entering: usize, target: Nudged, budget: &mut Budget) -> Result<(), Stop> {
        let Self { columns, rows, violated, .. } = self;
        let Some((current, coefficient)) = rows.get(row).and_then(|row| {
            let current = columns.get(row.defined)?;
            Some((&current.value, row.terms.get(&entering)?))
        }) else {
            return Ok(());
        };
        let distance = target.plus(current, &-&Number::ONE);
        let Some(inverse) = Number::ONE.divide(coefficient) else {
            return Ok(());
        };
        let Some(column) = columns.get_mut(entering) else {
            return Ok(());
        };
        let step = Nudged::ZERO.plus(&distance, &inverse);
        column.value = column.value.plus(&step, &Number::ONE);
        let affected: Vec<usize> = column.used_by.iter().copied().collect();
        for index in affected {
            let Some(row) = rows.get(index) else { continue };
            let (Some(column), Some(coefficient)) = (columns.get_mut(row.defined), row.terms.get(&entering)) else {
                continue;
            };
            column.value = column.value.plus(&step, coefficient);
            budget.spend(column.value.real.cost() + column.value.nudge.cost())?;
            match column.violation() {
                Some(_) => drop(violated.insert(row.defined, index)),
                None => drop(violated.remove(&row.defined)),
            }
        }
        Ok(())
    }

    /// Defines `entering` by this row, and frees the column it defined.
    fn pivot(&mut self, row: usize, entering: usize, budget: &mut Budget) -> Result<(), Stop> {
        let Self { columns, rows, violated, .. } = self;
        let Some(pivoted) = rows.get_mut(row) else {
            return Ok(());
        };
        let leaving = pivoted.defined;
        let Some(coefficient) = pivoted.terms.remove(&entering) else {
            return Ok(());
        };
        let Some(inverse) = Number::ONE.divide(&coefficient) else {
            return Ok(());
        };
        let factor = -&inverse;
        for coefficient in pivoted.terms.values_mut() {
            *coefficient = &*coefficient * &factor;
        }
        pivoted.terms.insert(leaving, inverse);
        pivoted.defined = entering;
        let definition = pivoted.terms.clone();
        let mut affected = BTreeSet::new();
        if let Some(column) = columns.get_mut(entering) {
            affected = std::mem::take(&mut column.used_by);
            if column.violation().is_some() {
                violated.insert(entering, row);
            }
        }
        if let Some(column) = columns.get_mut(leaving) {
            column.used_by.insert(row);
        }
        affected.remove(&row);
        for index in affected {
            let Some(other) = rows.get_mut(index) else { continue };
            let Some(multiple) = other.terms.remove(&entering) else {
                continue;
            };
            for (column, coefficient) in &definition {
                let entry = other.terms.entry(*column).or_insert(Number::ZERO);
                *entry = &*entry + &(&multiple * coefficient);
                budget.spend(entry.cost())?;
                let vanished = entry.is_zero();
                if vanished {
                    other.terms.remove(column);
                }
                if let Some(column) = columns.get_mut(*column) {
                    match vanished {
                        true => drop(column.used_by.remove(&index)),
                        false => drop(column.used_by.insert(index)),
                    }
                }
            }
        }
        Ok(())
    }

    /// The values found, with the infinitely small amount made concrete.
    pub(super) fn values(&self) -> Vec<Number> {
        let mut amount = Number::ONE;
        let mut shrink = |low: &Nudged, high: &Nudged| {
            let room = &high.real - &low.real;
            let need = &low.nudge - &high.nudge;
            if room.is_positive()
                && need.is_positive()
                && let Some(most) = room.divide(&need)
                && most < amount
            {
                amount = most;
            }
        };
        for column in &self.columns {
            if let Some((lower, _)) = &column.lower {
                shrink(lower, &column.value);
            }
            if let Some((upper, _)) = &column.upper {
                shrink(&column.value, upper);
            }
        }
        let concrete = |value: &Nudged| &value.real + &(&value.nudge * &amount);
        self.columns.iter().map(|column| concrete(&column.value)).collect()
    }
}
