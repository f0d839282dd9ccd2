//! Checks a tree against a shape: unknown keys, wrong kinds, keys that are needed.

use super::read;
use super::shape::{Shape, Take};
use crate::diag::{Diagnostic, documents, nearest};
use crate::source::{Entry, Mapping, Node, NodeKind, ScalarStyle, Span};

/// Keys that begin so are the author's own.
const PRIVATE_PREFIX: &str = "x-";

/// So many known keys are listed in a help; more would bury it.
const MOST_LISTED: usize = 10;

/// A walk over one document.
#[derive(Debug, Default)]
pub struct Walk {
    /// What was found.
    pub diagnostics: Vec<Diagnostic>,
}

/// Checks a document's root against a shape.
#[must_use]
pub fn check_document(root: &Node, shape: &Shape) -> Vec<Diagnostic> {
    let mut walk = Walk::default();
    walk.mapping(root, shape, "the document");
    walk.diagnostics
}

impl Walk {
    /// Checks the value of a key.
    pub fn value(&mut self, node: &Node, take: &Take, key: &str) {
        if matches!(node.resolve().kind, NodeKind::Invalid) {
            return;
        }
        match take {
            Take::Anything | Take::Gates => {}
            Take::Map(shape) => self.mapping(node, shape, key),
            Take::MapOf(item) => self.map_of(node, item, key),
            Take::TextOr(shape) if node.as_mapping().is_some() => self.mapping(node, shape, key),
            Take::TextOr(_) => self.scalar(node, &Take::Text, key),
            Take::NumberOr(shape) if node.as_mapping().is_some() => self.mapping(node, shape, key),
            Take::NumberOr(_) => self.scalar(node, &Take::Scalar, key),
            Take::List(item) => {
                let alone = std::slice::from_ref(node);
                let items = node.as_sequence().unwrap_or(alone);
                items.iter().for_each(|node| self.value(node, item, key));
            }
            Take::Range => self.range(node, key),
            _ => self.scalar(node, take, key),
        }
    }

    fn mapping(&mut self, node: &Node, shape: &Shape, key: &str) {
        let Some(mapping) = node.as_mapping() else {
            if !matches!(node.resolve().kind, NodeKind::Invalid) {
                self.wrong_kind(node, "a mapping", key);
            }
            return;
        };
        for entry in mapping.entries() {
            let Some(name) = entry.name() else { continue };
            match (shape.field(name), &shape.others) {
                (Some(field), _) => self.value(&entry.value, &field.take, name),
                (None, _) if name.starts_with(PRIVATE_PREFIX) => {}
                (None, Some(take)) => self.value(&entry.value, take, name),
                (None, None) => self.unknown_key(entry, mapping, shape, key),
            }
        }
        for field in shape.fields.iter().filter(|field| field.required && mapping.get(&field.name).is_none()) {
            let message = format!("`{key}` needs `{}`", field.name);
            let place =
                if mapping.flow || mapping.entries.is_empty() { node.resolve().span } else { first_key(mapping) };
            let help = format!("write `{}`: {}", field.name, sentence(&field.summary));
            self.diagnostics.push(Diagnostic::new(&documents::MISSING_KEY, place, message).help(help));
        }
    }

    fn map_of(&mut self, node: &Node, item: &Take, key: &str) {
        match node.as_mapping() {
            Some(mapping) => {
                for entry in mapping.entries() {
                    self.value(&entry.value, item, entry.name().unwrap_or(key));
                }
            }
            None => self.wrong_kind(node, "a mapping", key),
        }
    }

    fn unknown_key(&mut self, entry: &Entry, mapping: &Mapping, shape: &Shape, parent: &str) {
        if is_fragment(entry, mapping) {
            return;
        }
        let name = entry.name().unwrap_or_default();
        let message = format!("`{name}` is not a key of {}", place(parent));
        let help = match nearest(name, shape.fields.iter().map(|field| field.name.as_ref())) {
            Some(known) => format!("did you mean `{known}`?"),
            None if shape.fields.len() <= MOST_LISTED => {
                let known: Vec<_> = shape.fields.iter().map(|field| format!("`{}`", field.name)).collect();
                format!("known keys are {}; keys of your own begin with `x-`", known.join(", "))
            }
            None => "`qmtl-policy schema` has all keys; those of your own begin with `x-`".to_owned(),
        };
        self.diagnostics.push(Diagnostic::new(&documents::UNKNOWN_KEY, entry.key.span, message).help(help));
    }

    fn range(&mut self, node: &Node, key: &str) {
        let fits = node.as_sequence().is_some_and(|items| {
            items.len() == 2 && items.iter().all(|item| item.is_null() || read::quantity(item).is_some())
        });
        if !fits {
            self.wrong_kind(node, "a list of two numbers, `null` for an open end", key);
        }
    }

