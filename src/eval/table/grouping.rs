//! Groups the rows of a table into snapshots by their instant.

use std::collections::HashSet;

use jiff::Timestamp;

use super::cells::{Cell, Cells};
use super::columns::{Table, TableColumn};
use super::error::TableError;
use crate::diag::{misspelt, nearest};
use crate::eval::snapshot::Snapshot;
use crate::eval::time::parse_instant;

/// What a column is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Strategy,
    AsOf,
    Stage,
    Side,
    Sector,
    Weight,
    DataEnd,
    /// A metric or an attribute, by its place among those.
    Value(usize),
}

/// The columns with a meaning of their own.
const RESERVED: [(&str, Role); 7] = [
    ("strategy_id", Role::Strategy),
    ("as_of", Role::AsOf),
    ("stage", Role::Stage),
    ("side", Role::Side),
    ("sector", Role::Sector),
    ("weight", Role::Weight),
    ("data_end", Role::DataEnd),
];

/// The column that probably holds the ids of a table without `strategy_id`.
fn strategy_column(columns: &[String]) -> Option<&String> {
    let is = |name: &String| ["id", "strategy"].contains(&name.to_lowercase().as_str());
    let near = || nearest("strategy_id", columns.iter().map(String::as_str));
    columns.iter().find(|name| is(name)).or_else(|| columns.iter().find(|name| Some(name.as_str()) == near()))
}

/// A column of a batch of rows.
#[derive(Debug, Clone)]
pub enum BatchColumn<'a> {
    /// Numbers, and the places among them that are empty, ascending.
    Numbers(&'a [f64], Vec<usize>),
    /// Anything else, a cell a row.
    Cells(Vec<Cell>),
}

/// Groups rows into snapshots.
pub struct Grouping {
    names: Vec<String>,
    roles: Vec<Role>,
    values: usize,
    row: usize,
    /// Rows expected at one instant.
    expected: usize,
    open: Option<Open>,
}

/// The snapshot that rows are added to.
struct Open {
    as_of: Option<Timestamp>,
    stage: Option<String>,
    first_row: usize,
    table: Table,
}

impl Grouping {
    /// Rows with these columns.
    ///
    /// # Errors
    /// If `strategy_id` is absent, a name stands twice, or one is almost that of a column with a meaning.
    pub fn new(columns: Vec<String>) -> Result<Self, TableError> {
        let mut grouping = Self { names: Vec::new(), roles: Vec::new(), values: 0, row: 0, expected: 0, open: None };
        let mut names = HashSet::new();
        if let Some(double) = columns.iter().find(|name| !names.insert(name.as_str())) {
            return Err(TableError::DoubleColumn(double.clone()));
        }
        if !names.contains("strategy_id") {
            return Err(TableError::NoStrategyColumn { near: strategy_column(&columns).cloned() });
        }
        columns.into_iter().try_for_each(|name| grouping.add_column(name))?;
        Ok(grouping)
    }

    /// Adds a column that rows before lack.
    ///
    /// # Errors
    /// If its name is almost that of a column with a meaning.
    pub fn add_column(&mut self, name: String) -> Result<(), TableError> {
        let role = RESERVED.iter().find(|(known, _)| *known == name).map(|(_, role)| *role);
        if let (None, Some(near)) = (role, misspelt(&name, RESERVED.map(|(known, _)| known))) {
            return Err(TableError::MisspeltColumn { column: name, near });
        }
        let role = role.unwrap_or(Role::Value(self.values));
        if matches!(role, Role::Value(_)) {
            self.values += 1;
            if let Some(open) = &mut self.open {
                let rows = open.table.rows();
                open.table.columns.push(TableColumn::new(name.clone(), Cells::Empty, rows));
            }
        }
        self.names.push(name);
        self.roles.push(role);
        Ok(())
    }

