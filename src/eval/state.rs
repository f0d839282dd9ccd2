//! What an evaluation hands on to the next one.

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use super::time::parse_instant;
use super::value::Value;
use crate::diag::nearest;

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
            Some(state @ Value::Map(_)) => read_state(state),
            Some(other) => Err(format!("`state` must be a mapping, not {}: give the whole decision", other.describe())),
            None if DECISION_KEYS.iter().any(|key| value.get(key).is_some()) => {
                Err("it is a decision without its `state`: give the whole decision, or its state".to_owned())
            }
            None => read_state(value),
        },
        other => Err(format!("a state, a decision or a list of ids is needed, not {}", other.describe())),
    }
}

/// Keys of a decision that a state does not have.
const DECISION_KEYS: [&str; 3] = ["selected", "funnel", "policy_version"];

/// The keys of a state, each of which stands in every one.
const STATE_KEYS: [&str; 6] = ["schema_version", "world", "ruleset_hash", "selection_hash", "as_of", "strategies"];

/// The keys of a strategy in a state.
const STRATEGY_KEYS: [&str; 7] = ["active", "since", "pass_streak", "fail_streak", "side", "sector", "weight"];

/// The version of the form of states.
pub(super) const SCHEMA_VERSION: u32 = 1;

fn read_state(value: &Value) -> Result<Previous, String> {
    match value.get("schema_version") {
        Some(Value::Number(version)) if *version == f64::from(SCHEMA_VERSION) => {}
        Some(_) => return Err("its `schema_version` is not 1".to_owned()),
        None => return Err("it has no `schema_version`: is this a state or a decision?".to_owned()),
    }
    known_keys(value, &STATE_KEYS)?;
    if let Some(key) = STATE_KEYS.iter().find(|key| value.get(key).is_none()) {
        return Err(format!("it has no `{key}`: give the state as an evaluation left it"));
    }
    let Some(Value::Map(entries)) = value.get("strategies") else {
        return Err("its `strategies` must be a mapping".to_owned());
    };
    let as_of = optional_time(value, "as_of")?;
    let mut strategies = Vec::with_capacity(entries.len());
    for (id, block) in entries {
        strategies.push((id.clone(), read_strategy(block, as_of).map_err(|problem| format!("`{id}`: {problem}"))?));
    }
    crate::order::sort_by(&mut strategies, |left, right| left.0.cmp(&right.0));
    let hash = |key: &str| optional_text(value, key)?.ok_or_else(|| format!("its `{key}` must be a text, not nothing"));
    Ok(Previous::State(Box::new(State {
        schema_version: SCHEMA_VERSION,
        world: optional_text(value, "world")?,
        ruleset_hash: hash("ruleset_hash")?,
        selection_hash: hash("selection_hash")?,
        as_of,
        strategies,
    })))
}

/// Refuses a key that would be passed over without a word.
fn known_keys(value: &Value, known: &[&str]) -> Result<(), String> {
    let Value::Map(entries) = value else { return Ok(()) };
    let is_unknown = |key: &str| !known.contains(&key) && !key.starts_with("x-");
    let Some((key, _)) = entries.iter().find(|(key, _)| is_unknown(key)) else { return Ok(()) };
    let near = nearest(key, known.iter().copied()).map(|near| format!(": did you mean `{near}`?"));
    Err(format!("`{key}` is not a key of it{}", near.unwrap_or_default()))
}

fn read_strategy(block: &Value, as_of: Option<Timestamp>) -> Result<StrategyState, String> {
    known_keys(block, &STRATEGY_KEYS)?;
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
    let since = optional_time(block, "since")?;
    if since.zip(as_of).is_some_and(|(since, as_of)| since > as_of) {
        return Err("`since` is after the `as_of` of the state".to_owned());
    }
    Ok(StrategyState {
        active,
        since,
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
