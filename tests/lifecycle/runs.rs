//! Evaluation runs: moves, immutability, repetition, overrides, and the events they are made of.

use qmtl_policy::lifecycle::{LifecycleEvent, OverrideStatus, RunError, RunState, Stage, Submission, WorldRecord};
use serde_json::json;

use super::{WORLD, at, day, decision, rules, run_through, submission, take};

const METRICS: &str = r#"{ "sharpe": 1.0 }"#;

fn submitted() -> (WorldRecord, qmtl_policy::lifecycle::WorldRules) {
    let rules = rules("");
    let mut record = WorldRecord::new(WORLD);
    let events = record.submit(&submission(&rules, "s", "r", Stage::Paper), None).unwrap();
    take(&mut record, day(0), &events);
    (record, rules)
}

fn to(record: &mut WorldRecord, state: RunState) {
    let events = record.move_run("s", "r", state).unwrap();
    take(record, day(1), &events);
}

#[test]
fn an_illegal_move_names_both_states() {
    let (record, _) = submitted();
    let error = record.move_run("s", "r", RunState::Rejected).unwrap_err();
    assert_eq!(error.to_string(), "the run `r` of `s` is submitted and cannot become rejected");
    let error = record.move_run("s", "other", RunState::Evaluating).unwrap_err();
    assert_eq!(error, RunError::Unknown { strategy: "s".to_owned(), run: "other".to_owned() });
}

#[test]
fn runs_go_through_backtest_or_straight_to_evaluating_and_expire_from_anywhere() {
    let (mut straight, rules) = submitted();
    to(&mut straight, RunState::Evaluating);
    assert!(matches!(straight.move_run("s", "r", RunState::Evaluated), Err(RunError::NeedsDecision { .. })));
    let (mut long, _) = submitted();
    to(&mut long, RunState::BacktestRunning);
    to(&mut long, RunState::Evaluating);
    assert_eq!(straight.run("s", "r").unwrap().state, long.run("s", "r").unwrap().state);
    let decision = decision(&rules, "s", "pass", &["s"]);
    let events = straight.evaluate_run("s", "r", &json!({}), &decision).unwrap();
    take(&mut straight, day(2), &events);
    to(&mut straight, RunState::Activated);
    to(&mut straight, RunState::Expired);
    let error = straight.move_run("s", "r", RunState::Activated).unwrap_err();
    assert!(error.to_string().contains("expired and cannot become activated"), "{error}");
    to(&mut long, RunState::Expired);
    assert!(matches!(long.evaluate_run("s", "r", &json!({}), &decision), Err(RunError::IllegalMove { .. })));
}

#[test]
fn repeating_is_no_event_and_other_content_an_error() {
    let (mut record, rules) = submitted();
    let same = submission(&rules, "s", "r", Stage::Paper);
    assert_eq!(record.submit(&same, None).unwrap(), []);
    let other = Submission { stage: Stage::Backtest, ..same };
    assert!(matches!(record.submit(&other, None), Err(RunError::OtherContent { .. })));
    let metrics = serde_json::from_str(METRICS).unwrap();
    let judged = decision(&rules, "s", "pass", &["s"]);
    // Straight from submitted: the move to evaluating comes along.
    let events = record.evaluate_run("s", "r", &metrics, &judged).unwrap();
    let kinds: Vec<_> = events.iter().map(LifecycleEvent::kind).collect();
    assert_eq!(kinds, ["run_moved", "run_evaluated"]);
    take(&mut record, day(2), &events);
    assert_eq!(record.evaluate_run("s", "r", &metrics, &judged).unwrap(), []);
    assert!(matches!(record.evaluate_run("s", "r", &json!({}), &judged), Err(RunError::OtherContent { .. })));
    let failed = decision(&rules, "s", "fail", &[]);
    assert!(matches!(record.evaluate_run("s", "r", &metrics, &failed), Err(RunError::OtherContent { .. })));
    assert_eq!(record.move_run("s", "r", RunState::Evaluated).unwrap(), []);
    // Not even a forged event changes what was judged.
    let before = record.clone();
    let (strategy, run) = ("s".to_owned(), "r".to_owned());
    let judged =
        LifecycleEvent::RunEvaluated { strategy, run, metrics: json!({}), decision: failed, correlations: None };
    take(&mut record, day(3), &[judged]);
    assert_eq!(record, before);
}

