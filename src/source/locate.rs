//! From the decoded text of a scalar back to the bytes it was read from.

use super::{Scalar, ScalarStyle, Span};

/// Maps byte offsets of a decoded scalar to spans of its file.
///
/// Folding, quotes and block notation change nothing but white space and escapes. So the decoded
/// text and the source are walked side by side: visible characters must meet, space may differ.
#[derive(Debug, Clone)]
pub struct Locator {
    whole: Span,
    map: Map,
}

#[derive(Debug, Clone)]
enum Map {
    /// Decoded text and source are the same bytes from here on.
    Same(u32),
    /// Where the source of every decoded byte starts and ends, and the end of all.
    Table(Vec<(u32, u32)>),
    /// They could not be aligned; every span is the whole scalar.
    Unknown,
}

impl Locator {
    pub(super) fn new(source: &str, span: Span, scalar: &Scalar) -> Self {
        let raw = source.get(span.range()).unwrap_or("");
        let map = if scalar.style == ScalarStyle::Plain && raw == scalar.value {
            Map::Same(span.start)
        } else {
            align(raw, scalar).map_or(Map::Unknown, |mut table| {
                for (start, end) in &mut table {
                    (*start, *end) = (*start + span.start, *end + span.start);
                }
                Map::Table(table)
            })
        };
        Self { whole: span, map }
    }

    /// A locator that only knows the whole.
    #[must_use]
    pub fn whole(span: Span) -> Self {
        Self { whole: span, map: Map::Unknown }
    }

    /// The source span of the decoded bytes `start..end`.
    #[must_use]
    pub fn span(&self, start: usize, end: usize) -> Span {
        let end = end.max(start);
        match &self.map {
            Map::Same(first) => {
                let at = |offset: usize| first.saturating_add(u32::try_from(offset).unwrap_or(u32::MAX));
                Span { file: self.whole.file, start: at(start), end: at(end) }
            }
            Map::Table(table) => self.in_table(table, start, end),
            Map::Unknown => self.whole,
        }
    }

    fn in_table(&self, table: &[(u32, u32)], start: usize, end: usize) -> Span {
        let at =
            |offset: usize| table.get(offset).or(table.last()).copied().unwrap_or((self.whole.start, self.whole.end));
        let first = at(start).0;
        // The end is just behind the last byte that belongs to the span, not before the next one:
        // between the two may lie a line break with its indentation.
        let last = if end > start { at(end - 1).1.max(first) } else { first };
        Span { file: self.whole.file, start: first, end: last }
    }

    /// Whether every offset maps exactly.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        !matches!(self.map, Map::Unknown)
    }
}

/// Where, relative to `raw`, the source of every byte of the decoded text starts and ends.
fn align(raw: &str, scalar: &Scalar) -> Option<Vec<(u32, u32)>> {
    let mut reader = Reader { raw, at: 0, style: scalar.style };
    reader.skip_opening()?;
    let mut table = Vec::with_capacity(scalar.value.len() + 1);
    for wanted in scalar.value.chars() {
        let start = reader.meet(wanted)?;
        let (end, width) = (reader.at as u32, wanted.len_utf8() as u32);
        let verbatim = end - start == width;
        // Within an escape there are no places: every byte of its character is the whole of it.
        table.extend((0..width).map(|byte| if verbatim { (start + byte, start + byte + 1) } else { (start, end) }));
    }
    table.push((reader.at as u32, reader.at as u32));
    Some(table)
}

struct Reader<'a> {
    raw: &'a str,
    at: usize,
    style: ScalarStyle,
}

impl Reader<'_> {
    fn skip_opening(&mut self) -> Option<()> {
        match self.style {
            ScalarStyle::Plain => {}
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => self.at = 1,
            // The span may or may not include the header line (`>-`, `|2`).
            ScalarStyle::Literal | ScalarStyle::Folded if self.raw.starts_with(['|', '>']) => {
                self.at = self.raw.find(['\n', '\r'])?;
            }
            ScalarStyle::Literal | ScalarStyle::Folded => {}
        }
        Some(())
    }

    /// Moves to the source of one decoded character and returns where it starts.
    fn meet(&mut self, wanted: char) -> Option<u32> {
        loop {
            let start = self.at;
            let Some((found, escaped, width)) = self.next() else {
                // A block scalar's last line break may come from the end of the file.
                return (wanted == '\n').then_some(start as u32);
            };
            let space = |character: char| matches!(character, ' ' | '\t' | '\n' | '\r');
            if found == Some(wanted) || (space(wanted) && !escaped && found.is_some_and(space)) {
                self.at += width;
                return Some(start as u32);
            }
            if space(wanted) && !escaped && found.is_some() {
                // Folding left this space without a source of its own.
                return Some(start as u32);
            }
            if escaped && found.is_some() || found.is_some_and(|character| !space(character)) {
                return None;
            }
            self.at += width;
        }
    }

    /// The next source character as decoded, whether an escape wrote it, and its width in bytes.
    fn next(&self) -> Option<(Option<char>, bool, usize)> {
        let rest = self.raw.get(self.at..)?;
        let first = rest.chars().next()?;
        Some(match (self.style, first) {
            (ScalarStyle::SingleQuoted, '\'') if rest.starts_with("''") => (Some('\''), true, 2),
            (ScalarStyle::SingleQuoted, '\'') | (ScalarStyle::DoubleQuoted, '"') => return None,
            (ScalarStyle::DoubleQuoted, '\\') => {
                let (character, width) = escape(rest.get(1..)?)?;
                (character, true, 1 + width)
            }
            _ => (Some(first), false, first.len_utf8()),
        })
    }
}

