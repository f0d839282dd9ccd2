//! Campaigns: phases, windows, samples, reasons, and what to do next.

use qmtl_policy::lifecycle::{CampaignStatus, campaign_status, tick};
use serde_json::{Value, json};

use super::{at, day, passed, records, rules, with};

const CAMPAIGN: &str = "campaign:\n  backtest: { window: 10d }\n  paper: { window: 20d }\n  \
                        common: { min_sample_days: 30, min_trades_total: 100 }\n";

fn status_of(lines: &str, runs: &[Value]) -> CampaignStatus {
    campaign_status(&rules(lines), &records(&json!(runs)), None, day(100))
}

/// The document of the only strategy.
fn only(lines: &str, runs: &[Value]) -> Value {
    let status = serde_json::to_value(status_of(lines, runs)).unwrap();
    assert_eq!(status["strategies"].as_array().unwrap().len(), 1);
    status["strategies"][0].clone()
}

fn tick_of(lines: &str, runs: &[Value]) -> Vec<Value> {
    let rules = rules(lines);
    let status = campaign_status(&rules, &records(&json!(runs)), None, at("2026-03-04T23:30:00-02:00"));
    let tick = serde_json::to_value(tick(&rules, &status)).unwrap();
    tick["actions"].as_array().unwrap().clone()
}

#[test]
fn the_phase_is_the_furthest_stage_with_a_run() {
    let backtest = passed("s", "b", "backtest", 0, 1);
    let paper = passed("s", "p", "paper", 1, 2);
    let live = passed("s", "l", "live", 2, 3);
    let shadow = passed("s", "h", "shadow", 2, 3);
    let phase = |runs: &[&Value]| only("", &runs.iter().map(|run| (*run).clone()).collect::<Vec<_>>())["phase"].clone();
    assert_eq!(phase(&[&backtest]), "backtest_campaign");
    assert_eq!(phase(&[&shadow]), "backtest_campaign");
    assert_eq!(phase(&[&backtest, &paper]), "paper_campaign");
    assert_eq!(phase(&[&paper]), "paper_campaign");
    assert_eq!(phase(&[&live]), "live_campaign");
    assert_eq!(phase(&[&backtest, &paper, &live]), "live_campaign");
}

#[test]
fn a_window_runs_from_the_earliest_beginning_to_the_latest_end_of_its_stage() {
    // Days 3 to 9 and 1 to 4: from 1 to 9, 8 of 10 days. The paper run is none of it.
    let runs =
        [passed("s", "b2", "backtest", 3, 9), passed("s", "b1", "backtest", 1, 4), passed("s", "p", "paper", 0, 50)];
    let status = only(CAMPAIGN, &runs);
    assert_eq!(
        status["backtest"],
        json!({
            "window": "10d", "required_sec": 864_000, "observed_sec": 691_200, "progress": 0.8,
            "started_at": "2026-01-02T00:00:00Z", "ended_at": "2026-01-10T00:00:00Z", "satisfied": false,
        })
    );
    // 50 of 20 days count as all of them.
    assert_eq!((&status["paper"]["progress"], &status["paper"]["satisfied"]), (&json!(1.0), &json!(true)));
    assert_eq!(status["latest_backtest_run_id"], "b2");
}

#[test]
fn seconds_truncate_and_exactly_the_window_is_enough() {
    let run = |until: &str| with(passed("s", "b", "backtest", 0, 0), &json!({ "updated_at": until }));
    let short = only(CAMPAIGN, &[run("2026-01-10T23:59:59.999Z")]);
    assert_eq!(short["backtest"]["observed_sec"], 863_999);
    assert_eq!(short["backtest"]["satisfied"], false);
    let enough = only(CAMPAIGN, &[run("2026-01-11T00:00:00Z")]);
    assert_eq!(
        (&enough["backtest"]["observed_sec"], &enough["backtest"]["satisfied"]),
        (&json!(864_000), &json!(true))
    );
}

#[test]
fn without_a_window_all_is_null_and_nothing_is_required() {
    let nothing = json!({
        "window": null, "required_sec": null, "observed_sec": null, "progress": null,
        "started_at": null, "ended_at": null, "satisfied": false,
    });
    let status = only("", &[passed("s", "b", "backtest", 0, 1), passed("s", "p", "paper", 1, 2)]);
    assert_eq!((&status["backtest"], &status["paper"]), (&nothing, &nothing));
    assert_eq!(status["promotable_to_paper"], true);
    assert_eq!(status["promotable_to_live"], true);
    assert_eq!(status["reasons"], json!([]));
}

