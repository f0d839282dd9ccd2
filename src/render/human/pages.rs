//! The texts as they are shown, prepared once per file and terminal width.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use ariadne::{Cache, Source};

use crate::render::prose::{columns_of, visible, visible_character};
use crate::source::{FileId, Sources, Span};

/// The width of a tab stop.
pub(super) const TAB: usize = 4;

/// A part of a file under one heading of an excerpt: far places of one file get headings of their own.
pub(super) type PartId = (FileId, usize);

/// A span on one line: characters `start..end` of line `line`, all from 0, never empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spot {
    pub file: FileId,
    pub line: usize,
    pub start: usize,
    pub end: usize,
}

/// A file as it is shown.
///
/// It has the lines of [`crate::source::LineIndex`] and one character per column of it, so places
/// are handed to `ariadne` by line and column. Its own byte spans are wrong in every second file of
/// a report, and it ends lines where YAML does not. There is no byte-order mark here, nothing that
/// a terminal would obey, and no line wider than the terminal.
pub(super) struct Page {
    name: String,
    source: Source<String>,
    cut: BTreeSet<usize>,
}

/// All files that findings of one report point into.
pub(super) struct Pages<'a> {
    sources: &'a Sources,
    width: usize,
    loaded: BTreeMap<FileId, Page>,
}

impl<'a> Pages<'a> {
    pub fn new(sources: &'a Sources, width: usize) -> Self {
        Self { sources, width, loaded: BTreeMap::new() }
    }

    /// Where a span is on its page; of several lines the first. None where it cannot be shown.
    pub fn spot(&mut self, span: Span) -> Option<Spot> {
        let source = self.sources.get(span.file)?;
        let (start, end) = (source.position(span.start as usize), source.position(span.end as usize));
        let width = self.width;
        let page = self.loaded.entry(span.file).or_insert_with(|| Page::new(source.name(), source.text(), width));
        let line = start.line.checked_sub(1)?;
        let first = start.column.checked_sub(1)?;
        let shown = page.shown(line)?;
        let last = if end.line > start.line { shown } else { end.column.checked_sub(1)? };
        let beyond = first > shown || page.cut.contains(&line) && (first == shown || last > shown);
        // An empty span takes the character behind it, at the end of a line the line break.
        (!beyond).then(|| Spot { file: span.file, line, start: first, end: last.max(first + 1) })
    }

    /// The page of a file that a spot was found in.
    pub fn page(&self, file: FileId) -> Option<&Page> {
        self.loaded.get(&file)
    }
}

impl Page {
    fn new(name: &str, text: &str, width: usize) -> Self {
        let lines: Vec<&str> = lines(text).collect();
        let room = width.saturating_sub(margin(lines.len())).max(1);
        let mut shown = String::with_capacity(text.len().min(lines.len().saturating_mul(width)));
        let mut cut = BTreeSet::new();
        for (index, line) in lines.into_iter().enumerate() {
            if push_cut(&mut shown, line, room) {
                cut.insert(index);
            }
            shown.push('\n');
        }
        Self { name: visible(name), source: Source::from(shown), cut }
    }

    /// How many characters of a line are shown as they are.
    fn shown(&self, line: usize) -> Option<usize> {
        let beyond = 1 + usize::from(self.cut.contains(&line));
        self.source.line(line)?.len().checked_sub(beyond)
    }

    /// The offset of a character by line and column, as `ariadne` counts.
    pub fn offset(&self, line: usize, character: usize) -> Option<usize> {
        Some(self.source.line(line)?.offset() + character)
    }

    /// How many terminal columns stand before a character of a line.
    pub fn columns_before(&self, line: usize, character: usize) -> usize {
        let text = self.source.line(line).and_then(|line| self.source.get_line_text(line)).unwrap_or("");
        text.chars().take(character).enumerate().map(|(index, next)| shown_columns(next, index)).sum()
    }
}

/// The columns of ` 12 │ `, counting lines from 1.
pub(super) fn margin(line: usize) -> usize {
    line.to_string().len() + 4
}

/// The columns of a character as `ariadne` draws it: it counts tab stops in characters.
fn shown_columns(character: char, index: usize) -> usize {
    if character == '\t' { TAB - index % TAB } else { columns_of(character) }
}

/// The lines of a text, ended by `\n`, `\r\n` or a lone `\r`; without a byte-order mark.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut pieces = text.split('\n').peekable();
    let ended = std::iter::from_fn(move || {
        let piece = pieces.next()?;
        let ended = pieces.peek().is_some();
        Some(if ended { piece.strip_suffix('\r').unwrap_or(piece) } else { piece })
    });
    ended.flat_map(|piece| piece.split('\r'))
}

/// Appends a line, or as much as fits with an ellipsis. Returns whether it was cut.
fn push_cut(shown: &mut String, line: &str, room: usize) -> bool {
    let begin = shown.len();
    let (mut used, mut last) = (0, begin);
    for (index, character) in line.chars().enumerate() {
        let character = visible_character(character);
        let next = used + shown_columns(character, index);
        if next > room {
            shown.truncate(last);
            shown.push('…');
            return true;
        }
        if next < room {
            last = shown.len() + character.len_utf8();
        }
        used = next;
        shown.push(character);
    }
    false
}

impl Cache<PartId> for Pages<'_> {
    type Storage = String;

    fn fetch(&mut self, id: &PartId) -> Result<&Source<String>, impl fmt::Debug> {
        self.loaded.get(&id.0).map(|page| &page.source).ok_or("no spot of this file was asked for")
    }

    fn display<'a>(&self, id: &'a PartId) -> Option<impl fmt::Display + 'a> {
        self.loaded.get(&id.0).map(|page| page.name.clone())
    }
}