/// The character behind a backslash and its width; none for an escaped line break.
fn escape(rest: &str) -> Option<(Option<char>, usize)> {
    let first = rest.chars().next()?;
    let simple = |character: char| Some((Some(character), 1));
    let hexadecimal = |digits: usize| {
        let code = u32::from_str_radix(rest.get(1..=digits)?, 16).ok()?;
        Some((Some(char::from_u32(code)?), 1 + digits))
    };
    match first {
        '0' => simple('\0'),
        'a' => simple('\u{7}'),
        'b' => simple('\u{8}'),
        't' | '\t' => simple('\t'),
        'n' => simple('\n'),
        'v' => simple('\u{b}'),
        'f' => simple('\u{c}'),
        'r' => simple('\r'),
        'e' => simple('\u{1b}'),
        'N' => simple('\u{85}'),
        '_' => simple('\u{a0}'),
        'L' => simple('\u{2028}'),
        'P' => simple('\u{2029}'),
        'x' => hexadecimal(2),
        'u' => hexadecimal(4).or_else(|| surrogates(rest)),
        'U' => hexadecimal(8),
        '\n' => Some((None, 1)),
        '\r' => Some((None, if rest.starts_with("\r\n") { 2 } else { 1 })),
        other => Some((Some(other), other.len_utf8())),
    }
}

/// The character of a surrogate pair, as JSON writes it: `\ud83d\ude00`.
fn surrogates(rest: &str) -> Option<(Option<char>, usize)> {
    let unit = |text: &str| u16::from_str_radix(text, 16).ok();
    let units = [unit(rest.get(1..5)?)?, unit(rest.get(5..)?.strip_prefix("\\u")?.get(..4)?)?];
    let character = char::decode_utf16(units).next()?.ok()?;
    Some((Some(character), 11))
}

#[cfg(test)]
mod tests {
    use crate::source::{FileId, Limits, parse_yaml};

    /// Every word of the decoded scalar must be found at the place that its span names.
    fn check(yaml: &str) {
        let (document, errors) = parse_yaml(yaml, FileId(0), &Limits::default());
        assert!(errors.is_empty(), "{errors:?}");
        let root = document.root.expect("a document");
        let node = root.get("k").expect("the key");
        let text = node.as_text().expect("a scalar");
        let locator = node.locator(yaml);
        assert!(locator.is_exact(), "{yaml:?} decoded {text:?} at {:?}", yaml.get(node.span.range()));
        let mut at = 0;
        for word in text.split(|c: char| c.is_whitespace() || c == '\'') {
            let span = locator.span(at, at + word.len());
            assert_eq!(&yaml[span.range()], word, "{yaml:?}");
            at += word.len() + text[at + word.len()..].chars().next().map_or(0, char::len_utf8);
        }
    }

    #[test]
    fn words_are_found_in_every_notation() {
        check("k: sharpe >= 1\n");
        check("# 전략\nk: 한글 >= 1\n  and more   # comment\n");
        check("k: 'a ''b'' >= 1'\n");
        check("k: 'a\n\n  b\n   c'\n");
        check("k: \"a there and \\\n   there  \n  done\"\n");
        check("k: >\n  folded\n  and\n\n  more\n    deeper\n  end\n");
        check("k: >-  # comment\n\n  folded\n  and 전략 more\nj: 1\n");
        check("k: |2\n   literal\n  text\n");
        check("k: |+\n  literal\n\n  text\n\n\nj: 1\n");
        check("k: |\r\n  literal\r\n  text\r\nj: 1\r\n");
        check("\u{feff}k: >\n  a\n  b");
    }

    #[test]
    fn escapes_are_whole() {
        for (yaml, word, source) in [
            ("k: \"a > \\x41\"", "A", "\\x41"),
            ("k: \"a \\u2265 1\"", "≥", "\\u2265"),
            ("k: \"\\ud83d\\ude00 + q\"", "😀", "\\ud83d\\ude00"),
            ("k: 'a == ''x'' or b'", "'x'", "''x''"),
        ] {
            let (document, _) = parse_yaml(yaml, FileId(0), &Limits::default());
            let root = document.root.expect("a document");
            let node = root.get("k").expect("the key");
            let at = node.as_text().and_then(|text| text.find(word)).expect(yaml);
            let span = node.locator(yaml).span(at, at + word.len());
            assert_eq!(&yaml[span.range()], source);
        }
    }
}
