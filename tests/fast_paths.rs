//! One meaning on every way: the whole evaluation, the fused one, prepared columns, prepared rows, JSON texts.

use std::fmt::Write;

use proptest::prelude::*;
use qmtl_policy::value::Bits;
use qmtl_policy::{Batch, BatchOptions, Column, Decision, Detail, Options, Policy, PrepareOptions, Snapshot};

/// Metrics with ranges of every kind.
const METRICS: [&str; 5] = ["sharpe", "max_drawdown", "sample_days", "winrate", "trades_60d"];

/// Conditions of every shape that is fused, and of shapes that are not.
const CONDITIONS: [&str; 20] = [
    "sharpe >= 0.5",
    "sharpe > 0.5",
    "0.5 <= sharpe",
    "0.2 < sharpe <= 1",
    "sharpe in [0.25, 1)",
    "max_drawdown <= 25%",
    "max_drawdown < 25%",
    "sample_days == 100 or sample_days > 120",
    "sharpe != 0.5",
    "not (winrate < 40%)",
    "sharpe >= 0.25 and (winrate >= 45% or trades_60d >= 10)",
    "if(sample_days > 100, sharpe, sharpe - 0.25) > 0.25",
    "coalesce(winrate, sharpe) > 0.3",
    "missing(winrate) or winrate > 0.2",
    "sharpe / winrate > 1",
    "abs(sharpe) ^ 2 > 0.1",
    "clamp(sharpe, 0, 1) >= max_drawdown",
    "percentile(sharpe) >= 30%",
    "sharpe > mean(sharpe) - stddev(sharpe)",
    "round(sharpe, 1) >= 0.3 and sqrt(winrate) < 0.95",
];

const SCORES: [&str; 9] = [
    "sharpe",
    "-sharpe",
    "sharpe + 0.1 * winrate - 0.2 * max_drawdown",
    "2 * sharpe - winrate",
    "sharpe - 0.5",
    "0.5 - sharpe * 3 + sample_days * 0.001 + winrate",
    "sharpe / max(max_drawdown, 1%)",
    "sharpe - zscore(winrate)",
    "sharpe * 1e308 - winrate",
];

const MODES: [&str; 4] = ["", ", on_missing: warn", ", on_missing: ignore", ", severity: soft"];

fn policy() -> impl Strategy<Value = String> {
    let gate = (prop::sample::select(&CONDITIONS[..]), prop::sample::select(&MODES[..]));
    let score = prop::option::weighted(0.8, prop::sample::select(&SCORES[..]));
    (prop::collection::vec(gate, 1..5), score, prop::option::weighted(0.7, 1_u8..6)).prop_map(
        |(gates, score, total)| {
            let mut text = "world: demo\nselection:\n  gates:\n".to_owned();
            for (index, (condition, mode)) in gates.iter().enumerate() {
                let _ = writeln!(text, "    - {{ id: g{index}, when: '{condition}'{mode} }}");
            }
            score.iter().for_each(|score| _ = writeln!(text, "  score: {score}"));
            total.iter().for_each(|total| _ = writeln!(text, "  topk: {{ total: {total} }}"));
            text
        },
    )
}

/// A value of a coarse grid, so that ties and hits on a threshold are likely, or one that is missing in
/// one of all the ways there are.
fn value() -> impl Strategy<Value = f64> {
    prop_oneof![
        12 => (-4_i32..12).prop_map(|steps| f64::from(steps) * 0.125),
        2 => (0_i32..20).prop_map(|steps| f64::from(steps) * 10.0),
        1 => prop::sample::select(&[f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0, f64::MAX, f64::MIN, 5e-324][..]),
    ]
}

fn rows(most: usize) -> impl Strategy<Value = Vec<[f64; 5]>> {
    prop::collection::vec(prop::array::uniform5(value()), 1..most)
}

/// Ids in the order of their rows, also as texts.
fn id(row: usize) -> String {
    format!("s{row:06}")
}

/// The rows as a snapshot; what JSON cannot hold is written as programs do.
fn json(rows: &[[f64; 5]]) -> String {
    let mut text = r#"{"as_of": "2026-01-31T21:00:00Z", "metrics": {"#.to_owned();
    for (row, values) in rows.iter().enumerate() {
        let comma = if row > 0 { ", " } else { "" };
        let value = |(name, value): (&&str, &f64)| match *value {
            f64::INFINITY => format!("\"{name}\": 1e999"),
            f64::NEG_INFINITY => format!("\"{name}\": -1e999"),
            value if value.is_nan() => format!("\"{name}\": null"),
            value => format!("\"{name}\": {value:?}"),
        };
        let values: Vec<_> = METRICS.iter().zip(values).map(value).collect();
        let _ = write!(text, "{comma}\"{}\": {{{}, \"other\": 1.5}}", id(row), values.join(","));
    }
    text + "}}"
}

