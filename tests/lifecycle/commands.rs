//! The commands of promotion over a record: approvals, applies, and the way down.

use qmtl_policy::lifecycle::{
    ApplyState, LifecycleEvent, PromotionError, RunState, Stage, SwitchOutcome, WorldRecord, WorldRules,
};
use serde_json::json;

use super::promotions::{LIVE, codes, live};
use super::{WORLD, day, rules, run_through, take};

/// A record with passed paper runs of some strategies that all select each other.
fn observed(rules: &WorldRules, ids: &[&str]) -> WorldRecord {
    let mut record = WorldRecord::new(WORLD);
    for id in ids {
        run_through(&mut record, rules, (id, "p", Stage::Paper), (0, 30), ("pass", ids));
    }
    record
}

fn approve(record: &mut WorldRecord, rules: &WorldRules, id: &str, on: i64) {
    let events = record.approve(rules, ("risk", "looks fine"), (id, "p"), day(on)).unwrap();
    take(record, day(on), &events);
}

fn apply(record: &mut WorldRecord, rules: &WorldRules, id: &str, on: i64) -> Result<Vec<&'static str>, PromotionError> {
    let events = record.apply_promotion(rules, ("ops", "planned"), (id, "p"), None, day(on))?;
    take(record, day(on), &events);
    Ok(events.iter().map(LifecycleEvent::kind).collect())
}

fn live_ids(record: &WorldRecord) -> Vec<&str> {
    record.live().keys().map(String::as_str).collect()
}

