//! Lines, and the comments on and between them.

use crate::source::Comment;

use super::text;
use super::writer::Writer;

/// Space before a comment behind something else.
const GAP: &str = "  ";

impl Writer<'_> {
    /// Ends the current line, if one is open.
    pub(super) fn end_line(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with('\n') {
            self.out.push('\n');
        }
        self.closed = false;
    }

    /// Begins a line for what stands at a source offset, keeping one blank line before it.
    pub(super) fn begin_line(&mut self, source: usize, indent: usize) {
        self.end_line();
        let wanted = !self.opened && text::follows_blank_line(self.source, source);
        if wanted && !self.out.is_empty() {
            self.out.push('\n');
        }
        self.opened = false;
        self.indent(indent);
    }

    /// Begins a line within a collection, without a blank line before it.
    pub(super) fn next_line(&mut self, indent: usize) {
        self.end_line();
        self.opened = false;
        self.indent(indent);
    }

    fn indent(&mut self, indent: usize) {
        self.out.extend(std::iter::repeat_n(' ', indent));
    }

    /// The next comment, if it stands before a source offset.
    pub(super) fn pending(&self, limit: usize) -> Option<Comment> {
        self.comments().get(self.commented).copied().filter(|comment| (comment.span.start as usize) < limit)
    }

    /// All comments before a source offset, each on a line of its own.
    pub(super) fn comments_before(&mut self, limit: usize, indent: usize) {
        while let Some(comment) = self.pending(limit) {
            self.own_line(comment, indent);
        }
    }

    /// Comments behind the last entry of a collection that are indented deeper than its parent.
    pub(super) fn comments_at_end(&mut self, limit: usize, indent: usize, outer_column: Option<usize>) {
        while let Some(comment) = self.pending(limit) {
            let column = text::column(self.source, comment.span.start as usize);
            if comment.trailing || outer_column.is_some_and(|outer| column <= outer) {
                return;
            }
            self.own_line(comment, indent);
        }
    }

    fn own_line(&mut self, comment: Comment, indent: usize) {
        self.begin_line(comment.span.start as usize, indent);
        self.push_comment(comment);
    }

    fn push_comment(&mut self, comment: Comment) {
        let written = text::comment(self.slice(comment.span));
        self.out.push_str(&written);
        self.commented += 1;
        self.at = self.at.max(comment.span.end as usize);
        self.closed = true;
    }

    /// The comment behind what was just written, on the same line of the source.
    pub(super) fn trailing_comment(&mut self) -> Option<Comment> {
        let comment = self.pending(usize::MAX)?;
        let between = self.source.get(self.at..comment.span.start as usize)?;
        if !comment.trailing || !between.trim_matches([' ', '\t']).is_empty() {
            return None;
        }
        self.beside(comment)
    }

    /// The next comment if it stands before a source offset and behind something on its line.
    pub(super) fn opening_comment(&mut self, limit: usize) {
        if let Some(comment) = self.pending(limit).filter(|comment| comment.trailing) {
            self.beside(comment);
        }
    }

    fn beside(&mut self, comment: Comment) -> Option<Comment> {
        if self.closed || self.out.ends_with('\n') {
            return None;
        }
        self.out.push_str(GAP);
        self.push_comment(comment);
        Some(comment)
    }

    /// A comment on the same line, and the lines below that continue it in the same column.
    pub(super) fn trailing_comments(&mut self) {
        let Some(first) = self.trailing_comment() else { return };
        let source_column = text::column(self.source, first.span.start as usize);
        let width = text::comment(self.slice(first.span)).chars().count();
        let column = self.column().saturating_sub(width);
        while let Some(next) = self.pending(usize::MAX).filter(|next| !next.trailing) {
            let start = next.span.start as usize;
            let adjacent = self.source.get(self.at..start).is_some_and(|gap| gap.matches('\n').count() == 1);
            if !adjacent || text::column(self.source, start) != source_column {
                return;
            }
            self.next_line(column);
            self.push_comment(next);
        }
    }
}
