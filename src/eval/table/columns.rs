//! The strategies of one instant, in columns.

use jiff::Timestamp;

use super::cells::{Cell, Cells, Presence, Texts};
use crate::eval::snapshot::{Leaf, Strategy};

/// The strategies of one instant, in columns.
#[derive(Debug, Clone, Default)]
pub struct Table {
    ids: Ids,
    pub(super) side: Texts,
    pub(super) sector: Texts,
    /// NaN where none is given; what is given and not finite is an infinity.
    pub(super) weight: Vec<f64>,
    pub(super) data_end: Vec<Option<Timestamp>>,
    pub(super) columns: Vec<TableColumn>,
}

/// A column of metrics or attributes.
#[derive(Debug, Clone, Default)]
pub(in crate::eval) struct TableColumn {
    pub name: String,
    pub cells: Cells,
    /// Rows that have the column, whether or not they have a value there.
    pub given: Presence,
}

/// Ids one behind the other.
#[derive(Debug, Clone, Default)]
struct Ids {
    text: String,
    ends: Vec<usize>,
}

impl Table {
    /// A table without rows.
    pub(super) fn new(columns: Vec<TableColumn>) -> Self {
        Self { columns, ..Self::default() }
    }

    /// How many rows it has.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.ids.ends.len()
    }

    /// The strategy of a row; empty beyond the last one.
    #[must_use]
    pub fn id(&self, row: usize) -> &str {
        let start = row.checked_sub(1).map_or(Some(0), |before| self.ids.ends.get(before).copied());
        let range = start.zip(self.ids.ends.get(row).copied());
        range.and_then(|(start, end)| self.ids.text.get(start..end)).unwrap_or_default()
    }

    pub(super) fn push_id(&mut self, id: &str) {
        self.ids.text.push_str(id);
        self.ids.ends.push(self.ids.text.len());
    }

    pub(in crate::eval) fn side(&self, row: usize) -> Option<&str> {
        self.side.get(row)
    }

    pub(in crate::eval) fn sector(&self, row: usize) -> Option<&str> {
        self.sector.get(row)
    }

    pub(in crate::eval) fn weight(&self, row: usize) -> Option<f64> {
        self.weight.get(row).copied().filter(|weight| !weight.is_nan())
    }

    pub(in crate::eval) fn data_end(&self, row: usize) -> Option<Timestamp> {
        self.data_end.get(row).copied().flatten()
    }

    /// The columns of metrics and attributes.
    pub(in crate::eval) fn columns(&self) -> &[TableColumn] {
        &self.columns
    }

    /// Whether a row has any number.
    pub(in crate::eval) fn has_number(&self, row: usize) -> bool {
        let is_number = |cell: Cell| matches!(cell, Cell::Number(number) if number.is_finite());
        self.columns.iter().any(|column| is_number(column.cells.get(row)))
    }

    /// One row as a strategy.
    pub(in crate::eval) fn strategy(&self, row: usize) -> Strategy {
        self.strategy_of(row, &self.columns.iter().collect::<Vec<_>>())
    }

    /// One row as a strategy with the values of some columns.
    pub(in crate::eval) fn strategy_of(&self, row: usize, columns: &[&TableColumn]) -> Strategy {
        let metrics = columns.iter().filter_map(|column| Some((column.name.clone(), column.leaf(row)?)));
        Strategy {
            id: self.id(row).to_owned(),
            metrics: metrics.collect(),
            side: self.side(row).map(str::to_owned),
            sector: self.sector(row).map(str::to_owned),
            weight: self.weight(row),
            data_end: self.data_end(row),
        }
    }

    /// Makes room for so many rows in all. It is only a hint: what cannot be had is taken bit by bit.
    pub(super) fn reserve(&mut self, rows: usize) {
        let rows = rows.min(MOST_RESERVED);
        let _ = self.ids.ends.try_reserve_exact(rows.saturating_sub(self.ids.ends.len()));
        for column in &mut self.columns {
            if let Cells::Number(values, _) = &mut column.cells {
                let _ = values.try_reserve_exact(rows.saturating_sub(values.len()));
            }
        }
    }

    /// The row of the first id that stands in an earlier row, too.
    pub(super) fn double(&self) -> Option<usize> {
        let rows = self.rows();
        if (1..rows).all(|row| self.id(row - 1) < self.id(row)) {
            return None;
        }
        let mut order: Vec<u32> = (0..rows as u32).collect();
        order.sort_unstable_by(|left, right| {
            self.id(*left as usize).cmp(self.id(*right as usize)).then(left.cmp(right))
        });
        let pairs = order.iter().zip(order.iter().skip(1));
        let doubles = pairs.filter(|(left, right)| self.id(**left as usize) == self.id(**right as usize));
        doubles.map(|(_, right)| *right as usize).min()
    }
}

/// Most rows that memory is taken for at once: files may promise more than they hold.
const MOST_RESERVED: usize = 1 << 24;

impl TableColumn {
    /// A column that so many rows lack; it takes values of the kind of others.
    pub(super) fn new(name: String, cells: Cells, rows: usize) -> Self {
        let mut given = Presence::default();
        (0..rows).for_each(|row| given.skip(row));
        Self { name, cells, given }
    }

    /// A cell as a metric; none where the row lacks the column. An empty one is missing under its own
    /// name, like a null of a document, so that no other name of the metric takes its place.
    fn leaf(&self, row: usize) -> Option<Leaf> {
        self.given.get(row).then(|| match self.cells.get(row) {
            Cell::Absent | Cell::Empty => Leaf::Number(f64::NAN),
            Cell::Number(number) => Leaf::Number(number),
            Cell::Boolean(flag) => Leaf::Boolean(flag),
            Cell::Text(text) => Leaf::Text(text),
            Cell::Instant(instant) => Leaf::Text(instant.to_string()),
        })
    }
}
