//! An oracle for threshold documents: their meaning written a second time, over plain data, and
//! compared with what the engine decides about policies and snapshots made at random.

mod generate;
mod judge;
mod policy;
mod snapshot;
mod tree;

use proptest::prelude::*;
use qmtl_policy::{Decision, Options, Severity};

use generate::Case;
use judge::{Expected, expected};

/// Compiles a document. Where one that names its world has defects that are errors there and open no
/// gate (bounds or levels the wrong way round, thresholds that contradict each other, also ones that every
/// profile replaces), it is compiled without: then they must be warnings.
fn compiled(policy: &mut policy::Policy) -> Result<qmtl_policy::Policy, String> {
    let first = qmtl_policy::Policy::compile(&policy.yaml());
    if let Ok(compiled) = first {
        return Ok(compiled);
    }
    policy.names_world = false;
    qmtl_policy::Policy::compile(&policy.yaml()).map_err(|error| {
        let errors = error.0.diagnostics.iter().filter(|found| found.severity == Severity::Error);
        errors.map(|found| format!("{}: {}", found.code(), found.message)).collect::<Vec<_>>().join("\n")
    })
}

/// Everything that is compared, as lines that are easy to tell apart.
fn said(expected: &Expected) -> Vec<String> {
    let mut lines = vec![
        format!("profile {:?}", expected.profile.as_deref()),
        format!("selected {:?}", expected.selected),
        format!("funnel {:?}", expected.funnel),
    ];
    for (id, judgement) in &expected.strategies {
        let (status, selected) = (judgement.status.word(), judgement.selected);
        let (action, mode, stage) = (judgement.action, judgement.effective_mode, expected.recommended_stage);
        lines.push(format!("{id} {status} {selected} {action} {mode} {stage:?}"));
        let mut results: Vec<_> = judgement.results.iter().collect();
        results.sort_by_key(|(name, _)| *name);
        for (name, outcome) in results {
            let (status, severity, owner) = (outcome.status.word(), outcome.severity, outcome.owner);
            lines.push(format!("{id} {name} {status} {severity} {owner} {}", outcome.code));
        }
    }
    lines
}

fn decided(decision: &Decision) -> Vec<String> {
    let funnel: Vec<_> = decision.funnel.iter().map(|step| (step.step, step.count)).collect();
    let mut lines = vec![
        format!("profile {:?}", decision.profile.as_deref()),
        format!("selected {:?}", decision.selected),
        format!("funnel {funnel:?}"),
    ];
    for (id, strategy) in &decision.strategies {
        let (status, action) = (word(&strategy.status), word(&strategy.action));
        let (selected, mode, stage) = (strategy.selected, strategy.effective_mode, strategy.recommended_stage);
        lines.push(format!("{id} {status} {selected} {action} {mode} {stage:?}"));
        let mut results: Vec<_> = strategy.rules.iter().collect();
        results.sort_by_key(|(name, _)| name.as_str());
        for (name, result) in results {
            let (status, severity, owner) = (word(&result.status), word(&result.severity), &result.owner);
            lines.push(format!("{id} {name} {status} {severity} {owner} {}", result.reason_code));
        }
    }
    lines
}

/// A word of the decision as it is written.
fn word(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).unwrap().as_str().unwrap().to_owned()
}

proptest! {
    #[test]
    fn the_engine_decides_as_the_oracle(Case { mut policy, snapshot, asked } in generate::case()) {
        let compiled = compiled(&mut policy);
        prop_assert!(compiled.is_ok(), "{}", compiled.unwrap_err());
        let given = qmtl_policy::Snapshot::from_json(&snapshot.json()).unwrap();
        let options = Options { world: Some("demo".to_owned()), profile: asked.clone(), ..Options::default() };
        let decision = compiled.unwrap().evaluate(&given, &options);
        prop_assert!(decision.is_ok(), "{:?}", decision);
        let (found, wanted) = (decided(&decision.unwrap()), said(&expected(&policy, &snapshot, asked.as_deref())));
        let lacks = |lines: &[String], others: &[String]| {
            lines.iter().filter(|line| !others.contains(line)).cloned().collect::<Vec<_>>()
        };
        let (only_wanted, only_found) = (lacks(&wanted, &found), lacks(&found, &wanted));
        prop_assert!(found == wanted, "wanted {only_wanted:#?}\nfound {only_found:#?}");
    }
}
