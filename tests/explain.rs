//! The stories of strategies: as people read them, and every change in them tried.

use proptest::prelude::*;
use qmtl_policy::eval::{Change, Correlations, Explanation, Notes, Previous, read_json, read_previous};
use qmtl_policy::render::explain::render;
use qmtl_policy::render::human::Style;
use qmtl_policy::{Limits, Options, Policy, Snapshot};

use crate::support::{Beside, Scratch, read, run, run_with};

const NARROW: Style = Style { colour: false, width: 80 };

fn example(name: &str) -> Policy {
    let path = format!("examples/{name}/policy.yaml");
    Policy::compile_with(&path, &read(&path), &Beside, &Limits::default()).unwrap()
}

fn snapshot(path: &str) -> Snapshot {
    Snapshot::from_json(&read(format!("examples/{path}"))).unwrap()
}

/// The real rules with their correlations.
fn stocks() -> Snapshot {
    let mut found = Correlations::default();
    for line in read("examples/sp500_rules/correlations.csv").lines().skip(1) {
        let fields: Vec<_> = line.split(',').collect();
        found.add(fields[0], fields[1], fields[2].parse().unwrap(), &mut Notes::default()).unwrap();
    }
    Snapshot { correlations: Some(found.into()), ..snapshot("sp500_rules/snapshot.json") }
}

/// The second day of the invented strategies, after the first.
fn tuesday() -> Snapshot {
    let monday = snapshot("crypto_mom/monday.json");
    let state = example("crypto_mom").evaluate(&monday, &Options::default()).unwrap().state;
    Snapshot { previous: Some(Previous::State(Box::new(state))), ..snapshot("crypto_mom/tuesday.json") }
}

fn story(policy: &Policy, snapshot: &Snapshot, strategy: &str) -> Explanation {
    policy.explain(snapshot, &Options::default(), strategy).unwrap()
}

fn told(policy: &str, snapshot: &Snapshot, strategy: &str) -> String {
    render(&story(&example(policy), snapshot, strategy), NARROW)
}

#[test]
fn a_selected_strategy() {
    insta::assert_snapshot!(told("sp500_rules", &stocks(), "hd_mom20_long"));
}

#[test]
fn kept_out_by_a_rule() {
    insta::assert_snapshot!(told("crypto_mom", &snapshot("crypto_mom/monday.json"), "doge_fade_short"));
}

#[test]
fn kept_out_by_several_rules() {
    insta::assert_snapshot!(told("sp500_rules", &stocks(), "amd_mac10_50_long"));
}

#[test]
fn kept_out_by_correlation() {
    insta::assert_snapshot!(told("crypto_mom", &snapshot("crypto_mom/monday.json"), "eth_mom_48h"));
}

#[test]
fn kept_out_by_exposure() {
    insta::assert_snapshot!(told("sp500_rules", &stocks(), "aapl_mac50_200_long"));
}

#[test]
fn waiting_for_hysteresis() {
    insta::assert_snapshot!(told("crypto_mom", &snapshot("crypto_mom/monday.json"), "btc_mom_24h"));
}

#[test]
fn promoted_on_the_second_day() {
    insta::assert_snapshot!(told("crypto_mom", &tuesday(), "btc_mom_24h"));
}

#[test]
fn with_stale_data() {
    insta::assert_snapshot!(told("crypto_mom", &tuesday(), "eth_fade_short"));
}

#[test]
fn admitted_but_for_its_data() {
    let policy = "world: w\ndata_currency: { max_lag: 5m, min_history: 60d }\nselection: { gates: [sharpe >= 0.5] }\n";
    let given = r#"{"as_of": "2026-02-01T21:00:00Z", "stage": "paper", "metrics":
        {"a": {"sharpe": 0.7, "sample_days": 90, "data_lag": "2h"}, "b": {"sharpe": 0.7, "sample_days": 20, "data_lag": "3m"}}}"#;
    let (policy, snapshot) = (Policy::compile(policy).unwrap(), Snapshot::from_json(given).unwrap());
    let pages = ["a", "b"].map(|strategy| render(&story(&policy, &snapshot, strategy), NARROW));
    insta::assert_snapshot!(pages.join("\n---\n\n"));
}

