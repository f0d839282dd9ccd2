//! The life of a strategy from its first backtest to live and down again, through the program alone.

use serde_json::{Value, json};

use crate::support::{Run, Scratch, read, run, run_with};

const POLICY: &str = "world: story
version: 1
allow_live: true
data_currency: { max_lag: 2d }
selection:
  gates: [sharpe >= 0.8]
  score: sharpe
  topk: { total: 2 }
  hysteresis: { promote_after: 1, demote_after: 2 }
validation:
  risk: { max_drawdown_max: 20% }
campaign:
  backtest: { window: 30d }
  paper: { window: 20d }
  common: { min_sample_days: 20, min_trades_total: 50 }
governance:
  decision_ttl: 1h
  live_promotion: { mode: manual_approval, cooldown: 1d, max_live_slots: 2, approvers: [risk-desk] }
";

/// A world in a simulated store, and its policy.
struct Stage {
    scratch: Scratch,
    policy: String,
    store: String,
}

impl Stage {
    fn new() -> Self {
        Self::with(POLICY)
    }

    fn with(policy: &str) -> Self {
        let scratch = Scratch::new();
        let policy = scratch.file("policy.yaml", policy).display().to_string();
        let store = scratch.path().join("store.db").display().to_string();
        run(&["store", "init", "--store", &store, "--simulated"]).exits(0);
        Self { scratch, policy, store }
    }

    /// A verb on the store at a time.
    #[track_caller]
    fn at(&self, now: &str, verb: &[&str], more: &[&str]) -> Run {
        run(&[verb, &[&self.policy, "--store", &self.store, "--now", now], more].concat())
    }

    /// A snapshot of `s1` with these numbers.
    fn snapshot(&self, as_of: &str, sharpe: f64, drawdown: f64) -> String {
        let metrics = json!({ "sharpe": sharpe, "max_drawdown": drawdown, "sample_days": 60, "n_trades_total": 200 });
        let snapshot = json!({ "as_of": as_of, "data_end": as_of, "metrics": { "s1": metrics } });
        self.scratch.file("snapshot.json", snapshot.to_string()).display().to_string()
    }

    #[track_caller]
    fn submit(&self, now: &str, id: &str, stage: &str) -> Run {
        self.submit_on(now, &self.snapshot(now, 1.2, 0.1), id, stage)
    }

    /// A run on a snapshot that is given.
    #[track_caller]
    fn submit_on(&self, now: &str, snapshot: &str, id: &str, stage: &str) -> Run {
        let of = ["--strategy", "s1", "--snapshot", snapshot, "--run", id, "--stage", stage, "--mode", "live"];
        self.at(now, &["run", "submit"], &of)
    }

    /// What a decision about the stage `live` says about `s1`; it is recorded.
    #[track_caller]
    fn decide(&self, now: &str, sharpe: f64, drawdown: f64) -> Value {
        let snapshot = self.snapshot(now, sharpe, drawdown);
        let more = ["--snapshot", &snapshot, "--stage", "live", "--record"];
        self.at(now, &["eval"], &more).exits(0).says("recorded: head blake3:").json()["strategies"]["s1"].clone()
    }

    #[track_caller]
    fn act(&self, now: &str, verb: &str, run: &str, actor: &str) -> Run {
        let mut more = vec!["--strategy", "s1", "--run", run, "--actor", actor, "--reason", "the story goes so"];
        if verb == "apply" {
            more.extend(["--risk-snapshot", now]);
        }
        self.at(now, &["promote", verb], &more)
    }

    #[track_caller]
    fn blocked(&self, now: &str, run: &str) -> Value {
        let more = ["--strategy", "s1", "--run", run, "--risk-snapshot", now];
        self.at(now, &["promote", "plan"], &more).exits(0).json()["blocked_reasons"].clone()
    }

    /// `s1` in the status of the world: the run it is live by, what is next, what blocks it.
    #[track_caller]
    fn standing(&self, now: &str) -> (Value, Value, Value) {
        let status = self.at(now, &["world", "status"], &["--risk-snapshot", now]).exits(0).json();
        let s1 = &status["strategies"][0];
        (s1["live_by"].clone(), s1["next"].clone(), s1["blocked_by"].clone())
    }

    #[track_caller]
    fn tick(&self, now: &str) -> Value {
        self.at(now, &["campaign", "tick"], &[]).exits(0).json()["actions"][0]["reason"].clone()
    }

    /// The report on `s1` at a time: verdict, and what happened by then, in order.
    #[track_caller]
    fn report(&self, now: &str) -> (String, String, Vec<String>) {
        let more = ["--strategy", "s1", "--risk-snapshot", now, "--format", "json"];
        let document = self.at(now, &["report"], &more).exits(0).json();
        let s1 = &document["strategies"][0];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let what = |entry: &Value| {
            if entry["what"] == "decisions" { text(&entry["effective_mode"]) } else { text(&entry["kind"]) }
        };
        let history = s1["history"].as_array().unwrap().iter().map(what).collect();
        (text(&s1["verdict"]["code"]), text(&s1["verdict"]["sentence"]), history)
    }

