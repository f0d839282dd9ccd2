//! Reads a library file: metrics, definitions, templates, profiles.

use super::catalogue::{Alias, MetricEntry};
use super::template::{Template, read_template};
use crate::diag::{Diagnostic, documents};
use crate::ir::{Better, Layer};
use crate::source::{Entry, FileId, Limits, Node, NodeKind, Span, YamlError, YamlProblem, parse_yaml};
use crate::syntax::document::{SectionShape, check_document, library_shape, quantity, text, words};
use crate::value::{Interval, Kind, Unit};

/// What a library defines.
#[derive(Debug, Clone, Default)]
pub struct Library {
    /// Metrics.
    pub metrics: Vec<MetricEntry>,
    /// Named expressions.
    pub definitions: Vec<Definition>,
    /// Templates of sections.
    pub templates: Vec<Template>,
    /// Profiles, not yet compiled.
    pub profiles: Vec<NamedNode>,
    /// Further libraries to read.
    pub imports: Vec<(String, Span)>,
}

/// A named expression, not yet parsed.
#[derive(Debug, Clone)]
pub struct Definition {
    /// Its name.
    pub name: String,
    /// The scalar with the expression.
    pub expression: Node,
    /// One line.
    pub summary: String,
    /// Where its name stands.
    pub span: Span,
}

/// A node under a name.
#[derive(Debug, Clone)]
pub struct NamedNode {
    /// The name.
    pub name: String,
    /// Where the name stands.
    pub span: Span,
    /// The node.
    pub node: Node,
}

impl Library {
    /// Adds everything of another library.
    pub fn append(&mut self, other: Self) {
        self.metrics.extend(other.metrics);
        self.definitions.extend(other.definitions);
        self.templates.extend(other.templates);
        self.profiles.extend(other.profiles);
        self.imports.extend(other.imports);
    }

    /// Takes what the definition keys of a checked mapping hold. Policies have these keys, too.
    pub fn read(&mut self, root: &Node, diagnostics: &mut Vec<Diagnostic>) {
        let under = |key: &str| root.get(key).and_then(Node::as_mapping).map(|map| map.entries()).unwrap_or_default();
        self.metrics.extend(under("metrics").into_iter().filter_map(read_metric));
        for entry in under("define") {
            self.definitions.extend(read_definition(entry));
        }
        for entry in under("layers") {
            self.templates.extend(read_template(entry, diagnostics));
        }
        for entry in under("validation_profiles") {
            let (Some(name), span) = (entry.name(), entry.key.span) else { continue };
            self.profiles.push(NamedNode { name: name.to_owned(), span, node: entry.value.clone() });
        }
        if let Some(imports) = root.get("import") {
            self.imports.extend(words(imports).into_iter().map(|(node, name)| (name.to_owned(), node.span)));
        }
    }
}

/// Reads the text of a library. `sections` are those that its profiles may use.
#[must_use]
pub fn read_library(
    text: &str,
    file: FileId,
    limits: &Limits,
    sections: &[SectionShape],
) -> (Library, Vec<Diagnostic>) {
    let (document, errors) = parse_yaml(text, file, limits);
    let mut diagnostics: Vec<_> = errors.iter().map(yaml_diagnostic).collect();
    let mut library = Library::default();
    let Some(root) = document.root else {
        if diagnostics.is_empty() {
            let message = "the library is empty";
            diagnostics.push(Diagnostic::new(&documents::EMPTY_DOCUMENT, Span::new(file, 0, 0), message));
        }
        return (library, diagnostics);
    };
    diagnostics.extend(check_document(&root, &library_shape(sections)));
    library.read(&root, &mut diagnostics);
    (library, diagnostics)
}