#[test]
fn a_threshold_document_outside_its_cut() {
    insta::assert_snapshot!(told("qmtl_profiles", &snapshot("qmtl_profiles/snapshot.json"), "delta"));
}

#[test]
fn a_threshold_document_with_failed_thresholds() {
    insta::assert_snapshot!(told("qmtl_profiles", &snapshot("qmtl_profiles/snapshot.json"), "zeta"));
}

#[test]
fn a_threshold_document_with_a_missing_metric() {
    insta::assert_snapshot!(told("qmtl_profiles", &snapshot("qmtl_profiles/snapshot.json"), "eta"));
}

#[test]
fn a_threshold_document_with_a_selected_strategy() {
    insta::assert_snapshot!(told("qmtl_profiles", &snapshot("qmtl_profiles/snapshot.json"), "gamma"));
}

const FLAT: &str = "world: flat\nselection:\n  gates:\n    - { id: edge, when: sharpe > 0.5, keep: sharpe >= 0.3, \
    reason: below this costs eat the profit }\n    - max_drawdown <= 20%\n    - approved_model\n  score: sharpe\n  \
    topk: { total: 1 }\n  hysteresis: { promote_after: 2, demote_after: 2, min_dwell: 20d }\n";

fn flat(text: &str, strategy: &str) -> String {
    let snapshot = Snapshot::from_json(text).unwrap();
    render(&story(&Policy::compile_declaring(FLAT), &snapshot, strategy), NARROW)
}

trait CompileDeclaring {
    fn compile_declaring(text: &str) -> Policy;
}

impl CompileDeclaring for Policy {
    /// With the one metric that the catalogue lacks.
    fn compile_declaring(text: &str) -> Policy {
        let text = text.replacen("selection:", "metrics: { approved_model: { type: boolean } }\nselection:", 1);
        Policy::compile(&text).unwrap()
    }
}

#[test]
fn a_strict_bound_asks_for_the_next_number() {
    insta::assert_snapshot!(flat(
        r#"{"as_of": "2026-02-01", "metrics": {"a": {"sharpe": 0.4, "max_drawdown": -0.1, "approved_model": true}}}"#,
        "a"
    ));
}

#[test]
fn no_number_changes_a_truth_value() {
    insta::assert_snapshot!(flat(
        r#"{"as_of": "2026-02-01", "metrics": {"a": {"sharpe": 0.6, "max_drawdown": 0.1, "approved_model": false}}}"#,
        "a"
    ));
}

#[test]
fn an_active_strategy_that_may_not_leave_yet() {
    let state = r#"{"schema_version": 1, "world": "flat", "ruleset_hash": "r", "selection_hash": "s", "as_of": "2026-01-31T00:00:00Z", "strategies": {"a":
        {"active": true, "since": "2026-01-20T00:00:00Z", "fail_streak": 3}}}"#;
    let previous = read_previous(&read_json(state).unwrap()).unwrap();
    let given =
        r#"{"as_of": "2026-02-01", "metrics": {"a": {"sharpe": 0.2, "max_drawdown": 0.1, "approved_model": true}}}"#;
    let snapshot = Snapshot { previous: Some(previous), ..Snapshot::from_json(given).unwrap() };
    insta::assert_snapshot!(render(&story(&Policy::compile_declaring(FLAT), &snapshot, "a"), NARROW));
}

#[test]
fn wide_and_in_colour() {
    let story = story(&example("crypto_mom"), &snapshot("crypto_mom/monday.json"), "doge_fade_short");
    insta::assert_snapshot!(render(&story, Style { colour: true, width: 200 }).replace('\u{1b}', "␛"));
}