    /// The kinds of all events, in order.
    fn kinds(&self) -> Vec<String> {
        let lines = run(&["store", "export", "--store", &self.store]).exits(0).stdout;
        let kind = |line: &str| serde_json::from_str::<Value>(line).unwrap()["kind"].as_str().unwrap_or("").to_owned();
        lines.lines().map(kind).filter(|kind| !kind.is_empty()).collect()
    }

    /// Takes `s1` to where only an approval is missing: by the paper run `p2`.
    fn to_candidate(&self) {
        self.submit("2026-01-05", "b1", "backtest").exits(0);
        self.submit("2026-02-05", "b2", "backtest").exits(0);
        self.submit("2026-02-06", "p1", "paper").exits(0);
        self.submit("2026-03-02", "p2", "paper").exits(0);
    }
}

/// An approved and applied `p2`, and a decision by which it is live.
fn live_in(stage: &Stage) {
    stage.to_candidate();
    stage.act("2026-03-02T01:00:00", "approve", "p2", "risk-desk").exits(0);
    stage.act("2026-03-02T02:00:00", "apply", "p2", "ops").exits(0);
    assert_eq!(stage.decide("2026-03-02T03:00:00", 1.2, 0.1)["effective_mode"], "live");
}

#[test]
fn from_the_first_backtest_to_a_candidate_for_live() {
    let stage = Stage::new();
    let submitted = stage.submit("2026-01-05", "b1", "backtest").exits(0).json();
    assert_eq!(submitted["run"]["state"], "evaluated");
    assert_eq!(
        (&submitted["requested_mode"], &submitted["run"]["effective_mode"]),
        (&json!("live"), &json!("compute-only"))
    );
    let (verdict, sentence, history) = stage.report("2026-01-05");
    assert_eq!(
        (verdict.as_str(), history),
        ("not_ready_for_paper", vec!["run_submitted".to_owned(), "run_evaluated".to_owned()])
    );
    assert_eq!(
        sentence,
        "Sharpe 1.2 ≥ 0.8, drawdown 10% ≤ 20%, 60 trading days ≥ 20: not ready for paper, the backtest window is incomplete."
    );
    let (live, next, blocked) = stage.standing("2026-01-05");
    assert_eq!((live, next, blocked), (Value::Null, json!("paper"), json!(["backtest_window_incomplete"])));
    stage.submit("2026-02-05", "b2", "backtest").exits(0);
    assert_eq!(stage.tick("2026-02-05"), "promotable_to_paper");
    assert_eq!(stage.report("2026-02-05").0, "paper_ready");
    assert_eq!(stage.standing("2026-02-05").2, json!([]));
    stage.submit("2026-02-06", "p1", "paper").exits(0);
    assert_eq!(stage.tick("2026-02-06"), "continue_paper_campaign");
    let blocked = json!(["paper_window_incomplete", "manual_approval_required"]);
    assert_eq!(stage.standing("2026-02-06"), (Value::Null, json!("live"), blocked));
    stage.submit("2026-03-02", "p2", "paper").exits(0);
    assert_eq!(stage.tick("2026-03-02"), "promotable_to_live");
    assert_eq!(stage.report("2026-03-02").0, "live_candidate");
    let found = stage.at("2026-03-02", &["promote", "candidates"], &["--risk-snapshot", "2026-03-02"]).exits(0).json();
    assert_eq!(found["candidates"][0]["pending_manual_approval"], true);
    let listed = stage.at("2026-03-02", &["run", "list"], &["--strategy", "s1"]).exits(0).json();
    let ids: Vec<_> = listed["runs"].as_array().unwrap().iter().map(|run| run["run_id"].clone()).collect();
    assert_eq!(ids, ["b1", "b2", "p1", "p2"]);
}

