//! A finding whose line is too long to be shown: a window of it, and everything else as lines.

use ariadne::Fmt;

use super::Style;
use crate::diag::Diagnostic;
use crate::render::Report;
use crate::render::prose::{columns_of, visible, visible_character, wrap};
use crate::source::Span;

/// What stands before the window.
const MARGIN: &str = "   | ";

/// The place, a window of its line, the other places, help and notes.
pub(super) fn paint(report: &Report<'_>, diagnostic: &Diagnostic, style: Style) -> String {
    let mut lines = vec![format!("  --> {}", address(report, diagnostic.span))];
    if let Some((text, marker)) = window(report, diagnostic.span, style.width.saturating_sub(MARGIN.len() + 2)) {
        lines.push(format!("{MARGIN}{text}"));
        lines.push(format!("{MARGIN}{}", marker.fg(style.of(diagnostic.severity))));
    }
    lines.extend(said("Here", diagnostic.label.as_ref(), style));
    for label in &diagnostic.labels {
        lines.extend(said("Also", Some(&format!("{}: {}", address(report, label.span), label.message)), style));
    }
    lines.extend(said("Help", diagnostic.help.as_ref(), style));
    for note in &diagnostic.notes {
        lines.extend(said("Note", Some(note), style));
    }
    lines.join("\n") + "\n"
}

fn address(report: &Report<'_>, span: Span) -> String {
    let place = report.place(span);
    format!("{}:{}:{}", visible(place.file), place.start.line, place.start.column)
}

/// `  Help: …`, with what does not fit indented below.
fn said(title: &str, text: Option<&String>, style: Style) -> Vec<String> {
    let Some(text) = text else { return Vec::new() };
    let indentation = " ".repeat(title.len() + 4);
    let wrapped = wrap(&visible(text), style.width.saturating_sub(indentation.len()));
    let painted = title.fg(style.help_ink()).to_string();
    let before = |index| if index == 0 { format!("  {painted}: ") } else { indentation.clone() };
    wrapped.into_iter().enumerate().map(|(index, line)| before(index) + &line).collect()
}

/// The text around the beginning of a span, and a line that marks the span below it.
///
/// It never looks at more of the line than it shows.
fn window(report: &Report<'_>, span: Span, room: usize) -> Option<(String, String)> {
    let text = report.sources.get(span.file)?.text();
    let (before, behind) = text.split_at_checked(span.start as usize)?;
    let before = before.strip_prefix('\u{feff}').unwrap_or(before);
    let (left, left_columns, left_cut) = taken(before.chars().rev(), room / 3);
    let (right, right_columns, right_cut) = taken(behind.chars(), room.saturating_sub(left_columns));
    let marked = report.sources.slice(span);
    let marked_columns: usize = right.iter().zip(marked.chars()).map(|(character, _)| columns_of(*character)).sum();
    let ellipsis = |cut: bool| if cut { "…" } else { "" };
    let shown: String = left.into_iter().rev().chain(right).collect();
    let indentation = " ".repeat(left_columns + usize::from(left_cut));
    let arrows = format!("{indentation}{}", "^".repeat(marked_columns.clamp(1, right_columns.max(1))));
    Some((format!("{}{}{}", ellipsis(left_cut), shown, ellipsis(right_cut)), arrows))
}

/// As many characters of a line as fit, how many columns they take, and whether more follow.
fn taken(characters: impl Iterator<Item = char>, room: usize) -> (Vec<char>, usize, bool) {
    let (mut taken, mut used) = (Vec::new(), 0);
    for character in characters.take_while(|character| !matches!(character, '\n' | '\r')) {
        let character = if character == '\t' { ' ' } else { visible_character(character) };
        used += columns_of(character);
        if used > room {
            return (taken, used - columns_of(character), true);
        }
        taken.push(character);
    }
    (taken, used, false)
}
