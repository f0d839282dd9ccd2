//! Any snapshot is judged or refused, by any policy; what is decided can be judged again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use qmtl_policy::eval::Previous;
use qmtl_policy::{Detail, Options, Policy, Snapshot};

const POLICIES: [&str; 3] = [
    include_str!("../../examples/crypto_mom/policy.yaml"),
    include_str!("../../examples/sp500_rules/policy.yaml"),
    include_str!("../../examples/qmtl_profiles/policy.yaml"),
];

fuzz_target!(|text: &str| {
    // A policy before the first line `---` of the text, else one of the examples.
    let (policies, judged) = match text.split_once("\n---\n") {
        Some((policy, snapshot)) => (vec![policy], snapshot),
        None => (POLICIES.to_vec(), text),
    };
    let Ok(snapshot) = Snapshot::from_json(judged).or_else(|_| Snapshot::from_yaml(judged)) else { return };
    for policy in policies.into_iter().filter_map(|text| Policy::compile(text).ok()) {
        let world = policy.program().world.clone().or(Some("fuzz".to_owned()));
        let options = Options { world, ..Options::default() };
        let Ok(decision) = policy.evaluate(&snapshot, &options) else { continue };
        assert_eq!(policy.evaluate(&snapshot, &options).as_ref(), Ok(&decision));
        // What is not asked for is not built; what is decided is the same.
        let bare = Options { detail: Detail::None, ..options.clone() };
        let bare = policy.evaluate(&snapshot, &bare).expect("the same snapshot is judged");
        assert_eq!((&bare.selected, &bare.funnel, &bare.state), (&decision.selected, &decision.funnel, &decision.state));
        if Snapshot::from_json(judged).is_ok() {
            let quick = policy.select_json(judged, &options).expect("the same text selects");
            assert!(quick.iter().map(|(id, _)| id).eq(&decision.selected));
        }
        let next = Snapshot { previous: Some(Previous::State(Box::new(decision.state))), ..snapshot.clone() };
        let again = policy.evaluate(&next, &options).expect("a decision's own state fits");
        assert!(again.selected.len() <= again.strategies.len() + again.state.strategies.len());
    }
});
