//! The few metrics that campaigns read from the metrics of a run.

use crate::eval::Value;

/// Days of a year of history.
const DAYS_PER_YEAR: f64 = 365.0;

/// The greatest number up to which doubles hold every whole number.
const GREATEST_WHOLE: f64 = 9_007_199_254_740_992.0;

/// What campaigns know of a run's metrics. What is missing, not finite, negative where that cannot be, or of
/// another type is none.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Samples {
    /// Whole days of sample: `sample_days`, else `effective_history_years` times 365, without the fraction.
    pub sample_days: Option<i64>,
    /// `n_trades_total`, if it is whole.
    pub trades_total: Option<i64>,
    /// `sharpe`.
    pub sharpe: Option<f64>,
    /// `max_drawdown`.
    pub max_drawdown: Option<f64>,
}

impl Samples {
    /// Reads a block of metrics.
    ///
    /// A metric is the one at the top, else the one in its own block (`sample`, `returns`), else the only
    /// one of that name.
    #[must_use]
    pub fn of(metrics: &Value) -> Self {
        let days = count(metrics, "sample_days");
        let years = || count(metrics, "effective_history_years").map(|years| years * DAYS_PER_YEAR);
        let whole = |trades: &f64| libm::trunc(*trades) == *trades && *trades <= GREATEST_WHOLE;
        let trades = count(metrics, "n_trades_total").filter(whole);
        Self {
            sample_days: days.or_else(years).map(|days| days as i64),
            trades_total: trades.map(|trades| trades as i64),
            sharpe: number(metrics, "returns", "sharpe"),
            max_drawdown: number(metrics, "returns", "max_drawdown"),
        }
    }

    /// Reads a block of metrics as it is kept in events.
    #[must_use]
    pub fn of_json(metrics: &serde_json::Value) -> Self {
        Self::of(&tree(metrics))
    }
}

fn count(metrics: &Value, name: &str) -> Option<f64> {
    number(metrics, "sample", name).filter(|value| *value >= 0.0)
}

fn number(metrics: &Value, block: &str, name: &str) -> Option<f64> {
    let found = metrics.get(name).or_else(|| metrics.get(block)?.get(name)).or_else(|| only(metrics, name));
    match found {
        Some(Value::Number(number)) if number.is_finite() => Some(*number),
        _ => None,
    }
}

/// The leaf of that name, if there is exactly one.
fn only<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    let mut found = Vec::new();
    leaves(value, name, &mut found);
    match found.as_slice() {
        [one] => Some(one),
        _ => None,
    }
}

fn leaves<'v>(value: &'v Value, name: &str, found: &mut Vec<&'v Value>) {
    let Value::Map(entries) = value else { return };
    for (key, value) in entries {
        match value {
            Value::Map(_) => leaves(value, name, found),
            leaf if key == name => found.push(leaf),
            _ => {}
        }
    }
}

fn tree(value: &serde_json::Value) -> Value {
    match value {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(flag) => Value::Boolean(*flag),
        serde_json::Value::Number(number) => number.as_f64().map_or(Value::Null, Value::Number),
        serde_json::Value::String(text) => Value::Text(text.clone()),
        serde_json::Value::Array(items) => Value::List(items.iter().map(tree).collect()),
        serde_json::Value::Object(fields) => {
            Value::Map(fields.iter().map(|(key, value)| (key.clone(), tree(value))).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn days_come_from_days_else_from_years_without_the_fraction() {
        let days = |metrics| Samples::of_json(&metrics).sample_days;
        assert_eq!(days(json!({ "sample_days": 29.9, "effective_history_years": 2 })), Some(29));
        // 0.1 years are 36.5 days.
        assert_eq!(days(json!({ "sample": { "effective_history_years": 0.1 } })), Some(36));
        assert_eq!(days(json!({ "sample_days": "30" })), None);
        assert_eq!(days(json!({ "sample_days": -1 })), None);
        assert_eq!(days(json!({ "sample_days": null, "effective_history_years": 1 })), Some(365));
        assert_eq!(days(json!({})), None);
    }

    #[test]
    fn trades_must_be_whole() {
        let trades = |metrics| Samples::of_json(&metrics).trades_total;
        assert_eq!(trades(json!({ "n_trades_total": 150.0 })), Some(150));
        assert_eq!(trades(json!({ "n_trades_total": 150.5 })), None);
        assert_eq!(trades(json!({ "n_trades_total": true })), None);
        assert_eq!(trades(json!({ "n_trades_total": 1e300 })), None);
        assert_eq!(trades(json!({ "sample": { "n_trades_total": 7 } })), Some(7));
    }

    #[test]
    fn the_own_block_goes_before_other_blocks() {
        let crash = json!({ "returns": { "max_drawdown": 0.1 }, "stress": { "crash": { "max_drawdown": 0.4 } } });
        assert_eq!(Samples::of_json(&crash).max_drawdown, Some(0.1));
        let two = json!({ "a": { "sharpe": 1 }, "b": { "sharpe": 2 } });
        assert_eq!(Samples::of_json(&two).sharpe, None);
        let one = json!({ "a": { "deep": { "sharpe": 1 } }, "b": {} });
        assert_eq!(Samples::of_json(&one).sharpe, Some(1.0));
    }
}
