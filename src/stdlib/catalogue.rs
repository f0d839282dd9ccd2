//! Metrics by name: exact names, aliases, and patterns with a window.

use std::collections::HashMap;

use crate::ir::{Better, Layer};
use crate::source::Span;
use crate::syntax::parse_duration;
use crate::value::{Interval, Kind, Unit};

/// What stands for the window in a pattern.
const WINDOW: &str = "{window}";
/// Windows that are not durations.
const NAMED_WINDOWS: [&str; 3] = ["mid", "long", "short"];

/// A metric of the catalogue.
#[derive(Debug, Clone)]
pub struct MetricEntry {
    /// The name, with `{window}` in patterns.
    pub name: String,
    /// Other names.
    pub aliases: Vec<Alias>,
    /// Number in a unit, truth value or text.
    pub kind: Kind,
    /// Possible values.
    pub range: Interval,
    /// Which way it is good.
    pub better: Option<Better>,
    /// Whether a loss is given as a positive magnitude.
    pub magnitude: bool,
    /// What rules over it are about.
    pub layer: Layer,
    /// Its window in seconds, where the name does not carry one.
    pub window: Option<f64>,
    /// One line.
    pub summary: String,
    /// Where it is declared.
    pub span: Span,
}

/// Another name of a metric.
#[derive(Debug, Clone, PartialEq)]
pub struct Alias {
    /// The name, with `{window}` in patterns.
    pub name: String,
    /// Its unit, where it differs.
    pub unit: Option<Unit>,
    /// What its value is multiplied with to give the metric in its own unit.
    pub factor: f64,
}

/// A metric found under some name.
#[derive(Debug, Clone)]
pub struct Found<'a> {
    /// The entry.
    pub entry: &'a MetricEntry,
    /// The canonical name, with the window filled in.
    pub name: String,
    /// The alias under which it was found, if any.
    pub alias: Option<&'a Alias>,
    /// The text in place of `{window}`.
    pub window_text: Option<String>,
}

impl Found<'_> {
    /// The window in seconds, where one is known.
    #[must_use]
    pub fn window(&self) -> Option<f64> {
        self.window_text.as_deref().and_then(parse_duration).or(self.entry.window)
    }

    /// Other names of the metric with the window filled in, and their factors.
    #[must_use]
    pub fn aliases(&self) -> Vec<(String, f64)> {
        let fill = |name: &str| match &self.window_text {
            Some(window) => name.replace(WINDOW, window),
            None => name.to_owned(),
        };
        self.entry.aliases.iter().map(|alias| (fill(&alias.name), alias.factor)).collect()
    }
}

/// Metrics by name.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    entries: Vec<MetricEntry>,
    /// Entry, and which alias (none for the name itself).
    exact: HashMap<String, (usize, Option<usize>)>,
    /// Text before and after the window, sorted.
    patterns: Vec<(String, String, usize, Option<usize>)>,
}

impl Catalogue {
    /// A catalogue of these entries.
    #[must_use]
    pub fn new(entries: &[MetricEntry]) -> Self {
        let mut catalogue = Self::default();
        for entry in entries {
            catalogue.add(entry.clone());
        }
        catalogue
    }

    /// Adds an entry under its name and its aliases; the first of a name stays.
    pub fn add(&mut self, entry: MetricEntry) {
        let index = self.entries.len();
        let names = std::iter::once((entry.name.as_str(), None))
            .chain(entry.aliases.iter().enumerate().map(|(at, alias)| (alias.name.as_str(), Some(at))));
        for (name, alias) in names {
            match name.split_once(WINDOW) {
                Some((before, after)) => self.patterns.push((before.to_owned(), after.to_owned(), index, alias)),
                None => {
                    self.exact.entry(name.to_owned()).or_insert((index, alias));
                }
            }
        }
        self.entries.push(entry);
    }

    /// The metric under a name; a dotted path is looked up by its last segment.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<Found<'_>> {
        let last = name.rsplit('.').next().unwrap_or(name);
        if let Some(&(index, alias)) = self.exact.get(last) {
            return self.found(index, alias, None);
        }
        let (index, alias, window) = self.patterns.iter().find_map(|(before, after, index, alias)| {
            let window = last.strip_prefix(before.as_str())?.strip_suffix(after.as_str())?;
            let known = NAMED_WINDOWS.contains(&window) || parse_duration(window).is_some();
            known.then_some((*index, *alias, window))
        })?;
        self.found(index, alias, Some(window))
    }

    fn found(&self, index: usize, alias: Option<usize>, window: Option<&str>) -> Option<Found<'_>> {
        let entry = self.entries.get(index)?;
        let name = window.map_or_else(|| entry.name.clone(), |window| entry.name.replace(WINDOW, window));
        let alias = alias.and_then(|at| entry.aliases.get(at));
        Some(Found { entry, name, alias, window_text: window.map(str::to_owned) })
    }

    /// All entries in the order declared.
    #[must_use]
    pub fn entries(&self) -> &[MetricEntry] {
        &self.entries
    }

    /// Names to suggest for a misspelt one: every exact name, and every pattern with the window that
    /// the misspelt name seems to carry.
    #[must_use]
    pub fn names_like(&self, name: &str) -> Vec<String> {
        let window = name.rsplit(['_', '.']).next().unwrap_or("");
        let known = NAMED_WINDOWS.contains(&window) || parse_duration(window).is_some();
        let window = if known { window } else { "mid" };
        let patterns = self.patterns.iter().flat_map(|(before, after, ..)| {
            [window, "mid", "long", "short"].map(|window| format!("{before}{window}{after}"))
        });
        let mut names: Vec<String> = self.exact.keys().cloned().chain(patterns).collect();
        crate::order::sort_by(&mut names, Ord::cmp);
        names.dedup();
        names
    }
}