#[test]
fn a_run_keeps_what_it_was_judged_by() {
    let (mut record, rules) = submitted();
    let judged = decision(&rules, "s", "warn", &[]);
    let events = record.evaluate_run("s", "r", &json!({ "sample_days": 3 }), &judged).unwrap();
    take(&mut record, day(2), &events);
    let run = record.run("s", "r").unwrap();
    assert_eq!((run.created_at, run.updated_at), (day(0), day(2)));
    assert_eq!(run.decision.as_ref(), Some(&judged), "also where nothing is selected");
    assert_eq!(run.submission.policy_version.as_deref(), Some("1"));
    assert_eq!(run.record().samples.sample_days, Some(3));
}

#[test]
fn decisions_must_be_about_the_run() {
    let (record, rules) = submitted();
    let refused = |decision| match record.evaluate_run("s", "r", &json!({}), &decision) {
        Err(RunError::ForeignDecision { problem, .. }) => problem,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(decision(&rules, "other", "pass", &[])), "it does not tell about the strategy");
    let other = super::with(decision(&rules, "s", "pass", &[]), &json!({ "ruleset_hash": "blake3:o" }));
    assert_eq!(refused(other), "it was made by another policy");
    let other = super::with(decision(&rules, "s", "pass", &[]), &json!({ "world": "v" }));
    assert_eq!(refused(other), "it is another world's");
}

#[test]
fn to_judge_again_is_a_new_run_that_is_linked() {
    let rules = rules("");
    let mut record = WorldRecord::new(WORLD);
    run_through(&mut record, &rules, ("s", "r1", Stage::Paper), (0, 5), ("pass", &["s"]));
    let new = submission(&rules, "s", "r2", Stage::Paper);
    let problem = |old: &str, reason: &str, new: &Submission| match record.submit(new, Some((old, reason))) {
        Err(RunError::CannotSupersede { problem, .. }) => problem,
        other => panic!("{other:?}"),
    };
    assert_eq!(problem("r0", "better data", &new), "there is no such run");
    assert_eq!(problem("r1", " ", &new), "say why");
    let backtest = submission(&rules, "s", "r2", Stage::Backtest);
    assert_eq!(problem("r1", "better data", &backtest), "it is of another stage");
    let events = record.submit(&new, Some(("r1", "better data"))).unwrap();
    take(&mut record, day(5), &events);
    assert_eq!(record.submit(&new, Some(("r1", "better data"))).unwrap(), []);
    assert_eq!(record.run("s", "r1").unwrap().superseded_by.as_deref(), Some("r2"));
    assert_eq!(record.run("s", "r2").unwrap().supersedes, Some(("r1".to_owned(), "better data".to_owned())));
    let third = submission(&rules, "s", "r3", Stage::Paper);
    assert!(matches!(record.submit(&third, Some(("r1", "again"))), Err(RunError::CannotSupersede { .. })));
}

#[test]
fn ids_and_windows_must_be_sound() {
    let rules = rules("");
    let record = WorldRecord::new(WORLD);
    assert!(matches!(record.submit(&submission(&rules, " ", "r", Stage::Paper), None), Err(RunError::Malformed(_))));
    let window = Some(qmtl_policy::lifecycle::DataWindow { start: day(2), end: day(1) });
    let backwards = Submission { window, ..submission(&rules, "s", "r", Stage::Paper) };
    assert!(matches!(record.submit(&backwards, None), Err(RunError::Malformed(_))));
}