fn decide(policy: &Policy, snapshot: &Snapshot, detail: Detail) -> Decision {
    policy.evaluate(snapshot, &Options { detail, threads: 2, ..Options::default() }).unwrap()
}

/// Whether each row passes the blocking rules, and its score as bits.
fn outcomes(decision: &Decision) -> Vec<(bool, Option<u64>)> {
    let outcome = |(_, own): &(String, qmtl_policy::eval::StrategyDecision)| {
        let passes = own.rejected_by.as_ref().is_none_or(|rejection| rejection.step != "rules");
        (passes, own.score.filter(|_| passes).map(f64::to_bits))
    };
    decision.strategies.iter().map(outcome).collect()
}

fn check(policy_text: &str, rows: &[[f64; 5]]) -> Result<(), TestCaseError> {
    // A rule that is constant or contradicts others is an error of the policy.
    let Ok(policy) = Policy::compile(policy_text) else { return Ok(()) };
    let text = json(rows);
    let snapshot = Snapshot::from_json(&text).unwrap();
    let whole = decide(&policy, &snapshot, Detail::All);
    let fused = decide(&policy, &snapshot, Detail::None);
    prop_assert_eq!(&whole.selected, &fused.selected);
    prop_assert_eq!(&whole.funnel, &fused.funnel);
    prop_assert_eq!(&whole.notes, &fused.notes);
    prop_assert_eq!(&whole.state, &fused.state);

    let quick = policy.select_json(&text, &Options::default()).unwrap();
    prop_assert_eq!(quick.iter().map(|(id, _)| id).collect::<Vec<_>>(), whole.selected.iter().collect::<Vec<_>>());
    let wanted = outcomes(&whole);
    let score = |id: &str| whole.strategies.iter().find(|(known, _)| known == id).unwrap().1.score.map(f64::to_bits);
    for (id, found) in &quick {
        prop_assert_eq!(found.map(f64::to_bits), score(id));
    }

    let prepared = policy.prepare(&METRICS, &PrepareOptions::default());
    let Ok(prepared) = prepared else { return Err(TestCaseError::fail("every metric has a column")) };
    let columns: Vec<Vec<f64>> = (0..5).map(|metric| rows.iter().map(|row| row[metric]).collect()).collect();
    let mut batch = Batch::default();
    // Used twice: what stood in the memory before must not show.
    for _ in 0..2 {
        let columns: Vec<_> = columns.iter().map(Column::from).collect();
        prepared.evaluate(&columns, BatchOptions::default(), &mut batch).unwrap();
        let mut found = vec![(false, None); rows.len()];
        batch.passing().for_each(|(row, score)| found[row] = (true, score.map(f64::to_bits)));
        prop_assert_eq!(&found, &wanted);
        let selected: Vec<_> = batch.selected().unwrap().iter().map(|row| id(*row as usize)).collect();
        prop_assert_eq!(&selected, &whole.selected);
    }
    // Rows by themselves, unless a rule looks at the others.
    let cohort = ["percentile", "mean", "stddev", "zscore"].iter().any(|name| policy_text.contains(name));
    if !cohort {
        let found: Vec<_> =
            rows.iter().map(|row| prepared.row(row)).map(|row| (row.passes(), row.score().map(f64::to_bits))).collect();
        prop_assert_eq!(&found, &wanted);
    }
    Ok(())
}

