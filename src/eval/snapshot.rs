//! Snapshots: what a policy judges.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::notes::Notes;
use super::state::{Previous, read_previous};
use super::strategies::Strategies;
use super::time::parse_instant;
use super::value::{ReadError, Value, read_json, read_yaml};
use crate::diag::misspelt;

/// Everything that one evaluation judges, as given.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// The world it is of, where it says so.
    pub world: Option<String>,
    /// The instant of the snapshot.
    pub as_of: Option<Timestamp>,
    /// The stage that the strategies are in.
    pub stage: Option<String>,
    /// The profile asked for.
    pub profile: Option<String>,
    /// Up to when data should reach.
    pub expected_data_end: Option<Timestamp>,
    /// Up to when data reaches, unless a strategy says otherwise.
    pub data_end: Option<Timestamp>,
    /// The judged strategies in input order.
    pub strategies: Strategies,
    /// What was active before.
    pub previous: Option<Previous>,
    /// How alike strategies are.
    pub correlations: Option<Arc<Correlations>>,
    /// Strategies that may go live.
    pub approvals: Vec<String>,
    /// What was noticed while reading.
    pub notes: Notes,
}

/// One judged strategy.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Strategy {
    /// Its id.
    pub id: String,
    /// Metrics in document order, by dotted path.
    pub metrics: Vec<(String, Leaf)>,
    /// `long`, `short` or another side.
    pub side: Option<String>,
    /// Its sector.
    pub sector: Option<String>,
    /// Signed size. One that is not finite is given but cannot be used: nothing else stands for it.
    pub weight: Option<f64>,
    /// Up to when its data reaches.
    pub data_end: Option<Timestamp>,
}

/// A value of a metric.
#[derive(Debug, Clone, PartialEq)]
pub enum Leaf {
    /// Also one that is not finite; null is a NaN.
    Number(f64),
    /// A boolean metric.
    Boolean(bool),
    /// An attribute, or a duration.
    Text(String),
}

/// Unordered pairs of strategies.
#[derive(Debug, Clone, Default)]
pub struct Correlations {
    /// By the id that sorts first, then by the other: looked up without building a key.
    pairs: HashMap<String, HashMap<String, f64>>,
}

/// Why a snapshot cannot be judged.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// The text is not JSON or YAML.
    #[error("the snapshot cannot be read: {0}")]
    Syntax(#[from] ReadError),
    /// Something has the wrong form; the path says what.
    #[error("`{path}` must be {wanted}, not {found}")]
    Form {
        /// The path of the value.
        path: String,
        /// What it takes.
        wanted: &'static str,
        /// What stands there.
        found: String,
    },
    /// A key that snapshots do not have.
    #[error("`{key}` is not a key of a snapshot{}", .near.as_ref().map(|near| format!(": did you mean `{near}`?")).unwrap_or_default())]
    UnknownKey {
        /// The key.
        key: String,
        /// The key that was probably meant.
        near: Option<String>,
    },
    /// A key of a strategy that is probably meant as another one.
    #[error("`{path}` is probably meant as `{near}`: write it so, or rename it if it is an attribute of its own")]
    MisspeltKey {
        /// The path of the key.
        path: String,
        /// The key that was probably meant.
        near: &'static str,
    },
    /// One path twice, as a key with dots and as a block.
    #[error("`{path}` stands twice, as a key with a dot and as a block: keep one")]
    DoublePath {
        /// The path.
        path: String,
    },
    /// A correlation outside [-1, 1].
    #[error("the correlation of `{first}` and `{second}` is {rho}: it must lie in [-1, 1]")]
    Correlation {
        /// One strategy.
        first: String,
        /// The other.
        second: String,
        /// The value.
        rho: f64,
    },
    /// A state or list of ids that cannot be used.
    #[error("the previous state cannot be read: {0}")]
    Previous(String),
}

const KEYS: [&str; 11] = [
    "as_of",
    "stage",
    "profile",
    "metrics",
    "strategies",
    "previous",
    "correlations",
    "approvals",
    "expected_data_end",
    "data_end",
    "world",
];

/// What a strategy has beside metrics and attributes.
const STRATEGY_KEYS: [&str; 4] = ["side", "sector", "weight", "data_end"];

impl Snapshot {
    /// Reads a JSON snapshot.
    pub fn from_json(text: &str) -> Result<Self, SnapshotError> {
        Self::from_value(&read_json(text)?)
    }

    /// Reads a YAML snapshot.
    pub fn from_yaml(text: &str) -> Result<Self, SnapshotError> {
        Self::from_value(&read_yaml(text)?)
    }

