//! What an evaluation does where it is easy to do something else.

use qmtl_policy::{Decision, Options, Policy, Snapshot};

fn policy(text: &str) -> Policy {
    Policy::compile(&format!("world: w\n{text}")).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn decide(policy: &str, snapshot: &str) -> Decision {
    let snapshot = Snapshot::from_json(snapshot).unwrap_or_else(|error| panic!("{error}\n{snapshot}"));
    self::policy(policy).evaluate(&snapshot, &Options::default()).unwrap()
}

fn strategy<'d>(decision: &'d Decision, id: &str) -> serde_json::Value {
    let found: Option<&'d _> = decision.strategies.iter().find(|(known, _)| known == id).map(|(_, found)| found);
    serde_json::to_value(found.unwrap()).unwrap()
}

fn notes(decision: &Decision) -> Vec<&str> {
    decision.notes.iter().map(|note| note.code.as_str()).collect()
}

fn state(of: &str) -> String {
    format!(
        "{{\"schema_version\": 1, \"world\": \"w\", \"ruleset_hash\": \"r\", \"selection_hash\": \"s\", \"as_of\": \"2026-01-01T00:00:00Z\", \"strategies\": {of}}}"
    )
}

#[test]
fn a_light_failure_does_not_hide_a_grave_one() {
    let text = |severity: &str| {
        format!(
            "allow_live: true\ndata_currency: {{ max_lag: 1d }}\nselection:\n  gates: [sharpe >= 0.5, {{ when: max_drawdown <= 20%, severity: {severity} }}]\n  \
             score: sharpe\n  constraints: {{ correlation: {{ max_pairwise: 0.8 }} }}\n  hysteresis: {{ demote_after: 3 }}\n"
        )
    };
    let snapshot = format!(
        "{{\"as_of\": \"2026-01-02T00:00:00Z\", \"data_end\": \"2026-01-02T00:00:00Z\", \"stage\": \"live\", \"approvals\": [\"a\"],
          \"metrics\": {{\"a\": {{\"sharpe\": 1, \"max_drawdown\": 0.3}}, \"b\": {{\"sharpe\": 2, \"max_drawdown\": 0.1}}}},
          \"correlations\": [[\"a\", \"b\", 0.95]], \"previous\": {}}}",
        state("{\"a\": {\"active\": true}}")
    );
    for severity in ["soft", "info"] {
        let decision = decide(&text(severity), &snapshot);
        let held = strategy(&decision, "a");
        assert_eq!((&held["selected"], &held["status"]), (&true.into(), &"fail".into()), "{severity}");
        assert_eq!(held["effective_mode"], "compute-only", "{severity}");
        assert_eq!(held["rules"]["risk_constraint"]["reason_code"], "correlation_constraint_failed");
    }
}

#[test]
fn a_text_in_one_metric_does_not_excuse_another_that_is_missing() {
    let text =
        "validation:\n  on_error: warn\n  performance:\n    rules: [{ id: both, when: calmar > 1 and omega > 1 }]\n";
    let decision = decide(text, "{\"metrics\": {\"a\": {\"omega\": \"x\"}, \"b\": {\"omega\": \"x\", \"calmar\": 2}}}");
    assert_eq!(decision.selected, ["b"]);
}

#[test]
fn an_active_strategy_of_unknown_size_leaves_no_room() {
    let text = "selection:\n  gates: [sharpe > 0]\n  constraints: { exposure: { max_leverage: 1.0 } }\n  hysteresis: { demote_after: 3 }\n";
    let snapshot = |weight: &str| {
        format!(
            "{{\"as_of\": \"2026-01-02T00:00:00Z\", \"metrics\": {{\"a\": {{\"sharpe\": 1}}, \"b\": {{\"sharpe\": 1}}}},
              \"strategies\": {{\"b\": {{\"weight\": 0.9}}}}, \"previous\": {}}}",
            state(&format!("{{\"a\": {{\"active\": true{weight}}}}}"))
        )
    };
    for weight in [", \"weight\": 0.9", ""] {
        let decision = decide(text, &snapshot(weight));
        assert_eq!(decision.selected, ["a"], "{weight}");
    }
}

#[test]
fn no_pairs_are_no_matrix() {
    let text = |mode: &str| {
        format!(
            "selection:\n  gates: [sharpe > 0]\n  constraints: {{ correlation: {{ max_pairwise: 0.5, on_missing: {mode} }} }}\n"
        )
    };
    let snapshot = "{\"metrics\": {\"a\": {\"sharpe\": 1}}, \"correlations\": []}";
    let refused = decide(&text("fail"), snapshot);
    assert_eq!(refused.selected.len(), 0);
    assert_eq!(strategy(&refused, "a")["rejected_by"]["code"], "correlation_missing");
    let warned = decide(&text("warn"), snapshot);
    assert_eq!((warned.selected.len(), strategy(&warned, "a")["status"].as_str()), (1, Some("warn")));
    assert_eq!(strategy(&decide(&text("ignore"), snapshot), "a")["status"], "pass");
}

