//! Whether two texts say the same: keys, values, notation, anchors, comments.

use crate::source::{Comment, Document, Entry, Limits, Node, NodeKind, Scalar, ScalarStyle, Span};

use super::expression;
use super::role::Role;
use super::text;

/// Compares two documents, each with its text.
pub(super) fn same_documents(old: (&str, &Document), new: (&str, &Document), limits: &Limits) -> bool {
    let pair = Pair { old: old.0, new: new.0, limits };
    let roots = match (&old.1.root, &new.1.root) {
        (Some(old), Some(new)) => pair.same_nodes(old, new, Role::Policy),
        (None, None) => true,
        _ => false,
    };
    roots && pair.same_comments(&old.1.comments, &new.1.comments)
}

struct Pair<'a> {
    old: &'a str,
    new: &'a str,
    limits: &'a Limits,
}

impl Pair<'_> {
    fn same_comments(&self, old: &[Comment], new: &[Comment]) -> bool {
        let same = |(old, new): (&Comment, &Comment)| {
            text::comment(slice(self.old, old.span)) == text::comment(slice(self.new, new.span))
        };
        old.len() == new.len() && old.iter().zip(new).all(same)
    }

    fn same_nodes(&self, old: &Node, new: &Node, role: Role) -> bool {
        let anchor = |text, node: &Node| node.anchor.map_or("", |anchor| slice(text, anchor)).to_owned();
        if anchor(self.old, old) != anchor(self.new, new) {
            return false;
        }
        match (&old.kind, &new.kind) {
            (NodeKind::Scalar(old), NodeKind::Scalar(new)) => self.same_scalars(old, new, role),
            (NodeKind::Sequence { flow, items }, NodeKind::Sequence { flow: new_flow, items: new_items }) => {
                let same = |(old, new)| self.same_nodes(old, new, role.item());
                flow == new_flow && items.len() == new_items.len() && items.iter().zip(new_items).all(same)
            }
            (NodeKind::Mapping(old), NodeKind::Mapping(new)) => {
                let same = |(old, new)| self.same_entries(old, new, role);
                let (entries, new_entries) = (&old.entries, &new.entries);
                old.flow == new.flow && entries.len() == new_entries.len() && entries.iter().zip(new_entries).all(same)
            }
            (NodeKind::Alias(target), NodeKind::Alias(new_target)) => {
                let names = slice(self.old, old.span) == slice(self.new, new.span);
                // The role here may differ from that of the place where the anchor stands.
                names && self.same_nodes(target, new_target, role)
            }
            _ => false,
        }
    }

    fn same_entries(&self, old: &Entry, new: &Entry, role: Role) -> bool {
        self.same_nodes(&old.key, &new.key, Role::Other)
            && self.same_nodes(&old.value, &new.value, role.child(old.name().unwrap_or("")))
    }

    fn same_scalars(&self, old: &Scalar, new: &Scalar, role: Role) -> bool {
        let nothing = |scalar: &Scalar| scalar.style == ScalarStyle::Plain && scalar.value.is_empty();
        if old == new || nothing(old) || nothing(new) || !role.is_expression() {
            return old == new;
        }
        let trees = [old, new].map(|scalar| expression::tree(&scalar.value, self.limits));
        matches!(trees, [Some(old), Some(new)] if old == new)
    }
}

fn slice(text: &str, span: Span) -> &str {
    text.get(span.range()).unwrap_or("")
}