proptest! {
    #[test]
    fn every_way_gives_the_same_on_few_rows(policy in policy(), rows in rows(30)) {
        check(&policy, &rows)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn every_way_gives_the_same_over_several_chunks(policy in policy(), rows in rows(1_300)) {
        check(&policy, &rows)?;
    }

    #[test]
    fn validity_bits_are_missing_values(rows in rows(700), seed in any::<u64>(), offset in 0_usize..9) {
        let policy = Policy::compile("world: w\nselection: { gates: [sharpe >= 0.25, max_drawdown <= 50%], score: sharpe - winrate }\n").unwrap();
        let names = ["sharpe", "max_drawdown", "winrate"];
        let prepared = policy.prepare(&names, &PrepareOptions::default()).unwrap();
        let bytes: Vec<u8> = (0..rows.len() / 8 + 3).map(|index| (seed.wrapping_mul(index as u64 * 2 + 1) >> 29) as u8).collect();
        let bits = Bits::new(&bytes, offset, rows.len()).unwrap();
        let column = |metric: usize| rows.iter().map(|row| row[metric]).collect::<Vec<_>>();
        let columns = [column(0), column(1), column(3)];
        let gaps = columns.each_ref().map(|column| {
            column.iter().enumerate().map(|(row, value)| if bits.get(row) { *value } else { f64::NAN }).collect::<Vec<_>>()
        });
        let (mut with_bits, mut with_nan) = (Batch::default(), Batch::default());
        let given: Vec<_> = columns.iter().map(|column| Column::from(column).with_validity(bits)).collect();
        prepared.evaluate(&given, BatchOptions::default(), &mut with_bits).unwrap();
        let given: Vec<_> = gaps.iter().map(Column::from).collect();
        prepared.evaluate(&given, BatchOptions::default(), &mut with_nan).unwrap();
        prop_assert_eq!(with_bits.passed_bits(), with_nan.passed_bits());
        prop_assert_eq!(with_bits.selected(), with_nan.selected());
    }
}

#[test]
fn threads_and_numbers_of_rows_change_nothing() {
    // So many that their scores are stored past the caches.
    let rows = 600_000;
    let mut state = 7_u64;
    let mut random = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        // Few values, so that many scores are equal.
        f64::from((state >> 54) as u32) / 512.0
    };
    let columns: [Vec<f64>; 2] = [(0..rows).map(|_| random()).collect(), (0..rows).map(|_| random() / 2.0).collect()];
    let text = "world: w\nselection: { gates: [sharpe >= 0.5], score: sharpe - max_drawdown, topk: { total: 100 } }\n";
    let prepared =
        Policy::compile(text).unwrap().prepare(&["sharpe", "max_drawdown"], &PrepareOptions::default()).unwrap();
    let run = |options: BatchOptions<'_>| {
        let mut batch = Batch::default();
        prepared.evaluate(&columns.each_ref().map(Column::from), options, &mut batch).unwrap();
        let scores: Vec<u64> =
            batch.scores().iter().map(|score| if score.is_nan() { 0 } else { score.to_bits() }).collect();
        (batch.passed_bits().to_vec(), scores, batch.selected().unwrap().to_vec())
    };
    let one = run(BatchOptions::default());
    for threads in [2, 3, 8] {
        assert!(run(BatchOptions { threads, ..BatchOptions::default() }) == one, "{threads} threads");
    }
    for (row, score) in one.1.iter().enumerate() {
        let own = prepared.row(&[columns[0][row], columns[1][row]]).score();
        assert_eq!(own.map_or(0, f64::to_bits), *score, "row {row}");
    }
    // Ids decide between equal scores where they are given.
    let ids: Vec<String> = (0..rows).map(|row| format!("{:06}", rows - row)).collect();
    let by_id = |row: usize| ids[row].as_str();
    let with_ids = run(BatchOptions { threads: 2, ids: Some(&by_id) }).2;
    let key =
        |row: &u32| (columns[0][*row as usize] - columns[1][*row as usize], std::cmp::Reverse(by_id(*row as usize)));
    assert!(with_ids.windows(2).all(|pair| key(&pair[0]) >= key(&pair[1])));
    assert_ne!(with_ids, one.2);
}

#[test]
fn truth_values_are_columns_too() {
    let text = "world: w\nmetrics: { flag: { type: boolean } }\nselection: { gates: [flag] }\n";
    let prepared = Policy::compile(text).unwrap().prepare(&["flag"], &PrepareOptions::default()).unwrap();
    let mut batch = Batch::default();
    let bits = |bytes: &'static [u8], rows| Bits::new(bytes, 0, rows).unwrap();
    let column = Column::truths(bits(&[0b011], 3)).with_validity(bits(&[0b101], 3));
    prepared.evaluate(&[column], BatchOptions::default(), &mut batch).unwrap();
    assert_eq!(batch.passing().collect::<Vec<_>>(), [(0, None)]);
    // Numbers are no truth values, however many there are, and leave no answer.
    assert!(prepared.evaluate(&[Column::from([1.0].as_slice())], BatchOptions::default(), &mut batch).is_err());
    assert_eq!((batch.rows(), batch.selected()), (0, None));
    assert!(prepared.row(&[1.0]).passes() && !prepared.row(&[0.0]).passes() && !prepared.row(&[f64::NAN]).passes());
}