#[test]
fn a_risk_exit_needs_no_instant_and_keeps_the_dwell() {
    let text = "selection:\n  gates: [max_drawdown <= 25%]\n  hysteresis: { min_dwell: 30d }\n";
    let active = state("{\"a\": {\"active\": true, \"since\": \"2025-12-31T00:00:00Z\"}}");
    let exit = decide(text, &format!("{{\"metrics\": {{\"a\": {{\"max_drawdown\": 0.5}}}}, \"previous\": {active}}}"));
    assert_eq!(strategy(&exit, "a")["action"], "demote");
    let after = serde_json::to_string(&exit.state).unwrap();
    let next = format!(
        "{{\"as_of\": \"2026-01-02T00:00:00Z\", \"metrics\": {{\"a\": {{\"max_drawdown\": 0.1}}}}, \"previous\": {after}}}"
    );
    assert_eq!(strategy(&decide(text, &next), "a")["rejected_by"]["code"], "hysteresis_dwell");
}

#[test]
fn old_data_lets_nobody_in_and_throws_nobody_out() {
    for hysteresis in ["", "  hysteresis: { promote_after: 1 }\n"] {
        let text = format!("data_currency: {{ max_lag: 5m }}\nselection:\n  gates: [sharpe > 0]\n{hysteresis}");
        let snapshot =
            "{\"as_of\": \"2026-01-02T00:00:00Z\", \"data_end\": \"2025-12-01T00:00:00Z\", \"stage\": \"paper\",
                         \"metrics\": {\"a\": {\"sharpe\": 1}, \"b\": {\"sharpe\": 1}}, \"previous\": [\"b\"]}";
        let decision = decide(&text, snapshot);
        assert_eq!(decision.selected, ["b"]);
        let (new, old) = (strategy(&decision, "a"), strategy(&decision, "b"));
        assert_eq!((&new["action"], &new["downgrade_reason"]), (&"hold".into(), &"stale_data".into()));
        assert_eq!((&old["action"], &old["effective_mode"]), (&"hold".into(), &"compute-only".into()));
    }
}

#[test]
fn a_dry_run_is_paper() {
    let text = "validation_profiles:\n  lax: { performance: { sharpe_min: 0.1 } }\n  strict: { performance: { sharpe_min: 3 } }\n\
                default_profile_by_stage: { backtest_only: lax, paper_only: strict }\n";
    for stage in ["paper", "dryrun", "PAPER"] {
        let decision = decide(
            &format!("{text}selection: {{ gates: [sharpe > 0] }}\n"),
            &format!("{{\"stage\": \"{stage}\", \"metrics\": {{\"a\": {{\"sharpe\": 1}}}}}}"),
        );
        assert_eq!((decision.profile.as_deref(), decision.selected.len()), (Some("strict"), 0), "{stage}");
        assert_eq!(strategy(&decision, "a")["recommended_stage"], "paper_only", "{stage}");
    }
}

#[test]
fn a_profile_reached_by_chance_never_leads_to_live() {
    let text = "allow_live: true\nvalidation_profiles: { backtest: { performance: { sharpe_min: 0.1 } } }\nselection: { gates: [sharpe > 0] }\n";
    let snapshot = "{\"stage\": \"live\", \"approvals\": [\"a\"], \"metrics\": {\"a\": {\"sharpe\": 1}}}";
    let decision = decide(text, snapshot);
    assert_eq!(notes(&decision), ["profile_fallback"]);
    assert_eq!(strategy(&decision, "a")["effective_mode"], "paper");
    let mapped = text.replace("selection:", "default_profile_by_stage: { live: backtest }\nselection:");
    assert_eq!(strategy(&decide(&mapped, snapshot), "a")["effective_mode"], "live");
    assert_eq!(strategy(&decide(&mapped.replace("allow_live: true\n", ""), snapshot), "a")["effective_mode"], "paper");
    assert_eq!(strategy(&decide(&mapped, &snapshot.replace("\"a\"]", "\"b\"]")), "a")["effective_mode"], "paper");
}

#[test]
fn ties_at_the_cut_are_noted_where_ids_decide() {
    let text =
        "selection:\n  gates: [sharpe > 0]\n  score: sharpe\n  topk: { total: 5, by_side: { long: 1, short: 3 } }\n";
    let snapshot = "{\"metrics\": {\"b\": {\"sharpe\": 1}, \"a\": {\"sharpe\": 1}, \"c\": {\"sharpe\": 0.5}},
                     \"strategies\": {\"a\": {\"side\": \"long\"}, \"b\": {\"side\": \"long\"}, \"c\": {\"side\": \"short\"}}}";
    let decision = decide(text, snapshot);
    assert_eq!(
        (decision.selected.as_slice(), notes(&decision)),
        (&["a".to_owned(), "c".to_owned()][..], vec!["tie_at_cut"])
    );
}

#[test]
fn a_snapshot_of_another_world_is_refused() {
    let snapshot = Snapshot::from_json("{\"world\": \"other\", \"metrics\": {}}").unwrap();
    assert!(policy("selection: { gates: [sharpe > 0] }\n").evaluate(&snapshot, &Options::default()).is_err());
}
