//! Plans of promotion to live: what would change, and what stands in the way.

use std::collections::BTreeSet;

use jiff::Timestamp;
use qmtl_policy::lifecycle::{BlockReason, Circumstances, PromotionPlan, Review, WorldRules};
use serde_json::{Value, json};

use super::{day, passed, records, rules, with};

pub const LIVE: &str = "allow_live: true\ndata_currency: { max_lag: 1d }\n";

/// Rules that let live with further settings of `live_promotion`.
pub fn live(promotion: &str) -> WorldRules {
    rules(&format!(
        "{LIVE}governance:\n  decision_ttl: 1h\n  live_promotion: {{ require_risk_snapshot: false, {promotion} }}\n"
    ))
}

pub fn codes(plan: &PromotionPlan) -> Vec<&'static str> {
    plan.blocked_reasons.iter().map(|reason| reason.as_str()).collect()
}

fn plan_of(rules: &WorldRules, runs: &[Value], circumstances: &Circumstances, run: &str) -> PromotionPlan {
    Review::new(rules, &records(&json!(runs)), circumstances, day(100)).plan("s", run).unwrap()
}

fn approved() -> Value {
    let summary = json!({ "summary": { "status": "pass", "active_set": ["s"], "override_status": "approved" } });
    with(passed("s", "p", "paper", 0, 30), &summary)
}

fn active(ids: &[&str]) -> Circumstances {
    Circumstances {
        current_active: Some(ids.iter().map(|id| (*id).to_owned()).collect::<BTreeSet<_>>()),
        ..Circumstances::default()
    }
}

#[test]
fn an_approved_paper_run_may_go_live() {
    let plan = plan_of(&live("mode: manual_approval"), &[approved()], &active(&["t"]), "p");
    assert_eq!(codes(&plan), [""; 0]);
    assert!(plan.eligible && !plan.pending_manual_approval);
    assert_eq!((plan.plan.activate, plan.plan.deactivate), (vec!["s".to_owned()], vec!["t".to_owned()]));
    assert_eq!((plan.target_active, plan.current_active), (vec!["s".to_owned()], vec!["t".to_owned()]));
}

#[test]
fn only_a_pending_approval_leaves_it_eligible() {
    let run = passed("s", "p", "paper", 0, 30);
    let plan = plan_of(&live("mode: manual_approval"), std::slice::from_ref(&run), &active(&[]), "p");
    assert_eq!(codes(&plan), ["manual_approval_required"]);
    assert!(plan.eligible && plan.pending_manual_approval);
    // Live is off by default, and the mode is manual by default.
    let plan = plan_of(&rules(""), &[run], &active(&[]), "p");
    assert_eq!(codes(&plan), ["promotion_disabled", "manual_approval_required"]);
    assert!(!plan.eligible && !plan.pending_manual_approval);
}

#[test]
fn everything_that_stands_in_the_way_is_told_in_order() {
    let text = format!(
        "{LIVE}campaign: {{ paper: {{ window: 400d }} }}\ngovernance:\n  decision_ttl: 1h\n  \
         live_promotion: {{ mode: disabled, cooldown: 200d, max_live_slots: 0 }}\n"
    );
    let summary = json!({ "summary": { "status": "fail", "active_set": ["s"], "override_status": "rejected" } });
    let old = with(passed("s", "b0", "backtest", 0, 10), &summary);
    let runs = [old, passed("s", "b1", "backtest", 0, 20)];
    let circumstances = Circumstances { last_apply: Some(day(99)), halted: Some(true), ..active(&[]) };
    let plan = plan_of(&rules(&text), &runs, &circumstances, "b0");
    assert_eq!(
        codes(&plan),
        [
            "promotion_disabled",
            "not_paper_stage",
            "validation_failed",
            "campaign_incomplete",
            "risk_snapshot_missing_or_expired",
            "cooldown_active",
            "max_live_slots_exceeded",
            "override_rejected",
            "run_not_latest",
            "world_halted",
        ]
    );
    // One day of 200 has passed.
    assert_eq!(plan.cooldown_remaining_sec, Some(199 * 86_400));
    assert!(BlockReason::ALL.is_sorted());
}

#[test]
fn modes_follow_the_flags_and_allow_live_counts_where_nobody_writes_it() {
    let blocked = |text: &str, given: Option<bool>| {
        let text = format!("world: w\nselection: {{ gates: [sharpe >= 0] }}\n{text}");
        let policy = qmtl_policy::Policy::compile(&text).unwrap();
        let rules = WorldRules::new(&policy, None, given).unwrap();
        let fresh = Circumstances { risk_snapshot: Some(day(100)), ..active(&[]) };
        codes(&plan_of(&rules, &[passed("s", "p", "paper", 0, 30)], &fresh, "p"))
    };
    assert_eq!(blocked("", Some(true)), ["manual_approval_required"]);
    assert_eq!(blocked("allow_live: false\n", Some(true)), ["promotion_disabled", "manual_approval_required"]);
    assert_eq!(blocked(LIVE, Some(false)), ["manual_approval_required"]);
    let auto = "live_auto_apply: true\nlive_requires_manual_approval: false\n";
    assert_eq!(blocked(auto, Some(true)), [""; 0]);
    assert_eq!(blocked(auto, None), ["promotion_disabled"]);
    let disabled = "governance: { live_promotion: { mode: disabled } }\n";
    assert_eq!(blocked(disabled, Some(true)), ["promotion_disabled"]);
}