#[test]
fn what_cannot_be_prepared_is_named() {
    let policy = |text: &str| Policy::compile(&format!("world: w\n{text}")).unwrap();
    let prepare = |text: &str, columns: &[&str]| policy(text).prepare(columns, &PrepareOptions::default());
    let simple = "selection: { gates: [sharpe >= 0.5], score: sharpe }\n";
    let error = prepare(simple, &["sharp"]).unwrap_err().to_string();
    assert_eq!(error, "no column is `sharpe`: did you mean it by `sharp`?");
    assert!(prepare(simple, &["sharpe", "sharpe"]).unwrap_err().to_string().contains("both stand for `sharpe`"));
    let text = "selection: { gates: ['side == \"long\"', sharpe >= 0.5] }\n";
    assert!(prepare(text, &["sharpe"]).unwrap_err().to_string().contains("text"));
    let prepared = prepare(simple, &["sharpe"]).unwrap();
    let mut batch = Batch::default();
    let (one, two) = (vec![1.0], vec![1.0, 2.0]);
    let columns = [Column::from(&one), Column::from(&two)];
    assert!(prepared.evaluate(&columns, BatchOptions::default(), &mut batch).is_err());
    let two_columns =
        prepare("selection: { gates: [sharpe >= 0.5, winrate >= 0.5] }\n", &["sharpe", "winrate"]).unwrap();
    assert!(
        two_columns.evaluate(&columns, BatchOptions::default(), &mut batch).unwrap_err().to_string().contains("2 rows")
    );
    let steps =
        prepare("selection: { gates: [sharpe >= 0.5], hysteresis: { promote_after: 2 } }\n", &["sharpe"]).unwrap();
    assert_eq!(steps.further_steps(), ["hysteresis"]);
    steps.evaluate(&columns[..1], BatchOptions::default(), &mut batch).unwrap();
    assert_eq!((batch.selected(), batch.passed_count()), (None, 1));
    // No values at all, and fewer than columns.
    prepared.evaluate(&[Column::from([].as_slice())], BatchOptions::default(), &mut batch).unwrap();
    assert_eq!((batch.rows(), batch.selected()), (0, Some([].as_slice())));
    assert!(!prepared.row(&[]).passes());
}

#[test]
fn a_text_of_any_form_selects_what_evaluation_selects() {
    let policy =
        Policy::compile("world: w\nselection: { gates: [sharpe >= 0.5], score: sharpe, topk: { total: 2 } }\n")
            .unwrap();
    for text in [
        r#"{"metrics": {}}"#,
        r#"{}"#,
        r#" { "world" : "w" , "stage": "paper", "metrics" : { "a" : { "sharpe" : 0.7 } , "b":{"sharpe":0.70} } } "#,
        r#"{"metrics": {"a": {"returns": {"sharpe": 0.7}}, "b": {"sharpe_ratio": 0.6}}}"#,
        r#"{"metrics": {"a": {"sharpe": 0.7, "note": "x\ny"}, "가": {"sharpe": 0.9}}}"#,
        r#"{"metrics": {"a": {"sharpe": 0.7, "x.sharpe": 3}}, "strategies": {"b": {"sharpe": 0.8}}}"#,
        r#"{"metrics": {"a": {"sharpe": NaN}, "b": null}, "previous": ["a"], "correlations": []}"#,
        r#"{"as_of": "2026-02-30T00:00:00Z", "metrics": {}}"#,
        r#"{"as_of": "2026-02-28", "metrics": {"a": {"sharpe": 0.7}}}"#,
        r#"{"metrics": {"a": {"sharpe": 0.7, "sharpe": 0.1}}}"#,
        r#"{"metrics": {"a": {"sharpe": 0.7}, "a": {"sharpe": 0.1}}}"#,
        r#"{"metrics": {"a": {"other": 1, "other": 2, "sharpe": 0.7}}}"#,
        r#"{"metrics": {"a": {"sharpe": "0.7"}}}"#,
        r#"{"metrics": {"a": {"sharpe": 01}}}"#,
        r#"{"metrics": {"a": {"sharpe": 0.7}}"#,
        r#"{"metrics": {"a": {"sharpe": 0.7}}} x"#,
        r#"{"metricz": {"a": {"sharpe": 0.7}}}"#,
        r#"{"world": "other", "metrics": {"a": {"sharpe": 0.7}}}"#,
        r#"{"stage": "moon", "metrics": {"a": {"sharpe": 0.7}}}"#,
        "\u{feff}{\"metrics\": {\"a\": {\"sharpe\": 0.7}}}",
        "",
    ] {
        let quick = policy.select_json(text, &Options::default()).map_err(|error| error.to_string());
        let long = Snapshot::from_json(text).map_err(|error| error.to_string()).and_then(|snapshot| {
            let decision = policy.evaluate(&snapshot, &Options::default()).map_err(|error| error.to_string())?;
            let score = |id: &String| decision.strategies.iter().find(|(known, _)| known == id).unwrap().1.score;
            Ok(decision.selected.iter().map(|id| (id.clone(), score(id))).collect::<Vec<_>>())
        });
        assert_eq!(quick, long, "{text}");
    }
}
