//! The judged strategies: rows of a document, or a table in columns.

use jiff::Timestamp;

use super::snapshot::{Leaf, Strategy};
use super::table::Table;

/// The judged strategies in input order.
#[derive(Debug, Clone)]
pub struct Strategies {
    form: Form,
}

#[derive(Debug, Clone)]
pub(super) enum Form {
    /// From a document: each with metrics of its own.
    Rows(Vec<Strategy>),
    /// From a table.
    Table(Box<Table>),
}

impl Default for Strategies {
    fn default() -> Self {
        Vec::new().into()
    }
}

impl From<Vec<Strategy>> for Strategies {
    fn from(rows: Vec<Strategy>) -> Self {
        Self { form: Form::Rows(rows) }
    }
}

impl FromIterator<Strategy> for Strategies {
    fn from_iter<I: IntoIterator<Item = Strategy>>(rows: I) -> Self {
        rows.into_iter().collect::<Vec<_>>().into()
    }
}

impl From<Table> for Strategies {
    fn from(table: Table) -> Self {
        Self { form: Form::Table(Box::new(table)) }
    }
}

impl Strategies {
    pub(super) fn form(&self) -> &Form {
        &self.form
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.form {
            Form::Rows(rows) => rows.len(),
            Form::Table(table) => table.rows(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The id of one; empty beyond the last one.
    #[must_use]
    pub fn id(&self, row: usize) -> &str {
        match &self.form {
            Form::Rows(rows) => rows.get(row).map_or("", |strategy| &strategy.id),
            Form::Table(table) => table.id(row),
        }
    }

    /// The row of a strategy.
    #[must_use]
    pub fn position(&self, id: &str) -> Option<usize> {
        (0..self.len()).find(|&row| self.id(row) == id)
    }

    /// Its side.
    #[must_use]
    pub fn side(&self, row: usize) -> Option<&str> {
        match &self.form {
            Form::Rows(rows) => rows.get(row)?.side.as_deref(),
            Form::Table(table) => table.side(row),
        }
    }

    /// Its sector.
    #[must_use]
    pub fn sector(&self, row: usize) -> Option<&str> {
        match &self.form {
            Form::Rows(rows) => rows.get(row)?.sector.as_deref(),
            Form::Table(table) => table.sector(row),
        }
    }

    /// Its signed weight; not finite where one is given that cannot be used.
    #[must_use]
    pub fn weight(&self, row: usize) -> Option<f64> {
        match &self.form {
            Form::Rows(rows) => rows.get(row)?.weight,
            Form::Table(table) => table.weight(row),
        }
    }

    /// Up to when its data reaches.
    #[must_use]
    pub fn data_end(&self, row: usize) -> Option<Timestamp> {
        match &self.form {
            Form::Rows(rows) => rows.get(row)?.data_end,
            Form::Table(table) => table.data_end(row),
        }
    }

    /// Whether it has any number at all.
    pub(super) fn has_number(&self, row: usize) -> bool {
        match &self.form {
            Form::Rows(rows) => rows.get(row).is_some_and(|strategy| {
                strategy.metrics.iter().any(|(_, leaf)| matches!(leaf, Leaf::Number(number) if number.is_finite()))
            }),
            Form::Table(table) => table.has_number(row),
        }
    }

    /// One strategy with all its metrics.
    #[must_use]
    pub fn get(&self, row: usize) -> Option<Strategy> {
        match &self.form {
            Form::Rows(rows) => rows.get(row).cloned(),
            Form::Table(table) => (row < table.rows()).then(|| table.strategy(row)),
        }
    }

    /// The same strategies as rows.
    #[must_use]
    pub fn into_rows(self) -> Vec<Strategy> {
        match self.form {
            Form::Rows(rows) => rows,
            Form::Table(table) => (0..table.rows()).map(|row| table.strategy(row)).collect(),
        }
    }
}