#[test]
fn up_needs_the_right_approver_and_a_risk_exit_takes_it_down() {
    let stage = Stage::new();
    stage.to_candidate();
    let noon = "2026-03-02T12:00:00";
    assert_eq!(stage.blocked(noon, "p2"), json!(["manual_approval_required"]));
    assert_eq!(stage.blocked(noon, "p1"), json!(["run_not_latest", "manual_approval_required"]));
    stage.act(noon, "apply", "p2", "ops").exits(2).says("cannot go live: manual_approval_required");
    stage
        .act(noon, "approve", "p2", "intern")
        .exits(2)
        .says("`intern` may not decide that: the policy names `risk-desk`");
    assert_eq!(stage.blocked(noon, "p2"), json!(["manual_approval_required"]));
    assert_eq!(stage.decide(noon, 1.2, 0.1)["effective_mode"], "paper");

    stage.act("2026-03-02T13:00:00", "approve", "p2", "risk-desk").exits(0).prints("promotion_approved");
    assert_eq!(stage.blocked("2026-03-02T13:00:00", "p2"), json!([]));
    // Approved is not applied.
    assert_eq!(stage.decide("2026-03-02T13:30:00", 1.2, 0.1)["effective_mode"], "paper");
    stage.act("2026-03-02T14:00:00", "apply", "p2", "ops").exits(0).prints("promotion_completed");
    assert_eq!(stage.standing("2026-03-02T14:00:00"), (json!("p2"), Value::Null, json!([])));
    assert_eq!(stage.report("2026-03-02T14:00:00").0, "live");
    assert_eq!(stage.decide("2026-03-02T15:00:00", 1.2, 0.1)["effective_mode"], "live");

    let exit = stage.decide("2026-03-02T16:00:00", 1.2, 0.3);
    assert_eq!((&exit["action"], &exit["selected"]), (&json!("demote"), &json!(false)));
    assert_ne!(exit["effective_mode"], "live");
    let waits = json!(["cooldown_active", "manual_approval_required"]);
    assert_eq!(stage.standing("2026-03-02T16:00:00"), (Value::Null, json!("live"), waits));
    let (verdict, sentence, history) = stage.report("2026-03-02T16:00:00");
    assert_eq!(verdict, "not_ready_for_live");
    assert!(sentence.starts_with("Drawdown 30% > 20%: not ready for live, the last apply is too recent"), "{sentence}");
    // Decisions in a row that say the same are one entry.
    let told: Vec<_> = history.iter().map(String::as_str).filter(|kind| !kind.starts_with("run_")).collect();
    let expected =
        ["paper", "promotion_approved", "promotion_frozen", "promotion_completed", "live", "validate", "demoted"];
    assert_eq!(told, expected);
    // Good numbers alone do not bring it back.
    assert_eq!(stage.decide("2026-03-02T17:00:00", 1.2, 0.1)["effective_mode"], "paper");
    stage.act("2026-03-02T18:00:00", "approve", "p2", "risk-desk").exits(0);
    stage.act("2026-03-02T18:00:00", "apply", "p2", "ops").exits(2).says("cannot go live: cooldown_active");
    stage.act("2026-03-03T14:00:00", "apply", "p2", "ops").exits(0);
    assert_eq!(stage.decide("2026-03-03T15:00:00", 1.2, 0.1)["effective_mode"], "live");
    let kinds = stage.kinds();
    assert_eq!(kinds.iter().filter(|kind| *kind == "demoted").count(), 1);
}

#[test]
fn halt_resume_and_rollback() {
    let stage = Stage::new();
    stage.to_candidate();
    stage.act("2026-03-02T01:00:00", "approve", "p2", "risk-desk").exits(0);
    let by = |actor: &'static str| ["--actor", actor, "--reason", "prices look wrong"];
    stage.at("2026-03-02T02:00:00", &["world", "halt"], &by("anybody")).exits(0).prints("world_halted");
    assert_eq!(stage.standing("2026-03-02T03:00:00").2, json!(["world_halted"]));
    let (verdict, _, history) = stage.report("2026-03-02T03:00:00");
    assert_eq!((verdict.as_str(), history.last().map(String::as_str)), ("not_ready_for_live", Some("world_halted")));
    stage.act("2026-03-02T03:00:00", "apply", "p2", "ops").exits(2).says("cannot go live: world_halted");
    stage
        .at("2026-03-02T03:00:00", &["world", "status"], &["--format", "table"])
        .exits(0)
        .prints("HALTED since 2026-03-02T02:00:00Z by anybody: prices look wrong");
    stage.at("2026-03-02T04:00:00", &["world", "resume"], &by("anybody")).exits(2).says("may not decide that");
    stage.at("2026-03-02T04:00:00", &["world", "resume"], &by("risk-desk")).exits(0);
    stage.act("2026-03-02T05:00:00", "apply", "p2", "ops").exits(0);
    assert_eq!(stage.decide("2026-03-02T06:00:00", 1.2, 0.1)["effective_mode"], "live");
    stage.act("2026-03-02T07:00:00", "rollback", "p2", "anybody").exits(0).prints("promotion_rolled_back");
    assert_eq!(stage.decide("2026-03-02T08:00:00", 1.2, 0.1)["effective_mode"], "paper");
    let waits = json!(["cooldown_active", "manual_approval_required"]);
    assert_eq!(stage.standing("2026-03-02T08:00:00"), (Value::Null, json!("live"), waits));
    run(&["store", "verify", "--store", &stage.store]).exits(0);
    let kinds = stage.kinds();
    let told: Vec<_> = kinds.iter().map(String::as_str).filter(|kind| !kind.starts_with("run_")).collect();
    let expected = [
        "promotion_approved",
        "world_halted",
        "world_resumed",
        "promotion_frozen",
        "promotion_switched",
        "promotion_completed",
        "decision_recorded",
        "promotion_rolled_back",
        "decision_recorded",
    ];
    assert_eq!(told, expected);
}

