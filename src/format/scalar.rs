//! Scalars: as written, further lines moved to their new indentation.

use crate::source::{Node, Scalar, ScalarStyle};

use super::STEP;
use super::role::Role;
use super::text;
use super::writer::Writer;

impl Writer<'_> {
    /// A plain or quoted scalar, or an alias.
    pub(super) fn scalar(&mut self, node: &Node, indent: usize, role: Role, flow: bool) {
        let written = self.scalar_text(node, role, flow);
        let quoted = node.as_scalar().is_some_and(|scalar| scalar.style == ScalarStyle::DoubleQuoted);
        let mut lines = written.split('\n').peekable();
        let mut first = true;
        while let Some(line) = lines.next() {
            // Folding drops the white space around line breaks, so it may be anything.
            let line = if first { line } else { line.trim_start_matches([' ', '\t']) };
            let line = if lines.peek().is_some() { without_trailing_space(line, quoted) } else { line };
            if !first {
                self.out.push('\n');
            }
            if !first && !line.is_empty() {
                self.out.extend(std::iter::repeat_n(' ', indent));
            }
            self.out.push_str(line);
            first = false;
        }
        self.at = node.span.end as usize;
    }

    /// A literal or folded scalar with its header; its lines are complete, line end included.
    pub(super) fn block_scalar(&mut self, node: &Node, scalar: &Scalar, indent: usize) {
        let header = self.next_visible(self.at);
        let rest = self.source.get(header..).unwrap_or("");
        let line = rest.split('\n').next().unwrap_or("");
        let body_start = (header + line.len() + 1).min(self.source.len());
        let signs = line.get(1..).unwrap_or("");
        let signs = signs.split([' ', '\t', '#']).next().unwrap_or("");
        self.out.push_str(line.get(..1).unwrap_or(""));
        if signs.contains(|sign: char| sign.is_ascii_digit()) {
            self.out.push_str(&STEP.to_string());
        }
        let keeps = signs.contains('+');
        let chomping = if signs.contains('-') {
            "-"
        } else if keeps {
            "+"
        } else {
            ""
        };
        self.out.push_str(chomping);
        self.at = (header + 1 + signs.len()).min(self.source.len());
        self.opening_comment(body_start);
        self.out.push('\n');
        let blank = scalar.value.trim_matches('\n').is_empty();
        // Where nothing is visible, spaces are no content: they would only mark an indentation.
        let end = if blank { body_start } else { node.span.end as usize };
        // Before the end of the file, spaces behind the last line end indent what follows.
        let end = if end < self.source.len() { text::line_start(self.source, end) } else { end };
        let body = self.source.get(body_start..end).unwrap_or("");
        self.body(body, self.content_column(node, body_start), indent, keeps);
        if blank {
            self.out.push_str(&scalar.value);
        }
        self.at = self.at.max(node.span.end as usize);
        self.closed = false;
        // A blank line more would be content.
        self.opened = keeps;
    }

    /// How many columns of each line are indentation.
    fn content_column(&self, node: &Node, body_start: usize) -> usize {
        let start = node.span.start as usize;
        if start >= body_start { start - text::line_start(self.source, start) } else { 0 }
    }

    fn body(&mut self, body: &str, column: usize, indent: usize, keep_blank: bool) {
        let mut lines: Vec<&str> = body.split('\n').collect();
        // What has no line end of its own counts if there is more of it than indentation.
        let last = lines.pop().filter(|last| last.len() > column || !last.trim_matches(' ').is_empty());
        lines.extend(last);
        let mut blank = 0;
        for line in lines {
            let spaces = line.len() - line.trim_start_matches(' ').len();
            let content = line.get(spaces.min(column)..).unwrap_or("");
            if content.is_empty() {
                blank += 1;
                continue;
            }
            self.out.extend(std::iter::repeat_n('\n', blank));
            blank = 0;
            self.out.extend(std::iter::repeat_n(' ', indent));
            self.out.push_str(content);
            self.out.push('\n');
        }
        if keep_blank {
            self.out.extend(std::iter::repeat_n('\n', blank));
        }
    }
}

/// Without white space at the end, but for one that a backslash protects.
fn without_trailing_space(line: &str, double_quoted: bool) -> &str {
    let end = line.trim_end_matches([' ', '\t']).len();
    let body = line.get(..end).unwrap_or("");
    let backslashes = body.len() - body.trim_end_matches('\\').len();
    let protected = double_quoted && end < line.len() && backslashes % 2 == 1;
    if protected { line.get(..=end).unwrap_or(line) } else { body }
}
