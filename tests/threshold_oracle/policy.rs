//! A threshold document as plain data, and how it is written.

use super::tree::Tree;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Fail,
    Warn,
    Ignore,
}

impl Mode {
    fn word(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Warn => "warn",
            Self::Ignore => "ignore",
        }
    }
}

/// A threshold, wherever it comes from.
#[derive(Debug, Clone)]
pub struct Threshold {
    pub name: String,
    pub metric: String,
    pub min: Option<f64>,
    pub max: Option<f64>,
}

/// Levels that smooth changes.
#[derive(Debug, Clone)]
pub struct Levels {
    pub metric: String,
    pub enter: f64,
    pub exit: f64,
}

/// What stands at the top as well as under `selection`.
#[derive(Debug, Clone, Default)]
pub struct Steps {
    pub thresholds: Vec<Threshold>,
    pub top_k: Option<(String, usize)>,
    pub correlation: Option<f64>,
    pub hysteresis: Option<Levels>,
}

/// How a bound of a profile is spelt.
#[derive(Debug, Clone, Copy)]
pub enum Spelling {
    /// `sharpe_min: 1`
    Suffix,
    /// `min_sharpe: 1`
    Prefix,
    /// `sharpe: { min: 1 }`
    Block,
}

/// A bound of a profile.
#[derive(Debug, Clone)]
pub struct Bound {
    pub section: &'static str,
    /// The name in the policy, perhaps an alias.
    pub written: &'static str,
    /// The name of the metric.
    pub metric: &'static str,
    pub spelling: Spelling,
    pub min: Option<f64>,
    pub max: Option<f64>,
    /// Only a block can say it.
    pub on_missing: Option<Mode>,
}

/// Severity and owner of a section, where it sets them.
#[derive(Debug, Clone, Default)]
pub struct Attributes {
    pub severity: Option<&'static str>,
    pub owner: Option<&'static str>,
}