#[test]
fn who_leaves_the_snapshot_needs_a_new_approval_too() {
    let stage = Stage::new();
    live_in(&stage);
    let without = |as_of: &str| {
        let metrics = json!({ "s2": { "sharpe": 1.0, "max_drawdown": 0.1 } });
        let snapshot = json!({ "as_of": as_of, "data_end": as_of, "metrics": metrics });
        let snapshot = stage.scratch.file("without.json", snapshot.to_string()).display().to_string();
        let more = ["--snapshot", &snapshot, "--stage", "live", "--record"];
        stage.at(as_of, &["eval"], &more).exits(0).json()["selected"].clone()
    };
    assert!(without("2026-03-02T04:00:00").as_array().unwrap().contains(&json!("s1")), "one failure is not two");
    assert_eq!(stage.standing("2026-03-02T04:00:00").0, "p2");
    assert_eq!(without("2026-03-02T05:00:00"), json!(["s2"]));
    assert_eq!(stage.standing("2026-03-02T05:00:00").0, Value::Null);
    assert_eq!(stage.decide("2026-03-02T06:00:00", 1.2, 0.1)["effective_mode"], "paper");
}

#[test]
fn stopping_needs_no_policy_and_repeats_are_events_of_their_own() {
    let stage = Stage::new();
    live_in(&stage);
    let by = ["--actor", "ann", "--reason", "stop"];
    let now = "2026-03-02T04:00:00";
    let without = |verb: &[&str], world: &str, more: &[&str]| {
        run(&[verb, &["--store", &stage.store, "--now", now, "--world", world], more, &by].concat())
    };
    without(&["world", "halt"], "stroy", &[]).exits(2).says("the store holds nothing of a world `stroy`");
    // Halted, resumed and halted again at one moment is halted.
    without(&["world", "halt"], "story", &[]).exits(0).prints("world_halted");
    without(&["world", "halt"], "story", &[]).exits(0).prints("\"events\": []");
    stage.at(now, &["world", "resume"], &["--actor", "risk-desk", "--reason", "go on"]).exits(0);
    without(&["world", "halt"], "story", &[]).exits(0).prints("world_halted");
    assert_eq!(stage.standing(now).2, json!(["world_halted"]));
    without(&["promote", "demote"], "story", &["--strategy", "s1"]).exits(0).prints("demoted");
    assert_eq!(stage.standing(now).0, Value::Null);
    let broken = stage.scratch.file("broken.yaml", "world: story\nselection: { gates: [sharp >= 1] }\n");
    let arguments = ["world", "halt", broken.to_str().unwrap(), "--store", &stage.store];
    run(&[&arguments[..], &by].concat()).exits(2).says("leave it out and name the world");
    run(&["world", "halt", "--store", &stage.store, "--actor", "ann", "--reason", "x"]).exits(2);
}

#[test]
fn a_changed_policy_voids_what_was_approved_under_the_old_one() {
    let stage = Stage::new();
    live_in(&stage);
    stage.scratch.file("policy.yaml", POLICY.replace("0.8", "0.7"));
    assert_eq!(stage.standing("2026-03-02T04:00:00").2, json!(["manual_approval_required"]));
    assert_eq!(stage.decide("2026-03-02T04:00:00", 1.2, 0.1)["effective_mode"], "paper");
    stage.act("2026-03-02T05:00:00", "approve", "p2", "risk-desk").exits(0);
    assert_eq!(stage.decide("2026-03-02T06:00:00", 1.2, 0.1)["effective_mode"], "live");
    let said = ["--strategy", "s1", "--run", "p2", "--actor", "risk-desk", "--reason", "no", "--status", "rejected"];
    stage.at("2026-03-02T07:00:00", &["run", "override"], &said).exits(0);
    assert_eq!(stage.decide("2026-03-02T08:00:00", 1.2, 0.1)["effective_mode"], "paper");
}

#[test]
fn runs_are_judged_once_and_move_forward_only() {
    let stage = Stage::new();
    stage.submit("2026-01-05", "b1", "backtest").exits(0);
    // The same again, later: nothing happens. Other numbers are another run.
    let again = stage.submit("2026-01-05", "b1", "backtest").exits(0).json();
    assert_eq!((&again["events"], &again["number"]), (&json!([]), &json!(3)));
    let other = stage.snapshot("2026-01-06", 0.9, 0.1);
    let of = ["--strategy", "s1", "--snapshot", &other, "--run", "b1", "--stage", "backtest"];
    stage.at("2026-01-06", &["run", "submit"], &of).exits(2).says("judge again under a new run id");
    let new =
        ["--strategy", "s1", "--snapshot", &other, "--stage", "backtest", "--supersedes", "b1", "--reason", "new data"];
    let submitted = stage.at("2026-01-06", &["run", "submit"], &new).exits(0).json();
    assert_eq!(submitted["run"]["run_id"], "camp-story-s1-backtest-20260106");
    let shown = stage.at("2026-01-06", &["run", "show"], &["--strategy", "s1", "--run", "b1"]).exits(0).json();
    assert_eq!(shown["superseded_by"], "camp-story-s1-backtest-20260106");
    assert_eq!((&shown["metrics"]["sharpe"], &shown["decision"]["selected"]), (&json!(1.2), &json!(["s1"])));
    let to = |state: &'static str| ["--strategy", "s1", "--run", "b1", "--to", state];
    stage
        .at("2026-01-07", &["run", "transition"], &to("submitted"))
        .exits(2)
        .says("is evaluated and cannot become submitted");
    stage.at("2026-01-07", &["run", "transition"], &to("done")).exits(2).says("`done` is no state");
    stage.at("2026-01-07", &["run", "transition"], &to("expired")).exits(0).prints("run_moved");
    let missing = ["--strategy", "s2", "--snapshot", &other, "--stage", "backtest"];
    stage.at("2026-01-07", &["run", "submit"], &missing).exits(2).says("lacks the strategy `s2`: did you mean `s1`?");
    let unnamed = ["--strategy", "s1", "--snapshot", &other];
    stage.at("2026-01-07", &["run", "submit"], &unnamed).exits(2).says("with --stage");
}

