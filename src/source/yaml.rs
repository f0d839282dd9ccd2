//! Reads a YAML document into the spanned tree, within limits.

use std::collections::HashMap;
use std::sync::Arc;

use granit_parser::{ErrorKind, Event, Parser, ScalarStyle as Style, StructureStyle, options};

use super::lines::BYTE_ORDER_MARK;
use super::{Comment, Document, Entry, FileId, Limits, Mapping, Node, NodeKind, Scalar, ScalarStyle, Span};

/// What is wrong with a document, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct YamlError {
    /// The place.
    pub span: Span,
    /// The kind.
    pub problem: YamlProblem,
}

/// The kinds of defects of a YAML text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum YamlProblem {
    /// Not YAML; the message says what was expected.
    Syntax(String),
    /// The same key twice in one mapping.
    DuplicateKey {
        /// The key.
        key: String,
        /// Where it stands first.
        first: Span,
    },
    /// A key that is not text.
    KeyNotText,
    /// `!tag`.
    Tag(String),
    /// A second document.
    SecondDocument,
    /// `*name` without `&name` before it.
    UnknownAlias(String),
    /// `<<` with something else than mappings.
    MergeNotMapping,
    /// A text longer than the limit.
    TooLong {
        /// Its length in bytes.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// More nodes than the limit.
    TooManyNodes(usize),
    /// Deeper than the limit.
    TooDeep(usize),
    /// Aliases repeat more nodes than the limit.
    AliasBomb(usize),
    /// A NUL or another control character that YAML does not allow.
    ControlCharacter(char),
}

/// Parses one document. Whatever could be read is returned along with all defects found.
pub fn parse_yaml(text: &str, file: FileId, limits: &Limits) -> (Document, Vec<YamlError>) {
    let mut builder = Builder::new(text, file, limits);
    if text.len() > limits.bytes {
        let problem = YamlProblem::TooLong { bytes: text.len(), limit: limits.bytes };
        builder.report(Span::new(file, 0, 0), problem);
    } else if let Some((at, character)) = forbidden_character(text) {
        builder.report(Span::new(file, at, at + character.len_utf8()), YamlProblem::ControlCharacter(character));
    } else {
        builder.run();
    }
    builder.finish()
}

/// The first character outside YAML's printable set.
fn forbidden_character(text: &str) -> Option<(usize, char)> {
    let suspect = |byte: u8| byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r') || byte == 0x7f;
    let at = text.bytes().position(suspect)?;
    text.get(at..)?.chars().next().map(|character| (at, character))
}

/// A collection that is still open.
struct Open {
    span: Span,
    anchor: Option<Span>,
    anchor_id: usize,
    flow: bool,
    mapping: bool,
    /// Key and value alternate in mappings.
    children: Vec<Node>,
}

struct Builder<'a> {
    text: &'a str,
    file: FileId,
    limits: &'a Limits,
    errors: Vec<YamlError>,
    comments: Vec<Comment>,
    open: Vec<Open>,
    root: Option<Node>,
    anchors: HashMap<usize, (Arc<Node>, usize)>,
    nodes: usize,
    alias_nodes: usize,
    documents: usize,
}

impl<'a> Builder<'a> {
    fn new(text: &'a str, file: FileId, limits: &'a Limits) -> Self {
        Self {
            text,
            file,
            limits,
            errors: Vec::new(),
            comments: Vec::new(),
            open: Vec::new(),
            root: None,
            anchors: HashMap::new(),
            nodes: 0,
            alias_nodes: 0,
            documents: 0,
        }
    }

    fn report(&mut self, span: Span, problem: YamlProblem) {
        self.errors.push(YamlError { span, problem });
    }

