//! Reads what a policy imports, through a loader that the host gives.

use crate::diag::{Diagnostic, documents, names, nearest};
use crate::source::{Limits, Sources, Span};
use crate::stdlib::{self, Library, read_library, standard};

/// A file that a loader found.
#[derive(Debug, Clone)]
pub struct LoadedFile {
    /// The name under which messages speak of it, the same for every way to it.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// How the files that policies import are read. The standard library needs no loader.
pub trait Loader {
    /// Reads `name`, as written in the file called `importer`. The error is one line for people.
    fn load(&self, name: &str, importer: &str) -> Result<LoadedFile, String>;
}

/// A loader that finds nothing: for hosts that give policies no files.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoFiles;

impl Loader for NoFiles {
    fn load(&self, name: &str, _importer: &str) -> Result<LoadedFile, String> {
        Err(format!("this program reads no files for policies, so `{name}` is out of reach"))
    }
}

/// Reads all imports of a policy, depth first, each file once.
pub(super) struct Importer<'a> {
    pub loader: &'a dyn Loader,
    pub limits: &'a Limits,
    pub sources: &'a mut Sources,
    pub diagnostics: &'a mut Vec<Diagnostic>,
    pub library: Library,
    open: Vec<String>,
    done: Vec<String>,
}

impl<'a> Importer<'a> {
    pub fn new(
        loader: &'a dyn Loader,
        limits: &'a Limits,
        sources: &'a mut Sources,
        diagnostics: &'a mut Vec<Diagnostic>,
    ) -> Self {
        Self { loader, limits, sources, diagnostics, library: Library::default(), open: Vec::new(), done: Vec::new() }
    }

    /// Reads a list of imports of the file called `importer`.
    pub fn read(&mut self, imports: &[(String, Span)], importer: &str) {
        for (name, span) in imports {
            self.one(name, *span, importer);
        }
    }

    fn one(&mut self, name: &str, span: Span, importer: &str) {
        let loaded = match stdlib::importable(name) {
            Some(text) => LoadedFile { name: name.to_owned(), text: text.to_owned() },
            None if stdlib::is_standard(name) => return self.unknown_standard(name, span),
            None => match self.loader.load(name, importer) {
                Ok(loaded) => loaded,
                Err(reason) => {
                    let diagnostic =
                        Diagnostic::new(&documents::IMPORT, span, format!("cannot import `{name}`: {reason}"));
                    self.diagnostics.push(diagnostic.help("names are relative to the file that imports"));
                    return;
                }
            },
        };
        if self.open.contains(&loaded.name) {
            let way: Vec<_> = self.open.iter().chain([&loaded.name]).map(|name| format!("`{name}`")).collect();
            let message = format!("imports go round in a circle: {}", way.join(" → "));
            self.diagnostics.push(Diagnostic::new(&documents::IMPORT_CYCLE, span, message).help("break the circle"));
            return;
        }
        if self.done.contains(&loaded.name) {
            return;
        }
        if self.done.len() + self.open.len() >= self.limits.imports {
            let message = format!("more than {} files are imported", self.limits.imports);
            self.diagnostics.push(Diagnostic::new(&documents::LIMIT, span, message).help("join some of them"));
            return;
        }
        self.file(loaded);
    }

    fn file(&mut self, loaded: LoadedFile) {
        let file = self.sources.add(loaded.name.clone(), loaded.text.clone());
        let sections = stdlib::section_shapes(&standard().library.templates);
        let (mut library, found) = read_library(&loaded.text, file, self.limits, &sections);
        self.diagnostics.extend(found);
        let imports = std::mem::take(&mut library.imports);
        self.open.push(loaded.name.clone());
        self.read(&imports, &loaded.name);
        self.open.pop();
        self.done.push(loaded.name);
        self.library.append(library);
    }

    fn unknown_standard(&mut self, name: &str, span: Span) {
        let help = match nearest(name, stdlib::importable_names()) {
            Some(known) => format!("did you mean `{known}`?"),
            None => format!("the standard library has {}", stdlib::importable_names().collect::<Vec<_>>().join(", ")),
        };
        let message = format!("the standard library has no `{name}`");
        self.diagnostics.push(Diagnostic::new(&documents::IMPORT, span, message).help(help));
    }
}

/// Reports a name that is defined twice or that the catalogue has.
pub(super) fn conflict(name: &str, span: Span, first: Option<Span>, standard: bool) -> Diagnostic {
    if standard {
        let message = format!("`{name}` is a name of the standard library and cannot be defined again");
        return Diagnostic::new(&names::SHADOWED, span, message).help("choose another name");
    }
    let message = format!("`{name}` is defined twice");
    let diagnostic = Diagnostic::new(&names::CONFLICT, span, message).help("remove or rename one of them");
    match first {
        Some(first) => diagnostic.also(first, "first here"),
        None => diagnostic,
    }
}
