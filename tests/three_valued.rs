//! What holds for every snapshot, whatever the numbers are.

use std::fmt::Write;

use proptest::prelude::*;
use qmtl_policy::{Decision, Options, Policy, Snapshot};

const METRICS: &[&str] = &["sharpe", "max_drawdown", "trades_60d", "sample_days", "win_rate"];

const GATES: &str = "\
world: demo
selection:
  gates:
    and:
      - sharpe >= 0.5
      - max_drawdown <= 25%
      - any: [trades_60d >= 40, { all: [win_rate > 0.5, not sharpe > 2] }]
      - if(sample_days > 100, sharpe, sharpe - 0.1) > 0.55 or coalesce(win_rate, sharpe) > 0.9
";

const WHOLE: &str = "\
world: demo
validation:
  sample: { min_sample_days: 30 }
  performance:
    rules: [{ id: spread, when: sharpe > mean(sharpe) - stddev(sharpe), severity: soft }]
selection:
  gates: [sharpe >= 0.2, max_drawdown <= 40%]
  score: sharpe + 0.1 * zscore(sharpe) - percentile(max_drawdown) + 0.01 * percentile(trades_60d) + median(win_rate)
  constraints:
    correlation: { max_pairwise: 0.7 }
    exposure: { gross_budget: { long: 0.6, short: 0.4 }, sector_cap: { per_sector: 0.3 } }
  topk: { total: 5, by_side: { long: 3, short: 2 } }
  hysteresis: { promote_after: 1, demote_after: 2, min_dwell: 1h }
";

/// A strategy: its metrics (`None`: missing) and where it stands.
type Judged = (Vec<Option<f64>>, bool, u8);

fn strategy() -> impl Strategy<Value = Judged> {
    // A coarse grid makes ties and hits on the threshold likely.
    let value = |low: i32, high: i32, unit: f64| prop_oneof![1 => Just(None), 6 => (low..=high).prop_map(move |n| Some(f64::from(n) * unit))];
    let metrics =
        (value(-20, 40, 0.05), value(0, 20, 0.025), value(0, 20, 5.0), value(0, 30, 10.0), value(0, 20, 0.05));
    (metrics.prop_map(|(a, b, c, d, e)| vec![a, b, c, d, e]), any::<bool>(), 0_u8..3)
}

fn cohort() -> impl Strategy<Value = Vec<Judged>> {
    prop::collection::vec(strategy(), 1..12)
}

/// The snapshot of strategies under their names, in the order given.
fn snapshot(strategies: &[(String, Judged)]) -> String {
    let (mut metrics, mut attributes) = (String::new(), String::new());
    for (index, (id, (values, long, sector))) in strategies.iter().enumerate() {
        let comma = if index > 0 { "," } else { "" };
        let value = |(name, value): (&&str, &Option<f64>)| value.map(|value| format!("\"{name}\": {value:?}"));
        let values: Vec<_> = METRICS.iter().zip(values).filter_map(value).collect();
        let _ = write!(metrics, "{comma}\"{id}\": {{{}}}", values.join(", "));
        let side = if *long { "long" } else { "short" };
        let _ =
            write!(attributes, "{comma}\"{id}\": {{\"side\": \"{side}\", \"sector\": \"s{sector}\", \"weight\": 0.1}}");
    }
    let mut pairs = Vec::new();
    for (a, (_, (values, ..))) in strategies.iter().enumerate() {
        let id = |index: usize| &strategies[index].0;
        let rho = values[0].unwrap_or(0.3).abs().min(1.0);
        // The partner follows from the name, not from the place in the list.
        let partner = strategies.iter().map(|(other, _)| other).filter(|other| *other > id(a)).min();
        pairs.extend(partner.map(|partner| format!("[\"{}\", \"{partner}\", {rho:?}]", id(a))));
    }
    format!(
        r#"{{"as_of": "2026-01-31T21:00:00Z", "stage": "paper", "metrics": {{{metrics}}}, "strategies": {{{attributes}}}, "correlations": [{}]}}"#,
        pairs.join(", ")
    )
}

fn named(strategies: &[Judged]) -> Vec<(String, Judged)> {
    strategies.iter().enumerate().map(|(index, strategy)| (format!("s{index:02}"), strategy.clone())).collect()
}

