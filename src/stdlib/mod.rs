//! The standard library: catalogue of metrics, derived metrics, layer templates, profiles.
//!
//! It is data in the language (`stdlib/**/*.yaml`), embedded here. A file of the user's, read by
//! `import`, has the same form and the same powers.

mod catalogue;
mod embedded;
mod library;
mod template;

pub use catalogue::{Alias, Catalogue, Found, MetricEntry};
pub use library::{Definition, Library, NamedNode, read_library, yaml_diagnostic};
pub use template::{Parameter, ParameterKind, Template, TemplateSelector, TemplateVerdict};

use std::sync::LazyLock;

use crate::source::{FileId, Limits};
use crate::syntax::document::{SectionShape, Shape, policy_shape};

/// Everything that every policy may use without importing it.
#[derive(Debug)]
pub struct Standard {
    /// Metrics, derived metrics and templates.
    pub library: Library,
    /// The metrics by name.
    pub catalogue: Catalogue,
    /// The form of policies that import no template of their own.
    pub policy_shape: Shape,
    /// What the files of the library got wrong; empty, or the build is broken.
    pub diagnostics: Vec<crate::diag::Diagnostic>,
}

/// The file that spans of the standard library name: none of a host's.
pub const STANDARD_FILE: FileId = FileId(u32::MAX);

static STANDARD: LazyLock<Standard> = LazyLock::new(|| {
    let mut library = Library::default();
    let mut diagnostics = Vec::new();
    for (_, text) in embedded::ALWAYS {
        let (part, found) = read_library(text, STANDARD_FILE, &Limits::default(), &[]);
        library.append(part);
        diagnostics.extend(found);
    }
    let catalogue = Catalogue::new(&library.metrics);
    let policy_shape = policy_shape(&section_shapes(&library.templates));
    Standard { library, catalogue, policy_shape, diagnostics }
});

/// The standard library, read once.
#[must_use]
pub fn standard() -> &'static Standard {
    &STANDARD
}

/// The text of a library that policies can import under a name such as `std/profiles/conservative`.
#[must_use]
pub fn importable(name: &str) -> Option<&'static str> {
    embedded::IMPORTABLE.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// Whether a name is one of the standard library's.
#[must_use]
pub fn is_standard(name: &str) -> bool {
    name.starts_with("std/")
}

/// The names of all libraries that can be imported.
pub fn importable_names() -> impl Iterator<Item = &'static str> {
    embedded::IMPORTABLE.iter().map(|(name, _)| *name)
}

/// The paths of all embedded files, relative to `stdlib/`.
pub fn embedded_files() -> impl Iterator<Item = String> {
    let path = |name: &'static str| format!("{}.yaml", name.trim_start_matches("std/"));
    embedded::ALWAYS.iter().chain(embedded::IMPORTABLE).map(|(name, _)| *name).map(path)
}

/// The forms of the sections that templates define.
#[must_use]
pub fn section_shapes(templates: &[Template]) -> Vec<SectionShape> {
    templates.iter().map(Template::shape).collect()
}