#[test]
fn overrides_need_an_actor_a_reason_and_a_judged_run() {
    let (mut record, rules) = submitted();
    let say = |record: &WorldRecord, by, status| record.override_run(&rules, by, ("s", "r"), status, day(3));
    let approve = OverrideStatus::Approved;
    assert!(say(&record, (" ", "why"), approve).unwrap_err().to_string().contains("say who decides"));
    assert!(say(&record, ("ann", ""), approve).unwrap_err().to_string().contains("say why"));
    assert!(matches!(say(&record, ("ann", "why"), approve), Err(RunError::NotJudged { .. })));
    let events = record.evaluate_run("s", "r", &json!({}), &decision(&rules, "s", "pass", &["s"])).unwrap();
    take(&mut record, day(2), &events);
    assert_eq!(say(&record, ("ann", "why"), OverrideStatus::None).unwrap(), []);
    let events = say(&record, ("ann", "why"), approve).unwrap();
    take(&mut record, day(3), &events);
    assert_eq!(say(&record, ("ann", "why"), approve).unwrap(), []);
    assert_eq!(say(&record, ("ann", "another reason"), approve).unwrap().len(), 1);
    // Due for review, the same words count anew.
    let later = record.override_run(&rules, ("ann", "why"), ("s", "r"), approve, day(3 + 90)).unwrap();
    assert_eq!(later.len(), 1);
    // The observation ended with the evaluation.
    assert_eq!(record.run("s", "r").unwrap().updated_at, day(2));
}

#[test]
fn only_approvers_approve_and_reject_and_anybody_takes_an_approval_back() {
    let rules = rules("governance: { live_promotion: { approvers: [risk] } }\n");
    let mut record = WorldRecord::new(WORLD);
    run_through(&mut record, &rules, ("s", "r", Stage::Paper), (0, 5), ("pass", &["s"]));
    let say =
        |record: &WorldRecord, actor, status| record.override_run(&rules, (actor, "why"), ("s", "r"), status, day(6));
    for status in [OverrideStatus::Approved, OverrideStatus::Rejected] {
        let error = say(&record, "ann", status).unwrap_err();
        assert_eq!(error.to_string(), "`ann` may not decide that: the policy names `risk`");
    }
    let events = say(&record, "risk", OverrideStatus::Approved).unwrap();
    take(&mut record, day(6), &events);
    assert_eq!(say(&record, "ann", OverrideStatus::None).unwrap().len(), 1);
    let events = say(&record, "risk", OverrideStatus::Rejected).unwrap();
    take(&mut record, day(6), &events);
    assert!(say(&record, "ann", OverrideStatus::None).is_err(), "that would open a way up");
}

#[test]
fn events_are_kept_as_kind_and_body_and_read_back() {
    let rules = rules("");
    let mut record = WorldRecord::new(WORLD);
    run_through(&mut record, &rules, ("s", "r", Stage::Paper), (0, 5), ("pass", &["s"]));
    let mut events = record.submit(&submission(&rules, "s", "t", Stage::Paper), Some(("r", "why"))).unwrap();
    events.extend(record.evaluate_run("s", "r", &json!({}), &json!({})).unwrap_or_default());
    events.extend(record.approve(&rules, ("a", "b"), ("s", "r"), day(6)).unwrap());
    events.extend(record.reject(&rules, ("a", "b"), ("s", "r"), day(6)).unwrap());
    events.extend(record.demote(("a", "b"), "s").unwrap());
    events.extend(record.halt(("a", "b")).unwrap());
    events.extend(record.move_run("s", "r", RunState::Expired).unwrap());
    events.push(LifecycleEvent::DecisionRecorded { decision: json!({ "x": 1 }), correlations: None });
    for event in &events {
        let body = event.body(WORLD);
        assert_eq!(body["world"], WORLD);
        assert!(body.get("kind").is_none());
        assert_eq!(LifecycleEvent::read(event.kind(), body).unwrap(), (WORLD.to_owned(), event.clone()));
        assert!(event.id(WORLD, at("2026-01-01")).starts_with(event.kind()));
    }
    let body = events[0].body(WORLD);
    assert!(LifecycleEvent::read("run_vanished", body.clone()).unwrap_err().to_string().contains("run_vanished"));
    assert!(LifecycleEvent::read("run_moved", body.clone()).is_err());
    assert!(LifecycleEvent::read("run_submitted", json!({})).unwrap_err().to_string().contains("names no world"));
    assert!(LifecycleEvent::read("run_submitted", super::with(body, &json!({ "more": 1 }))).is_err());
}