impl Attributes {
    fn entries(&self) -> [(&'static str, Option<Tree>); 2] {
        [("severity", self.severity.map(Tree::text)), ("owner", self.owner.map(Tree::text))]
    }
}

#[derive(Debug, Clone)]
pub struct Profile {
    pub name: String,
    pub attributes: Vec<(&'static str, Attributes)>,
    pub bounds: Vec<Bound>,
    pub gap_max: Option<f64>,
}

/// A section that only reports.
#[derive(Debug, Clone, Default)]
pub struct Layer {
    pub attributes: Attributes,
    pub parameters: Vec<(&'static str, f64)>,
    /// Only of `stress`.
    pub scenarios: Vec<(&'static str, Vec<(&'static str, f64)>)>,
    /// Only of `paper_shadow_consistency`.
    pub stages: Option<Vec<&'static str>>,
}

#[derive(Debug, Clone, Default)]
pub struct Policy {
    /// Whether the document names its world; one that does not is bare.
    pub names_world: bool,
    pub on_missing: Option<Mode>,
    /// Only `Fail` or `Warn`.
    pub on_error: Option<Mode>,
    pub top: Steps,
    pub selection: Steps,
    pub profiles: Vec<Profile>,
    pub defaults: Vec<(&'static str, String)>,
    pub layers: Vec<(&'static str, Layer)>,
}

pub fn find<'a, T>(entries: &'a [(&'static str, T)], name: &str) -> Option<&'a T> {
    entries.iter().find(|(key, _)| *key == name).map(|(_, value)| value)
}

fn numbers(entries: &[(&'static str, f64)]) -> impl Iterator<Item = (&'static str, Option<Tree>)> {
    entries.iter().map(|&(key, value)| (key, Some(Tree::Number(value))))
}

fn named(entries: Vec<(String, Tree)>) -> Option<Tree> {
    if entries.is_empty() { None } else { Some(Tree::Map(entries)) }
}

impl Steps {
    fn entries(&self) -> [(&'static str, Option<Tree>); 4] {
        let threshold = |threshold: &Threshold| {
            let bounds = [
                ("metric", Some(Tree::text(&threshold.metric))),
                ("min", threshold.min.map(Tree::Number)),
                ("max", threshold.max.map(Tree::Number)),
            ];
            (threshold.name.clone(), Tree::map(bounds))
        };
        let top_k = |(metric, k): &(String, usize)| {
            Tree::map([("metric", Some(Tree::text(metric))), ("k", Some(Tree::Number(*k as f64)))])
        };
        let hysteresis = |levels: &Levels| {
            Tree::map([
                ("metric", Some(Tree::text(&levels.metric))),
                ("enter", Some(Tree::Number(levels.enter))),
                ("exit", Some(Tree::Number(levels.exit))),
            ])
        };
        [
            ("thresholds", named(self.thresholds.iter().map(threshold).collect())),
            ("top_k", self.top_k.as_ref().map(top_k)),
            ("correlation", self.correlation.map(|max| Tree::map([("max", Some(Tree::Number(max)))]))),
            ("hysteresis", self.hysteresis.as_ref().map(hysteresis)),
        ]
    }
}

impl Bound {
    fn entries(&self) -> Vec<(String, Tree)> {
        let ends = [("min", self.min), ("max", self.max)];
        let single = |key: &dyn Fn(&str) -> String| {
            ends.iter().filter_map(|(end, value)| Some((key(end), Tree::Number((*value)?)))).collect()
        };
        match self.spelling {
            Spelling::Suffix => single(&|end| format!("{}_{end}", self.written)),
            Spelling::Prefix => single(&|end| format!("{end}_{}", self.written)),
            Spelling::Block => {
                let on_missing = self.on_missing.map(|mode| Tree::text(mode.word()));
                let ends = ends.map(|(end, value)| (end, value.map(Tree::Number)));
                vec![(self.written.to_owned(), Tree::map(ends.into_iter().chain([("on_missing", on_missing)])))]
            }
        }
    }
}

impl Profile {
    fn tree(&self) -> Tree {
        let mut sections = Vec::new();
        for section in ["data_currency", "sample", "performance", "risk", "robustness"] {
            let mut entries: Vec<(String, Tree)> =
                self.bounds.iter().filter(|bound| bound.section == section).flat_map(Bound::entries).collect();
            if let Some(gap) = self.gap_max.filter(|_| section == "robustness") {
                entries.push(("cv_sharpe_gap_max".to_owned(), Tree::Number(gap)));
            }
            if let Some(attributes) = find(&self.attributes, section) {
                let Tree::Map(own) = Tree::map(attributes.entries()) else { unreachable!() };
                entries.extend(own);
            }
            if !entries.is_empty() {
                sections.push((section.to_owned(), Tree::Map(entries)));
            }
        }
        Tree::Map(sections)
    }
}

impl Layer {
    fn tree(&self) -> Tree {
        let scenario =
            |(name, own): &(&'static str, Vec<(&'static str, f64)>)| ((*name).to_owned(), Tree::map(numbers(own)));
        let stages =
            self.stages.as_ref().map(|stages| Tree::List(stages.iter().map(|&stage| Tree::text(stage)).collect()));
        let own = [("scenarios", named(self.scenarios.iter().map(scenario).collect())), ("stages", stages)];
        Tree::map(numbers(&self.parameters).chain(own).chain(self.attributes.entries()))
    }
}

impl Policy {
    /// Whether nothing in it judges anything; such a document is an error.
    pub fn is_silent(&self) -> bool {
        let steps = |steps: &Steps| {
            !steps.thresholds.is_empty()
                || steps.top_k.is_some()
                || steps.correlation.is_some()
                || steps.hysteresis.is_some()
        };
        !steps(&self.top) && !steps(&self.selection)
    }

    pub fn yaml(&self) -> String {
        let modes = [
            ("on_missing_metric", self.on_missing.map(|mode| Tree::text(mode.word()))),
            ("on_error", self.on_error.map(|mode| Tree::text(mode.word()))),
        ];
        let part = |entries: &[(&'static str, Option<Tree>)]| {
            entries.iter().any(|(_, value)| value.is_some()).then(|| Tree::map(entries.iter().cloned()))
        };
        let profiles = self.profiles.iter().map(|profile| (profile.name.clone(), profile.tree())).collect();
        let defaults = self.defaults.iter().map(|(stage, name)| ((*stage).to_owned(), Tree::text(name))).collect();
        let mut entries = vec![
            ("world", self.names_world.then(|| Tree::text("demo"))),
            ("validation", part(&modes)),
            ("validation_profiles", named(profiles)),
            ("default_profile_by_stage", named(defaults)),
            ("selection", part(&self.selection.entries())),
        ];
        entries.extend(self.top.entries());
        entries.extend(self.layers.iter().map(|(name, layer)| (*name, Some(layer.tree()))));
        Tree::map(entries).yaml()
    }
}
