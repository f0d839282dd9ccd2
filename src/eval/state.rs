//! What an evaluation hands on to the next one.

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use super::time::parse_instant;
use super::value::Value;

/// The state after an evaluation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct State {
    /// Version of this form.
    pub schema_version: u32,
    /// The world it belongs to.
    pub world: Option<String>,
    /// The policy it was made by.
    pub ruleset_hash: String,
    /// What of that policy can alter a selection.
    pub selection_hash: String,
    /// When it was made.
    pub as_of: Option<Timestamp>,
    /// By strategy id, sorted.
    #[serde(serialize_with = "by_id")]
    pub strategies: Vec<(String, StrategyState)>,
}

/// The state of one strategy.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct StrategyState {
    /// Whether it is selected.
    pub active: bool,
    /// When that last changed.
    pub since: Option<Timestamp>,
    /// Qualified evaluations in a row.
    pub pass_streak: u32,
    /// Unqualified evaluations in a row.
    pub fail_streak: u32,
    /// Its side when last seen.
    pub side: Option<String>,
    /// Its sector when last seen.
    pub sector: Option<String>,
    /// Its weight when last seen.
    pub weight: Option<f64>,
}

fn by_id<S: Serializer>(entries: &[(String, StrategyState)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(entries.iter().map(|(id, state)| (id, state)))
}

/// What was active before, as given.
#[derive(Debug, Clone, PartialEq)]
pub enum Previous {
    /// Ids only: no streaks, no times.
    Ids(Vec<String>),
    /// A state.
    State(Box<State>),
}

impl State {
    /// The state of a strategy.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&StrategyState> {
        let index = self.strategies.binary_search_by(|(known, _)| known.as_str().cmp(id)).ok()?;
        self.strategies.get(index).map(|(_, state)| state)
    }
}

/// Reads a state, a whole decision, or a list of ids. The error is one line for people.
pub fn read_previous(value: &Value) -> Result<Previous, String> {
    match value {
        Value::List(items) => {
            let mut seen = std::collections::HashSet::with_capacity(items.len());
            let mut ids: Vec<String> = Vec::with_capacity(items.len());
            for item in items {
                let Value::Text(id) = item else { return Err(format!("a list of ids holds {}", item.describe())) };
                if !seen.insert(id) {
                    return Err(format!("`{id}` stands twice in the list"));
                }
                ids.push(id.clone());
            }
            Ok(Previous::Ids(ids))
        }
        Value::Map(_) => match value.get("state") {
            Some(state) => read_state(state),
            None => read_state(value),
        },
        other => Err(format!("a state, a decision or a list of ids is needed, not {}", other.describe())),
    }
}

/// The version of the form of states.
pub(super) const SCHEMA_VERSION: u32 = 1;

fn read_state(value: &Value) -> Result<Previous, String> {
    match value.get("schema_version") {
        Some(Value::Number(version)) if *version == f64::from(SCHEMA_VERSION) => {}
        Some(_) => return Err("its `schema_version` is not 1".to_owned()),
        None => return Err("it has no `schema_version`: is this a state or a decision?".to_owned()),
    }
    let Some(Value::Map(entries)) = value.get("strategies") else {
        return Err("it has no mapping `strategies`".to_owned());
    };
    let mut strategies = Vec::with_capacity(entries.len());
    for (id, block) in entries {
        strategies.push((id.clone(), read_strategy(block).map_err(|problem| format!("`{id}`: {problem}"))?));
    }
    crate::order::sort_by(&mut strategies, |left, right| left.0.cmp(&right.0));
    let text = |key: &str| optional_text(value, key);
    Ok(Previous::State(Box::new(State {
        schema_version: SCHEMA_VERSION,
        world: text("world")?,
        ruleset_hash: text("ruleset_hash")?.unwrap_or_default(),
        selection_hash: text("selection_hash")?.unwrap_or_default(),
        as_of: optional_time(value, "as_of")?,
        strategies,
    })))
}

fn read_strategy(block: &Value) -> Result<StrategyState, String> {
    let active = match block.get("active") {
        Some(Value::Boolean(active)) => *active,
        _ => return Err("`active` must be true or false".to_owned()),
    };
    let streak = |key: &str| match block.get(key) {
        None | Some(Value::Null) => Ok(0),
        Some(Value::Number(count)) if *count >= 0.0 && libm::trunc(*count) == *count => Ok(*count as u32),
        Some(_) => Err(format!("`{key}` must be a whole number")),
    };
    let weight = match block.get("weight") {
        None | Some(Value::Null) => None,
        Some(Value::Number(weight)) if weight.is_finite() => Some(*weight),
        Some(_) => return Err("`weight` must be a number".to_owned()),
    };
    Ok(StrategyState {
        active,
        since: optional_time(block, "since")?,
        pass_streak: streak("pass_streak")?,
        fail_streak: streak("fail_streak")?,
        side: optional_text(block, "side")?,
        sector: optional_text(block, "sector")?,
        weight,
    })
}

fn optional_text(value: &Value, key: &str) -> Result<Option<String>, String> {
    match value.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Text(text)) => Ok(Some(text.clone())),
        Some(_) => Err(format!("`{key}` must be a text")),
    }
}

fn optional_time(value: &Value, key: &str) -> Result<Option<Timestamp>, String> {
    match optional_text(value, key)? {
        None => Ok(None),
        Some(text) => parse_instant(&text).map(Some).ok_or_else(|| format!("`{key}` must be a time, not `{text}`")),
    }
}
