//! A page before it has a dress: headings, sentences, tables, drawings. Both dresses show the same.

/// How good something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Tone {
    #[default]
    Plain,
    Good,
    Doubtful,
    Bad,
}

impl Tone {
    /// What stands for it where there is no colour.
    pub fn mark(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Good => "✓ ",
            Self::Doubtful => "! ",
            Self::Bad => "✗ ",
        }
    }
}

/// A cell of a table.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Cell {
    pub text: String,
    /// What stands small below it.
    pub note: Option<String>,
    /// An image of it, for pages that have images.
    pub drawing: Option<String>,
    pub tone: Tone,
    /// The section that it leads to.
    pub section: Option<usize>,
    /// Whether it is a number.
    pub number: bool,
    /// Whether it is to stay on one line.
    pub whole: bool,
}

impl Cell {
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    pub fn number(text: impl Into<String>) -> Self {
        Self { number: true, ..Self::text(text) }
    }

    /// A text that stays on one line.
    pub fn whole(text: impl Into<String>) -> Self {
        Self { whole: true, ..Self::text(text) }
    }

    pub fn toned(self, tone: Tone) -> Self {
        Self { tone, ..self }
    }
}

/// A table. Columns without any text are left out.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Table {
    pub header: Vec<String>,
    /// How many columns from the left say what they are by themselves.
    pub plain: usize,
    pub rows: Vec<Vec<Cell>>,
}

impl Table {
    pub fn new(header: Vec<String>, rows: Vec<Vec<Cell>>) -> Self {
        let told = |column: usize| {
            let cell =
                |row: &Vec<Cell>| row.get(column).is_some_and(|cell| !cell.text.is_empty() || cell.drawing.is_some());
            rows.iter().any(cell)
        };
        let kept: Vec<bool> = (0..header.len()).map(told).collect();
        fn pick<T>(items: Vec<T>, kept: &[bool]) -> Vec<T> {
            items.into_iter().zip(kept).filter(|(_, kept)| **kept).map(|(item, _)| item).collect()
        }
        let header = pick(header, &kept);
        let rows = rows.into_iter().map(|row| pick(row, &kept)).collect();
        Self { header, plain: 1, rows }
    }

    /// The same table where more columns say what they are by themselves.
    pub fn plain(self, plain: usize) -> Self {
        Self { plain, ..self }
    }
}

/// An image, for pages that have images.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Figure {
    pub drawing: String,
    /// The colours in it by their class, with what they stand for.
    pub legend: Vec<(&'static str, String)>,
    /// What it shows, for pages without images, unless other parts say it.
    pub text: Option<String>,
}

/// A part of a page.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Block {
    /// A heading of a level from 2.
    Heading(u8, String),
    /// A sentence that matters.
    Lead(Tone, String),
    /// A sentence.
    Text(String),
    /// Names with what is to be said of them.
    Facts(Vec<(String, String)>),
    Table(Table),
    /// Things one below the other.
    List(Tone, Vec<String>),
    Figure(Figure),
    /// A part that others lead to.
    Section(usize, Vec<Block>),
}

/// A page.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Page {
    /// `en` or `ko`.
    pub language: &'static str,
    pub title: String,
    pub blocks: Vec<Block>,
}
