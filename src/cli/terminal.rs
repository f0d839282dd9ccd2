//! What the terminal can do.

use std::io::IsTerminal;

use super::args::Color;

/// Width where nobody says one.
const DEFAULT_WIDTH: usize = 100;
/// Narrower than this nothing can be laid out.
const LEAST_WIDTH: usize = 40;

/// The terminal behind standard output and standard error.
pub(super) struct Terminal {
    color: Color,
    no_color: bool,
    /// Whether standard output is a terminal.
    pub interactive: bool,
    /// Columns to lay texts out for.
    pub width: usize,
}

impl Terminal {
    pub fn new(color: Color) -> Self {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let columns = variable("COLUMNS").and_then(|columns| columns.parse().ok());
        let measured = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
        Self {
            color,
            no_color: variable("NO_COLOR").is_some(),
            interactive: std::io::stdout().is_terminal(),
            width: columns.or(measured).unwrap_or(DEFAULT_WIDTH).max(LEAST_WIDTH),
        }
    }

    /// Whether to colour what goes to standard output.
    pub fn colors_output(&self) -> bool {
        self.colors(std::io::stdout().is_terminal())
    }

    /// Whether to colour what goes to standard error.
    pub fn colors_errors(&self) -> bool {
        self.colors(std::io::stderr().is_terminal())
    }

    fn colors(&self, terminal: bool) -> bool {
        match self.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => terminal && !self.no_color,
        }
    }

    /// A failure as one line.
    pub fn error(&self, message: &str) -> String {
        if self.colors_errors() {
            format!("\u{1b}[1;31merror\u{1b}[0m: {message}")
        } else {
            format!("error: {message}")
        }
    }
}