/// A defect of the YAML text as a diagnostic.
#[must_use]
pub fn yaml_diagnostic(error: &YamlError) -> Diagnostic {
    let new = |rule, message: String| Diagnostic::new(rule, error.span, message);
    match &error.problem {
        YamlProblem::Syntax(message) => new(&documents::YAML_SYNTAX, format!("not valid YAML: {message}"))
            .help("check the indentation and the brackets here; quote values that hold `: `, ` #` or begin with `%`"),
        YamlProblem::DuplicateKey { key, first } => {
            new(&documents::DUPLICATE_KEY, format!("`{key}` stands twice in this mapping"))
                .also(*first, "first here")
                .help("keep one of the two")
        }
        YamlProblem::KeyNotText => {
            new(&documents::WRONG_TYPE, "a key must be a text".to_owned()).help("write a name before the `:`")
        }
        YamlProblem::Tag(tag) => {
            let message = format!("YAML tags such as `{tag}` are not read");
            new(&documents::TAG, message).help("for a negation write `not`, or put the expression in quotes")
        }
        YamlProblem::SecondDocument => new(&documents::SECOND_DOCUMENT, "a second document begins here".to_owned())
            .help("put it into a file of its own"),
        YamlProblem::UnknownAlias(name) => {
            new(&documents::UNKNOWN_ALIAS, format!("no anchor `&{name}` stands before this alias"))
                .help(format!("write `&{name}` at the node to repeat, or quote the text"))
        }
        YamlProblem::MergeNotMapping => new(&documents::WRONG_TYPE, "`<<` merges mappings only".to_owned())
            .help("name a mapping, or a list of mappings"),
        YamlProblem::TooLong { bytes, limit } => {
            let message = format!("the text has {bytes} bytes: at most {limit} are read");
            new(&documents::LIMIT, message).help("split the policy, or raise the limit through the library")
        }
        YamlProblem::TooManyNodes(limit) => {
            new(&documents::LIMIT, format!("more than {limit} values in one document")).help("split the policy")
        }
        YamlProblem::TooDeep(limit) => {
            new(&documents::LIMIT, format!("collections nest deeper than {limit} levels")).help("flatten the document")
        }
        YamlProblem::AliasBomb(limit) => {
            new(&documents::LIMIT, format!("aliases repeat more than {limit} values")).help("write the values out")
        }
        YamlProblem::ControlCharacter(character) => {
            let message = format!("the text holds the control character U+{:04X}", u32::from(*character));
            new(&documents::CONTROL_CHARACTER, message).help("remove it")
        }
    }
}

fn read_metric(entry: &Entry) -> Option<MetricEntry> {
    let name = entry.name()?.to_owned();
    let field = |key: &str| entry.value.get(key);
    let word = |key: &str| field(key).and_then(text);
    let unit = word("unit").and_then(Unit::from_name).unwrap_or(Unit::Bare);
    let kind = match word("type") {
        Some("boolean") => Kind::Boolean,
        Some("string") => Kind::Text,
        _ => Kind::Number(unit),
    };
    let better = match word("better") {
        Some("higher") => Some(Better::Higher),
        Some("lower") => Some(Better::Lower),
        _ => None,
    };
    Some(MetricEntry {
        aliases: field("aliases").map(read_aliases).unwrap_or_default(),
        kind,
        range: field("range").map_or(Interval::ALL, read_range),
        better,
        magnitude: word("sign") == Some("magnitude"),
        layer: word("layer").and_then(Layer::from_name).unwrap_or(Layer::Diagnostics),
        window: field("window").and_then(crate::syntax::document::duration),
        summary: word("summary").unwrap_or_default().to_owned(),
        span: entry.key.span,
        name,
    })
}

fn read_aliases(node: &Node) -> Vec<Alias> {
    let alone = std::slice::from_ref(node);
    let items = node.as_sequence().unwrap_or(alone);
    let read = |item: &Node| {
        if let Some(name) = text(item) {
            return Some(Alias { name: name.to_owned(), unit: None, factor: 1.0 });
        }
        let name = item.get("name").and_then(text)?.to_owned();
        let unit = item.get("unit").and_then(text).and_then(Unit::from_name);
        let factor = item.get("factor").and_then(crate::syntax::document::number).unwrap_or(1.0);
        Some(Alias { name, unit, factor })
    };
    items.iter().filter_map(read).collect()
}

fn read_range(node: &Node) -> Interval {
    let end = |index: usize| {
        node.as_sequence().and_then(|items| items.get(index)).and_then(quantity).map_or(f64::NAN, |(value, _)| value)
    };
    Interval::new(end(0), end(1))
}

fn read_definition(entry: &Entry) -> Option<Definition> {
    let expression = entry.value.get("is").unwrap_or(&entry.value);
    if !matches!(expression.resolve().kind, NodeKind::Scalar(_)) {
        return None;
    }
    Some(Definition {
        name: entry.name()?.to_owned(),
        expression: expression.resolve().clone(),
        summary: entry.value.get("summary").and_then(text).unwrap_or_default().to_owned(),
        span: entry.key.span,
    })
}
