//! What the README says the shipped policy did over the years: judged again, month by month.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::support::{Scratch, read, run};

/// What a policy did.
#[derive(Debug, Default)]
struct Account {
    months: usize,
    selected: Vec<usize>,
    different: BTreeSet<String>,
    promotions: usize,
    demotions: usize,
    /// Changes that undo one of the last three months.
    undone: usize,
}

/// Judges the years by a policy.
fn account(policy: &str) -> Account {
    let folder = "examples/sp500_rules";
    let (history, correlations) = (format!("{folder}/history.parquet"), format!("{folder}/correlations.csv"));
    let arguments = ["eval", policy, "--snapshot", &history, "--correlations", &correlations];
    let options = ["--stage", "paper", "--detail", "none", "--format", "ndjson"];
    let decisions = run(&[arguments.as_slice(), options.as_slice()].concat()).exits(0);
    let mut account = Account::default();
    let (mut before, mut changed) = (BTreeSet::new(), BTreeMap::new());
    for (month, line) in decisions.stdout.lines().enumerate() {
        let decision: Value = serde_json::from_str(line).unwrap();
        let ids = decision["selected"].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned());
        let now: BTreeSet<String> = ids.collect();
        account.months += 1;
        account.selected.push(now.len());
        account.promotions += now.difference(&before).count();
        account.demotions += before.difference(&now).count();
        for id in now.symmetric_difference(&before) {
            let last = changed.insert(id.clone(), month);
            account.undone += usize::from(last.is_some_and(|last| month - last <= 3));
        }
        account.different.extend(now.iter().cloned());
        before = now;
    }
    account
}

#[test]
fn the_readme_tells_what_the_policy_did() {
    let path = "examples/sp500_rules/policy.yaml";
    let with = account(path);
    let text: String =
        read(path).lines().filter(|line| !line.starts_with("  hysteresis:")).map(|line| format!("{line}\n")).collect();
    let scratch = Scratch::new();
    let without = account(scratch.file("policy.yaml", text).to_str().unwrap());
    let mean = with.selected.iter().sum::<usize>() as f64 / with.months as f64;
    let (least, most) = (with.selected.iter().min().unwrap(), with.selected.iter().max().unwrap());
    let changes = with.promotions + with.demotions;
    let told = format!(
        "it selected {mean:.1} rules on average, never fewer than {least} nor more than its {most}, and {} different ones in all, \
         with {} promotions and {} demotions. {} of these {changes} changes undid a change of the last three months. Without its \
         line `hysteresis` there would have been {} promotions and {} demotions, {} of them undoing one.",
        with.different.len(),
        with.promotions,
        with.demotions,
        with.undone,
        without.promotions,
        without.demotions,
        without.undone
    );
    let readme = read("README.md").replace('\n', " ");
    assert!(readme.contains(&told), "the README should say: {told}");
    assert_eq!((with.months, without.months), (276, 276));
}