#[test]
fn a_window_without_runs_is_not_begun() {
    let status = only(CAMPAIGN, &[passed("s", "b", "backtest", 0, 10)]);
    let paper = &status["paper"];
    assert_eq!(
        (&paper["observed_sec"], &paper["progress"], &paper["satisfied"]),
        (&json!(null), &json!(0.0), &json!(false))
    );
    assert_eq!(status["promotable_to_paper"], true);
    assert_eq!(status["reasons"], json!(["missing_paper_run", "paper_window_incomplete"]));
}

#[test]
fn reasons_come_in_their_order() {
    let bare = |metrics: Value| with(passed("s", "h", "shadow", 0, 1), &json!({ "metrics": metrics }));
    // A shadow run is of no campaign, so its metrics do not count either.
    assert_eq!(
        only(CAMPAIGN, &[bare(json!({ "sample_days": 500, "n_trades_total": 500 }))])["reasons"],
        json!([
            "missing_sample_days_metric",
            "missing_trades_metric",
            "missing_backtest_run",
            "missing_paper_run",
            "backtest_window_incomplete",
            "paper_window_incomplete",
        ])
    );
    let few = with(
        passed("s", "b", "backtest", 0, 5),
        &json!({ "metrics": { "effective_history_years": 0.08, "n_trades_total": 99 } }),
    );
    // 0.08 years are 29.2 days: 29.
    let status = only(CAMPAIGN, &[few]);
    assert_eq!(status["sample_days"], 29);
    assert_eq!(
        status["reasons"],
        json!([
            "insufficient_sample_days",
            "insufficient_trades",
            "missing_paper_run",
            "backtest_window_incomplete",
            "paper_window_incomplete",
        ])
    );
    assert_eq!(status["promotable_to_paper"], false);
}

#[test]
fn samples_come_from_the_latest_paper_run_else_from_the_latest_backtest() {
    let sized = |run: Value, days: i64| {
        with(run, &json!({ "metrics": { "sample_days": days, "n_trades_total": 150.0, "returns": { "sharpe": 0.5 } } }))
    };
    let backtests = [sized(passed("s", "b2", "backtest", 5, 20), 40), sized(passed("s", "b1", "backtest", 0, 10), 50)];
    let status = only(CAMPAIGN, &backtests);
    assert_eq!((&status["sample_days"], &status["trades_total"]), (&json!(40), &json!(150)));
    assert_eq!((&status["sharpe"], &status["max_drawdown"]), (&json!(0.5), &json!(null)));
    let [first, second] = backtests;
    let paper = sized(passed("s", "p", "paper", 20, 40), 10);
    let status = only(CAMPAIGN, &[first, second, paper]);
    assert_eq!(status["sample_days"], 10);
    // What paper shows counts for both.
    assert_eq!((&status["promotable_to_paper"], &status["promotable_to_live"]), (&json!(false), &json!(false)));
}

#[test]
fn of_runs_of_the_same_times_the_greater_id_is_the_latest() {
    let fail = json!({ "summary": { "status": "fail" } });
    let runs = [passed("s", "b1", "backtest", 0, 10), with(passed("s", "b2", "backtest", 0, 10), &fail)];
    for runs in [runs.clone(), [runs[1].clone(), runs[0].clone()]] {
        let status = only(CAMPAIGN, &runs);
        assert_eq!((&status["latest_backtest_run_id"], &status["promotable_to_paper"]), (&json!("b2"), &json!(false)));
    }
}

#[test]
fn only_runs_that_pass_or_warn_carry_on() {
    for (status, carries) in
        [(json!("pass"), true), (json!("WARN"), true), (json!("fail"), false), (json!(null), false)]
    {
        let summary = json!({ "summary": { "status": status } });
        let backtest = with(passed("s", "b", "backtest", 0, 10), &summary);
        assert_eq!(only(CAMPAIGN, std::slice::from_ref(&backtest))["promotable_to_paper"], carries, "{status}");
        let paper = with(passed("s", "p", "paper", 10, 30), &summary);
        let both = only(CAMPAIGN, &[passed("s", "b", "backtest", 0, 10), paper]);
        assert_eq!(both["promotable_to_live"], carries, "{status}");
    }
    let without = with(passed("s", "b", "backtest", 0, 10), &json!({ "summary": null }));
    assert_eq!(only(CAMPAIGN, &[without])["promotable_to_paper"], false);
}

