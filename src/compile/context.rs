//! What all parts of the compiler share: names in scope, metric slots, diagnostics.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::diag::Diagnostic;
use crate::ir::{Declaration, DeclarationKind, Dialect, Expr, Layer, Metric, MetricId};
use crate::source::{Limits, Sources, Span};
use crate::stdlib::{Catalogue, Found, STANDARD_FILE, Template};
use crate::value::{Interval, Kind, Unit};

use super::definitions::Definitions;

/// The state of one compilation.
pub(super) struct Context<'a> {
    pub sources: &'a Sources,
    pub limits: &'a Limits,
    pub dialect: Dialect,
    pub catalogue: Catalogue,
    /// Shared, because sections are compiled while the context changes.
    pub templates: Arc<[Template]>,
    pub definitions: Definitions,
    pub diagnostics: Vec<Diagnostic>,
    pub metrics: Vec<Metric>,
    /// By name, and whether magnitudes have either sign.
    slots: HashMap<(String, bool), MetricId>,
    pub declarations: Vec<Declaration>,
    declared: HashMap<String, usize>,
    /// Where each rule id was taken, by space.
    ids: BTreeMap<String, HashMap<String, Span>>,
}

/// What an expression of a template sees beside the names of the policy.
#[derive(Debug, Default, Clone)]
pub(super) struct Scope {
    /// Values of `$name`.
    pub parameters: Vec<(String, Expr)>,
    /// What stands for `{name}` in paths.
    pub each: Option<String>,
    /// Whether magnitudes may have either sign.
    pub signed: bool,
    /// Where the finished expression is said to stand, for text that is not the author's.
    pub place: Option<Span>,
}

impl<'a> Context<'a> {
    pub fn new(sources: &'a Sources, limits: &'a Limits, dialect: Dialect, catalogue: Catalogue) -> Self {
        Self {
            sources,
            limits,
            dialect,
            catalogue,
            templates: Arc::default(),
            definitions: Definitions::default(),
            diagnostics: Vec::new(),
            metrics: Vec::new(),
            slots: HashMap::new(),
            declarations: Vec::new(),
            declared: HashMap::new(),
            ids: BTreeMap::new(),
        }
    }

    pub fn report(&mut self, mut diagnostic: Diagnostic) {
        // The author cannot look into the standard library.
        diagnostic.labels.retain(|label| label.span.file != STANDARD_FILE);
        self.diagnostics.push(diagnostic);
    }

    /// Notes a name that the author defined, so that an unused one can be found.
    pub fn declare(&mut self, name: &str, kind: DeclarationKind, span: Span) {
        self.declared.insert(format!("{kind:?}/{name}"), self.declarations.len());
        self.declarations.push(Declaration { name: name.to_owned(), kind, used: false, span });
    }

    /// Notes that a declared name is read.
    pub fn mark_used(&mut self, name: &str, kind: DeclarationKind) {
        let index = self.declared.get(&format!("{kind:?}/{name}"));
        if let Some(declaration) = index.and_then(|&index| self.declarations.get_mut(index)) {
            declaration.used = true;
        }
    }

    /// The slot of a metric of the catalogue under a written name. Dotted paths keep their whole name.
    ///
    /// A magnitude that is read with either sign has a slot of its own: elsewhere a sign makes it missing.
    pub fn slot(&mut self, written: &str, found: &Found<'_>, signed: bool) -> MetricId {
        let entry = found.entry;
        let signed = signed && entry.magnitude;
        let range = if signed { either_sign(entry.range) } else { entry.range };
        let as_written = self.reads_as_written(written);
        // Read under its written name, the value is in the unit of that name.
        let alias = found.alias.filter(|_| as_written);
        let factor = alias.map_or(1.0, |alias| alias.factor);
        let metric = Metric {
            name: if as_written { written.to_owned() } else { found.name.clone() },
            aliases: if as_written { Vec::new() } else { found.aliases() },
            kind: alias.and_then(|alias| alias.unit).map_or(entry.kind, Kind::Number),
            range: Interval::hull([range.low / factor, range.high / factor]),
            better: entry.better,
            layer: entry.layer,
            window: found.window(),
            declared: true,
        };
        self.intern(metric, signed)
    }

    /// Whether a metric is looked up under the very name written: dotted paths, and all of threshold documents.
    pub fn reads_as_written(&self, name: &str) -> bool {
        name.contains('.') || !self.dialect.is_native()
    }

    /// The slot of a metric that nobody declares.
    pub fn undeclared_slot(&mut self, name: &str) -> MetricId {
        let metric = Metric {
            name: name.to_owned(),
            aliases: Vec::new(),
            kind: Kind::Number(Unit::Bare),
            range: Interval::ALL,
            better: None,
            layer: Layer::Performance,
            window: None,
            declared: false,
        };
        self.intern(metric, false)
    }

    fn intern(&mut self, metric: Metric, signed: bool) -> MetricId {
        let key = (metric.name.clone(), signed);
        if let Some(&id) = self.slots.get(&key) {
            return id;
        }
        let id = MetricId(u32::try_from(self.metrics.len()).unwrap_or(u32::MAX));
        self.slots.insert(key, id);
        self.metrics.push(metric);
        id
    }

    /// Takes a rule id in a space of ids, unless it is taken: then where.
    pub fn take_id(&mut self, space: &str, id: &str, span: Span) -> Result<(), Span> {
        let ids = self.ids.entry(space.to_owned()).or_default();
        match ids.get(id) {
            Some(&first) => Err(first),
            None => {
                ids.insert(id.to_owned(), span);
                Ok(())
            }
        }
    }

    /// Where an id was taken in a space.
    pub fn taken_id(&self, space: &str, id: &str) -> Option<Span> {
        self.ids.get(space).and_then(|ids| ids.get(id)).copied()
    }
}

/// The range of a magnitude of which the size counts.
fn either_sign(range: Interval) -> Interval {
    Interval::hull([-range.high, range.high])
}
