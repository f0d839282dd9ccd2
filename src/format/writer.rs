//! The text being written, and how far the source has been read.

use crate::source::{Comment, Document, Limits, Node, Span};

use super::block::Place;
use super::expression::{self, Surroundings};
use super::role::Role;
use super::text;

/// What may be rewritten.
#[derive(Debug, Clone, Copy)]
pub(super) struct Options<'a> {
    /// The document is JSON and must stay so.
    pub json: bool,
    /// Rewrite expressions that carry an anchor, or stand below one, too.
    pub anchored_expressions: bool,
    /// Bounds for expressions.
    pub limits: &'a Limits,
}

/// Writes one document; comments are put in as the places before which they stand are reached.
pub(super) struct Writer<'a> {
    pub(super) source: &'a str,
    document: &'a Document,
    options: Options<'a>,
    pub(super) out: String,
    /// The source offset behind what was written last.
    pub(super) at: usize,
    /// How many comments have been written.
    pub(super) commented: usize,
    /// A comment ends the line that is being written: nothing may follow on it.
    pub(super) closed: bool,
    /// No blank line may follow the line before: it opened a block, or ends a text that keeps them.
    pub(super) opened: bool,
}

impl<'a> Writer<'a> {
    pub(super) fn new(source: &'a str, document: &'a Document, options: Options<'a>) -> Self {
        let out = String::with_capacity(source.len() + source.len() / 4);
        Self { source, document, options, out, at: 0, commented: 0, closed: false, opened: false }
    }

    /// The whole document.
    pub(super) fn write(mut self) -> String {
        let root = self.document.root.as_ref();
        self.prologue(root.map_or(self.source.len(), Self::node_start));
        if let Some(root) = root {
            self.root(root);
        }
        self.comments_before(usize::MAX, 0);
        self.end_line();
        self.out
    }

    /// Directives and the mark that a document starts, where the author wrote them.
    fn prologue(&mut self, end: usize) {
        let mut start = 0;
        for line in self.source.split_inclusive('\n') {
            let mark =
                line.strip_prefix("---").is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\n', '\t']));
            if start >= end {
                return;
            }
            if mark || line.starts_with('%') {
                self.comments_before(start, 0);
                self.begin_line(start, 0);
                let written = if mark { "---" } else { line.split(" #").next().unwrap_or(line).trim_end() };
                self.out.push_str(written);
                self.at = start + written.len();
                self.trailing_comment();
                self.opened = mark;
            }
            start += line.len();
        }
    }

    fn root(&mut self, root: &Node) {
        let role = self.role(root, Role::Policy);
        let place = Place { indent: 0, outer_column: None, limit: usize::MAX, role };
        if let Some(anchor) = root.anchor {
            self.comments_before(anchor.start as usize, 0);
            self.begin_line(anchor.start as usize, 0);
            self.out.push_str(self.slice(anchor));
            self.at = anchor.end as usize;
            self.trailing_comment();
            self.opened = true;
        }
        if self.block(root, place) {
            return;
        }
        self.comments_before(root.span.start as usize, 0);
        self.begin_line(root.span.start as usize, 0);
        self.inline(root, 0, 0, role);
        self.trailing_comments();
    }

    pub(super) fn slice(&self, span: Span) -> &'a str {
        self.source.get(span.range()).unwrap_or("")
    }

    pub(super) fn comments(&self) -> &'a [Comment] {
        &self.document.comments
    }

    /// Where a node starts, its anchor included; a list in block notation starts at its first item.
    pub(super) fn node_start(node: &Node) -> usize {
        node.anchor.map_or(node.span.start, |anchor| anchor.start.min(node.span.start)) as usize
    }

    /// The role of a node; nothing is rewritten below an anchor if that is not allowed.
    pub(super) fn role(&self, node: &Node, role: Role) -> Role {
        let kept = node.anchor.is_some() && !self.options.anchored_expressions;
        if kept { Role::Other } else { role }
    }

    /// The text of a scalar or an alias, rewritten if it is an expression.
    pub(super) fn scalar_text(&self, node: &Node, role: Role, flow: bool) -> std::borrow::Cow<'a, str> {
        let raw = self.slice(node.span);
        let around = Surroundings { flow, json: self.options.json };
        let new = role.is_expression().then(|| expression::rewritten(node, raw, around, self.options.limits));
        new.flatten().map_or(raw.into(), Into::into)
    }

    /// The first offset from `from` on with neither white space nor a comment.
    pub(super) fn next_visible(&self, from: usize) -> usize {
        let mut at = from;
        loop {
            let rest = self.source.get(at..).unwrap_or("");
            at += rest.len() - rest.trim_start().len();
            let Some(comment) = self.comment_at(at) else { return at };
            at = comment.span.end.max(comment.span.start + 1) as usize;
        }
    }

    fn comment_at(&self, at: usize) -> Option<&'a Comment> {
        let comments = self.comments();
        let found = comments.binary_search_by_key(&at, |comment| comment.span.start as usize).ok()?;
        comments.get(found)
    }

    pub(super) fn source_starts_with(&self, at: usize, wanted: &str) -> bool {
        self.source.get(at..).is_some_and(|rest| rest.starts_with(wanted))
    }

    /// How many columns of the current line are filled.
    pub(super) fn column(&self) -> usize {
        text::column(&self.out, self.out.len())
    }
}