fn judge(policy: &Policy, strategies: &[(String, Judged)]) -> Decision {
    let text = snapshot(strategies);
    let snapshot = Snapshot::from_json(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    policy.evaluate(&snapshot, &Options::default()).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn compile(text: &str) -> Policy {
    Policy::compile(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_strategies_decides_nothing(strategies in cohort(), seed in any::<u64>()) {
        let policy = compile(WHOLE);
        let ordered = named(&strategies);
        let mut shuffled = ordered.clone();
        let mut state = seed | 1;
        for index in (1..shuffled.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            shuffled.swap(index, (state >> 33) as usize % (index + 1));
        }
        let (left, right) = (judge(&policy, &ordered), judge(&policy, &shuffled));
        prop_assert_eq!(&left.selected, &right.selected);
        prop_assert_eq!(&left.funnel, &right.funnel);
        prop_assert_eq!(&left.state, &right.state);
        for (id, strategy) in &left.strategies {
            let other = right.strategies.iter().find(|(other, _)| other == id).map(|(_, strategy)| strategy);
            prop_assert_eq!(Some(strategy), other, "{}", id);
        }
    }

    #[test]
    fn a_value_that_goes_missing_selects_nobody(strategies in cohort(), which in any::<prop::sample::Index>(), metric in 0_usize..4) {
        // `win_rate` stands under `coalesce`, which is there to read a missing value as something else.
        let policy = compile(GATES);
        let before = named(&strategies);
        let mut after = before.clone();
        let which = which.index(after.len());
        after[which].1.0[metric] = None;
        let (left, right) = (judge(&policy, &before), judge(&policy, &after));
        for id in &right.selected {
            prop_assert!(left.selected.contains(id), "{} is selected once its {} is missing", id, METRICS[metric]);
        }
    }

    #[test]
    fn a_tighter_threshold_passes_no_more(strategies in cohort(), floor in -10_i32..30, by in 1_i32..10, cap in 1_i32..20) {
        let gates = |floor: i32, cap: i32| {
            let (floor, cap) = (f64::from(floor) * 0.05, f64::from(cap) * 0.025);
            compile(&format!("world: demo\nselection: {{ gates: [sharpe >= {floor:?}, max_drawdown <= {cap:?}] }}\n"))
        };
        let strategies = named(&strategies);
        let passed = |policy: &Policy| {
            let decision = judge(policy, &strategies);
            let mut passed: Vec<_> = decision.strategies.iter().filter(|(_, s)| s.rejected_by.is_none()).map(|(id, _)| id.clone()).collect();
            passed.sort();
            passed
        };
        let loose = passed(&gates(floor, cap));
        for tight in [passed(&gates(floor + by, cap)), passed(&gates(floor, (cap - by).max(0)))] {
            for id in &tight {
                prop_assert!(loose.contains(id), "{} passes only the tighter gates", id);
            }
        }
    }

    #[test]
    fn the_same_input_gives_the_same_bytes(strategies in cohort()) {
        let strategies = named(&strategies);
        let bytes = || serde_json::to_string(&judge(&compile(WHOLE), &strategies)).unwrap();
        prop_assert_eq!(bytes(), bytes());
    }

    #[test]
    fn a_strategy_is_judged_by_itself(strategies in cohort()) {
        let policy = compile(GATES);
        let strategies = named(&strategies);
        let together = judge(&policy, &strategies);
        for ((id, strategy), one) in together.strategies.iter().zip(&strategies) {
            let alone = judge(&policy, std::slice::from_ref(one));
            prop_assert_eq!(id, &one.0);
            prop_assert_eq!(&alone.strategies[0].1.checks, &strategy.checks, "{}", id);
            prop_assert_eq!(alone.strategies[0].1.status, strategy.status, "{}", id);
        }
    }

    #[test]
    fn a_failing_soft_rule_selects_the_same(strategies in cohort()) {
        let soft = WHOLE.replace("rules: [", "rules: [{ id: hard, when: sharpe > 100, severity: soft }, ");
        let strategies = named(&strategies);
        let (left, right) = (judge(&compile(WHOLE), &strategies), judge(&compile(&soft), &strategies));
        prop_assert_eq!(left.selected, right.selected);
    }

    #[test]
    fn not_and_or_follow_kleene(strategies in cohort()) {
        // Each pair means the same in three-valued logic.
        let pairs = [
            ("not (sharpe > 1 and win_rate > 0.5)", "not sharpe > 1 or not win_rate > 0.5"),
            ("not (sharpe > 1 or win_rate > 0.5)", "not sharpe > 1 and not win_rate > 0.5"),
            ("not not sharpe > 1", "sharpe > 1"),
            ("sharpe > 1 and (win_rate > 0.5 or max_drawdown < 10%)", "(sharpe > 1 and win_rate > 0.5) or (sharpe > 1 and max_drawdown < 10%)"),
            ("win_rate > 0.5 and sharpe > 1", "sharpe > 1 and win_rate > 0.5"),
            ("0.2 <= sharpe <= 1", "sharpe >= 0.2 and sharpe <= 1"),
            ("sharpe in [0.2, 1)", "0.2 <= sharpe < 1"),
            ("not sharpe > 1", "sharpe <= 1"),
            ("sharpe != 1", "not sharpe == 1"),
        ];
        let strategies = named(&strategies);
        for (left, right) in pairs {
            let outcomes = |gate: &str| {
                let decision = judge(&compile(&format!("world: demo\nselection:\n  gates: ['{gate}']\n")), &strategies);
                decision.strategies.iter().map(|(_, strategy)| strategy.checks[0].outcome).collect::<Vec<_>>()
            };
            prop_assert_eq!(outcomes(left), outcomes(right), "`{}` and `{}`", left, right);
        }
    }
}