    fn run(&mut self) {
        let mark = self.text.strip_prefix(BYTE_ORDER_MARK).map_or(0, |_| BYTE_ORDER_MARK.len_utf8());
        let options = options! {
            emit_anchor_events: true,
            emit_unresolved_aliases: true,
            // One more than allowed, so that the limit is reported in our own words.
            flow_nesting_limit: self.limits.depth + 1,
            block_nesting_limit: self.limits.depth + 1,
            simple_key_max_lookahead: 1 << 16,
            max_buffered_comment_events: 1 << 16,
        };
        let body = self.text.get(mark..).unwrap_or("");
        let parser = Parser::new_from_str_with_options(body, options);
        for next in parser {
            match next {
                Ok((event, span)) => {
                    let range = span.byte_range().unwrap_or(0..0);
                    let place = Span::new(self.file, range.start + mark, range.end + mark);
                    if let (Some(tag), Some(tag_span)) = (event.tag(), span.tag_span()) {
                        let range = tag_span.byte_range().unwrap_or(0..0);
                        let place = Span::new(self.file, range.start + mark, range.end + mark);
                        self.report(place, YamlProblem::Tag(tag.original()));
                    }
                    if self.event(event, place).is_err() {
                        return;
                    }
                }
                Err(error) => {
                    let at = error.marker().byte_offset().unwrap_or(0) + mark;
                    let at = at.min(self.text.len());
                    let width = self.text.get(at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
                    let problem = match error.kind() {
                        ErrorKind::RecursionLimitExceeded => YamlProblem::TooDeep(self.limits.depth),
                        _ => YamlProblem::Syntax(error.info().to_owned()),
                    };
                    self.report(Span::new(self.file, at, at + width), problem);
                    return;
                }
            }
        }
    }

    /// Takes one event; an error ends the reading.
    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), ()> {
        match event {
            Event::Comment(..) => {
                let line_start = self.text.get(..span.range().start).and_then(|before| before.rfind(['\n', '\r']));
                let before = self.text.get(line_start.map_or(0, |at| at + 1)..span.range().start).unwrap_or("");
                let trailing = !before.trim_start_matches(BYTE_ORDER_MARK).trim().is_empty();
                self.comments.push(Comment { span, trailing });
            }
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    self.report(span, YamlProblem::SecondDocument);
                    return Err(());
                }
            }
            Event::Scalar(value, style, anchor_id, _) => {
                let style = match style {
                    Style::SingleQuoted => ScalarStyle::SingleQuoted,
                    Style::DoubleQuoted => ScalarStyle::DoubleQuoted,
                    Style::Literal => ScalarStyle::Literal,
                    Style::Folded => ScalarStyle::Folded,
                    _ => ScalarStyle::Plain,
                };
                let kind = NodeKind::Scalar(Scalar { value: value.into_owned(), style });
                self.add(Node { span, kind, anchor: None }, anchor_id)?;
            }
            Event::SequenceStart(style, anchor_id, _) => self.start(span, style, anchor_id, false)?,
            Event::MappingStart(style, anchor_id, _) => self.start(span, style, anchor_id, true)?,
            Event::SequenceEnd | Event::MappingEnd => self.end(span)?,
            Event::Anchor(id, _) => self.name_anchor(id, span),
            Event::Alias(id) => self.alias(id, span)?,
            Event::UnresolvedAlias(name) => {
                self.report(span, YamlProblem::UnknownAlias(name.into_owned()));
                self.add(Node { span, kind: NodeKind::Invalid, anchor: None }, 0)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn start(&mut self, span: Span, style: StructureStyle, anchor_id: usize, mapping: bool) -> Result<(), ()> {
        if self.open.len() >= self.limits.depth {
            self.report(span, YamlProblem::TooDeep(self.limits.depth));
            return Err(());
        }
        let flow = style == StructureStyle::Flow;
        self.open.push(Open { span, anchor: None, anchor_id, flow, mapping, children: Vec::new() });
        Ok(())
    }

    fn end(&mut self, span: Span) -> Result<(), ()> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let last = open.children.last().map_or(open.span, |node| node.span);
        // A block collection ends with its last child; the event stands at the next token.
        let whole =
            if open.flow { open.span.to(span) } else { open.children.first().map_or(last, |node| node.span.to(last)) };
        let kind = if open.mapping {
            NodeKind::Mapping(Mapping { flow: open.flow, entries: self.pair(open.children) })
        } else {
            NodeKind::Sequence { flow: open.flow, items: open.children }
        };
        self.add(Node { span: whole, kind, anchor: open.anchor }, open.anchor_id)
    }