#[test]
fn time_follows_the_store() {
    let stage = Stage::new();
    stage.submit("2026-01-05", "b1", "backtest").exits(0);
    stage.submit("2026-01-04", "b2", "backtest").exits(2).says("the record goes on to 2026-01-05");
    let wall = stage.scratch.path().join("wall.db").display().to_string();
    run(&["store", "init", "--store", &wall]).exits(0);
    let snapshot = stage.snapshot("2026-01-05", 1.2, 0.1);
    let of = ["--strategy", "s1", "--snapshot", &snapshot, "--stage", "paper", "--now", "2199-01-01", "--store", &wall];
    let of = [&["run", "submit", &stage.policy], &of[..]].concat();
    run(&of).exits(2).says("use a store made with --simulated");
    // The store of the environment, by the clock.
    let by_clock = ["run", "submit", &stage.policy, "--strategy", "s1", "--snapshot", &snapshot, "--stage", "paper"];
    run_with(&by_clock, b"", &[("QMTL_POLICY_STORE", &wall)]).exits(0).prints("run_evaluated");
    run_with(&["campaign", "status", &stage.policy], b"", &[("QMTL_POLICY_STORE", &wall)]).exits(0).prints("\"s1\"");
}

#[test]
fn the_store_is_asked_or_the_arguments_but_not_both() {
    let stage = Stage::new();
    live_in(&stage);
    let now = "2026-03-02T04:00:00";
    let active = ["--current-active", "s1"];
    stage.at(now, &["promote", "candidates"], &active).exits(2).says("leave out --current-active");
    stage.at(now, &["campaign", "status"], &["--runs", "runs.json"]).exits(2).says("cannot be used with");
    let snapshot = stage.snapshot(now, 1.2, 0.1);
    stage.at(now, &["eval"], &["--snapshot", &snapshot, "--previous", "x.json"]).exits(2).says("cannot be used with");
    run(&["eval", &stage.policy, "--snapshot", &snapshot, "--record"]).exits(2).says("--store");
    // Without --record nothing is appended, and what is approved still counts, whatever the snapshot says.
    let before = stage.kinds().len();
    let asked = stage.at(now, &["eval"], &["--snapshot", &snapshot, "--stage", "live", "--detail", "none"]).exits(0);
    assert_eq!((asked.json()["selected"].clone(), stage.kinds().len()), (json!(["s1"]), before));
    // What is recorded is whole, however little is shown.
    let shown = stage.at(now, &["eval"], &["--snapshot", &snapshot, "--stage", "live", "--detail", "none", "--record"]);
    assert_eq!(shown.exits(0).json()["strategies"], json!({}));
    let lines = run(&["store", "export", "--store", &stage.store]).exits(0).stdout;
    assert!(lines.lines().last().unwrap().contains("\"effective_mode\":\"live\""));
}

#[test]
fn processes_that_submit_at_once_lose_and_double_nothing() {
    let stage = Stage::new();
    let snapshot = stage.snapshot("2026-01-05", 1.2, 0.1);
    let submit = |id: String| {
        let of = ["--strategy", "s1", "--snapshot", &snapshot, "--run", &id, "--stage", "backtest"];
        stage.at("2026-01-05", &["run", "submit"], &of).exits(0).prints("\"state\": \"evaluated\"");
    };
    std::thread::scope(|scope| {
        for writer in 0..4 {
            // Two writers share each id.
            let submit = &submit;
            scope.spawn(move || (0..5).for_each(|number| submit(format!("r{}-{number}", writer % 2))));
        }
    });
    assert_eq!(stage.kinds().len(), 10 * 3);
    run(&["store", "verify", "--store", &stage.store]).exits(0);
}

#[test]
fn pages_fit_eighty_columns() {
    let stage = Stage::new();
    live_in(&stage);
    let of = ["--strategy", "s1", "--run", "p2"];
    let verbs: [(&[&str], &[&str]); 7] = [
        (&["world", "status"], &[]),
        (&["run", "list"], &[]),
        (&["run", "show"], &of),
        (&["world", "resume"], &["--actor", "risk-desk", "--reason", "go on"]),
        (&["promote", "plan"], &of),
        (&["campaign", "status"], &[]),
        (&["campaign", "tick"], &[]),
    ];
    for (verb, more) in verbs {
        let arguments = [verb, &[&stage.policy, "--store", &stage.store, "--format", "table"], more].concat();
        let found = run_with(&arguments, b"", &[("COLUMNS", "80")]).exits(0);
        let long = found.stdout.lines().find(|line| line.chars().count() > 80);
        assert!(long.is_none(), "{long:?}\n{found}");
    }
}

