//! Collections in flow notation: on one line where they fit, else one entry per line.

use crate::source::{Entry, Node, NodeKind};

use super::block::is_nothing;
use super::role::Role;
use super::writer::Writer;
use super::{STEP, WIDTH};

/// One entry of either kind of collection.
enum Part<'a> {
    Item(&'a Node),
    Pair(&'a Entry),
}

impl Part<'_> {
    fn start(&self) -> usize {
        match self {
            Part::Item(node) => Writer::node_start(node),
            Part::Pair(entry) => Writer::node_start(&entry.key),
        }
    }

    fn end(&self) -> usize {
        match self {
            Part::Item(node) => node.span.end as usize,
            Part::Pair(entry) => entry.value.span.end.max(entry.key.span.end) as usize,
        }
    }
}

fn parts(node: &Node) -> Vec<Part<'_>> {
    match &node.kind {
        NodeKind::Mapping(mapping) => mapping.entries.iter().map(Part::Pair).collect(),
        NodeKind::Sequence { items, .. } => items.iter().map(Part::Item).collect(),
        _ => Vec::new(),
    }
}

impl Writer<'_> {
    /// Writes a flow collection; `indent` is that of its closing bracket, `reserve` the columns
    /// that must stay free behind it.
    pub(super) fn flow(&mut self, node: &Node, indent: usize, role: Role, reserve: usize) {
        let room = WIDTH.saturating_sub(self.column() + reserve);
        match self.on_one_line(node, role, room) {
            Some(line) => self.out.push_str(&line),
            None => self.broken(node, indent, role),
        }
        self.at = node.span.end as usize;
    }

    /// The brackets; a single pair in a list may go without.
    fn brackets(&self, node: &Node) -> (&'static str, &'static str) {
        let start = node.span.start as usize;
        match &node.kind {
            NodeKind::Mapping(_) if self.source_starts_with(start, "{") => ("{", "}"),
            NodeKind::Mapping(_) => ("", ""),
            _ => ("[", "]"),
        }
    }

    /// None where it is wider than `room`, or a comment or a line break stands in it.
    fn on_one_line(&self, node: &Node, role: Role, room: usize) -> Option<String> {
        if self.holds_comment(node) {
            return None;
        }
        let mut line = String::new();
        let (open, close) = self.brackets(node);
        let parts = parts(node);
        let space = if open == "{" && !parts.is_empty() { " " } else { "" };
        line.push_str(open);
        line.push_str(space);
        for (index, part) in parts.iter().enumerate() {
            if index > 0 {
                line.push_str(", ");
            }
            self.flat_part(part, role, room, &mut line)?;
            if line.chars().count() > room {
                return None;
            }
        }
        line.push_str(space);
        line.push_str(close);
        (line.chars().count() <= room).then_some(line)
    }

    fn holds_comment(&self, node: &Node) -> bool {
        let comments = self.comments();
        let next = comments.partition_point(|comment| comment.span.start <= node.span.start);
        comments.get(next).is_some_and(|comment| comment.span.start < node.span.end)
    }

    fn flat_part(&self, part: &Part<'_>, role: Role, room: usize, line: &mut String) -> Option<()> {
        let (node, role) = match part {
            Part::Item(node) => (*node, role.item()),
            Part::Pair(entry) => {
                line.push_str(&self.flow_key(entry));
                (&entry.value, role.child(entry.name().unwrap_or("")))
            }
        };
        let role = self.role(node, role);
        if let Some(anchor) = node.anchor {
            line.push_str(self.slice(anchor));
            line.push(' ');
        }
        if is_nothing(node) {
            line.truncate(line.trim_end_matches(' ').len());
            return Some(());
        }
        match &node.kind {
            NodeKind::Mapping(_) | NodeKind::Sequence { .. } => line.push_str(&self.on_one_line(node, role, room)?),
            _ => {
                let scalar = self.scalar_text(node, role, true);
                line.push_str((!scalar.contains('\n')).then_some(scalar.as_ref())?);
            }
        }
        Some(())
    }

    /// A key with its colon and a space, where the author wrote a colon.
    fn flow_key(&self, entry: &Entry) -> String {
        let anchor = entry.key.anchor.map(|anchor| format!("{} ", self.slice(anchor))).unwrap_or_default();
        let key = self.slice(entry.key.span);
        let colon = self.next_visible(entry.key.span.end as usize);
        let sign = match &entry.key.kind {
            _ if is_nothing(&entry.value) && !self.source_starts_with(colon, ":") => "",
            NodeKind::Alias(_) => " : ",
            _ => ": ",
        };
        format!("{anchor}{key}{sign}")
    }

    fn broken(&mut self, node: &Node, indent: usize, role: Role) {
        let (open, close) = self.brackets(node);
        let parts = parts(node);
        let bare = open.is_empty();
        let inner = if bare { indent } else { indent + STEP };
        self.out.push_str(open);
        self.at = node.span.start as usize + open.len();
        if !bare {
            self.trailing_comment();
            self.opened = true;
        }
        for (index, part) in parts.iter().enumerate() {
            if !bare {
                self.comments_before(part.start(), inner);
                self.next_line(inner);
            }
            let comma = index + 1 < parts.len();
            self.broken_part(part, inner, role, comma);
            if comma {
                self.out.push(',');
            }
            if !bare {
                self.comments_behind(part.end(), inner);
            }
        }
        if !bare {
            self.comments_before((node.span.end as usize).saturating_sub(1), inner);
            self.next_line(indent);
            self.out.push_str(close);
        }
    }

    fn broken_part(&mut self, part: &Part<'_>, indent: usize, role: Role, comma: bool) {
        let (node, role) = match part {
            Part::Item(node) => (*node, role.item()),
            Part::Pair(entry) => {
                let key = self.flow_key(entry);
                self.out.push_str(&key);
                (&entry.value, role.child(entry.name().unwrap_or("")))
            }
        };
        let role = self.role(node, role);
        self.anchor(node);
        if is_nothing(node) {
            self.out.truncate(self.out.trim_end_matches(' ').len());
            return;
        }
        match &node.kind {
            NodeKind::Mapping(_) | NodeKind::Sequence { .. } => self.flow(node, indent, role, usize::from(comma)),
            _ => self.scalar(node, indent + STEP, role, true),
        }
    }

    /// Comments within an entry, and those behind it or behind its comma.
    fn comments_behind(&mut self, end: usize, indent: usize) {
        self.opening_comment(end);
        self.comments_before(end, indent);
        self.at = end;
        self.trailing_comment();
        let comma = self.next_visible(self.at);
        if self.source_starts_with(comma, ",") {
            self.at = comma + 1;
            self.opening_comment(comma);
            self.trailing_comment();
        }
    }
}
