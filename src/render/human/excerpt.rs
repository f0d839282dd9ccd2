//! A finding with the lines it speaks of, drawn by `ariadne`.

use std::ops::Range;

use ariadne::{Color, Config, Fmt, Label, ReportBuilder, ReportKind};

use super::Style;
use super::pages::{Pages, PartId, Spot, TAB, margin};
use crate::diag::Diagnostic;
use crate::render::prose::{columns, visible, wrap};

/// Places of one file with more lines between them get a heading each. `ariadne` looks at every
/// line between the places under one heading, for every finding anew.
const FAR: usize = 1000;

/// More places than this make an excerpt that nobody reads.
const MOST_LABELS: usize = 6;

/// The colours that `ariadne` gives to source text without label, and that end it.
const FAINT: &str = "\u{1b}[38;5;249m";
const PLAIN: &str = "\u{1b}[0m";

/// Stands for a message where nothing is to be said: `ariadne` underlines only what has one. It is
/// a control character, of which [`visible`] leaves none in anything else that is drawn.
const NOTHING: &str = "\u{1}";

/// A place and what is said there.
struct Mark {
    part: PartId,
    spot: Spot,
    main: bool,
    message: String,
}

type Builder<'a> = ReportBuilder<'a, (PartId, Range<usize>)>;

/// The excerpt with help and notes; None where a place cannot be shown.
pub(super) fn paint(diagnostic: &Diagnostic, pages: &mut Pages<'_>, style: Style) -> Option<String> {
    let mut marks = marks(diagnostic, pages)?;
    let mut notes = diagnostic.notes.clone();
    let help_is_placed = place_messages(&mut marks, &mut notes, diagnostic, pages, style.width)?;
    let beyond = diagnostic.labels.len().saturating_sub(MOST_LABELS);
    if beyond > 0 {
        notes.push(format!("{beyond} more places are not shown"));
    }
    let help = diagnostic.help.iter().filter(|_| !help_is_placed);

    let main = marks.iter().find(|mark| mark.main)?;
    let mut builder: Builder<'_> = ariadne::Report::build(ReportKind::Error, area(main, pages)?)
        .with_config(Config::new().with_color(style.colour).with_tab_width(TAB));
    for mark in &marks {
        let colour = if mark.main { style.of(diagnostic.severity) } else { style.ink(Color::Blue) };
        let title = if mark.main && help_is_placed { "Help" } else { "" };
        let message = mark.message.strip_prefix(title).unwrap_or(&mark.message);
        let ink = style.help_ink().filter(|_| !title.is_empty());
        let label = Label::new(area(mark, pages)?).with_message(format!("{}{message}", title.fg(ink)));
        builder.add_label(if let Some(colour) = colour { label.with_color(colour) } else { label });
    }
    // The margin goes on beside help and notes, and `Note 10: ` is the longest title.
    let last_line = marks.iter().map(|mark| mark.spot.line).max()?;
    let margin = margin(last_line + 1);
    let wrapped = |text: &String| wrap(&visible(text), style.width.saturating_sub(margin + 9)).join("\n");
    builder.with_helps(help.map(wrapped));
    builder.with_notes(notes.iter().map(wrapped));

    let mut drawn = Vec::new();
    builder.finish().write(pages, &mut drawn).ok()?;
    Some(tidy(&String::from_utf8(drawn).ok()?))
}

/// All places in the order in which they are shown: the main file's first, by line.
fn marks(diagnostic: &Diagnostic, pages: &mut Pages<'_>) -> Option<Vec<Mark>> {
    let part = (diagnostic.span.file, 0);
    let mut marks = vec![Mark { part, spot: pages.spot(diagnostic.span)?, main: true, message: String::new() }];
    for label in diagnostic.labels.iter().take(MOST_LABELS) {
        let message = visible(&label.message).replace('\n', " ");
        marks.push(Mark { part: (label.span.file, 0), spot: pages.spot(label.span)?, main: false, message });
    }
    let main_file = diagnostic.span.file;
    marks.sort_by_key(|mark| (mark.spot.file != main_file, mark.spot.file, mark.spot.line, mark.spot.start));
    let (mut part, mut line) = (0, 0);
    for mark in &mut marks {
        part += usize::from(mark.spot.line.saturating_sub(line) > FAR);
        (mark.part.1, line) = (part, mark.spot.line);
    }
    Some(marks)
}

/// Says at every place what fits there. What does not fit becomes a note with a number, and help
/// stands right at the main place if nothing else does. Returns whether it does.
fn place_messages(
    marks: &mut [Mark],
    notes: &mut Vec<String>,
    diagnostic: &Diagnostic,
    pages: &Pages<'_>,
    width: usize,
) -> Option<bool> {
    let mut help_is_placed = false;
    let ends: Vec<_> = marks.iter().map(|mark| (mark.part, mark.spot.line, mark.spot.end)).collect();
    let mut aside = Vec::new();
    for mark in marks {
        let page = pages.page(mark.spot.file)?;
        let on_line = ends.iter().filter(|(part, line, _)| (*part, *line) == (mark.part, mark.spot.line));
        let alone = on_line.clone().count() == 1;
        let end = on_line.map(|(_, _, end)| *end).max()?;
        // The arrow runs two columns beyond the last place on the line, and a space follows.
        let used = margin(mark.spot.line + 1) + page.columns_before(mark.spot.line, end) + 3;
        let fits = |text: &str| !text.contains('\n') && used + columns(text) <= width;
        if mark.main {
            let help = diagnostic.help.as_ref().map(|help| format!("Help: {}", visible(help)));
            mark.message = match (&diagnostic.label, help.filter(|help| fits(help))) {
                (Some(label), _) => visible(label).replace('\n', " "),
                (None, Some(help)) => {
                    help_is_placed = true;
                    help
                }
                (None, None) if alone => NOTHING.to_owned(),
                (None, None) => "here".to_owned(),
            };
        }
        if !fits(&mark.message) {
            let number = format!("[{}]", aside.len() + 1);
            aside.push(format!("{number} {}", mark.message));
            mark.message = number;
        }
    }
    notes.splice(0..0, aside);
    Some(help_is_placed)
}

fn area(mark: &Mark, pages: &Pages<'_>) -> Option<(PartId, Range<usize>)> {
    let page = pages.page(mark.spot.file)?;
    Some((mark.part, page.offset(mark.spot.line, mark.spot.start)?..page.offset(mark.spot.line, mark.spot.end)?))
}

/// Drops `ariadne`'s title, which it cannot wrap, and space at the ends of lines. Source text gets
/// the terminal's own colour: the light grey that it is given is unreadable on white. Where nothing
/// is said, the arrow goes and the underline stays.
fn tidy(drawn: &str) -> String {
    let mut pieces = drawn.split_once('\n').map_or("", |(_, body)| body).split(FAINT);
    let mut plain = pieces.next().unwrap_or("").to_owned();
    for piece in pieces {
        let (faint, rest) = piece.split_once(PLAIN).unwrap_or((piece, ""));
        plain.push_str(faint);
        plain.push_str(rest);
    }
    let mut lines: Vec<String> = Vec::new();
    for line in plain.lines() {
        match lines.last_mut() {
            Some(underline) if line.ends_with(NOTHING) => *underline = underline.replace('┬', "─"),
            _ => lines.push(line.trim_end().to_owned()),
        }
    }
    lines.join("\n") + "\n"
}
