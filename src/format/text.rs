//! White space of whole texts, and the form of comments.

use std::borrow::Cow;

/// Without byte-order mark, with `\n` as the only line end.
pub(super) fn unix_lines(text: &str) -> Cow<'_, str> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n").into() } else { text.into() }
}

/// With lines that end in their last visible character.
pub(super) fn without_trailing_space(text: &str) -> String {
    let lines: Vec<_> = text.split('\n').map(|line| line.trim_end_matches([' ', '\t'])).collect();
    one_final_newline(&lines.join("\n"))
}

/// With exactly one line end behind the last visible line.
pub(super) fn one_final_newline(text: &str) -> String {
    let body = text.trim_end_matches('\n');
    if body.is_empty() { String::new() } else { format!("{body}\n") }
}

/// The canonical form of a comment: one space behind its sign, none at its end.
///
/// Shebangs, rulers (`##…`) and other comments that begin with a sign of their own keep it.
pub(super) fn comment(written: &str) -> Cow<'_, str> {
    let written = written.trim_end();
    let rest = written.strip_prefix('#').unwrap_or(written);
    if rest.is_empty() || rest.starts_with(|first: char| first.is_whitespace() || "#!~".contains(first)) {
        return written.into();
    }
    format!("# {rest}").into()
}

/// Where the line of an offset starts.
pub(super) fn line_start(text: &str, offset: usize) -> usize {
    text.get(..offset).and_then(|before| before.rfind('\n')).map_or(0, |end| end + 1)
}

/// How many characters stand before an offset on its line.
pub(super) fn column(text: &str, offset: usize) -> usize {
    text.get(line_start(text, offset)..offset).map_or(0, |before| before.chars().count())
}

/// Whether the line before that of an offset is there and blank.
pub(super) fn follows_blank_line(text: &str, offset: usize) -> bool {
    let start = line_start(text, offset);
    let before = start.checked_sub(1).and_then(|end| text.get(..end));
    before.is_some_and(|before| before.rsplit('\n').next().is_some_and(|line| line.trim().is_empty()))
}