    /// Reads a snapshot from a tree.
    pub fn from_value(root: &Value) -> Result<Self, SnapshotError> {
        let Value::Map(entries) = root else { return Err(form("the snapshot", "a mapping", root)) };
        let unknown = entries.iter().find(|(key, _)| !KEYS.contains(&key.as_str()) && !key.starts_with("x-"));
        if let Some((key, _)) = unknown {
            let near = crate::diag::nearest(key, KEYS).map(str::to_owned);
            return Err(SnapshotError::UnknownKey { key: key.clone(), near });
        }
        let mut snapshot = Self {
            world: text_at(root, "world")?,
            as_of: instant(root, "as_of")?,
            stage: text_at(root, "stage")?,
            profile: text_at(root, "profile")?,
            expected_data_end: instant(root, "expected_data_end")?,
            data_end: instant(root, "data_end")?,
            ..Self::default()
        };
        snapshot.read_strategies(root)?;
        if let Some(previous) = root.get("previous").filter(|value| **value != Value::Null) {
            snapshot.previous = Some(read_previous(previous).map_err(SnapshotError::Previous)?);
        }
        if let Some(pairs) = root.get("correlations").filter(|value| **value != Value::Null) {
            snapshot.correlations = Some(Arc::new(read_correlations(pairs, &mut snapshot.notes)?));
        }
        snapshot.approvals = texts(root, "approvals")?;
        Ok(snapshot)
    }

    /// Judged are the ids of `metrics` in order, then those that stand in `strategies` only.
    fn read_strategies(&mut self, root: &Value) -> Result<(), SnapshotError> {
        let mut index: HashMap<&str, usize> = HashMap::new();
        let mut rows: Vec<Strategy> = Vec::new();
        for (id, block) in mapping(root, "metrics")? {
            let mut strategy = Strategy { id: id.clone(), ..Strategy::default() };
            if !matches!(block, Value::Map(_) | Value::Null) {
                return Err(form(&format!("metrics.{id}"), "a mapping of metrics", block));
            }
            flatten(block, "", &mut strategy.metrics).map_err(|path| {
                form_text(&format!("metrics.{id}.{path}"), "a number, a truth value or a text", "a list")
            })?;
            if let Some(path) = double_path(&strategy.metrics) {
                return Err(SnapshotError::DoublePath { path: format!("metrics.{id}.{path}") });
            }
            index.insert(id, rows.len());
            rows.push(strategy);
        }
        for (id, block) in mapping(root, "strategies")? {
            let at = *index.entry(id).or_insert_with(|| {
                rows.push(Strategy { id: id.clone(), ..Strategy::default() });
                rows.len() - 1
            });
            let path = format!("strategies.{id}");
            if let Some(strategy) = rows.get_mut(at) {
                strategy.read_attributes(block, &path)?;
            }
        }
        self.strategies = rows.into();
        Ok(())
    }
}

impl Strategy {
    fn read_attributes(&mut self, block: &Value, path: &str) -> Result<(), SnapshotError> {
        let Value::Map(entries) = block else {
            return if *block == Value::Null { Ok(()) } else { Err(form(path, "a mapping", block)) };
        };
        self.side = text_in(block, "side", path)?;
        self.sector = text_in(block, "sector", path)?;
        self.weight = match block.get("weight") {
            None | Some(Value::Null) => None,
            Some(Value::Number(weight)) => Some(*weight),
            Some(other) => return Err(form(&format!("{path}.weight"), "a number", other)),
        };
        self.data_end = match block.get("data_end") {
            None | Some(Value::Null) => None,
            Some(value) => Some(parse_time(value, &format!("{path}.data_end"))?),
        };
        // Further attributes are metrics that expressions may read; a metric of the same name wins.
        let mut further = Vec::new();
        for (key, value) in entries.iter().filter(|(key, _)| !STRATEGY_KEYS.contains(&key.as_str())) {
            if let Some(near) = misspelt(key, STRATEGY_KEYS) {
                return Err(SnapshotError::MisspeltKey { path: format!("{path}.{key}"), near });
            }
            flatten(value, key, &mut further)
                .map_err(|key| form_text(&format!("{path}.{key}"), "a number, a truth value or a text", "a list"))?;
        }
        let known: HashSet<_> = self.metrics.iter().map(|(path, _)| path.clone()).collect();
        self.metrics.extend(further.into_iter().filter(|(path, _)| !known.contains(path)));
        Ok(())
    }
}

/// Leaves with their dotted paths; the error is the path of a list.
fn flatten(value: &Value, path: &str, out: &mut Vec<(String, Leaf)>) -> Result<(), String> {
    let leaf = match value {
        Value::Map(entries) => {
            for (key, value) in entries {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                flatten(value, &path, out)?;
            }
            return Ok(());
        }
        Value::List(_) => return Err(path.to_owned()),
        Value::Null if path.is_empty() => return Ok(()),
        Value::Null => Leaf::Number(f64::NAN),
        Value::Number(number) => Leaf::Number(*number),
        Value::Boolean(flag) => Leaf::Boolean(*flag),
        Value::Text(text) => Leaf::Text(text.clone()),
    };
    out.push((path.to_owned(), leaf));
    Ok(())
}