/// The words of a command line, with quotes.
fn command_words(line: &str) -> Vec<String> {
    let parts = line.split('"').enumerate();
    let words = parts.flat_map(|(index, part)| match index % 2 {
        0 => part.split_whitespace().map(str::to_owned).collect(),
        _ => vec![part.to_owned()],
    });
    words.collect()
}

#[test]
fn the_commands_of_the_reference_run() {
    let scratch = Scratch::new();
    scratch.file("policy.yaml", POLICY.replace("world: story", "world: demo"));
    for (name, as_of) in [("day1.json", "2026-01-05"), ("day2.json", "2026-02-05"), ("day3.json", "2026-03-02")] {
        let metrics = json!({ "s1": { "sharpe": 1.2, "max_drawdown": 0.1, "sample_days": 60, "n_trades_total": 200 } });
        scratch.file(name, json!({ "as_of": as_of, "data_end": as_of, "metrics": metrics }).to_string());
    }
    let page = read("grammar/README.md");
    let part = page.split("### The record of a world").nth(1).unwrap();
    let block = part.split("```sh\n").nth(1).unwrap().split("```").next().unwrap();
    let mut heads = 0;
    for line in block.lines() {
        let words = command_words(line.strip_prefix("qmtl-policy ").unwrap());
        let place = |word: String| {
            let is_file = [".yaml", ".json", ".db"].iter().any(|ending| word.ends_with(ending));
            if is_file { scratch.path().join(word).display().to_string() } else { word }
        };
        let words: Vec<_> = words.into_iter().map(place).collect();
        let found = run(&words.iter().map(String::as_str).collect::<Vec<_>>()).exits(0);
        heads += usize::from(found.stdout.contains("blake3:") || found.stderr.contains("head blake3:"));
    }
    assert_eq!((block.lines().count(), heads), (13, 12), "only a plan has no head");
}

#[test]
fn nothing_is_decided_by_a_forged_record() {
    let stage = Stage::new();
    stage.to_candidate();
    stage.act("2026-03-02T01:00:00", "reject", "p2", "risk-desk").exits(0);
    let raw = rusqlite::Connection::open(&stage.store).unwrap();
    let triggers = "DROP TRIGGER events_do_not_change";
    raw.execute_batch(triggers).unwrap();
    let forged = "UPDATE events SET kind = 'promotion_approved' WHERE kind = 'promotion_rejected'";
    assert_eq!(raw.execute(forged, ()).unwrap(), 1);
    drop(raw);
    stage.act("2026-03-02T02:00:00", "apply", "p2", "ops").exits(2).says("event 13 is not what was recorded");
    let snapshot = stage.snapshot("2026-03-02", 1.2, 0.1);
    stage.at("2026-03-02T02:00:00", &["eval"], &["--snapshot", &snapshot]).exits(2).says("not what was recorded");
}

#[test]
fn a_run_keeps_what_data_it_was_judged_on() {
    let stage = Stage::new();
    let snapshot = stage.snapshot("2026-01-05T00:00:00Z", 1.2, 0.1);
    let of = ["--strategy", "s1", "--snapshot", &snapshot, "--run", "r1", "--stage", "backtest"];
    let data = ["--data-start", "2024-01-01T00:00:00Z", "--data-end", "2025-12-31T00:00:00Z"];
    let submit = |more: &[&str]| stage.at("2026-01-05T00:00:00Z", &["run", "submit"], &[of.as_slice(), more].concat());
    submit(&data[..2]).exits(2);
    submit(&[data[0], data[3], data[2], data[1]]).exits(2);
    submit(&data).exits(0);
    let shown = stage.at("2026-01-06T00:00:00Z", &["run", "show"], &["--strategy", "s1", "--run", "r1"]);
    let window = json!({ "start": data[1], "end": data[3] });
    assert_eq!(serde_json::from_str::<Value>(&shown.exits(0).stdout).unwrap()["data_window"], window);
    // The same run on other data is another run.
    submit(&[data[0], data[1], data[2], "2026-01-01T00:00:00Z"]).exits(2);
}

/// The kinds that were recorded after those before.
fn last_kinds(stage: &Stage, how_many: usize) -> Vec<String> {
    let kinds = stage.kinds();
    kinds[kinds.len() - how_many..].to_vec()
}

