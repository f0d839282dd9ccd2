//! The verbs over run records, as their users run them.

use serde_json::{Value, json};

use super::passed;
use crate::support::{Run, Scratch, run, run_with};

const POLICY: &str = "world: w\nselection: { gates: [sharpe >= 0] }\ncampaign: { paper: { window: 20d } }\n";

fn with_files(policy: &str, runs: &str, verb: &[&str], more: &[&str]) -> Run {
    let scratch = Scratch::new();
    let policy = scratch.file("policy.yaml", policy);
    let runs = scratch.file("runs.json", runs);
    let files = [policy.to_str().unwrap(), "--runs", runs.to_str().unwrap()];
    run(&[verb, &files, more].concat())
}

fn status(runs: &Value, more: &[&str]) -> Run {
    with_files(POLICY, &runs.to_string(), &["campaign", "status"], more)
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn status_and_tick_answer_in_json_and_tables() {
    let runs = json!([passed("s", "b", "backtest", 0, 10), passed("s", "p", "paper", 10, 20)]);
    let document = status(&runs, &["--now", "2026-03-01", "--format", "json"]).exits(0).json();
    assert_eq!(document["generated_at"], "2026-03-01T00:00:00Z");
    let strategy = &document["strategies"][0];
    assert_eq!((&strategy["phase"], &strategy["paper"]["progress"]), (&json!("paper_campaign"), &json!(0.5)));
    status(&runs, &["--format", "table"]).exits(0).prints("50%").prints("paper window incomplete");
    let tick = with_files(POLICY, &runs.to_string(), &["campaign", "tick"], &["--now", "2026-03-01T12:00:00"]);
    assert_eq!(tick.exits(0).json()["actions"][0]["suggested_run_id"], "camp-w-s-paper-20260301");
    with_files(POLICY, &runs.to_string(), &["campaign", "tick"], &["--format", "table"])
        .exits(0)
        .prints("continue paper campaign");
}

#[test]
fn without_now_it_is_the_second_of_the_clock() {
    let document = status(&json!([]), &[]).exits(0).json();
    let generated = document["generated_at"].as_str().unwrap();
    assert!(generated.len() == "2026-01-01T00:00:00Z".len() && generated > "2024", "{generated}");
    assert_eq!(document["strategies"], json!([]));
    status(&json!([]), &["--format", "table"]).exits(0).prints("there are no runs");
}

#[test]
fn candidates_and_plan_answer_in_json_and_tables() {
    let runs = json!([passed("s", "p", "paper", 0, 30)]).to_string();
    let ask = |verb: &str, more: &[&str]| with_files(POLICY, &runs, &["promote", verb], more);
    let found = ask("candidates", &["--allow-live", "true", "--risk-snapshot", "2026-03-01", "--now", "2026-03-01"]);
    let found = found.exits(0).json();
    assert_eq!(found["candidates"][0]["blocked_reasons"], json!(["manual_approval_required"]));
    assert_eq!(found["candidates"][0]["eligible"], true);
    ask("candidates", &["--format", "table"]).exits(0).prints("promotion disabled");
    ask("candidates", &["--current-active", "s", "--format", "table"]).exits(0).prints("no strategy");
    let of = ["--strategy", "s", "--run", "p", "--current-active", "a, b"];
    let plan = ask("plan", &of).exits(0).json();
    let mut found = keys(&plan);
    found.sort_unstable();
    assert_eq!(
        found,
        [
            "assumptions",
            "blocked_reasons",
            "canary_fraction",
            "cooldown_remaining_sec",
            "current_active",
            "eligible",
            "max_live_slots",
            "override_status",
            "pending_manual_approval",
            "plan",
            "promotion_mode",
            "run_id",
            "schema_version",
            "strategy_id",
            "target_active",
            "world_id",
        ]
    );
    assert_eq!(plan["plan"], json!({ "activate": ["s"], "deactivate": ["a", "b"] }));
    assert_eq!(plan["blocked_reasons"], json!(["promotion_disabled", "manual_approval_required"]));
    ask("plan", &[&of[..], &["--format", "table"]].concat()).exits(0).prints("deactivates  a, b");
    ask("plan", &["--strategy", "t", "--run", "p"]).exits(2).says("there is no run of `t`");
    ask("plan", &["--strategy", "s"]).exits(2);
    ask("plan", &[&of[..], &["--allow-live", "yes"]].concat()).exits(2);
    ask("plan", &[&of[..], &["--risk-snapshot", "soon"]].concat())
        .exits(2)
        .says("--risk-snapshot `soon` is not a time");
}

#[test]
fn tables_fit_eighty_columns() {
    let runs = json!([passed("momentum_btc_1h", "b", "backtest", 0, 10), passed("carry", "p", "paper", 0, 5)]);
    let scratch = Scratch::new();
    let runs = scratch.file("runs.json", runs.to_string());
    let policy = "examples/crypto_mom/policy.yaml";
    for verb in [&["campaign", "status"][..], &["campaign", "tick"], &["promote", "candidates"], &["promote", "plan"]] {
        let of: &[&str] = if verb[1] == "plan" { &["--strategy", "carry", "--run", "p"] } else { &[] };
        let arguments = [verb, &[policy, "--runs", runs.to_str().unwrap(), "--format", "table"], of].concat();
        let found = run_with(&arguments, b"", &[("COLUMNS", "80")]).exits(0);
        for line in found.stdout.lines() {
            assert!(line.chars().count() <= 80, "{line}\n{found}");
        }
    }
}

#[test]
fn bad_records_are_told_at_their_place() {
    let good = passed("s", "p", "paper", 0, 30);
    let bad = |changes: Value| json!([good, super::with(passed("t", "p", "paper", 0, 30), &changes)]);
    for (runs, says) in [
        (bad(json!({ "created_at": "yesterday" })), "`runs[1].created_at` must be a time"),
        (bad(json!({ "created_at": 5 })), "`runs[1].created_at` must be a time such as `2026-01-31T21:00:00Z`, not 5"),
        (bad(json!({ "created_at": "2026-12-31" })), "`runs[1].updated_at` must be at or after `created_at`"),
        (bad(json!({ "stage": "prod" })), "`runs[1].stage` must be backtest, paper, shadow or live, not `prod`"),
        (bad(json!({ "stage": "papr" })), "did you mean `paper`?"),
        (bad(json!({ "stage": null })), "`runs[1].stage` must be"),
        (bad(json!({ "strategy_id": " " })), "`runs[1].strategy_id` must be a text that is not empty"),
        (bad(json!({ "run_id": 7 })), "`runs[1].run_id` must be a text, not 7"),
        (bad(json!({ "sumary": {} })), "`runs[1].sumary` is not a known key: did you mean `summary`?"),
        (bad(json!({ "summary": "pass" })), "`runs[1].summary` must be a mapping, not a text"),
        (bad(json!({ "summary": { "status": "ok" } })), "`runs[1].summary.status` must be pass, warn or fail"),
        (bad(json!({ "summary": { "active_set": "s" } })), "`runs[1].summary.active_set` must be a list of texts"),
        (bad(json!({ "summary": { "active_set": [1] } })), "`runs[1].summary.active_set[0]` must be a text"),
        (bad(json!({ "summary": { "override_status": "maybe" } })), "`runs[1].summary.override_status` must be"),
        (bad(json!({ "metrics": [1] })), "`runs[1].metrics` must be a mapping of metrics"),
        (bad(json!({ "strategy_id": "s" })), "`runs[1]` repeats the run `p` of `s`, which is `runs[0]`"),
        (json!({ "runs": [] }), "`runs` must be a list of run records, not a mapping"),
        (json!([7]), "must be a mapping, not a number"),
        (json!([{ "strategy_id": "s" }]), "`runs[0].stage` is missing: it must be"),
    ] {
        status(&runs, &[]).exits(2).says(says).says("runs.json");
    }
    status(&bad(json!({ "x-note": "ours" })), &[]).exits(0);
    with_files(POLICY, "[{\"a\": 1,]", &["campaign", "status"], &[]).exits(2).says("runs.json:1:");
    with_files(POLICY, "", &["campaign", "status"], &[]).exits(2);
}

#[test]
fn times_without_offset_are_utc() {
    let local = json!({ "created_at": "2026-01-01T00:00:00", "updated_at": "2026-01-11T05:00:00+05:00" });
    let runs = json!([super::with(passed("s", "p", "paper", 0, 0), &local)]);
    let document = status(&runs, &[]).exits(0).json();
    assert_eq!(document["strategies"][0]["paper"]["observed_sec"], 864_000);
}

#[test]
fn wrong_arguments_and_policies_say_what_to_do() {
    let runs = json!([passed("s", "p", "paper", 0, 30)]);
    status(&runs, &["--now", "noon"]).exits(2).says("--now `noon` is not a time");
    status(&runs, &["--world", "v"]).exits(2).says("the policy is for world `w`, not `v`");
    status(&runs, &["--strategy", "t"]).exits(2).says("the runs hold none of `t`");
    let negative = POLICY.replace("20d", "-20d");
    with_files(&negative, "[]", &["campaign", "status"], &[]).exits(1).says("window");
    let bare = "thresholds: { a: { metric: sharpe, min: 0 } }\n";
    with_files(bare, "[]", &["campaign", "status"], &[]).exits(2).says("give one with --world");
    with_files(bare, "[]", &["campaign", "status"], &["--world", "v"]).exits(0).prints("\"world_id\": \"v\"");
    run(&["campaign", "status", "-", "--runs", "-"]).exits(2).says("standard input can be read once");
    let nowhere = [("QMTL_POLICY_STORE", "no-such-store.db")];
    run_with(&["campaign", "status", "examples/crypto_mom/policy.yaml"], b"", &nowhere)
        .exits(2)
        .says("there is no store");
}

#[test]
fn resolve_mode_reads_a_context() {
    let context = json!({
        "now": "2026-01-31T12:00:00Z", "requested_mode": "live", "previous_domain": "live",
        "decision": { "effective_mode": "live", "issued_at": "2026-01-31T10:00:00Z", "ttl": "1h" },
    });
    let found = run_with(&["resolve-mode", "-"], context.to_string().as_bytes(), &[]).exits(0).json();
    assert_eq!(
        found,
        json!({
            "schema_version": 1, "requested_mode": "live", "execution_domain": "backtest",
            "order_gate": "reduce_only", "safe_mode": true, "downgraded": true, "downgrade_reason": "stale_decision",
            "overridden": true,
        })
    );
    run_with(&["resolve-mode", "-", "--format", "table"], context.to_string().as_bytes(), &[])
        .exits(0)
        .prints("stale decision");
    run_with(&["resolve-mode", "-"], b"{}", &[]).exits(2).says("`now` is missing: it must be a time");
    run(&["resolve-mode", "no-such-file.json"]).exits(2).says("no-such-file.json");
}
