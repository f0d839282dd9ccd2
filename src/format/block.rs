//! Collections in block notation.

use crate::source::{Entry, Mapping, Node, NodeKind, ScalarStyle};

use super::STEP;
use super::role::Role;
use super::text;
use super::writer::Writer;

/// Where a collection is written, and where it stood.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// Spaces before its entries.
    pub indent: usize,
    /// The source column of the collection around it.
    pub outer_column: Option<usize>,
    /// The source offset at which the next thing outside of it starts.
    pub limit: usize,
    /// What it is for.
    pub role: Role,
}

impl Writer<'_> {
    /// Writes a collection in block notation, each entry on a line of its own; false if it is none.
    pub(super) fn block(&mut self, node: &Node, place: Place) -> bool {
        match &node.kind {
            NodeKind::Mapping(mapping) if !mapping.flow => self.mapping(mapping, place, false),
            NodeKind::Sequence { flow: false, items } => self.sequence(items, place, false),
            _ => return false,
        }
        true
    }

    /// Entries, the first one on the current line if `compact`.
    fn mapping(&mut self, mapping: &Mapping, place: Place, compact: bool) {
        let start = |entry: &Entry| Self::node_start(&entry.key);
        let column = mapping.entries.first().map_or(0, |entry| text::column(self.source, start(entry)));
        let limits = mapping.entries.iter().skip(1).map(start).chain([place.limit]);
        for (index, (entry, limit)) in mapping.entries.iter().zip(limits).enumerate() {
            if index > 0 || !compact {
                self.comments_before(start(entry), place.indent);
                self.begin_line(start(entry), place.indent);
            }
            self.key(&entry.key);
            let role = place.role.child(entry.name().unwrap_or(""));
            self.value(&entry.value, Place { limit, role, outer_column: Some(column), ..place }, false);
        }
        self.comments_at_end(place.limit, place.indent, place.outer_column);
    }

    /// A key with its colon.
    pub(super) fn key(&mut self, key: &Node) {
        self.anchor(key);
        self.out.push_str(self.slice(key.span));
        // `*name:` would be an alias called `name:`.
        self.out.push_str(if matches!(key.kind, NodeKind::Alias(_)) { " :" } else { ":" });
        let end = key.span.end as usize;
        let colon = self.next_visible(end);
        self.at = if self.source_starts_with(colon, ":") { colon + 1 } else { end };
    }

    /// An anchor and the space behind it.
    pub(super) fn anchor(&mut self, node: &Node) {
        if let Some(anchor) = node.anchor {
            self.out.push_str(self.slice(anchor));
            self.out.push(' ');
            self.at = anchor.end as usize;
        }
    }

    fn sequence(&mut self, items: &[Node], place: Place, compact: bool) {
        let dashes = self.dashes(items);
        let column = dashes.first().map_or(0, |&dash| text::column(self.source, dash));
        let limits = dashes.iter().copied().skip(1).chain([place.limit]);
        for (index, ((item, &dash), limit)) in items.iter().zip(&dashes).zip(limits).enumerate() {
            if index > 0 || !compact {
                self.comments_before(dash, place.indent);
                self.begin_line(dash, place.indent);
            }
            self.out.push('-');
            self.at = dash + 1;
            let role = place.role.item();
            self.value(item, Place { limit, role, outer_column: Some(column), ..place }, true);
        }
        self.comments_at_end(place.limit, place.indent, place.outer_column);
    }

    /// Where the dashes of the items stand; the tree does not say.
    fn dashes(&self, items: &[Node]) -> Vec<usize> {
        let mut from = self.at;
        let mut dashes = Vec::with_capacity(items.len());
        for item in items {
            let mut dash = self.next_visible(from);
            if self.source_starts_with(dash, ":") {
                // The item before ends with a key without a value.
                dash = self.next_visible(dash + 1);
            }
            dashes.push(dash);
            from = (item.span.end as usize).max(dash + 1);
        }
        dashes
    }

    /// What stands behind a colon or a dash; `place` is that of the collection it belongs to.
    fn value(&mut self, node: &Node, place: Place, item: bool) {
        let place = Place { role: self.role(node, place.role), ..place };
        let inside = Place { indent: place.indent + STEP, ..place };
        let block = match &node.kind {
            NodeKind::Mapping(mapping) => !mapping.flow,
            NodeKind::Sequence { flow, .. } => !flow,
            _ => false,
        };
        if block && item && self.compact(node, inside) {
            return;
        }
        if node.anchor.is_some() || !(block || is_nothing(node)) {
            self.out.push(' ');
        }
        self.anchor(node);
        if block || is_nothing(node) {
            self.out.truncate(self.out.trim_end_matches(' ').len());
        }
        if block {
            let first = self.first_token(node);
            self.opening_comment(first);
            self.opened = true;
            self.block(node, inside);
        } else if is_nothing(node) {
            self.trailing_comments();
        } else {
            self.inline_value(node, inside, if item { inside.indent } else { place.indent });
        }
    }

    /// `- key: value`, `- - item`: where nothing stands between the dash and its collection.
    fn compact(&mut self, node: &Node, place: Place) -> bool {
        if node.anchor.is_some() || self.pending(self.first_token(node)).is_some() {
            return false;
        }
        self.out.push(' ');
        match &node.kind {
            NodeKind::Mapping(mapping) => self.mapping(mapping, place, true),
            NodeKind::Sequence { items, .. } => self.sequence(items, place, true),
            _ => {}
        }
        true
    }

    /// Where the first key or dash of a collection in block notation stands.
    fn first_token(&self, node: &Node) -> usize {
        match &node.kind {
            NodeKind::Mapping(mapping) => mapping.entries.first().map_or(self.at, |entry| Self::node_start(&entry.key)),
            _ => self.next_visible(self.at),
        }
    }

    /// A scalar, an alias or a flow collection, on a line of its own if comments stand before it.
    fn inline_value(&mut self, node: &Node, place: Place, mut closing: usize) {
        let start = self.next_visible(self.at);
        if self.pending(start).is_some() {
            self.out.truncate(self.out.trim_end_matches(' ').len());
            self.opening_comment(start);
            self.opened = true;
            self.comments_before(start, place.indent);
            self.next_line(place.indent);
            closing = place.indent;
        }
        // Strict readers want a closing bracket further in than the key that it belongs to.
        self.inline(node, place.indent, closing.max(place.indent), place.role);
        self.trailing_comments();
    }

    /// A scalar, an alias or a flow collection; further lines of it are indented by `indent`, a
    /// closing bracket by `closing`.
    pub(super) fn inline(&mut self, node: &Node, indent: usize, closing: usize, role: Role) {
        match &node.kind {
            NodeKind::Mapping(_) | NodeKind::Sequence { .. } => self.flow(node, closing, role, 0),
            NodeKind::Scalar(scalar) if matches!(scalar.style, ScalarStyle::Literal | ScalarStyle::Folded) => {
                self.block_scalar(node, scalar, indent);
            }
            _ => self.scalar(node, indent, role, false),
        }
    }
}

/// Whether a value is left out.
pub(super) fn is_nothing(node: &Node) -> bool {
    let plain = node.as_scalar().is_some_and(|scalar| scalar.style == ScalarStyle::Plain);
    plain && node.span.start == node.span.end && !matches!(node.kind, NodeKind::Alias(_))
}
