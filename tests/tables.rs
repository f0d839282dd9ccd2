//! Tables in and out, and measuring, through the real program.

use crate::support::{Scratch, run};

#[test]
fn decisions_are_written_as_tables_that_can_be_read_again() {
    let scratch = Scratch::new();
    let policy = "examples/crypto_mom/policy.yaml";
    let out = |name: &str| scratch.path().join(name).to_str().unwrap().to_owned();
    let eval = |name: &str| {
        let path = out(name);
        run(&["eval", policy, "--snapshot", "examples/crypto_mom/monday.json", "--out", &path]).exits(0);
        path
    };
    let csv = std::fs::read_to_string(eval("decisions.csv")).unwrap();
    assert!(csv.starts_with("as_of,strategy_id,selected,action,"), "{csv}");
    let decision = run(&["eval", policy, "--snapshot", "examples/crypto_mom/monday.json"]).exits(0).json();
    let strategies = decision["strategies"].as_object().unwrap();
    assert_eq!(csv.lines().count(), strategies.len() + 1);
    // The rows are a table in long form: a policy over them finds what was decided.
    let again = scratch.file(
        "again.yaml",
        "world: again\nmetrics: { rank: { unit: count }, selected: { type: boolean } }\nselection: { gates: [rank <= 3 or selected] }\n",
    );
    let wanted: Vec<_> = strategies
        .iter()
        .filter(|(_, own)| own["rank"].as_u64().is_some_and(|rank| rank <= 3) || own["selected"] == true)
        .map(|(id, _)| id.clone())
        .collect();
    for name in ["decisions.csv", "decisions.parquet"] {
        let found = run(&["eval", again.to_str().unwrap(), "--snapshot", &eval(name)]).exits(0).json();
        let mut found: Vec<_> =
            found["selected"].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect();
        found.sort();
        assert_eq!(
            found,
            {
                let mut wanted = wanted.clone();
                wanted.sort();
                wanted
            },
            "{name}"
        );
    }
    run(&["eval", policy, "--snapshot", "examples/crypto_mom/monday.json", "--out", &out("x.csv"), "--format", "json"])
        .exits(2)
        .says("leave out --format");
    assert!(!scratch.path().join("x.csv").exists());
}

#[test]
fn a_table_that_ends_in_an_error_leaves_no_file() {
    let scratch = Scratch::new();
    let table = scratch.file("t.csv", "as_of,strategy_id,sharpe\n2026-01-31,a,1\n2026-01-30,a,1\n");
    let policy = scratch.file("p.yaml", "world: w\nselection: { gates: [sharpe >= 0.5] }\n");
    let out = scratch.path().join("decisions.ndjson");
    let run =
        run(&["eval", policy.to_str().unwrap(), "--snapshot", table.to_str().unwrap(), "--out", out.to_str().unwrap()]);
    run.exits(2).says("row 2: `as_of` goes back");
    let left: Vec<_> = std::fs::read_dir(scratch.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "{left:?}");
}

#[test]
fn bench_measures_made_up_rows_and_snapshots() {
    let report =
        run(&["bench", "examples/crypto_mom/policy.yaml", "--rows", "2000", "--format", "json"]).exits(0).json();
    assert_eq!(report["rows"], 2000);
    assert!(report["measures"].as_array().unwrap().iter().all(|measure| measure["ns_per_row"].as_f64().unwrap() > 0.0));
    assert!(report["further_steps"].as_array().unwrap().contains(&"hysteresis".into()));
    run(&["bench", "examples/sp500_rules/policy.yaml", "--snapshot", "examples/sp500_rules/snapshot.json"])
        .exits(0)
        .prints("decision with all details");
    run(&["bench", "examples/crypto_mom/policy.yaml"]).exits(2).says("--rows N or --snapshot FILE");
    run(&["bench", "examples/crypto_mom/policy.yaml", "--rows", "0"]).exits(2).says("from 1 to");
}

/// The decision on a table that a policy judges.
fn judged(policy: &str, name: &str, table: &str) -> serde_json::Value {
    let scratch = Scratch::new();
    let (policy, table) = (scratch.file("p.yaml", policy), scratch.file(name, table));
    run(&["eval", policy.to_str().unwrap(), "--snapshot", table.to_str().unwrap()]).exits(0).json()
}

