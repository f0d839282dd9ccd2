//! A page for a terminal: headings, wrapped lines, marks.

use ariadne::{Color, Fmt};

use crate::render::human::Style;
use crate::render::prose::{columns, visible, wrap};

/// What stands before a line.
#[derive(Clone, Copy)]
pub(super) enum Mark {
    Good,
    Doubtful,
    Bad,
    Point,
}

/// Lines laid out for a terminal.
pub(super) struct Page {
    style: Style,
    text: String,
}

impl Page {
    pub fn new(style: Style) -> Self {
        Self { style, text: String::new() }
    }

    pub fn finish(self) -> String {
        self.text
    }

    fn push(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    /// The sentence that matters, at the top.
    pub fn title(&mut self, sentence: &str, good: bool) {
        let colour = self.style.ink(if good { Color::Green } else { Color::Red });
        for line in wrap(&visible(sentence), self.style.width) {
            self.push(&line.fg(colour).to_string());
        }
    }

    pub fn heading(&mut self, text: &str) {
        self.push("");
        // Bright blue is readable on dark and light backgrounds.
        let colour = self.style.ink(Color::Fixed(75));
        for line in wrap(&visible(text), self.style.width) {
            self.push(&line.fg(colour).to_string());
        }
    }

    /// A sentence, indented by so many columns.
    pub fn line(&mut self, indentation: usize, sentence: &str) {
        let before = " ".repeat(indentation);
        for line in wrap(&visible(sentence), self.style.width.saturating_sub(indentation)) {
            self.push(&format!("{before}{line}"));
        }
    }

    /// A sentence behind a mark; what does not fit is indented below.
    pub fn item(&mut self, mark: Mark, sentence: &str) {
        let (sign, colour) = match mark {
            Mark::Good => ("✓", Some(Color::Green)),
            Mark::Doubtful => ("!", Some(Color::Yellow)),
            Mark::Bad => ("✗", Some(Color::Red)),
            Mark::Point => ("-", None),
        };
        let painted = sign.fg(colour.and_then(|colour| self.style.ink(colour))).to_string();
        for (index, line) in wrap(&visible(sentence), self.style.width.saturating_sub(4)).into_iter().enumerate() {
            let before = if index == 0 { format!("  {painted} ") } else { "    ".to_owned() };
            self.push(&format!("{before}{line}"));
        }
    }

    /// Rows with their cells below each other; as sentences where they are too wide for that.
    pub fn columns(&mut self, indentation: usize, rows: &[Vec<String>]) {
        let count = rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |index: usize| rows.iter().filter_map(|row| row.get(index)).map(|cell| columns(cell)).max();
        let widths: Vec<usize> = (0..count).map(|index| width(index).unwrap_or(0)).collect();
        let needed = indentation + widths.iter().map(|width| width + 2).sum::<usize>();
        for row in rows {
            if needed > self.style.width + 2 {
                self.line(indentation, &row.join("  "));
                continue;
            }
            let mut line = " ".repeat(indentation);
            for (cell, width) in row.iter().zip(&widths) {
                let cell = visible(cell);
                line.push_str(&cell);
                line.push_str(&" ".repeat((width + 2).saturating_sub(columns(&cell))));
            }
            self.push(&line);
        }
    }
}

/// A list of ids in backticks, of which the first few are named.
pub(super) fn named(ids: &[String]) -> String {
    const MOST: usize = 6;
    let shown: Vec<_> = ids.iter().take(MOST).map(|id| format!("`{id}`")).collect();
    match (shown.split_last(), ids.len().saturating_sub(MOST)) {
        (None, _) => "nobody".to_owned(),
        (Some(_), more) if more > 0 => format!("{} and {more} more", shown.join(", ")),
        (Some((last, [])), _) => last.clone(),
        (Some((last, others)), _) => format!("{} and {last}", others.join(", ")),
    }
}
