//! Findings for people in a terminal: message, excerpt, and what to do.

mod compact;
mod excerpt;
mod pages;
#[cfg(test)]
mod tests;

use ariadne::{Color, Fmt};

use super::prose::{visible, wrap};
use super::{Report, Summary};
use crate::diag::{Diagnostic, Severity};
use pages::Pages;

/// Narrower than this nothing can be laid out; the terminal may wrap then.
const NARROWEST: usize = 40;

/// How to paint. The caller looks at the terminal and the environment; nothing here does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Whether to use ANSI colours.
    pub colour: bool,
    /// The width of the terminal in columns.
    pub width: usize,
}

impl Style {
    pub(in crate::render) fn ink(self, colour: Color) -> Option<Color> {
        Some(colour).filter(|_| self.colour)
    }

    /// The colour that `ariadne` gives to the titles of help and notes.
    fn help_ink(self) -> Option<Color> {
        self.ink(Color::Fixed(115))
    }

    fn of(self, severity: Severity) -> Option<Color> {
        self.ink(match severity {
            Severity::Error => Color::Red,
            Severity::Warning => Color::Yellow,
            Severity::Note => Color::Cyan,
        })
    }
}

/// All findings of one policy, each followed by an empty line; empty where there are none.
#[must_use]
pub fn render(report: &Report<'_>, style: Style) -> String {
    let style = Style { width: style.width.max(NARROWEST), ..style };
    let mut pages = Pages::new(report.sources, style.width);
    let mut painted = String::new();
    for diagnostic in report.ordered() {
        painted.push_str(&header(diagnostic, style));
        let excerpt = excerpt::paint(diagnostic, &mut pages, style);
        painted.push_str(&excerpt.unwrap_or_else(|| compact::paint(report, diagnostic, style)));
        painted.push('\n');
    }
    painted
}

/// `world.yaml: 2 errors, 1 warning` or `world.yaml: ok`, without a line break.
#[must_use]
pub fn summary_line(name: &str, summary: Summary, style: Style) -> String {
    let colour = match summary.worst() {
        Some(severity @ (Severity::Error | Severity::Warning)) => style.of(severity),
        _ => style.ink(Color::Green),
    };
    format!("{}: {}", visible(name), summary.to_string().fg(colour))
}

/// Where to read more, without a line break: the rule of the first of the gravest findings.
#[must_use]
pub fn more_line(reports: &[Report<'_>]) -> Option<String> {
    let all = reports.iter().flat_map(Report::ordered);
    // Of several equal ones `max_by_key` takes the last, and the first is what the reader sees first.
    let gravest = all.rev().max_by_key(|diagnostic| diagnostic.severity)?;
    Some(format!("`qmtl-policy rule {}` says why it matters and shows an example", gravest.code()))
}

/// `error[QP3001]: message`, with what does not fit indented below.
fn header(diagnostic: &Diagnostic, style: Style) -> String {
    let kind = format!("{}[{}]", diagnostic.severity.as_str(), diagnostic.code());
    let painted = kind.clone().fg(style.of(diagnostic.severity)).to_string();
    let lines = wrap(&format!("{kind}: {}", visible(&diagnostic.message)), style.width.saturating_sub(2));
    lines.join("\n  ").replacen(&kind, &painted, 1) + "\n"
}