fn blocked(result: Result<Vec<&'static str>, PromotionError>) -> Vec<&'static str> {
    match result {
        Err(PromotionError::Blocked { reasons, .. }) => reasons.iter().map(|reason| reason.as_str()).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn from_paper_to_live_and_back() {
    let rules = live("mode: manual_approval, cooldown: 1d, approvers: [risk]");
    let mut record = observed(&rules, &["s"]);
    assert_eq!(blocked(apply(&mut record, &rules, "s", 31)), ["manual_approval_required"]);
    let wrong = record.approve(&rules, ("ann", "why not"), ("s", "p"), day(31)).unwrap_err();
    assert_eq!(wrong.to_string(), "`ann` may not decide that: the policy names `risk`");
    approve(&mut record, &rules, "s", 31);
    let kinds = apply(&mut record, &rules, "s", 32).unwrap();
    assert_eq!(kinds, ["promotion_frozen", "promotion_switched", "promotion_completed", "run_moved"]);
    assert_eq!(live_ids(&record), ["s"]);
    assert_eq!(record.run("s", "p").unwrap().state, RunState::Activated);
    assert_eq!(apply(&mut record, &rules, "s", 32).unwrap(), [""; 0], "a repeated apply");
    let events = record.demote(("risk-bot", "drawdown"), "s").unwrap();
    take(&mut record, day(32), &events);
    assert_eq!(live_ids(&record), [""; 0]);
    // The way up is as long as before, and the old approval does not count.
    assert_eq!(blocked(apply(&mut record, &rules, "s", 32)), ["cooldown_active", "manual_approval_required"]);
    approve(&mut record, &rules, "s", 33);
    let events = record.halt(("ann", "feed is down")).unwrap();
    take(&mut record, day(33), &events);
    assert_eq!(blocked(apply(&mut record, &rules, "s", 34)), ["world_halted"]);
    assert!(record.resume(&rules, ("ann", "feed is back")).is_err(), "to go on is the approvers'");
    let events = record.resume(&rules, ("risk", "feed is back")).unwrap();
    take(&mut record, day(34), &events);
    assert!(apply(&mut record, &rules, "s", 34).is_ok());
    let events = record.rollback(&rules, ("ops", "not as hoped"), ("s", "p"), None, day(35)).unwrap();
    take(&mut record, day(35), &events);
    assert_eq!((live_ids(&record), record.applies().last().unwrap().state), (vec![], ApplyState::RolledBack));
    assert_eq!(record.rollback(&rules, ("ops", "again"), ("s", "p"), None, day(35)).unwrap(), []);
}

#[test]
fn an_approval_holds_for_its_run_and_policy_only() {
    let old = live("mode: manual_approval");
    let mut record = observed(&old, &["s"]);
    approve(&mut record, &old, "s", 31);
    let new = live("mode: manual_approval, max_live_slots: 5");
    assert_ne!(old.ruleset_hash, new.ruleset_hash);
    let plan = record.plan(&new, ("s", "p"), None, day(32)).unwrap();
    assert_eq!((codes(&plan), plan.override_status.as_str()), (vec!["manual_approval_required"], "none"));
    run_through(&mut record, &old, ("s", "q", Stage::Paper), (31, 33), ("pass", &["s"]));
    let plan = record.plan(&old, ("s", "q"), None, day(34)).unwrap();
    assert_eq!(codes(&plan), ["manual_approval_required"]);
    let plan = record.plan(&old, ("s", "p"), None, day(34)).unwrap();
    assert_eq!(codes(&plan), ["run_not_latest"]);
}

#[test]
fn overrides_fall_due_after_90_days_and_after_30_in_high_tier_worlds() {
    for (tier, days) in [("low", 90), ("high", 30)] {
        let rules = rules(&format!(
            "{LIVE}governance: {{ decision_ttl: 1h, live_promotion: {{ require_risk_snapshot: false }} }}\n\
             risk_profile: {{ tier: {tier} }}\n"
        ));
        let mut record = observed(&rules, &["s"]);
        approve(&mut record, &rules, "s", 31);
        let codes_on = |on: i64| codes(&record.plan(&rules, ("s", "p"), None, day(on)).unwrap());
        assert_eq!(codes_on(31 + days - 1), [""; 0], "{tier}");
        assert_eq!(codes_on(31 + days), ["override_expired"], "{tier}");
        approve(&mut record, &rules, "s", 31 + days);
        assert_eq!(codes(&record.plan(&rules, ("s", "p"), None, day(31 + days)).unwrap()), [""; 0]);
    }
}

#[test]
fn a_rejected_run_stays_out_also_where_rules_apply_alone() {
    let rules = live("mode: auto_apply");
    let mut record = observed(&rules, &["s"]);
    let events = record.reject(&rules, ("risk", "no"), ("s", "p"), day(31)).unwrap();
    take(&mut record, day(31), &events);
    assert_eq!(blocked(apply(&mut record, &rules, "s", 32)), ["override_rejected"]);
    // A rejection holds under any policy, and falls due like an approval.
    assert_eq!(blocked(apply(&mut record, &live("mode: auto_apply, cooldown: 1d"), "s", 32)), ["override_rejected"]);
    assert_eq!(blocked(apply(&mut record, &rules, "s", 31 + 90)), ["override_rejected", "override_expired"]);
}

#[test]
fn runs_that_do_not_stand_or_had_stale_data_do_not_go_live() {
    let rules = live("mode: auto_apply");
    for state in [RunState::Rejected, RunState::Expired] {
        let mut record = observed(&rules, &["s"]);
        let events = record.move_run("s", "p", state).unwrap();
        take(&mut record, day(31), &events);
        assert_eq!(blocked(apply(&mut record, &rules, "s", 32)), ["validation_failed"], "{state}");
    }
    let mut record = WorldRecord::new(WORLD);
    let events = record.submit(&super::submission(&rules, "s", "p", Stage::Paper), None).unwrap();
    take(&mut record, day(0), &events);
    assert_eq!(blocked(apply(&mut record, &rules, "s", 1)), ["validation_failed"]);
    let mut stale = super::decision(&rules, "s", "pass", &["s"]);
    stale["strategies"]["s"]["downgraded"] = json!(true);
    let events = record.evaluate_run("s", "p", &json!({}), &stale).unwrap();
    take(&mut record, day(1), &events);
    assert_eq!(blocked(apply(&mut record, &rules, "s", 1)), ["validation_failed"]);
}

#[test]
fn others_of_the_active_set_go_live_only_if_they_qualify_themselves() {
    let rules = live("mode: manual_approval");
    let mut record = observed(&rules, &["s", "t"]);
    approve(&mut record, &rules, "s", 31);
    let plan = record.plan(&rules, ("s", "p"), None, day(31)).unwrap();
    assert_eq!(plan.target_active, ["s"]);
    assert!(plan.assumptions.iter().any(|text| text.contains("`t` is in the active set and stays out")));
    approve(&mut record, &rules, "t", 31);
    apply(&mut record, &rules, "s", 31).unwrap();
    assert_eq!(live_ids(&record), ["s", "t"]);
}

#[test]
fn a_failed_switch_rolls_back_and_may_be_tried_again() {
    let rules = live("mode: manual_approval, cooldown: 1d");
    let mut record = observed(&rules, &["s"]);
    approve(&mut record, &rules, "s", 31);
    let begin = |record: &WorldRecord| record.begin_apply(&rules, ("ops", "planned"), ("s", "p"), None, day(31));
    let events = begin(&record).unwrap();
    take(&mut record, day(31), &events);
    assert_eq!((live_ids(&record), record.under_way().is_some()), (vec![], true));
    assert!(matches!(begin(&record), Err(PromotionError::UnderWay { .. })));
    let events = record.finish_apply(&rules, SwitchOutcome::Failed, None, day(31)).unwrap();
    take(&mut record, day(31), &events);
    assert_eq!((live_ids(&record), record.under_way(), record.last_apply()), (vec![], None, None));
    let none = record.finish_apply(&rules, SwitchOutcome::Done, None, day(31));
    assert_eq!(none, Err(PromotionError::NothingUnderWay));
    apply(&mut record, &rules, "s", 31).unwrap();
    assert_eq!(live_ids(&record), ["s"]);
}

#[test]
fn what_stops_qualifying_between_freeze_and_switch_is_given_up() {
    let rules = live("mode: manual_approval");
    let frozen = || {
        let mut record = observed(&rules, &["s"]);
        approve(&mut record, &rules, "s", 31);
        let events = record.begin_apply(&rules, ("ops", "planned"), ("s", "p"), None, day(31)).unwrap();
        take(&mut record, day(31), &events);
        record
    };
    let after = |events: Vec<LifecycleEvent>| {
        let mut record = frozen();
        take(&mut record, day(31), &events);
        if record.under_way().is_some() {
            let events = record.finish_apply(&rules, SwitchOutcome::Done, None, day(31)).unwrap();
            take(&mut record, day(31), &events);
        }
        assert_eq!((live_ids(&record), record.under_way()), (vec![], None));
    };
    let record = frozen();
    after(record.reject(&rules, ("risk", "no"), ("s", "p"), day(31)).unwrap());
    after(record.demote(("risk", "no"), "s").unwrap());
    after(record.halt(("risk", "no")).unwrap());
    after(record.rollback(&rules, ("risk", "no"), ("s", "p"), None, day(31)).unwrap());
    after(record.submit(&super::submission(&rules, "s", "q", Stage::Paper), None).unwrap());
}

#[test]
fn a_crash_between_switch_and_unfreeze_is_finished() {
    let rules = live("mode: auto_apply");
    let mut record = observed(&rules, &["s"]);
    let events = record.apply_promotion(&rules, ("ops", "planned"), ("s", "p"), None, day(31)).unwrap();
    take(&mut record, day(31), &events[..2]);
    assert_eq!((live_ids(&record), record.under_way().unwrap().state), (vec!["s"], ApplyState::Switched));
    let events = record.finish_apply(&rules, SwitchOutcome::Done, None, day(31)).unwrap();
    take(&mut record, day(31), &events);
    assert_eq!((record.under_way(), record.last_apply()), (None, Some(day(31))));
}

#[test]
fn rollback_reactivates_only_what_still_qualifies_and_fits() {
    let rules = live("mode: auto_apply, max_live_slots: 2");
    let setup = || {
        // First a and b go live, then s takes their place.
        let mut record = WorldRecord::new(WORLD);
        for id in ["a", "b"] {
            run_through(&mut record, &rules, (id, "p", Stage::Paper), (0, 30), ("pass", &["a", "b"]));
        }
        run_through(&mut record, &rules, ("s", "p", Stage::Paper), (0, 31), ("pass", &["s"]));
        apply(&mut record, &rules, "a", 32).unwrap();
        assert_eq!(live_ids(&record), ["a", "b"]);
        apply(&mut record, &rules, "s", 33).unwrap();
        assert_eq!(live_ids(&record), ["s"]);
        record
    };
    let rolled = |mut record: WorldRecord| {
        let events = record.rollback(&rules, ("ops", "worse"), ("s", "p"), None, day(40)).unwrap();
        take(&mut record, day(40), &events);
        live_ids(&record).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(rolled(setup()), ["a", "b"]);
    let mut worse = setup();
    run_through(&mut worse, &rules, ("a", "q", Stage::Paper), (34, 36), ("fail", &[]));
    assert_eq!(rolled(worse), ["b"]);
    // Meanwhile another has taken one of the two places: the first by name comes back, the other waits.
    let mut crowded = setup();
    run_through(&mut crowded, &rules, ("t", "p", Stage::Paper), (33, 34), ("pass", &["s", "t"]));
    apply(&mut crowded, &rules, "t", 35).unwrap();
    assert_eq!(live_ids(&crowded), ["s", "t"]);
    assert_eq!(rolled(crowded), ["a", "t"]);
    let mut halted = setup();
    let events = halted.halt(("ann", "feed")).unwrap();
    take(&mut halted, day(39), &events);
    assert_eq!(rolled(halted), [""; 0]);
}

#[test]
fn the_way_down_needs_an_actor_and_a_reason_and_nothing_else() {
    let rules = live("mode: manual_approval, approvers: [risk]");
    let record = observed(&rules, &["s"]);
    assert!(record.demote(("ann", "a feeling"), "s").is_ok());
    assert!(record.halt(("ann", "a feeling")).is_ok());
    assert!(record.rollback(&rules, ("ann", "a feeling"), ("s", "p"), None, day(31)).is_ok());
    assert!(record.demote(("ann", " "), "s").is_err());
    assert!(record.halt(("", "a feeling")).is_err());
    assert!(record.rollback(&rules, ("ann", ""), ("s", "p"), None, day(31)).is_err());
    let typo = record.demote(("ann", "a feeling"), "t").unwrap_err();
    assert!(matches!(typo, PromotionError::UnknownStrategy { .. }), "a slip must not look like a demotion");
    let other = WorldRecord::new("other");
    assert!(matches!(other.resume(&rules, ("risk", "why")), Err(PromotionError::OtherWorld { .. })));
}