/// What judging a table says where it cannot be judged.
fn refused(name: &str, table: &str, message: &str) {
    let scratch = Scratch::new();
    let policy = scratch.file("p.yaml", "world: w\nselection: { gates: [sharpe >= 0.5] }\n");
    let table = scratch.file(name, table);
    run(&["eval", policy.to_str().unwrap(), "--snapshot", table.to_str().unwrap()]).exits(2).says(message);
}

#[test]
fn a_column_keeps_its_name_whatever_its_cells_hold() {
    let policy = "world: w\nselection: { gates: [max_drawdown <= 25%] }\n";
    let json = r#"{"metrics": {"a": {"max_drawdown": null, "max_dd": 0.1}}}"#;
    let wanted = judged(policy, "t.json", json);
    assert_eq!(wanted["notes"][0]["code"], "non_finite");
    let csv = "strategy_id,max_drawdown,max_dd\na,,0.1\n";
    let lines = "{\"strategy_id\": \"a\", \"max_drawdown\": null, \"max_dd\": 0.1}\n";
    for (name, table) in [("t.csv", csv), ("t.jsonl", lines)] {
        let found = judged(policy, name, table);
        assert_eq!(found["selected"], serde_json::json!([]), "{name}");
        assert_eq!(found["notes"], wanted["notes"], "{name}");
    }
    // Also where another row makes it a column of truth values or of numbers.
    let csv = "strategy_id,max_drawdown,max_dd\nb,0.1,\na,,0.1\n";
    assert_eq!(judged(policy, "t.csv", csv)["selected"], serde_json::json!(["b"]));
}

#[test]
fn a_line_without_a_key_is_a_strategy_without_the_metric() {
    let policy = "world: w\nselection: { gates: [max_drawdown <= 25%] }\n";
    let lines = "{\"strategy_id\": \"a\", \"max_drawdown\": 0.1}\n{\"strategy_id\": \"b\", \"max_dd\": 0.1}\n";
    let found = judged(policy, "t.jsonl", lines);
    assert_eq!(found["selected"], serde_json::json!(["a", "b"]));
    assert_eq!(found["notes"], serde_json::json!([]));
}

#[test]
fn a_column_keeps_its_kind_throughout_a_table() {
    let table = "as_of,strategy_id,sharpe\n2026-01-30,a,0.1\n2026-01-31,a,x\n";
    refused("t.csv", table, "row 2: `sharpe` must be a number like those above, not `x`");
}

#[test]
fn a_column_that_is_almost_one_with_a_meaning_is_refused() {
    refused("t.csv", "strategy_id,sharpe,Side\na,1,long\n", "the column `Side` is probably meant as `side`");
    refused("t.csv", "strategy_id,sharpe,wieght\na,1,0.1\n", "the column `wieght` is probably meant as `weight`");
    refused("t.csv", "Strategy_Id,sharpe\na,1\n", "no column `strategy_id`: rename `Strategy_Id`");
    refused("t.csv", "id,sharpe\na,1\n", "no column `strategy_id`: rename `id`");
    refused("t.csv", "x,sharpe\na,1\n", "the table has no column `strategy_id`");
    let lines = "{\"strategy_id\": \"a\", \"sharpe\": 1}\n{\"strategy_id\": \"b\", \"asof\": \"2026-01-31\"}\n";
    refused("t.jsonl", lines, "line 2: the column `asof` is probably meant as `as_of`");
}

#[test]
fn a_weight_that_is_not_finite_is_no_share_of_a_budget() {
    let policy = "world: w\nselection:\n  score: sharpe\n  constraints: { exposure: { gross_budget: { long: 1 } } }\n  topk: { total: 4 }\n";
    let found = judged(policy, "t.csv", "strategy_id,sharpe,side,weight\na,2,long,inf\nb,1,long,\n");
    assert_eq!(found["selected"], serde_json::json!(["b"]));
    assert_eq!(found["strategies"]["a"]["rejected_by"]["code"], "weight_missing");
    assert_eq!(found["notes"][0]["examples"], serde_json::json!(["a.weight"]));
}
