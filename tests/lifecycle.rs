//! The life of strategies: runs, campaigns, promotion, execution mode, and the verbs over them.
//!
//! What is expected is derived by hand from the language of policies, never from what the program gives.

mod campaigns;
mod commands;
mod modes;
mod promotions;
mod random;
mod runs;
mod verbs;

use jiff::Timestamp;
use qmtl_policy::Policy;
use qmtl_policy::eval::read_json;
use qmtl_policy::lifecycle::{LifecycleEvent, RunRecord, Stage, Submission, WorldRecord, WorldRules, read_runs};
use serde_json::{Value, json};

const WORLD: &str = "w";

fn at(text: &str) -> Timestamp {
    qmtl_policy::eval::parse_instant(text).unwrap_or_else(|| panic!("`{text}` is no time"))
}

/// A day of 2026, counted from the first of January as 0.
fn day(number: i64) -> Timestamp {
    Timestamp::from_second(at("2026-01-01").as_second() + number * 86_400).unwrap()
}

/// The rules of a policy of the world `w` with further lines.
fn rules(lines: &str) -> WorldRules {
    let text = format!("world: {WORLD}\nselection: {{ gates: [sharpe >= 0] }}\n{lines}");
    let policy = Policy::compile(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    WorldRules::new(&policy, None, None).unwrap()
}

fn records(runs: &Value) -> Vec<RunRecord> {
    read_runs(&read_json(&runs.to_string()).unwrap()).unwrap_or_else(|error| panic!("{error}"))
}

/// A run record that passed, of a strategy that selects itself.
fn passed(strategy: &str, run: &str, stage: &str, from: i64, until: i64) -> Value {
    json!({
        "strategy_id": strategy, "run_id": run, "stage": stage,
        "created_at": day(from).to_string(), "updated_at": day(until).to_string(),
        "summary": { "status": "pass", "active_set": [strategy], "override_status": "none" },
        "metrics": { "sample_days": 100, "n_trades_total": 200, "sharpe": 1.5, "max_drawdown": 0.1 },
    })
}

/// The same with some of its fields replaced.
fn with(mut run: Value, changes: &Value) -> Value {
    for (key, value) in changes.as_object().unwrap() {
        run[key] = value.clone();
    }
    run
}

fn submission(rules: &WorldRules, strategy: &str, run: &str, stage: Stage) -> Submission {
    Submission {
        strategy: strategy.to_owned(),
        run: run.to_owned(),
        stage,
        window: None,
        policy_version: Some("1".to_owned()),
        ruleset_hash: rules.ruleset_hash.clone(),
        selection_hash: "blake3:s".to_owned(),
    }
}

/// The part of a decision document that runs read.
fn decision(rules: &WorldRules, strategy: &str, status: &str, selected: &[&str]) -> Value {
    json!({
        "world": WORLD, "ruleset_hash": rules.ruleset_hash, "selected": selected,
        "strategies": { strategy: { "status": status, "downgraded": false } },
    })
}

fn take(record: &mut WorldRecord, now: Timestamp, events: &[LifecycleEvent]) {
    events.iter().for_each(|event| record.apply(now, event));
}

/// Submits a run on one day and evaluates it on another.
fn run_through(
    record: &mut WorldRecord,
    rules: &WorldRules,
    (strategy, run, stage): (&str, &str, Stage),
    (from, until): (i64, i64),
    (status, selected): (&str, &[&str]),
) {
    let events = record.submit(&submission(rules, strategy, run, stage), None).unwrap();
    take(record, day(from), &events);
    let metrics = json!({ "sample_days": 100, "n_trades_total": 200 });
    let events = record.evaluate_run(strategy, run, &metrics, &decision(rules, strategy, status, selected)).unwrap();
    take(record, day(until), &events);
}