#[test]
fn live_needs_the_backtest_window_too_where_there_is_one() {
    let paper = passed("s", "p", "paper", 10, 30);
    assert_eq!(only(CAMPAIGN, std::slice::from_ref(&paper))["promotable_to_live"], false);
    assert_eq!(only(CAMPAIGN, &[passed("s", "b", "backtest", 0, 9), paper.clone()])["promotable_to_live"], false);
    assert_eq!(only(CAMPAIGN, &[passed("s", "b", "backtest", 0, 10), paper.clone()])["promotable_to_live"], true);
    let paper_only = "campaign: { paper: { window: 20d } }\n";
    let status = only(paper_only, &[paper]);
    assert_eq!(status["promotable_to_live"], true);
    assert_eq!(status["reasons"], json!(["missing_backtest_run"]));
}

#[test]
fn too_few_runs_and_long_pauses_are_gaps() {
    let lines = "campaign: { paper: { window: 4d, min_runs: 3, max_gap: 36h } }\n";
    let paper = |run: &str, from, until| passed("s", run, "paper", from, until);
    let gap = |runs: &[Value]| {
        let status = only(lines, runs);
        let reasons: Vec<_> = status["reasons"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        assert_eq!(status["promotable_to_live"], !reasons.contains(&"paper_observation_gap"), "{status}");
        reasons.contains(&"paper_observation_gap")
    };
    assert!(gap(&[paper("a", 0, 2), paper("b", 2, 4)]), "two of three runs");
    assert!(!gap(&[paper("a", 0, 1), paper("b", 2, 3), paper("c", 3, 4)]), "pauses of a day");
    assert!(gap(&[paper("a", 0, 1), paper("b", 3, 4), paper("c", 4, 5)]), "a pause of two days");
    assert!(!gap(&[paper("a", 0, 4), paper("b", 0, 1), paper("c", 4, 5)]), "another run covers the pause");
    // Where there is no run at all there is another reason for that.
    assert_eq!(
        only(lines, &[passed("s", "b", "backtest", 0, 1)])["reasons"],
        json!(["missing_paper_run", "paper_window_incomplete"])
    );
}

#[test]
fn trades_in_a_window_are_the_last_without_the_first_or_those_of_the_only_run() {
    let lines = "campaign: { common: { min_trades_per_window: 20 } }\n";
    let paper = |run: &str, day, trades: Value| {
        with(passed("s", run, "paper", day, day), &json!({ "metrics": { "n_trades_total": trades } }))
    };
    let short = |runs: &[Value]| {
        let status = only(lines, runs);
        let short = status["reasons"].as_array().unwrap().contains(&json!("insufficient_trades_in_window"));
        assert_eq!(status["promotable_to_live"], !short, "{status}");
        short
    };
    assert!(!short(&[paper("a", 0, json!(20))]));
    assert!(short(&[paper("a", 0, json!(19))]));
    assert!(!short(&[paper("a", 0, json!(100)), paper("b", 1, json!(null)), paper("c", 2, json!(120))]));
    assert!(short(&[paper("a", 0, json!(100)), paper("b", 1, json!(119))]));
    assert!(short(&[paper("a", 0, json!(100)), paper("b", 1, json!(50))]), "fewer than before");
    assert!(short(&[paper("a", 0, json!(null)), paper("b", 1, json!(50))]), "unknown at first");
    assert!(short(&[paper("a", 0, json!(1)), paper("b", 1, json!(50.5))]), "not whole");
}

#[test]
fn the_document_says_what_the_policy_asks_for() {
    let status = serde_json::to_value(status_of(CAMPAIGN, &[])).unwrap();
    assert_eq!(
        status,
        json!({
            "schema_version": 1, "world_id": "w", "generated_at": day(100).to_string(), "strategies": [],
            "config": { "backtest_window": "10d", "paper_window": "20d", "min_sample_days": 30, "min_trades_total": 100 },
        })
    );
    let fractions = serde_json::to_value(status_of("campaign: { backtest: { window: 1.5d } }\n", &[])).unwrap();
    assert_eq!(fractions["config"]["backtest_window"], "1.5d");
    assert_eq!(fractions["config"]["min_sample_days"], Value::Null);
}

#[test]
fn strategies_are_sorted_and_can_be_asked_for_alone() {
    let runs: Vec<_> = ["c", "a", "b"].iter().map(|id| passed(id, "r", "paper", 0, 1)).collect();
    let status = status_of("", &runs);
    let ids: Vec<_> = status.strategies.iter().map(|one| one.strategy_id.as_str()).collect();
    assert_eq!(ids, ["a", "b", "c"]);
    let one = campaign_status(&rules(""), &records(&json!(runs)), Some("b"), day(100));
    assert_eq!(one.strategies.len(), 1);
}

#[test]
fn what_to_do_next_follows_from_phase_and_mode() {
    let backtest = || passed("s 1", "b", "backtest", 0, 10);
    let paper = || passed("s 1", "p/7", "paper", 10, 30);
    let evaluate = |stage: &str, reason: &str| {
        // 23:30 two hours west of Greenwich is the next day there.
        let run = format!("camp-w-s-1-{stage}-20260305");
        json!({
            "action": "evaluate", "idempotency_key": format!("evaluate:w:s 1:{stage}:{run}"), "strategy_id": "s 1",
            "stage": stage, "reason": reason, "requires": ["metrics"], "suggested_run_id": run,
            "suggested_endpoint": "/worlds/w/evaluate", "suggested_method": "POST", "suggested_params": null,
            "suggested_body": { "strategy_id": "s 1", "stage": stage, "risk_tier": "low", "run_id": run },
        })
    };
    let fail = with(backtest(), &json!({ "summary": { "status": "fail" } }));
    assert_eq!(tick_of(CAMPAIGN, &[fail]), [evaluate("backtest", "continue_backtest_campaign")]);
    assert_eq!(tick_of(CAMPAIGN, &[backtest()]), [evaluate("paper", "promotable_to_paper")]);
    let short = passed("s 1", "p", "paper", 10, 29);
    assert_eq!(tick_of(CAMPAIGN, &[backtest(), short]), [evaluate("paper", "continue_paper_campaign")]);
    assert_eq!(
        tick_of(CAMPAIGN, &[backtest(), paper()]),
        [json!({
            "action": "manual_approval_required", "idempotency_key": "manual_approval_required:w:s 1:live:p/7",
            "strategy_id": "s 1", "stage": "live", "reason": "promotable_to_live", "requires": ["operator_approval"],
            "suggested_run_id": "p/7", "suggested_endpoint": "/worlds/w/promotions/live/plan",
            "suggested_method": "GET", "suggested_params": { "strategy_id": "s 1", "run_id": "p/7" },
            "suggested_body": null,
        })]
    );
    let auto = format!("{CAMPAIGN}governance: {{ live_promotion: {{ mode: auto_apply }} }}\n");
    let action = &tick_of(&auto, &[backtest(), paper()])[0];
    assert_eq!(action["idempotency_key"], "auto_apply_live:w:s 1:live:p/7");
    assert_eq!((&action["reason"], &action["suggested_run_id"]), (&json!("promotable_to_live"), &json!("p/7")));
    assert_eq!(action["suggested_endpoint"], "/worlds/w/promotions/live/auto-apply");
    assert_eq!(action["suggested_method"], "POST");
    let disabled = format!("{CAMPAIGN}governance: {{ live_promotion: {{ mode: disabled }} }}\n");
    assert_eq!(tick_of(&disabled, &[backtest(), paper()]), [evaluate("paper", "continue_paper_campaign")]);
    let live = passed("s 1", "l", "live", 30, 31);
    assert_eq!(
        tick_of(CAMPAIGN, &[backtest(), paper(), live]),
        [json!({
            "action": "observe_live", "idempotency_key": "observe_live:w:s 1:live", "strategy_id": "s 1",
            "stage": "live", "reason": "already_in_live_campaign", "requires": [], "suggested_run_id": null,
            "suggested_endpoint": null, "suggested_method": null, "suggested_params": null, "suggested_body": null,
        })]
    );
}
