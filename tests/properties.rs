//! What must hold for every snapshot.

use proptest::prelude::*;
use qmtl_policy::eval::{Leaf, Strategy as Judged};
use qmtl_policy::{Decision, Options, Policy, Snapshot};

const METRICS: [&str; 4] = ["sharpe", "max_drawdown", "sample_days", "winrate"];

fn policy(gates: &str, rest: &str) -> Policy {
    Policy::compile(&format!("world: w\nselection:\n  gates:\n{gates}{rest}")).unwrap()
}

fn gates(floor: f64) -> String {
    format!("    - sharpe >= {floor}\n    - max_drawdown <= 40% or winrate >= 60%\n    - not (sample_days < 30)\n")
}

const REST: &str = "  score: sharpe - max_drawdown\n  topk: { total: 3 }\n";

fn values() -> impl Strategy<Value = Vec<Option<f64>>> {
    let value =
        |low: f64, high: f64| prop_oneof![4 => (low..high).prop_map(Some), 1 => Just(None), 1 => Just(Some(f64::NAN))];
    (value(-1.0, 2.0), value(-0.2, 1.2), value(0.0, 100.0), value(0.0, 1.0))
        .prop_map(|(sharpe, drawdown, days, winrate)| vec![sharpe, drawdown, days, winrate])
}

fn snapshot(rows: &[(String, Vec<Option<f64>>)]) -> Snapshot {
    let strategies = rows.iter().map(|(id, values)| {
        let metrics = METRICS.iter().zip(values);
        let metrics = metrics.filter_map(|(name, value)| Some(((*name).to_owned(), Leaf::Number((*value)?)))).collect();
        Judged { id: id.clone(), metrics, ..Judged::default() }
    });
    Snapshot { strategies: strategies.collect(), ..Snapshot::default() }
}

fn rows() -> impl Strategy<Value = Vec<(String, Vec<Option<f64>>)>> {
    prop::collection::vec(values(), 0..12)
        .prop_map(|rows| rows.into_iter().enumerate().map(|(index, values)| (format!("s{index}"), values)).collect())
}

fn decide(policy: &Policy, snapshot: &Snapshot) -> Decision {
    policy.evaluate(snapshot, &Options::default()).unwrap()
}

fn passed_rules(decision: &Decision) -> usize {
    decision.funnel.iter().find(|step| step.step == "rules").unwrap().count
}

proptest! {
    #[test]
    fn the_order_of_strategies_changes_nothing(rows in rows(), seed in any::<u64>()) {
        let policy = policy(&gates(0.5), REST);
        let mut shuffled = rows.clone();
        for index in (1..shuffled.len()).rev() {
            shuffled.swap(index, (seed as usize).wrapping_mul(31).wrapping_add(index * 7) % (index + 1));
        }
        let (first, second) = (decide(&policy, &snapshot(&rows)), decide(&policy, &snapshot(&shuffled)));
        prop_assert_eq!(&first.selected, &second.selected);
        for (id, decision) in &first.strategies {
            let other = second.strategies.iter().find(|(other, _)| other == id).unwrap();
            prop_assert_eq!(decision, &other.1);
        }
    }

    #[test]
    fn a_value_that_goes_missing_never_lets_a_strategy_in(rows in rows(), which in any::<prop::sample::Index>(), metric in 0..4_usize) {
        prop_assume!(!rows.is_empty());
        let policy = policy(&gates(0.5), "");
        let before = decide(&policy, &snapshot(&rows));
        let mut fewer = rows;
        let row = which.index(fewer.len());
        fewer[row].1[metric] = None;
        let after = decide(&policy, &snapshot(&fewer));
        prop_assert!(after.selected.iter().all(|id| before.selected.contains(id)));
    }

    #[test]
    fn a_tighter_threshold_never_lets_more_through(rows in rows(), floor in -1.0..2.0_f64, more in 0.0..1.0_f64) {
        let snapshot = snapshot(&rows);
        let (loose, tight) = (policy(&gates(floor), ""), policy(&gates(floor + more), ""));
        prop_assert!(passed_rules(&decide(&tight, &snapshot)) <= passed_rules(&decide(&loose, &snapshot)));
    }

    #[test]
    fn one_strategy_alone_is_judged_as_among_others(rows in rows()) {
        let policy = policy(&gates(0.5), "");
        let together = decide(&policy, &snapshot(&rows));
        for (row, (id, decision)) in rows.iter().zip(&together.strategies) {
            let alone = decide(&policy, &snapshot(std::slice::from_ref(row)));
            prop_assert_eq!(&row.0, id);
            prop_assert_eq!(&alone.strategies[0].1.checks, &decision.checks);
        }
    }

    #[test]
    fn the_same_input_gives_the_same_bytes(rows in rows()) {
        let policy = policy(&gates(0.5), REST);
        let text = || serde_json::to_string(&decide(&policy, &snapshot(&rows))).unwrap();
        prop_assert_eq!(text(), text());
    }

    #[test]
    fn intervals_hold_what_evaluation_gives(rows in rows()) {
        // Each of these is reported as constant or not: a constant one must be so for every strategy.
        for expression in ["winrate + max_drawdown <= 2", "abs(winrate - 1) <= 1", "max(winrate, 2) >= 2", "min(winrate, max_drawdown) <= 1",
                           "clamp(sharpe, 0, 1) >= 0", "winrate * max_drawdown <= 1", "sqrt(winrate) <= 1", "round(winrate, 1) <= 1"] {
            let text = format!("world: w\nselection: {{ gates: ['{expression}'] }}\n");
            let policy = Policy::compile(&text).unwrap();
            prop_assert!(policy.warnings().iter().any(|found| found.code() == "QP3003"), "{} is not seen to be constant", expression);
            for (_, strategy) in &decide(&policy, &snapshot(&rows)).strategies {
                prop_assert_ne!(strategy.checks[0].outcome, "false");
            }
        }
    }
}
