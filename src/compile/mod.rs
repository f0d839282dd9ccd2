//! From the YAML tree to the typed program.

mod context;
mod definitions;
mod expression;
mod fold;
mod gates;
mod imports;
mod kinds;
mod layers;
mod lifecycle;
mod program;
mod rules;
mod sections;
mod selection;
mod thresholds;

use crate::diag::{Diagnostic, documents};
use crate::ir::Program;
use crate::source::{Document, FileId, Limits, Node, Sources, Span, parse_yaml};
use crate::stdlib::{Library, section_shapes, standard, yaml_diagnostic};
use crate::syntax::document::{check_document, policy_shape};

pub(crate) use program::STAGES;

pub use imports::{LoadedFile, Loader, NoFiles};

/// What compiling a text gives: as much of the program as could be built, and everything found.
#[derive(Debug)]
pub struct Compiled {
    /// The policy's text and what it imports.
    pub sources: Sources,
    /// The policy's tree.
    pub document: Document,
    /// None where there is no policy at all. With errors among the diagnostics it is incomplete.
    pub program: Option<Program>,
    /// Syntax, names, types and units; the checks come on top.
    pub diagnostics: Vec<Diagnostic>,
}

/// Compiles the text of a policy. `name` is what messages call it, and where imports start from.
#[must_use]
pub fn compile(name: &str, text: &str, loader: &dyn Loader, limits: &Limits) -> Compiled {
    let mut sources = Sources::default();
    let file = sources.add(name, text);
    let (document, errors) = parse_yaml(text, file, limits);
    let mut diagnostics: Vec<_> = errors.iter().map(yaml_diagnostic).collect();
    let program = match &document.root {
        Some(root) => policy(root, name, loader, limits, &mut sources, &mut diagnostics),
        None => {
            if diagnostics.is_empty() {
                diagnostics.push(empty(file));
            }
            None
        }
    };
    Compiled { sources, document, program, diagnostics }
}

fn empty(file: FileId) -> Diagnostic {
    let message = "the document holds no policy";
    Diagnostic::new(&documents::EMPTY_DOCUMENT, Span::new(file, 0, 0), message)
        .help("write at least `world` and `selection.gates`")
}

fn policy(
    root: &Node,
    name: &str,
    loader: &dyn Loader,
    limits: &Limits,
    sources: &mut Sources,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Program> {
    if let Some(wrapped) = wrapped(root) {
        diagnostics.push(wrapped);
        return None;
    }
    let Some(mapping) = root.as_mapping() else {
        let message = "a policy is a mapping of keys to values";
        let help = "begin with `world: <name>`";
        diagnostics.push(Diagnostic::new(&documents::WRONG_TYPE, root.span, message).help(help));
        return None;
    };
    if mapping.entries.is_empty() {
        diagnostics.push(empty(root.span.file));
        return None;
    }
    let mut own = Library::default();
    own.read(root, diagnostics);
    let imported = {
        let mut importer = imports::Importer::new(loader, limits, sources, diagnostics);
        importer.read(&own.imports, name);
        importer.library
    };
    if imported.templates.is_empty() {
        diagnostics.extend(check_document(root, &standard().policy_shape));
    } else {
        let mut sections = section_shapes(&standard().library.templates);
        sections.extend(section_shapes(&imported.templates));
        diagnostics.extend(check_document(root, &policy_shape(&sections)));
    }
    Some(program::build(root, &own, &imported, sources, limits, diagnostics))
}

/// A policy inside `world: {…}` or `policy: {…}`, which an engine that looks at the top would read as empty.
fn wrapped(root: &Node) -> Option<Diagnostic> {
    let mapping = root.as_mapping()?;
    let entry = mapping
        .entries
        .iter()
        .find(|entry| matches!(entry.name(), Some("world" | "policy")) && entry.value.as_mapping().is_some())?;
    let name = entry.name().unwrap_or_default();
    let message = format!("the policy is wrapped in `{name}`: an engine would find no rules and select everything");
    let help = "move what stands under it one level up, and write the world's name as `world: <name>`";
    Some(Diagnostic::new(&documents::WRAPPED_POLICY, entry.key.span, message).help(help))
}