#[test]
fn a_risk_snapshot_is_fresh_for_900_seconds_and_never_from_the_future() {
    let seconds = |ago: i64| Timestamp::from_second(day(100).as_second() - ago).unwrap();
    let blocked = |lines: &str, taken: Option<Timestamp>| {
        let circumstances = Circumstances { risk_snapshot: taken, ..active(&[]) };
        !codes(&plan_of(&rules(lines), &[approved()], &circumstances, "p")).is_empty()
    };
    // Required wherever live is allowed, unless the policy says otherwise.
    for (taken, closed) in [(None, true), (Some(900), false), (Some(901), true), (Some(0), false), (Some(-1), true)] {
        assert_eq!(blocked(LIVE, taken.map(seconds)), closed, "{taken:?}");
    }
    let unneeded =
        format!("{LIVE}governance: {{ decision_ttl: 1h, live_promotion: {{ require_risk_snapshot: false }} }}\n");
    for (taken, closed) in [(None, false), (Some(900), false), (Some(901), true), (Some(-1), true)] {
        assert_eq!(blocked(&unneeded, taken.map(seconds)), closed, "{taken:?} where none is required");
    }
}

#[test]
fn the_cooldown_counts_from_the_last_apply() {
    let rules = live("mode: auto_apply, cooldown: 1d");
    let remaining = |last: Option<i64>| {
        let last = last.map(|ago| Timestamp::from_second(day(100).as_second() - ago).unwrap());
        let plan = plan_of(&rules, &[approved()], &Circumstances { last_apply: last, ..active(&[]) }, "p");
        assert_eq!(codes(&plan).contains(&"cooldown_active"), plan.cooldown_remaining_sec != Some(0));
        plan.cooldown_remaining_sec
    };
    assert_eq!(remaining(None), Some(0));
    assert_eq!(remaining(Some(86_399)), Some(1));
    assert_eq!(remaining(Some(86_400)), Some(0));
    assert_eq!(remaining(Some(-50)), Some(86_400), "one in the future has just happened");
    let without = plan_of(&live("mode: auto_apply"), &[approved()], &active(&[]), "p");
    assert_eq!(without.cooldown_remaining_sec, None);
}

#[test]
fn slots_compare_with_the_size_of_the_target() {
    let summary = json!({ "summary": { "status": "pass", "active_set": ["s", "a", "b", "a"] } });
    let run = with(passed("s", "p", "paper", 0, 30), &summary);
    let codes_with = |most: usize| {
        let rules = live(&format!("mode: auto_apply, max_live_slots: {most}"));
        codes(&plan_of(&rules, std::slice::from_ref(&run), &active(&["x", "y", "z", "u"]), "p"))
    };
    assert_eq!(codes_with(2), ["max_live_slots_exceeded"]);
    assert_eq!(codes_with(3), [""; 0]);
}

#[test]
fn a_run_without_a_selection_of_itself_does_not_go_live() {
    let rules = live("mode: auto_apply");
    for active_set in [json!(null), json!([]), json!(["t"])] {
        let summary = json!({ "summary": { "status": "pass", "active_set": active_set } });
        let plan = plan_of(&rules, &[with(passed("s", "p", "paper", 0, 30), &summary)], &active(&["u"]), "p");
        assert_eq!(codes(&plan), ["validation_failed"], "{active_set}");
    }
}

#[test]
fn the_canary_leaves_out_by_hash_and_only_where_rules_apply_alone() {
    let blocked = |mode: &str, share: &str, run: &str| {
        let rules = live(&format!("mode: {mode}, canary_fraction: {share}"));
        let run_record = with(approved(), &json!({ "run_id": run }));
        codes(&plan_of(&rules, &[run_record], &active(&[]), run)).contains(&"canary_excluded")
    };
    // `printf w:s:r0 | sha256sum`: a quarter takes what begins with a byte below 0x40.
    for (run, first) in
        [("r0", 0x6c), ("r1", 0x13), ("r2", 0x4b), ("r3", 0x06), ("r4", 0x11), ("r5", 0xd6), ("r6", 0x59), ("r7", 0x1d)]
    {
        assert_eq!(blocked("auto_apply", "0.25", run), first >= 0x40, "{run}");
        assert!(!blocked("manual_approval", "0.25", run) && !blocked("auto_apply", "1", run));
        assert!(blocked("auto_apply", "0", run));
    }
}

#[test]
fn unknown_runs_are_errors_with_a_suggestion() {
    let runs = records(&json!([passed("momentum", "paper-1", "paper", 0, 30)]));
    let (rules, circumstances) = (rules(""), Circumstances::default());
    let review = Review::new(&rules, &runs, &circumstances, day(100));
    let error = review.plan("momentm", "paper-1").unwrap_err().to_string();
    assert_eq!(error, "there is no run of `momentm`: did you mean `momentum`?");
    let error = review.plan("momentum", "paper-2").unwrap_err().to_string();
    assert_eq!(error, "`momentum` has no run `paper-2`: did you mean `paper-1`?");
}

#[test]
fn candidates_are_latest_paper_runs_of_strategies_that_are_not_live() {
    let runs = records(&json!([
        passed("b", "p1", "paper", 0, 10),
        passed("b", "p2", "paper", 5, 20),
        passed("a", "p1", "paper", 0, 10),
        passed("c", "p1", "paper", 0, 10),
        passed("d", "b1", "backtest", 0, 10),
    ]));
    let (rules, circumstances) = (live("mode: manual_approval"), active(&["c"]));
    let found = Review::new(&rules, &runs, &circumstances, day(100)).candidates();
    let ids: Vec<_> = found.candidates.iter().map(|one| (one.strategy_id.as_str(), one.run_id.as_str())).collect();
    assert_eq!(ids, [("a", "p1"), ("b", "p2")]);
    assert!(found.candidates.iter().all(|one| one.eligible && one.pending_manual_approval));
}
