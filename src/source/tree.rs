//! The YAML tree with the place of every node.

use std::sync::Arc;

use super::{Locator, Span};

/// One parsed document.
#[derive(Debug, Clone)]
pub struct Document {
    /// The root; an empty document has none.
    pub root: Option<Node>,
    /// All comments in source order.
    pub comments: Vec<Comment>,
}

/// A comment, `#` included, line end excluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Comment {
    /// Where it stands.
    pub span: Span,
    /// Whether something else stands before it on its line.
    pub trailing: bool,
}

/// A node and its place. The span of a node reached through an alias is where its anchor stands.
#[derive(Debug, Clone)]
pub struct Node {
    /// Content without anchor, tag or surrounding space; empty where a value is left out.
    pub span: Span,
    /// What it is.
    pub kind: NodeKind,
    /// The span of the anchor name (`&name`), if it has one.
    pub anchor: Option<Span>,
}

/// What a node is.
#[derive(Debug, Clone)]
pub enum NodeKind {
    /// Text in one of five notations.
    Scalar(Scalar),
    /// A list; `flow` when written with brackets.
    Sequence {
        /// Written `[a, b]`.
        flow: bool,
        /// In order.
        items: Vec<Node>,
    },
    /// Keys and values.
    Mapping(Mapping),
    /// `*name`: the node that carries the anchor.
    Alias(Arc<Node>),
    /// Something already reported; readers pass over it in silence.
    Invalid,
}

/// Keys and values in source order, merge keys not yet expanded.
#[derive(Debug, Clone, Default)]
pub struct Mapping {
    /// Written `{a: b}`.
    pub flow: bool,
    /// In order.
    pub entries: Vec<Entry>,
}

/// One key with its value.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The key; its kind is a scalar in every accepted policy.
    pub key: Node,
    /// The value.
    pub value: Node,
}

/// Text as decoded, and how it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scalar {
    /// After folding and escapes.
    pub value: String,
    /// The notation.
    pub style: ScalarStyle,
}

/// The five notations of a YAML scalar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScalarStyle {
    /// No quotes.
    Plain,
    /// `'…'`.
    SingleQuoted,
    /// `"…"`.
    DoubleQuoted,
    /// `|`.
    Literal,
    /// `>`.
    Folded,
}

impl Node {
    /// The node itself, or what an alias stands for.
    #[must_use]
    pub fn resolve(&self) -> &Self {
        match &self.kind {
            NodeKind::Alias(target) => target.resolve(),
            _ => self,
        }
    }

    /// The scalar, through aliases.
    #[must_use]
    pub fn as_scalar(&self) -> Option<&Scalar> {
        match &self.resolve().kind {
            NodeKind::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// The text of a scalar, through aliases.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        self.as_scalar().map(|scalar| scalar.value.as_str())
    }

    /// The items of a sequence, through aliases.
    #[must_use]
    pub fn as_sequence(&self) -> Option<&[Self]> {
        match &self.resolve().kind {
            NodeKind::Sequence { items, .. } => Some(items),
            _ => None,
        }
    }

    /// The mapping, through aliases.
    #[must_use]
    pub fn as_mapping(&self) -> Option<&Mapping> {
        match &self.resolve().kind {
            NodeKind::Mapping(mapping) => Some(mapping),
            _ => None,
        }
    }

    /// Whether it is a plain `null`, `~` or nothing at all.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.as_scalar().is_some_and(|scalar| {
            scalar.style == ScalarStyle::Plain && matches!(scalar.value.as_str(), "" | "~" | "null" | "Null" | "NULL")
        })
    }

    /// Maps offsets within the decoded text of this scalar to the source it was read from.
    #[must_use]
    pub fn locator(&self, source: &str) -> Locator {
        let node = self.resolve();
        match &node.kind {
            NodeKind::Scalar(scalar) => Locator::new(source, node.span, scalar),
            _ => Locator::whole(node.span),
        }
    }

    /// The value under a key of a mapping, merge keys included; an own key wins over a merged one.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.as_mapping()?.get(key)
    }

    /// How many nodes it holds, aliases counted as what they stand for.
    #[must_use]
    pub fn size(&self) -> usize {
        1 + match &self.kind {
            NodeKind::Sequence { items, .. } => items.iter().map(Self::size).sum(),
            NodeKind::Mapping(mapping) => {
                mapping.entries.iter().map(|entry| entry.key.size() + entry.value.size()).sum()
            }
            NodeKind::Alias(target) => target.size(),
            NodeKind::Scalar(_) | NodeKind::Invalid => 0,
        }
    }
}

/// The key that merges other mappings into its own.
const MERGE_KEY: &str = "<<";

impl Mapping {
    /// The value under a key, merge keys included.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entries().into_iter().find(|entry| entry.name() == Some(key)).map(|entry| &entry.value)
    }

    /// All entries with merge keys expanded, own ones first.
    #[must_use]
    pub fn entries(&self) -> Vec<&Entry> {
        if !self.entries.iter().any(Entry::is_merge) {
            return self.entries.iter().collect();
        }
        let mut found: Vec<&Entry> = self.entries.iter().filter(|entry| !entry.is_merge()).collect();
        for entry in self.entries.iter().filter(|entry| entry.is_merge()) {
            let sources = entry.value.as_sequence().unwrap_or(std::slice::from_ref(&entry.value));
            for merged in sources.iter().filter_map(Node::as_mapping).flat_map(Self::entries) {
                if !found.iter().any(|own| own.name() == merged.name()) {
                    found.push(merged);
                }
            }
        }
        found
    }
}

impl Entry {
    /// The key as text, where it is one.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.key.as_text()
    }

    /// Whether it is a merge key (`<<`, unquoted).
    #[must_use]
    pub fn is_merge(&self) -> bool {
        self.key.as_scalar().is_some_and(|key| key.style == ScalarStyle::Plain && key.value == MERGE_KEY)
    }
}

impl Document {
    /// The dotted path of the deepest node that a byte offset lies in, such as `selection.gates.and[2]`.
    #[must_use]
    pub fn path_at(&self, offset: u32) -> String {
        let mut path = String::new();
        let mut node = self.root.as_ref();
        while let Some(current) = node {
            node = current.step_towards(offset, &mut path);
        }
        path
    }
}

impl Node {
    fn step_towards(&self, offset: u32, path: &mut String) -> Option<&Self> {
        match &self.kind {
            NodeKind::Sequence { items, .. } => {
                let index = items.partition_point(|item| item.span.end < offset);
                let item = items.get(index).filter(|item| item.span.touches(offset))?;
                path.push_str(&format!("[{index}]"));
                Some(item)
            }
            NodeKind::Mapping(mapping) => {
                let index = mapping.entries.partition_point(|entry| entry.value.span.end < offset);
                let entry = mapping.entries.get(index).filter(|entry| entry.key.span.start <= offset)?;
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(entry.name().unwrap_or("?"));
                (entry.value.span.start <= offset).then_some(&entry.value)
            }
            NodeKind::Scalar(_) | NodeKind::Alias(_) | NodeKind::Invalid => None,
        }
    }
}
