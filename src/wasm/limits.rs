//! What a host lets the guest use. All of it is checked before the work.

use serde::Serialize;
use serde_json::{Map, Value};

use super::documents::{Refusal, known_keys, whole};
use crate::source::Limits;

/// Memory that judging takes for each byte of a snapshot: its tree, the strategies, and the decision.
/// Measured with a strategy of six metrics and all its checks.
pub(super) const PER_SNAPSHOT_BYTE: usize = 48;
/// Memory that compiling takes for each byte of a policy. Measured with gates of one comparison.
pub(super) const PER_POLICY_BYTE: usize = 256;

/// Budgets, each a whole number.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Budget {
    /// Longest text, in bytes.
    pub text_bytes: usize,
    /// Most bytes for what the host holds (blocks, policies, frames, logs) and for the work of a call.
    pub memory_bytes: usize,
    /// Most handles at once.
    pub handles: usize,
    /// Most rows of a frame.
    pub rows: usize,
    /// Longest policy, in bytes.
    pub policy_bytes: usize,
    /// Most YAML nodes of a policy.
    pub policy_nodes: usize,
    /// Deepest nesting of a policy.
    pub policy_depth: usize,
    /// Deepest nesting of an expression.
    pub expression_depth: usize,
    /// Most steps of the static analysis of a policy.
    pub analysis_steps: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            text_bytes: 64 << 20,
            memory_bytes: 2 << 30,
            handles: 1024,
            rows: 16 << 20,
            policy_bytes: 1 << 20,
            policy_nodes: 200_000,
            policy_depth: Limits::DEPTH,
            expression_depth: Limits::EXPRESSION_DEPTH,
            analysis_steps: Limits::ANALYSIS_STEPS as usize,
        }
    }
}

const KEYS: [&str; 9] = [
    "text_bytes",
    "memory_bytes",
    "handles",
    "rows",
    "policy_bytes",
    "policy_nodes",
    "policy_depth",
    "expression_depth",
    "analysis_steps",
];

impl Budget {
    /// Takes the limits that a document names; none is taken where one is wrong.
    pub fn set(&mut self, document: &Map<String, Value>) -> Result<(), Refusal> {
        known_keys(document, &KEYS, "limits")?;
        let mut next = self.clone();
        for (key, value) in document {
            let value = whole(key, value)?;
            let (slot, most) = next.slot(key);
            if value > most {
                return Err(Refusal::new("limits", format!("`{key}` can be {most} at most, not {value}")));
            }
            *slot = value;
        }
        *self = next;
        Ok(())
    }

    /// A limit by name, and what it can be at most: depths are bounded by the stack.
    fn slot(&mut self, key: &str) -> (&mut usize, usize) {
        match key {
            "text_bytes" => (&mut self.text_bytes, usize::MAX),
            "memory_bytes" => (&mut self.memory_bytes, usize::MAX),
            "handles" => (&mut self.handles, usize::MAX),
            "rows" => (&mut self.rows, u32::MAX as usize),
            "policy_bytes" => (&mut self.policy_bytes, Limits::BYTES),
            "policy_nodes" => (&mut self.policy_nodes, Limits::NODES),
            "policy_depth" => (&mut self.policy_depth, Limits::DEPTH),
            "expression_depth" => (&mut self.expression_depth, Limits::EXPRESSION_DEPTH),
            _ => (&mut self.analysis_steps, usize::MAX),
        }
    }

    /// Those that the compiler knows.
    pub fn policy(&self) -> Limits {
        Limits {
            bytes: self.policy_bytes,
            nodes: self.policy_nodes,
            depth: self.policy_depth,
            expression_depth: self.expression_depth,
            analysis_steps: self.analysis_steps as u64,
            ..Limits::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Budget, KEYS};

    #[test]
    fn every_limit_can_be_set_by_its_name() {
        let told = serde_json::to_value(Budget::default()).expect("JSON");
        assert_eq!(
            told.as_object().map(|told| told.keys().map(String::as_str).collect::<Vec<_>>()),
            Some({
                let mut keys = KEYS.to_vec();
                keys.sort_unstable();
                keys
            })
        );
        let mut budget = Budget::default();
        for key in KEYS {
            budget.set(json!({ key: 7 }).as_object().expect("an object")).expect("a limit");
        }
        let sevens = serde_json::to_value(&budget).expect("JSON");
        assert!(sevens.as_object().is_some_and(|told| told.values().all(|value| *value == json!(7))));
        for wrong in [json!({ "rows": -1 }), json!({ "row": 1 }), json!({ "rows": 1.5 }), json!({ "policy_depth": 65 })]
        {
            assert!(budget.set(wrong.as_object().expect("an object")).is_err(), "{wrong}");
        }
    }
}