#[test]
fn a_broken_risk_rule_stops_what_is_live_though_no_decision_had_it_active() {
    let stage = Stage::new();
    stage.to_candidate();
    stage.act("2026-03-02T01:00:00", "approve", "p2", "risk-desk").exits(0);
    stage.act("2026-03-02T02:00:00", "apply", "p2", "ops").exits(0);
    // Nobody has decided yet: the first decision there is sees the loss.
    assert_eq!(stage.decide("2026-03-03", 1.2, 0.24)["selected"], false);
    assert_eq!(last_kinds(&stage, 2), ["decision_recorded", "demoted"]);
    let (live_by, next, blocked) = stage.standing("2026-03-03T01:00:00");
    assert_eq!((live_by, next), (Value::Null, json!("live")));
    assert_eq!(blocked, json!(["cooldown_active", "manual_approval_required"]));
    let (code, sentence, _) = stage.report("2026-03-03T01:00:00");
    assert_ne!(code, "live", "{sentence}");
    // It is good again, and does not come back by itself.
    assert_eq!(stage.decide("2026-03-04", 1.2, 0.1)["effective_mode"], "paper");
}

#[test]
fn where_promotions_apply_themselves_what_was_stopped_does_not_come_back_by_its_old_run() {
    let stage = Stage::with(&POLICY.replace("mode: manual_approval", "mode: auto_apply"));
    stage.to_candidate();
    stage.act("2026-03-02T02:00:00", "apply", "p2", "ops").exits(0);
    assert_eq!(stage.decide("2026-03-02T03:00:00", 1.2, 0.1)["effective_mode"], "live");
    assert_eq!(stage.decide("2026-03-03", 1.2, 0.24)["action"], "demote");
    stage.act("2026-03-04T12:00:00", "apply", "p2", "ops").exits(2).says("validation_failed");
    // A new paper run, or somebody who may approve, brings it back.
    stage.act("2026-03-04T13:00:00", "approve", "p2", "risk-desk").exits(0);
    stage.act("2026-03-04T14:00:00", "apply", "p2", "ops").exits(0);
}

#[test]
fn a_halted_world_promotes_nobody_and_demotes_as_ever() {
    let stage = Stage::new();
    live_in(&stage);
    let by = ["--actor", "ann", "--reason", "the exchange is down"];
    stage.at("2026-03-02T04:00:00", &["world", "halt"], &by).exits(0);
    let snapshot = json!({
        "as_of": "2026-03-02T05:00:00Z", "data_end": "2026-03-02T05:00:00Z",
        "metrics": {
            "s1": { "sharpe": 1.2, "max_drawdown": 0.1, "sample_days": 60, "n_trades_total": 200 },
            "s2": { "sharpe": 1.1, "max_drawdown": 0.1, "sample_days": 60, "n_trades_total": 200 },
        }
    });
    let snapshot = stage.scratch.file("two.json", snapshot.to_string()).display().to_string();
    let more = ["--snapshot", &snapshot, "--stage", "live", "--record"];
    let decision = stage.at("2026-03-02T05:00:00", &["eval"], &more).exits(0).json();
    assert_eq!(decision["selected"], json!(["s1"]));
    assert_eq!(decision["strategies"]["s2"]["rejected_by"]["code"], "world_halted");
    assert_eq!(stage.decide("2026-03-02T06:00:00", 1.2, 0.24)["action"], "demote");
}

#[test]
fn a_later_paper_run_that_fails_keeps_a_live_strategy_from_executing() {
    let stage = Stage::new();
    live_in(&stage);
    let snapshot = stage.snapshot("2026-03-03", 1.2, 0.4);
    stage.submit_on("2026-03-03", &snapshot, "p3", "paper").exits(0);
    assert_eq!(stage.standing("2026-03-03").2, json!(["validation_failed"]));
    assert_eq!(stage.decide("2026-03-03T01:00:00", 1.2, 0.1)["effective_mode"], "paper");
    // So does the end of the run that it is live by.
    let other = Stage::new();
    live_in(&other);
    let of = ["--strategy", "s1", "--run", "p2", "--to", "expired"];
    other.at("2026-03-03", &["run", "transition"], &of).exits(0);
    assert_eq!(other.decide("2026-03-03T01:00:00", 1.2, 0.1)["effective_mode"], "paper");
}

#[test]
fn a_promotion_that_was_turned_down_is_not_applied_already() {
    let stage = Stage::new();
    live_in(&stage);
    let repeated = stage.act("2026-03-02T04:00:00", "apply", "p2", "ops").exits(0).json();
    assert_eq!(repeated["events"], json!([]));
    stage.act("2026-03-02T05:00:00", "reject", "p2", "risk-desk").exits(0);
    assert_eq!(stage.standing("2026-03-02T05:00:00").2, json!(["override_rejected"]));
    stage.act("2026-03-04T05:00:00", "apply", "p2", "ops").exits(2).says("override_rejected");
}

#[test]
fn a_run_asks_for_no_streak_and_for_no_order_among_decisions() {
    let stage = Stage::with(&POLICY.replace("promote_after: 1", "promote_after: 3"));
    stage.to_candidate();
    assert_eq!(stage.blocked("2026-03-02T00:00:00", "p2"), json!(["manual_approval_required"]));
    stage.decide("2026-03-02T03:00:00", 1.2, 0.1);
    // Data from before that decision are as good for a run.
    let snapshot = stage.snapshot("2026-02-20", 1.2, 0.1);
    let run = stage.submit_on("2026-03-03", &snapshot, "b3", "backtest").exits(0).json();
    assert_eq!(run["run"]["status"], "pass", "{run}");
    // The same id with data of another day is another run.
    let snapshot = stage.snapshot("2026-02-21", 1.2, 0.1);
    stage.submit_on("2026-03-03", &snapshot, "b3", "backtest").exits(2).says("recorded with other content");
}