    /// The names of the columns, in order.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        &self.names
    }

    /// Says how many rows one instant will have, so that memory is taken once.
    pub fn expect_rows(&mut self, rows: usize) {
        self.expected = rows;
    }

    /// Whether rows have an instant.
    #[must_use]
    pub fn has_instants(&self) -> bool {
        self.roles.contains(&Role::AsOf)
    }

    /// Takes a row; gives the snapshot before it where the row begins another instant.
    ///
    /// # Errors
    /// If the row does not fit; the error names it.
    pub fn push(&mut self, cells: Vec<Cell>) -> Result<Option<Snapshot>, TableError> {
        let mut finished = None;
        let columns: Vec<_> = cells.into_iter().map(|cell| BatchColumn::Cells(vec![cell])).collect();
        self.append(&columns, 1, &mut |snapshot| {
            finished = Some(snapshot);
            Ok::<(), TableError>(())
        })?;
        Ok(finished)
    }

    /// Takes a batch of rows and hands on every snapshot that they complete.
    ///
    /// # Errors
    /// If a row does not fit (the error names it), or what `judge` gives.
    pub fn append<E: From<TableError>>(
        &mut self,
        columns: &[BatchColumn<'_>],
        rows: usize,
        judge: &mut dyn FnMut(Snapshot) -> Result<(), E>,
    ) -> Result<(), E> {
        let (mut as_of, mut stage) = (None, None);
        for ((role, name), column) in self.roles.iter().zip(&self.names).zip(columns) {
            match role {
                Role::AsOf => as_of = Some((name.clone(), column)),
                Role::Stage => stage = Some((name.clone(), column)),
                _ => {}
            }
        }
        let mut from = 0;
        while from < rows {
            let instant = |row: usize| match &as_of {
                Some((name, column)) => self.instant(name, column.cell(row), self.row + row + 1),
                None => Ok(None),
            };
            let first = instant(from)?;
            let mut until = from + 1;
            while until < rows && (as_of.is_none() || instant(until)? == first) {
                until += 1;
            }
            if let Some(finished) = self.begin(first, from)? {
                judge(finished)?;
            }
            if let Some((name, column)) = &stage {
                for row in from..until {
                    let stage = self.text(name, column.cell(row), self.row + row + 1)?;
                    self.stage(stage, self.row + row + 1)?;
                }
            }
            self.add(columns, from, until)?;
            from = until;
        }
        self.row += rows;
        Ok(())
    }

    /// Opens a snapshot for an instant; gives the one before where this is another.
    fn begin(&mut self, as_of: Option<Timestamp>, offset: usize) -> Result<Option<Snapshot>, TableError> {
        let row = self.row + offset + 1;
        let mut finished = None;
        let mut columns = None;
        if let Some(open) = self.open.take_if(|open| open.as_of != as_of) {
            if open.as_of.is_none() || open.as_of > as_of {
                return Err(TableError::NotAscending { row });
            }
            // A column keeps its kind from instant to instant.
            let alike = |column: &TableColumn| TableColumn::new(column.name.clone(), column.cells.without_rows(), 0);
            columns = Some(open.table.columns.iter().map(alike).collect());
            finished = Some(open.close()?);
        }
        if self.open.is_none() {
            let columns = columns.unwrap_or_else(|| self.value_columns());
            let table = Table::new(columns);
            self.open = Some(Open { as_of, stage: None, first_row: row, table });
        }
        Ok(finished)
    }

    /// The columns of metrics and attributes before any row.
    fn value_columns(&self) -> Vec<TableColumn> {
        let values = self.roles.iter().zip(&self.names).filter(|(role, _)| matches!(role, Role::Value(_)));
        values.map(|(_, name)| TableColumn::new(name.clone(), Cells::Empty, 0)).collect()
    }

    fn stage(&mut self, stage: Option<String>, row: usize) -> Result<(), TableError> {
        let Some(open) = &mut self.open else { return Ok(()) };
        if row == open.first_row {
            open.stage = stage;
            return Ok(());
        }
        if open.stage == stage { Ok(()) } else { Err(TableError::Stages { row }) }
    }

    /// Adds rows of a batch to the open snapshot.
    fn add(&mut self, columns: &[BatchColumn<'_>], from: usize, until: usize) -> Result<(), TableError> {
        let Some(mut open) = self.open.take() else { return Ok(()) };
        let table = &mut open.table;
        let before = table.rows();
        // A column that this batch lacks is absent in its rows.
        let columns = columns.iter().map(Some).chain(std::iter::repeat(None));
        for ((role, name), column) in self.roles.iter().zip(&self.names).zip(columns) {
            if let (Role::Value(index), Some(column @ BatchColumn::Numbers(numbers, gaps))) = (role, column) {
                let numbers = numbers.get(from..until).unwrap_or_default();
                let gaps = gaps.iter().filter(|gap| (from..until).contains(gap)).map(|gap| gap - from);
                let Some(TableColumn { cells, .. }) = table.columns.get_mut(*index) else { continue };
                let wrong = |wanted| self.kind(name, wanted, column.cell(from), self.row + from + 1);
                cells.extend(before, numbers, gaps).map_err(wrong)?;
                continue;
            }
            for row in from..until {
                let cell = column.map_or(Cell::Absent, |column| column.cell(row));
                self.cell(table, *role, name, cell, (before + row - from, self.row + row + 1))?;
            }
        }
        let rows = table.rows();
        if before == 0 && self.expected > rows {
            table.reserve(self.expected);
        }
        self.open = Some(open);
        Ok(())
    }

    fn cell(
        &self,
        table: &mut Table,
        role: Role,
        name: &str,
        cell: Cell,
        (place, row): (usize, usize),
    ) -> Result<(), TableError> {
        match role {
            Role::AsOf | Role::Stage => {}
            Role::Strategy => match self.text(name, cell, row)? {
                Some(id) => table.push_id(&id),
                None => return Err(TableError::NoStrategy { row }),
            },
            Role::Side => {
                table.side.fill(place);
                table.side.push(self.text(name, cell, row)?.as_deref());
            }
            Role::Sector => {
                table.sector.fill(place);
                table.sector.push(self.text(name, cell, row)?.as_deref());
            }
            Role::Weight => {
                table.weight.resize(place, f64::NAN);
                table.weight.push(self.weight(name, cell, row)?.unwrap_or(f64::NAN));
            }
            Role::DataEnd => {
                table.data_end.resize(place, None);
                table.data_end.push(self.instant(name, cell, row)?);
            }
            Role::Value(index) => {
                if let Some(TableColumn { cells, given, .. }) = table.columns.get_mut(index) {
                    if cell == Cell::Absent {
                        given.skip(place);
                    }
                    cells.push(place, cell.clone()).map_err(|wanted| self.kind(name, wanted, cell, row))?;
                }
            }
        }
        Ok(())
    }

    /// The last snapshot, if there was any row.
    ///
    /// # Errors
    /// If a strategy stands twice in it.
    pub fn finish(self) -> Result<Option<Snapshot>, TableError> {
        self.open.map(Open::close).transpose()
    }

    fn kind(&self, column: &str, wanted: &'static str, cell: Cell, row: usize) -> TableError {
        let found = match cell {
            Cell::Absent | Cell::Empty => "nothing".to_owned(),
            Cell::Number(number) => number.to_string(),
            Cell::Boolean(flag) => flag.to_string(),
            Cell::Text(text) => text,
            Cell::Instant(instant) => instant.to_string(),
        };
        TableError::Kind { row, column: column.to_owned(), wanted, found }
    }

    fn text(&self, column: &str, cell: Cell, row: usize) -> Result<Option<String>, TableError> {
        match cell {
            Cell::Absent | Cell::Empty => Ok(None),
            Cell::Text(text) => Ok(Some(text).filter(|text| !text.is_empty())),
            other => Err(self.kind(column, "a text", other, row)),
        }
    }

    fn weight(&self, column: &str, cell: Cell, row: usize) -> Result<Option<f64>, TableError> {
        match cell {
            Cell::Absent | Cell::Empty => Ok(None),
            Cell::Number(number) => Ok(Some(if number.is_finite() { number } else { f64::INFINITY })),
            other => Err(self.kind(column, "a number", other, row)),
        }
    }

    fn instant(&self, column: &str, cell: Cell, row: usize) -> Result<Option<Timestamp>, TableError> {
        let wanted = "a time such as `2026-01-31T21:00:00Z`";
        match cell {
            Cell::Absent | Cell::Empty => Ok(None),
            Cell::Instant(instant) => Ok(Some(instant)),
            Cell::Text(text) => match parse_instant(&text) {
                Some(instant) => Ok(Some(instant)),
                None => Err(self.kind(column, wanted, Cell::Text(text), row)),
            },
            other => Err(self.kind(column, wanted, other, row)),
        }
    }
}

impl Open {
    fn close(self) -> Result<Snapshot, TableError> {
        if let Some(double) = self.table.double() {
            let id = self.table.id(double).to_owned();
            return Err(TableError::DoubleStrategy { row: self.first_row + double, id });
        }
        Ok(Snapshot { as_of: self.as_of, stage: self.stage, strategies: self.table.into(), ..Snapshot::default() })
    }
}

impl BatchColumn<'_> {
    fn cell(&self, row: usize) -> Cell {
        match self {
            Self::Numbers(numbers, gaps) => match numbers.get(row) {
                Some(number) if gaps.binary_search(&row).is_err() => Cell::Number(*number),
                _ => Cell::Empty,
            },
            Self::Cells(cells) => cells.get(row).cloned().unwrap_or(Cell::Empty),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::Leaf;

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
        let last = grouping.finish().expect("no double").expect("a group");
        assert_eq!(last.strategies.len(), 1);
    }

    #[test]
    fn what_does_not_fit_is_named_with_its_row() {
        let push = |rows: &[(&str, &str)]| {
            let mut grouping = grouping();
            rows.iter().try_for_each(|(id, as_of)| grouping.push(row(id, as_of, 1.0)).map(|_| ()))?;
            grouping.finish().map(|_| ())
        };
        let double = TableError::DoubleStrategy { row: 2, id: "a".to_owned() };
        assert_eq!(push(&[("a", "2026-01-31"), ("a", "2026-01-31")]), Err(double));
        assert_eq!(push(&[("a", "2026-01-31"), ("a", "2026-01-30")]), Err(TableError::NotAscending { row: 2 }));
        assert_eq!(push(&[("", "2026-01-31")]), Err(TableError::NoStrategy { row: 1 }));
        assert!(matches!(push(&[("a", "soon")]), Err(TableError::Kind { row: 1, .. })));
        assert!(matches!(Grouping::new(vec!["a".to_owned()]), Err(TableError::NoStrategyColumn { near: None })));
    }

    #[test]
    fn a_column_keeps_its_kind_from_instant_to_instant() {
        let mut grouping = grouping();
        let mut second = row("a", "2026-02-28", 0.0);
        second[2] = Cell::Text("high".to_owned());
        grouping.push(row("a", "2026-01-31", 1.0)).expect("a number");
        let error = grouping.push(second).expect_err("a text in a column of numbers");
        assert_eq!(error.to_string(), "row 2: `sharpe` must be a number like those above, not `high`");
    }

    #[test]
    fn an_empty_cell_has_the_name_and_an_absent_one_has_not() {
        let mut grouping = grouping();
        let with = |id: &str, cell: Cell| vec![Cell::Text(id.to_owned()), Cell::Empty, cell];
        grouping.push(with("a", Cell::Empty)).expect("an empty cell");
        grouping.push(with("b", Cell::Absent)).expect("an absent cell");
        grouping.add_column("drawdown".to_owned()).expect("another column");
        let rows = grouping.finish().expect("no double").expect("a group").strategies.into_rows();
        assert!(
            matches!(rows[0].metrics.as_slice(), [(name, Leaf::Number(number))] if name == "sharpe" && number.is_nan())
        );
        assert!(rows[1].metrics.is_empty());
    }

    #[test]
    fn a_column_keeps_the_kind_of_its_first_value() {
        let mut grouping = grouping();
        let mut second = row("b", "2026-01-31", 0.0);
        second[2] = Cell::Text("high".to_owned());
        grouping.push(row("a", "2026-01-31", 1.0)).expect("a number");
        let error = grouping.push(second).expect_err("a text in a column of numbers");
        assert_eq!(error.to_string(), "row 2: `sharpe` must be a number like those above, not `high`");
    }
}