    fn pair(&mut self, children: Vec<Node>) -> Vec<Entry> {
        let mut entries: Vec<Entry> = Vec::with_capacity(children.len() / 2);
        let mut seen: HashMap<String, Span> = HashMap::with_capacity(children.len() / 2);
        let mut children = children.into_iter();
        while let (Some(key), Some(value)) = (children.next(), children.next()) {
            let entry = Entry { key, value };
            let Some(name) = entry.name() else {
                if !matches!(entry.key.kind, NodeKind::Invalid) {
                    self.report(entry.key.span, YamlProblem::KeyNotText);
                }
                continue;
            };
            if entry.is_merge() && !merges(&entry.value) {
                self.report(entry.value.span, YamlProblem::MergeNotMapping);
            } else if let Some(&first) = seen.get(name) {
                let key = name.to_owned();
                self.report(entry.key.span, YamlProblem::DuplicateKey { key, first });
            } else {
                seen.insert(name.to_owned(), entry.key.span);
                entries.push(entry);
            }
        }
        entries
    }

    fn name_anchor(&mut self, id: usize, span: Span) {
        if let Some(open) = self.open.last_mut().filter(|open| open.anchor_id == id) {
            open.anchor = Some(span);
        } else if let Some(open) = self.open.last_mut() {
            if let Some(node) = open.children.last_mut() {
                node.anchor = Some(span);
            }
        } else if let Some(root) = &mut self.root {
            root.anchor = Some(span);
        }
    }

    fn alias(&mut self, id: usize, span: Span) -> Result<(), ()> {
        let Some((target, size)) = self.anchors.get(&id).cloned() else {
            // The anchor's own node is still open: it would contain itself.
            let name = self.text.get(span.range()).unwrap_or("").trim_start_matches('*').to_owned();
            self.report(span, YamlProblem::UnknownAlias(name));
            return self.add(Node { span, kind: NodeKind::Invalid, anchor: None }, 0);
        };
        self.alias_nodes = self.alias_nodes.saturating_add(size);
        if self.alias_nodes > self.limits.alias_nodes {
            self.report(span, YamlProblem::AliasBomb(self.limits.alias_nodes));
            return Err(());
        }
        self.add(Node { span, kind: NodeKind::Alias(target), anchor: None }, 0)
    }

    fn add(&mut self, node: Node, anchor_id: usize) -> Result<(), ()> {
        self.nodes += 1;
        if self.nodes > self.limits.nodes {
            self.report(node.span, YamlProblem::TooManyNodes(self.limits.nodes));
            return Err(());
        }
        if anchor_id != 0 {
            self.anchors.insert(anchor_id, (Arc::new(node.clone()), node.size()));
        }
        match self.open.last_mut() {
            Some(open) => open.children.push(node),
            None => self.root = Some(node),
        }
        Ok(())
    }

    fn finish(mut self) -> (Document, Vec<YamlError>) {
        // Reading may have stopped inside collections: what they hold is still worth checking.
        while let Some(open) = self.open.last() {
            let at = open.children.last().map_or(open.span, |node| node.span).after();
            if self.end(at).is_err() {
                self.open.clear();
            }
        }
        let root = self.root.take().filter(|root| !(root.is_null() && root.span.start == root.span.end));
        crate::order::sort_by_key(&mut self.errors, |error| error.span);
        (Document { root, comments: self.comments }, self.errors)
    }
}

/// Whether a value can be merged: a mapping or a list of them.
fn merges(value: &Node) -> bool {
    match value.as_sequence() {
        Some(items) => items.iter().all(|item| item.as_mapping().is_some()),
        None => value.as_mapping().is_some(),
    }
}