#[test]
fn nothing_is_recorded_before_its_time() {
    let stage = Stage::new();
    let snapshot = stage.snapshot("2026-03-03", 1.2, 0.1);
    let more = ["--snapshot", &snapshot, "--stage", "live", "--record"];
    stage.at("2026-03-02", &["eval"], &more).exits(2).says("nothing is recorded before its time");
    stage.submit_on("2026-03-02", &snapshot, "b1", "backtest").exits(2).says("nothing is recorded before its time");
    // Without --record it is a question, and may be asked.
    stage.at("2026-03-02", &["eval"], &more[..4]).exits(0);
    assert_eq!(stage.kinds(), Vec::<String>::new());
}

#[test]
fn what_people_write_stays_in_its_line() {
    let stage = Stage::new();
    for reason in ["x\n s1  nothing: live", "x\u{1b}[8m"] {
        let by = ["--actor", "ann", "--reason", reason];
        stage.at("2026-03-02", &["world", "halt"], &by).exits(2).says("the reason holds a line break");
    }
    let snapshot = stage.snapshot("2026-03-01", 1.2, 0.1);
    stage.submit_on("2026-03-02", &snapshot, "b\u{1b}1", "backtest").exits(2).says("control character");
}

#[test]
fn nothing_is_written_over_the_record_or_over_what_is_read() {
    let stage = Stage::new();
    live_in(&stage);
    let before = stage.kinds();
    let snapshot = stage.snapshot("2026-03-03", 1.2, 0.1);
    let now = "2026-03-03";
    let (eval, report) = (["--snapshot", &snapshot, "--stage", "live"], ["--format", "md"]);
    for (verb, more) in [("eval", &eval[..]), ("report", &report[..])] {
        let out = ["--out", &stage.store];
        stage.at(now, &[verb], &[more, &out].concat()).exits(2).says("is a SQLite file");
        let out = ["--out", &stage.policy];
        stage.at(now, &[verb], &[more, &out].concat()).exits(2).says("is read here: write to another");
    }
    let out = ["--out", &snapshot];
    stage.at(now, &["eval"], &[&eval[..], &out].concat()).exits(2).says("is read here: write to another");
    run(&["store", "export", "--store", &stage.store, "--out", &stage.store]).exits(2).says("is a SQLite file");
    assert_eq!(stage.kinds(), before);
    assert_eq!(std::fs::read_to_string(&stage.policy).unwrap(), POLICY);
}

#[test]
fn what_is_live_is_observed_and_void_approvals_are_not_shown_as_such() {
    let stage = Stage::new();
    live_in(&stage);
    assert_eq!(stage.tick("2026-03-02T04:00:00"), "already_in_live_campaign");
    let said = |now: &str| {
        let runs = stage.at(now, &["run", "list"], &["--format", "json"]).exits(0).json();
        let p2 = runs["runs"].as_array().unwrap().iter().find(|run| run["run_id"] == "p2").unwrap().clone();
        p2["override_status"].clone()
    };
    assert_eq!(said("2026-03-02T04:00:00"), "approved");
    assert_eq!(stage.decide("2026-03-03", 1.2, 0.24)["action"], "demote");
    assert_eq!(said("2026-03-03"), "none");
    assert_eq!(stage.tick("2026-03-03"), "promotable_to_live");
    // What failed is not activated by hand.
    let snapshot = stage.snapshot("2026-03-03", 1.2, 0.4);
    stage.submit_on("2026-03-03", &snapshot, "p3", "paper").exits(0);
    let of = ["--strategy", "s1", "--run", "p3", "--to", "activated"];
    stage.at("2026-03-03", &["run", "transition"], &of).exits(2).says("did not pass");
}

#[test]
fn what_was_recorded_is_not_looked_at_from_before() {
    let stage = Stage::new();
    live_in(&stage);
    for (verb, more) in [("world", "status"), ("campaign", "status"), ("promote", "candidates")] {
        stage.at("2026-01-01", &[verb, more], &[]).exits(2).says("the record goes on to");
    }
}

#[test]
fn what_is_recorded_goes_to_the_store_that_the_environment_names() {
    let stage = Stage::new();
    let snapshot = stage.snapshot("2026-03-02", 1.2, 0.1);
    let asked = ["eval", &stage.policy, "--snapshot", &snapshot, "--stage", "live", "--record", "--now", "2026-03-02"];
    run_with(&asked, b"", &[("QMTL_POLICY_STORE", &stage.store)]).exits(0).says("recorded: head blake3:");
    assert_eq!(stage.kinds(), ["decision_recorded"]);
}
