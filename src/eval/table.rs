//! Tables in long form: a row for each strategy and instant, grouped into snapshots.

use std::collections::HashSet;

use jiff::Timestamp;

use super::snapshot::{Leaf, Snapshot, Strategy};
use super::time::parse_instant;

/// A value of a table.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Nothing.
    Empty,
    /// A number, also one that is not finite.
    Number(f64),
    /// A truth value.
    Boolean(bool),
    /// A text.
    Text(String),
    /// An instant.
    Instant(Timestamp),
}

/// Why a table cannot be judged. Rows count from 1, a header not counted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TableError {
    /// No column `strategy_id`.
    #[error("the table has no column `strategy_id`")]
    NoStrategyColumn,
    /// Two columns of one name.
    #[error("the table has two columns `{0}`")]
    DoubleColumn(String),
    /// A row without id.
    #[error("row {row}: `strategy_id` is empty")]
    NoStrategy {
        /// The row.
        row: usize,
    },
    /// The same strategy twice at one instant.
    #[error("row {row}: `{id}` stands twice at one `as_of`")]
    DoubleStrategy {
        /// The row.
        row: usize,
        /// The strategy.
        id: String,
    },
    /// Rows not in the order of time.
    #[error("row {row}: `as_of` goes back or is empty in some rows; sort the table by `as_of`")]
    NotAscending {
        /// The row.
        row: usize,
    },
    /// A column of another kind.
    #[error("row {row}: `{column}` must be {wanted}, not `{found}`")]
    Kind {
        /// The row.
        row: usize,
        /// The column.
        column: String,
        /// What it takes.
        wanted: &'static str,
        /// What stands there.
        found: String,
    },
    /// Stages that differ at one instant.
    #[error("row {row}: the stages at one `as_of` differ")]
    Stages {
        /// The row.
        row: usize,
    },
}

/// Groups rows into snapshots.
pub struct Grouping {
    columns: Vec<String>,
    row: usize,
    open: Option<Snapshot>,
    seen: HashSet<String>,
}

impl Grouping {
    /// Rows with these columns.
    ///
    /// # Errors
    /// If `strategy_id` is absent or a name stands twice.
    pub fn new(columns: Vec<String>) -> Result<Self, TableError> {
        let mut names = HashSet::new();
        if let Some(double) = columns.iter().find(|name| !names.insert(name.as_str())) {
            return Err(TableError::DoubleColumn(double.clone()));
        }
        if !names.contains("strategy_id") {
            return Err(TableError::NoStrategyColumn);
        }
        Ok(Self { columns, row: 0, open: None, seen: HashSet::new() })
    }

    /// Takes a row; gives the snapshot before it where the row begins another instant.
    ///
    /// # Errors
    /// If the row does not fit; the error names it.
    pub fn push(&mut self, cells: Vec<Cell>) -> Result<Option<Snapshot>, TableError> {
        self.row += 1;
        let mut strategy = Strategy::default();
        let (mut as_of, mut stage) = (None, None);
        let columns = std::mem::take(&mut self.columns);
        for (name, cell) in columns.iter().zip(cells) {
            match name.as_str() {
                "strategy_id" => strategy.id = self.text(name, cell)?.unwrap_or_default(),
                "as_of" => as_of = self.instant(name, cell)?,
                "stage" => stage = self.text(name, cell)?,
                "side" => strategy.side = self.text(name, cell)?,
                "sector" => strategy.sector = self.text(name, cell)?,
                "data_end" => strategy.data_end = self.instant(name, cell)?,
                "weight" => strategy.weight = self.number(name, cell)?,
                _ => strategy.metrics.extend(leaf(cell).map(|leaf| (name.clone(), leaf))),
            }
        }
        self.columns = columns;
        self.add(strategy, as_of, stage)
    }

    fn add(
        &mut self,
        strategy: Strategy,
        as_of: Option<Timestamp>,
        stage: Option<String>,
    ) -> Result<Option<Snapshot>, TableError> {
        let row = self.row;
        if strategy.id.is_empty() {
            return Err(TableError::NoStrategy { row });
        }
        let mut finished = None;
        if self.open.as_ref().is_some_and(|open| open.as_of != as_of) {
            finished = self.open.take();
            self.seen.clear();
            if finished.as_ref().is_some_and(|before| before.as_of.is_none() || before.as_of > as_of) {
                return Err(TableError::NotAscending { row });
            }
        }
        let open = self.open.get_or_insert_with(|| Snapshot { as_of, stage: stage.clone(), ..Snapshot::default() });
        if open.stage != stage {
            return Err(TableError::Stages { row });
        }
        if !self.seen.insert(strategy.id.clone()) {
            return Err(TableError::DoubleStrategy { row, id: strategy.id });
        }
        open.strategies.push(strategy);
        Ok(finished)
    }