#[test]
fn for_programs() {
    let story = story(&example("crypto_mom"), &snapshot("crypto_mom/monday.json"), "doge_fade_short");
    insta::assert_snapshot!(serde_json::to_string_pretty(&story).unwrap());
}

#[test]
fn no_line_is_wider_than_asked() {
    for (policy, snapshot) in [("crypto_mom", tuesday()), ("qmtl_profiles", snapshot("qmtl_profiles/snapshot.json"))] {
        let policy = example(policy);
        for strategy in snapshot.strategies.clone().into_rows() {
            for width in [60, 80, 200] {
                let page = render(&story(&policy, &snapshot, &strategy.id), Style { colour: false, width });
                for line in page.lines() {
                    assert!(line.chars().count() <= width, "{}: {line}", strategy.id);
                }
            }
        }
    }
}

/// A small world: gates, a score, a cut, and what else is asked for.
fn world(gates: &[String], correlation: bool, hysteresis: &str) -> Policy {
    let gates: String = gates.iter().map(|gate| format!("    - {gate}\n")).collect();
    let limit = if correlation { "  constraints: { correlation: { max_pairwise: 0.5 } }\n" } else { "" };
    let text = format!(
        "world: w\nselection:\n  gates:\n    - n_trades_total >= 0\n{gates}  score: sharpe - 0.5 * max_drawdown\n{limit}  \
         topk: {{ total: 2 }}\n{hysteresis}"
    );
    Policy::compile(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn gate() -> impl Strategy<Value = String> {
    let operator = prop_oneof![Just(">="), Just(">")];
    let upper = prop_oneof![Just("<="), Just("<")];
    prop_oneof![
        (operator.clone(), 0_u32..9).prop_map(|(operator, tenths)| format!("sharpe {operator} 0.{tenths}")),
        (upper, 5_u32..60).prop_map(|(operator, percent)| format!("max_drawdown {operator} {percent}%")),
        (operator, 1_u32..200).prop_map(|(operator, count)| format!("n_trades_total {operator} {count}")),
        Just("percentile(sharpe) >= 50%".to_owned()),
        Just("sharpe >= 0.8 or max_drawdown <= 10%".to_owned()),
        Just("0.1 <= winrate <= 0.4".to_owned()),
    ]
}

type Numbers = (Option<f64>, Option<f64>, u32, f64);

fn metrics() -> impl Strategy<Value = Numbers> {
    let some = |range: std::ops::Range<f64>| prop_oneof![1 => Just(None), 9 => range.prop_map(Some)];
    (some(-0.5..1.5), some(0.0..0.7), 0_u32..250, 0.0..0.6)
}

fn judged(all: &[Numbers]) -> Snapshot {
    let strategies: serde_json::Map<String, serde_json::Value> = all
        .iter()
        .enumerate()
        .map(|(index, (sharpe, drawdown, trades, winrate))| {
            let block = serde_json::json!({
                "sharpe": sharpe, "max_drawdown": drawdown, "n_trades_total": trades, "winrate": winrate
            });
            (format!("s{index}"), block)
        })
        .collect();
    let document = serde_json::json!({
        "as_of": "2026-02-01T00:00:00Z", "metrics": strategies,
        "correlations": [["s0", "s1", 0.9], ["s2", "s3", -0.7], ["s1", "s4", 0.1]], "previous": ["s1"]
    });
    Snapshot::from_json(&document.to_string()).unwrap()
}

fn with(snapshot: &Snapshot, row: usize, changes: &[Change]) -> Snapshot {
    changes.iter().fold(snapshot.clone(), |snapshot, change| snapshot.with_metric(row, &change.metric, change.to))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_change_does_what_it_says_and_no_less_would(
        gates in prop::collection::vec(gate(), 1..4),
        all in prop::collection::vec(metrics(), 5),
        correlation in any::<bool>(),
        streaks in any::<bool>(),
    ) {
        let hysteresis = if streaks { "  hysteresis: { promote_after: 2 }\n" } else { "" };
        let told = world(&gates, correlation, hysteresis);
        // What admits is the same policy without a memory.
        let admits = world(&gates, correlation, "");
        let snapshot = judged(&all);
        for (row, strategy) in snapshot.strategies.clone().into_rows().into_iter().enumerate() {
            let admitted = |snapshot: &Snapshot| {
                admits.evaluate(snapshot, &Options::default()).unwrap().selected.contains(&strategy.id)
            };
            let story = story(&told, &snapshot, &strategy.id);
            prop_assert_eq!(story.qualified, admitted(&snapshot), "{}", strategy.id);
            prop_assert!(!story.qualified || story.changes.is_empty() && story.changes_together.is_empty());
            for change in &story.changes {
                let changed = with(&snapshot, row, std::slice::from_ref(change));
                prop_assert!(change.verified && admitted(&changed), "{change:?}");
                let selected = told.evaluate(&changed, &Options::default()).unwrap().selected.contains(&strategy.id);
                prop_assert_eq!(change.outcome.as_ref().unwrap().selected, selected);
            }
            if !story.changes_together.is_empty() {
                let changed = with(&snapshot, row, &story.changes_together);
                prop_assert!(admitted(&changed), "{:?}", story.changes_together);
            }
            let sets = story.changes.iter().map(std::slice::from_ref).chain([story.changes_together.as_slice()]);
            for set in sets {
                for (index, change) in set.iter().enumerate().filter(|(_, change)| change.exact) {
                    let Some(from) = change.from else { continue };
                    let mut worse = set.to_vec();
                    worse[index].to = if from < change.to { change.to.next_down() } else { change.to.next_up() };
                    prop_assert!(!admitted(&with(&snapshot, row, &worse)), "{change:?}");
                }
            }
            let page = render(&story, NARROW);
            let told_id = format!("`{}`", strategy.id);
            prop_assert!(page.starts_with(&told_id));
        }
    }
}

const POLICY: &str = "examples/crypto_mom/policy.yaml";
const MONDAY: &str = "examples/crypto_mom/monday.json";

#[test]
fn the_verb_tells_the_story_and_exits_with_0() {
    run(&["explain", POLICY, "--snapshot", MONDAY, "--strategy", "doge_fade_short"])
        .exits(0)
        .prints("`doge_fade_short` is not selected: its `max_dd_120d` of 20.1% exceeds 18%.");
    let story = run(&["explain", POLICY, "--snapshot", MONDAY, "--strategy", "doge_fade_short", "--format", "json"])
        .exits(0)
        .json();
    assert_eq!(story["schema_version"], 1);
    assert_eq!(story["changes"][0]["metric"], "max_dd_120d");
    assert_eq!(story["changes"][0]["to"], 0.18);
}

#[test]
fn an_unknown_strategy_is_an_error_with_the_nearest() {
    run(&["explain", POLICY, "--snapshot", MONDAY, "--strategy", "eth_mom_47h"])
        .exits(2)
        .says("the snapshot has no strategy `eth_mom_47h`: did you mean `eth_mom_48h`");
    run(&["explain", POLICY, "--snapshot", MONDAY]).exits(2).says("--strategy");
    let other = ["explain", POLICY, "--snapshot", MONDAY, "--strategy", "btc_mom_24h", "--world", "other"];
    run(&other).exits(2).says("the policy is for world `crypto_mom_1h`, not `other`");
}

#[test]
fn a_policy_with_errors_explains_nothing() {
    let policy = b"world: w\nselection: { gates: [shrape >= 0.5] }\n";
    run_with(&["explain", "-", "--snapshot", MONDAY, "--strategy", "btc_mom_24h"], policy, &[]).exits(1).says("QP2001");
    run_with(&["explain", "-", "--snapshot", "-", "--strategy", "a"], policy, &[]).exits(2).says("read once");
}

#[test]
fn colour_and_width_follow_the_terminal() {
    let arguments = ["explain", POLICY, "--snapshot", MONDAY, "--strategy", "new_listing", "--color", "always"];
    assert!(run(&arguments).exits(0).stdout.contains('\u{1b}'));
    let narrow = run_with(&arguments[..6], b"", &[("COLUMNS", "60")]).exits(0);
    assert!(!narrow.stdout.contains('\u{1b}'));
    assert!(narrow.stdout.lines().all(|line| line.chars().count() <= 60), "{narrow}");
}

#[test]
fn of_a_table_the_last_instant_is_explained_on_the_state_of_those_before() {
    let scratch = Scratch::new();
    let policy = scratch.file(
        "policy.yaml",
        "world: w\nselection: { gates: [sharpe >= 0.5], score: sharpe, topk: { total: 1 }, hysteresis: { promote_after: 2 } }\n",
    );
    let table = "strategy_id,as_of,sharpe\na,2026-01-01,0.7\nb,2026-01-01,0.4\na,2026-01-02,0.8\nb,2026-01-02,0.4\n";
    let table = scratch.file("table.csv", table);
    let (policy, table) = (policy.display().to_string(), table.display().to_string());
    run(&["explain", &policy, "--snapshot", &table, "--strategy", "a"])
        .exits(0)
        .prints("`a` is now selected")
        .prints("as of 2026-01-02")
        .says("the table holds 2 instants; this is the last, 2026-01-02T00:00:00Z");
}

/// The page about a strategy that passed and is not promoted yet, in one line.
fn forecast(policy: &str, snapshot: &str) -> String {
    let (policy, snapshot) = (Policy::compile(policy).unwrap(), Snapshot::from_json(snapshot).unwrap());
    let page = render(&story(&policy, &snapshot, "a"), NARROW);
    page.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_promotion_is_not_promised_before_it_can_come() {
    let streaks = |more: &str| {
        format!(
            "world: w\n{more}selection:\n  gates: [sharpe >= 0.5]\n  hysteresis: {{ promote_after: 2, min_dwell: 20d }}\n"
        )
    };
    let state = |as_of: &str, strategies: &str| {
        format!(
            r#"{{"schema_version": 1, "world": "w", "ruleset_hash": "r", "selection_hash": "s", "as_of": {as_of}, "strategies": {strategies}}}"#
        )
    };
    let metrics = r#""metrics": {"a": {"sharpe": 1}}"#;
    let left = state("\"2026-01-31T00:00:00Z\"", r#"{"a": {"active": false, "since": "2026-01-30T00:00:00Z"}}"#);
    let dwelling =
        forecast(&streaks(""), &format!(r#"{{"as_of": "2026-02-01T00:00:00Z", {metrics}, "previous": {left}}}"#));
    assert!(dwelling.contains("at the next evaluation that it passes, but not before 2026-02-19"), "{dwelling}");
    let timeless = forecast(&streaks(""), &format!("{{{metrics}}}"));
    assert!(timeless.contains("the snapshot has no `as_of`, so evaluations of it do not count"), "{timeless}");
    assert!(!timeless.contains("is promoted"), "{timeless}");
    let active = state("\"2026-01-31T00:00:00Z\"", r#"{"b": {"active": true}, "c": {"active": true}}"#);
    let incomplete = forecast(
        &streaks("data_currency: { min_coverage: 50% }\n"),
        &format!(r#"{{"as_of": "2026-02-01T00:00:00Z", {metrics}, "previous": {active}}}"#),
    );
    assert!(incomplete.contains("the snapshot lacks too many of the active strategies"), "{incomplete}");
    assert!(!incomplete.contains("is promoted"), "{incomplete}");
}