    fn scalar(&mut self, node: &Node, take: &Take, key: &str) {
        if node.as_scalar().is_none() || node.is_null() {
            return self.wrong_kind(node, &take.describe(), key);
        }
        let fits = match take {
            Take::Boolean => read::boolean(node).is_some(),
            Take::Integer => read::number(node).is_some_and(|value| libm::trunc(value) == value),
            Take::Number => read::number(node).is_some(),
            Take::Version => node.as_scalar().is_some_and(|scalar| {
                scalar.style != ScalarStyle::Plain
                    || (read::boolean(node).is_none()
                        && !scalar.value.parse::<f64>().is_ok_and(|n| libm::trunc(n) != n))
            }),
            _ => true,
        };
        if !fits {
            return self.wrong_kind(node, &take.describe(), key);
        }
        let valid = match take {
            Take::Duration => read::duration(node).is_some(),
            Take::Word(words) => read::text(node).is_some_and(|text| words.contains(&text)),
            Take::Name => read::text(node).is_some_and(is_name),
            _ => true,
        };
        if !valid {
            self.invalid(node, take, key);
        }
    }

    fn invalid(&mut self, node: &Node, take: &Take, key: &str) {
        let written = node.as_text().unwrap_or_default();
        let message = format!("`{key}` takes {}, not `{written}`", take.describe());
        let help = match take {
            Take::Word(words) => {
                nearest(written, words.iter().copied()).map(|known| format!("did you mean `{known}`?"))
            }
            Take::Name => Some("leave out spaces and other characters".to_owned()),
            Take::Duration => Some("write a number with `s`, `m`, `h`, `d` or `w` right behind it".to_owned()),
            _ => None,
        };
        let place = node.resolve().span;
        self.diagnostics.push(Diagnostic::new(&documents::INVALID_VALUE, place, message).maybe_help(help));
    }

    fn wrong_kind(&mut self, node: &Node, wanted: &str, key: &str) {
        let found = match &node.resolve().kind {
            NodeKind::Sequence { .. } => "a list".to_owned(),
            NodeKind::Mapping(_) => "a mapping".to_owned(),
            _ if node.is_null() => "nothing".to_owned(),
            _ => format!("`{}`", node.as_text().unwrap_or_default()),
        };
        let written = node.as_text().unwrap_or_default().to_lowercase();
        let help = match (wanted, written.as_str()) {
            ("true or false", "yes" | "on" | "y") => Some("write `true`: in YAML 1.2 this word is a text"),
            ("true or false", "no" | "off" | "n") => Some("write `false`: in YAML 1.2 this word is a text"),
            ("true or false", "true" | "false") => Some("remove the quotes"),
            ("a mapping", _) => Some("write its keys below it, indented, or in braces: `{ key: value }`"),
            ("a number" | "a whole number", _) if node.is_null() => Some("write a number, or remove the key"),
            (_, _) if node.is_null() => Some("write a value, or remove the key"),
            ("a number" | "a whole number", ".nan" | ".inf" | "-.inf" | "nan" | "inf") => Some("write a finite number"),
            _ => None,
        };
        let message = format!("`{key}` takes {wanted}, not {found}");
        let place = shown(node);
        self.diagnostics
            .push(Diagnostic::new(&documents::WRONG_TYPE, place, message).maybe_help(help.map(str::to_owned)));
    }
}

/// Whether a text can name a world: letters, digits, `_`, `.`, `-`.
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|character| character.is_ascii_alphanumeric() || "_.-".contains(character))
}

/// A summary as the end of a sentence.
fn sentence(summary: &str) -> String {
    let mut characters = summary.trim_end_matches('.').chars();
    characters.next().map_or_else(String::new, |first| first.to_lowercase().chain(characters).collect())
}

fn first_key(mapping: &Mapping) -> Span {
    mapping.entries.first().map_or_else(Span::default, |entry| entry.key.span)
}

/// Large collections are pointed at by their first line only.
fn shown(node: &Node) -> Span {
    let span = node.resolve().span;
    match &node.resolve().kind {
        NodeKind::Mapping(mapping) if !mapping.flow && !mapping.entries.is_empty() => first_key(mapping),
        NodeKind::Sequence { flow: false, items } => items.first().map_or(span, shown),
        _ => span,
    }
}

fn place(parent: &str) -> String {
    if parent == "the document" { "a policy".to_owned() } else { format!("`{parent}`") }
}

/// Whether a key without value is a piece of an expression that YAML cut at a comma; the
/// expression itself is reported.
fn is_fragment(entry: &Entry, mapping: &Mapping) -> bool {
    let unclosed = |node: &Node| {
        node.as_scalar().is_some_and(|scalar| {
            scalar.style == ScalarStyle::Plain
                && scalar.value.matches(['(', '[']).count() > scalar.value.matches([')', ']']).count()
        })
    };
    let empty = entry.value.is_null() && entry.value.span.start == entry.value.span.end;
    mapping.flow && empty && mapping.entries.iter().any(|other| unclosed(&other.value) || unclosed(&other.key))
}
