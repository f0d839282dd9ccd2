//! The values of one column.

use std::collections::HashMap;

use jiff::Timestamp;

/// A value of a table.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// The row does not have the column.
    Absent,
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

/// Values of one kind; a column takes the kind of the first value that is not empty.
#[derive(Debug, Clone, Default)]
pub(in crate::eval) enum Cells {
    /// Nothing so far, in any row.
    #[default]
    Empty,
    /// Numbers, also such that are not finite; empty ones are NaN and not among the rows present.
    Number(Vec<f64>, Presence),
    /// Truth values; empty where neither.
    Boolean(Vec<Option<bool>>),
    /// Texts.
    Text(Texts),
}

/// Which rows of a column have a value: all but those marked as gaps.
#[derive(Debug, Clone, Default)]
pub(in crate::eval) struct Presence {
    gaps: Vec<u64>,
}

impl Presence {
    /// Marks a row as empty.
    pub fn skip(&mut self, row: usize) {
        self.gaps.resize(self.gaps.len().max(row / 64 + 1), 0);
        if let Some(word) = self.gaps.get_mut(row / 64) {
            *word |= 1 << (row % 64);
        }
    }

    /// Whether a row has a value.
    pub fn get(&self, row: usize) -> bool {
        self.gaps.get(row / 64).is_none_or(|word| word >> (row % 64) & 1 == 0)
    }

    /// Whether every row has one.
    pub fn is_whole(&self) -> bool {
        self.gaps.is_empty()
    }
}

/// Texts that repeat: each is kept once.
#[derive(Debug, Clone, Default)]
pub(in crate::eval) struct Texts {
    distinct: Vec<Box<str>>,
    codes: Vec<u32>,
    known: HashMap<Box<str>, u32>,
}

/// The code of no text.
const NO_TEXT: u32 = u32::MAX;

impl Texts {
    /// Adds a row.
    pub fn push(&mut self, text: Option<&str>) {
        let code = text.map_or(NO_TEXT, |text| self.code(text));
        self.codes.push(code);
    }

    fn code(&mut self, text: &str) -> u32 {
        if let Some(code) = self.known.get(text) {
            return *code;
        }
        let code = self.distinct.len() as u32;
        self.distinct.push(text.into());
        self.known.insert(text.into(), code);
        code
    }

    /// Fills rows up to a count with nothing.
    pub fn fill(&mut self, rows: usize) {
        self.codes.resize(rows, NO_TEXT);
    }

    /// The text of a row.
    pub fn get(&self, row: usize) -> Option<&str> {
        let code = *self.codes.get(row)?;
        self.distinct.get(code as usize).map(AsRef::as_ref)
    }
}

impl Cells {
    /// Adds a value behind `rows` rows; the kind that the column has where the value has another.
    pub fn push(&mut self, rows: usize, cell: Cell) -> Result<(), &'static str> {
        let cell = if cell == Cell::Absent { Cell::Empty } else { cell };
        if let (Self::Empty, false) = (&*self, cell == Cell::Empty) {
            *self = Self::of_kind(&cell, rows);
        }
        match (self, cell) {
            (Self::Empty, _) => {}
            (Self::Number(values, _), Cell::Number(number)) => values.push(number),
            (Self::Number(values, presence), Cell::Empty) => {
                values.push(f64::NAN);
                presence.skip(rows);
            }
            (Self::Boolean(values), Cell::Boolean(flag)) => values.push(Some(flag)),
            (Self::Boolean(values), Cell::Empty) => values.push(None),
            (Self::Text(texts), Cell::Text(text)) => texts.push(Some(&text)),
            (Self::Text(texts), Cell::Instant(instant)) => texts.push(Some(&instant.to_string())),
            (Self::Text(texts), Cell::Empty) => texts.push(None),
            (Self::Number(..), _) => return Err("a number like those above"),
            (Self::Boolean(_), _) => return Err("true or false like those above"),
            (Self::Text(_), _) => return Err("a text like those above"),
        }
        Ok(())
    }

    /// A column without rows that takes values of the same kind.
    pub fn without_rows(&self) -> Self {
        match self {
            Self::Empty => Self::Empty,
            Self::Number(..) => Self::Number(Vec::new(), Presence::default()),
            Self::Boolean(_) => Self::Boolean(Vec::new()),
            Self::Text(_) => Self::Text(Texts::default()),
        }
    }

    /// An empty column of `rows` rows that takes values like one.
    fn of_kind(cell: &Cell, rows: usize) -> Self {
        match cell {
            Cell::Absent | Cell::Empty => Self::Empty,
            Cell::Number(_) => {
                let mut presence = Presence::default();
                (0..rows).for_each(|row| presence.skip(row));
                Self::Number(vec![f64::NAN; rows], presence)
            }
            Cell::Boolean(_) => Self::Boolean(vec![None; rows]),
            Cell::Text(_) | Cell::Instant(_) => {
                let mut texts = Texts::default();
                texts.fill(rows);
                Self::Text(texts)
            }
        }
    }

    /// Adds numbers at once behind `rows` rows; `gaps` are the places among them that are empty.
    pub fn extend(
        &mut self,
        rows: usize,
        numbers: &[f64],
        gaps: impl Iterator<Item = usize>,
    ) -> Result<(), &'static str> {
        if let Self::Empty = self {
            *self = Self::of_kind(&Cell::Number(0.0), rows);
        }
        let Self::Number(values, presence) = self else { return Err("of the kind of the rows above") };
        values.extend_from_slice(numbers);
        for row in gaps.map(|index| rows + index) {
            presence.skip(row);
            if let Some(value) = values.get_mut(row) {
                *value = f64::NAN;
            }
        }
        Ok(())
    }

    /// The value of a row.
    pub fn get(&self, row: usize) -> Cell {
        match self {
            Self::Empty => Cell::Empty,
            Self::Number(values, presence) => {
                values.get(row).filter(|_| presence.get(row)).map_or(Cell::Empty, |value| Cell::Number(*value))
            }
            Self::Boolean(values) => values.get(row).copied().flatten().map_or(Cell::Empty, Cell::Boolean),
            Self::Text(texts) => texts.get(row).map_or(Cell::Empty, |text| Cell::Text(text.to_owned())),
        }
    }
}