    /// The last snapshot, if there was any row.
    #[must_use]
    pub fn finish(self) -> Option<Snapshot> {
        self.open
    }

    fn kind(&self, column: &str, wanted: &'static str, cell: Cell) -> TableError {
        let found = match cell {
            Cell::Empty => "nothing".to_owned(),
            Cell::Number(number) => number.to_string(),
            Cell::Boolean(flag) => flag.to_string(),
            Cell::Text(text) => text,
            Cell::Instant(instant) => instant.to_string(),
        };
        TableError::Kind { row: self.row, column: column.to_owned(), wanted, found }
    }

    fn text(&self, column: &str, cell: Cell) -> Result<Option<String>, TableError> {
        match cell {
            Cell::Empty => Ok(None),
            Cell::Text(text) => Ok(Some(text).filter(|text| !text.is_empty())),
            other => Err(self.kind(column, "a text", other)),
        }
    }

    fn number(&self, column: &str, cell: Cell) -> Result<Option<f64>, TableError> {
        match cell {
            Cell::Empty => Ok(None),
            Cell::Number(number) => Ok(Some(number).filter(|number| number.is_finite())),
            other => Err(self.kind(column, "a number", other)),
        }
    }

    fn instant(&self, column: &str, cell: Cell) -> Result<Option<Timestamp>, TableError> {
        match cell {
            Cell::Empty => Ok(None),
            Cell::Instant(instant) => Ok(Some(instant)),
            Cell::Text(text) => match parse_instant(&text) {
                Some(instant) => Ok(Some(instant)),
                None => Err(self.kind(column, "a time such as `2026-01-31T21:00:00Z`", Cell::Text(text))),
            },
            other => Err(self.kind(column, "a time such as `2026-01-31T21:00:00Z`", other)),
        }
    }
}

fn leaf(cell: Cell) -> Option<Leaf> {
    Some(match cell {
        Cell::Empty => return None,
        Cell::Number(number) => Leaf::Number(number),
        Cell::Boolean(flag) => Leaf::Boolean(flag),
        Cell::Text(text) => Leaf::Text(text),
        Cell::Instant(instant) => Leaf::Text(instant.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: &str, as_of: &str, sharpe: f64) -> Vec<Cell> {
        vec![Cell::Text(id.to_owned()), Cell::Text(as_of.to_owned()), Cell::Number(sharpe)]
    }

    fn grouping() -> Grouping {
        Grouping::new(["strategy_id", "as_of", "sharpe"].map(str::to_owned).to_vec()).expect("good columns")
    }

    #[test]
    fn rows_of_one_instant_are_one_snapshot() {
        let mut grouping = grouping();
        assert_eq!(grouping.push(row("a", "2026-01-31", 1.0)).map(|s| s.is_some()), Ok(false));
        assert_eq!(grouping.push(row("b", "2026-01-31T00:00:00Z", 1.0)).map(|s| s.is_some()), Ok(false));
        let first = grouping.push(row("a", "2026-02-28", 2.0)).expect("ascending").expect("a group");
        assert_eq!(first.strategies.len(), 2);
        assert_eq!(grouping.finish().map(|snapshot| snapshot.strategies.len()), Some(1));
    }

    #[test]
    fn what_does_not_fit_is_named_with_its_row() {
        let push = |rows: &[(&str, &str)]| {
            let mut grouping = grouping();
            rows.iter().try_for_each(|(id, as_of)| grouping.push(row(id, as_of, 1.0)).map(|_| ()))
        };
        let double = TableError::DoubleStrategy { row: 2, id: "a".to_owned() };
        assert_eq!(push(&[("a", "2026-01-31"), ("a", "2026-01-31")]), Err(double));
        assert_eq!(push(&[("a", "2026-01-31"), ("a", "2026-01-30")]), Err(TableError::NotAscending { row: 2 }));
        assert_eq!(push(&[("", "2026-01-31")]), Err(TableError::NoStrategy { row: 1 }));
        assert!(matches!(push(&[("a", "soon")]), Err(TableError::Kind { row: 1, .. })));
        assert!(matches!(Grouping::new(vec!["a".to_owned()]), Err(TableError::NoStrategyColumn)));
    }
}