/// A path that stands twice; only keys with dots can make one.
fn double_path(leaves: &[(String, Leaf)]) -> Option<&str> {
    let mut seen = HashSet::new();
    let mut paths = leaves.iter().map(|(path, _)| path.as_str()).filter(|path| path.contains('.'));
    paths.find(|path| !seen.insert(*path))
}

impl Correlations {
    /// Adds a pair; of repeats that differ the larger |rho| stays. False where they differ.
    pub fn insert(&mut self, first: &str, second: &str, rho: f64) -> bool {
        let (first, second) = ordered(first, second);
        let others = match self.pairs.get_mut(first) {
            Some(others) => others,
            None => self.pairs.entry(first.to_owned()).or_default(),
        };
        match others.get_mut(second) {
            Some(known) if *known == rho => true,
            Some(known) => {
                if rho.abs() > known.abs() {
                    *known = rho;
                }
                false
            }
            None => {
                others.insert(second.to_owned(), rho);
                true
            }
        }
    }

    /// The correlation of a pair, if it is given.
    #[must_use]
    pub fn get(&self, first: &str, second: &str) -> Option<f64> {
        let (first, second) = ordered(first, second);
        self.pairs.get(first)?.get(second).copied()
    }

    /// The pairs, the id that sorts first in front; in no order.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs.iter().flat_map(|(first, others)| others.keys().map(move |second| (first.as_str(), second.as_str())))
    }

    /// Whether no pair is given.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// Adds a pair after checking it, noting repeats that differ.
    pub fn add(&mut self, first: &str, second: &str, rho: f64, notes: &mut Notes) -> Result<(), SnapshotError> {
        if !rho.is_finite() || rho.abs() > 1.0 {
            return Err(SnapshotError::Correlation { first: first.to_owned(), second: second.to_owned(), rho });
        }
        if !self.insert(first, second, rho) {
            let message = "pairs are given twice with different correlations; the largest |rho| counts";
            notes.add("correlation_conflict", message, format!("{first}/{second}"));
        }
        Ok(())
    }
}

fn ordered<'i>(first: &'i str, second: &'i str) -> (&'i str, &'i str) {
    if first <= second { (first, second) } else { (second, first) }
}

fn read_correlations(value: &Value, notes: &mut Notes) -> Result<Correlations, SnapshotError> {
    let Value::List(items) = value else { return Err(form("correlations", "a list of [id, id, rho]", value)) };
    let mut correlations = Correlations::default();
    for (index, item) in items.iter().enumerate() {
        let Value::List(parts) = item else {
            return Err(form(&format!("correlations[{index}]"), "[id, id, rho]", item));
        };
        let [Value::Text(first), Value::Text(second), Value::Number(rho)] = parts.as_slice() else {
            return Err(form_text(&format!("correlations[{index}]"), "[id, id, rho]", "something else"));
        };
        correlations.add(first, second, *rho, notes)?;
    }
    Ok(correlations)
}

fn mapping<'v>(root: &'v Value, key: &str) -> Result<&'v [(String, Value)], SnapshotError> {
    match root.get(key) {
        None | Some(Value::Null) => Ok(&[]),
        Some(Value::Map(entries)) => Ok(entries),
        Some(other) => Err(form(key, "a mapping by strategy", other)),
    }
}

fn texts(root: &Value, key: &str) -> Result<Vec<String>, SnapshotError> {
    match root.get(key) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::List(items)) => {
            let text = |item: &Value| match item {
                Value::Text(text) => Ok(text.clone()),
                other => Err(form(key, "a list of strategy ids", other)),
            };
            items.iter().map(text).collect()
        }
        Some(other) => Err(form(key, "a list of strategy ids", other)),
    }
}

fn text_at(root: &Value, key: &str) -> Result<Option<String>, SnapshotError> {
    text_in(root, key, "")
}

fn text_in(block: &Value, key: &str, path: &str) -> Result<Option<String>, SnapshotError> {
    match block.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Text(text)) => Ok(Some(text.clone())),
        Some(other) => Err(form([path, key].join(".").trim_start_matches('.'), "a text", other)),
    }
}

fn instant(root: &Value, key: &str) -> Result<Option<Timestamp>, SnapshotError> {
    match root.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => parse_time(value, key).map(Some),
    }
}

fn parse_time(value: &Value, path: &str) -> Result<Timestamp, SnapshotError> {
    let wanted = "a time such as `2026-01-31T21:00:00Z`";
    match value {
        Value::Text(text) => parse_instant(text).ok_or_else(|| form_text(path, wanted, &format!("`{text}`"))),
        other => Err(form(path, wanted, other)),
    }
}

fn form(path: &str, wanted: &'static str, found: &Value) -> SnapshotError {
    form_text(path, wanted, found.describe())
}

fn form_text(path: &str, wanted: &'static str, found: &str) -> SnapshotError {
    SnapshotError::Form { path: path.to_owned(), wanted, found: found.to_owned() }
}
