//! Evaluation cases as files: a policy, a snapshot, and what the decision must say.
//!
//! `tests/corpus/eval/<topic>/<case>.yaml` is one case. Its first line is a comment with the rule
//! that it shows. Then:
//!
//! - `policy`: the text of the policy. It is compiled once.
//! - `snapshot`: the snapshot as a tree, or `snapshot_json` or `snapshot_yaml`: its text, where the
//!   text itself matters (keys that stand twice, numbers at their limits).
//! - `options`: `{ world, profile }`, as a caller gives them.
//! - `expect`: a part of the decision, or `error`: a part of the message of the error.
//!
//! Several snapshots stand under `steps`, each judged on the state that the one before left (unless
//! it has a `previous` of its own; one that is an error leaves no state), or under `each`, judged apart.
//! Their items have the keys above except `policy`.
//!
//! How `expect` is compared: a mapping asks only for the keys that it writes; numbers are equal
//! exactly; a list is compared whole, in order. Beyond that
//!
//! - a list against a mapping is compared with its keys, in the order of the document;
//! - a mapping against a list of checks, notes or steps of the funnel picks them by `id`, `code` or
//!   `step`. A plain value then stands for the outcome of a check or the count of the others, and
//!   `null` says that there is none.
//!
//! The expectations are worked out by hand. No switch rewrites them: a case that differs prints what
//! was found beside what was expected, and whoever reads both decides which is wrong. Cases that the
//! engine does not meet yet wait under `tests/corpus/eval_pending` and are not run; once met they move.

use std::path::Path;

use qmtl_policy::eval::{Value, read_json, read_yaml};
use qmtl_policy::{Options, Policy, Snapshot};
use serde::Deserialize;
use serde_yaml::Value as Written;

use crate::support::{files, shown};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    policy: String,
    snapshot: Option<Written>,
    snapshot_json: Option<String>,
    snapshot_yaml: Option<String>,
    options: Option<CallerOptions>,
    expect: Option<Written>,
    error: Option<String>,
    #[serde(default)]
    steps: Vec<Judgement>,
    #[serde(default)]
    each: Vec<Judgement>,
}

#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields)]
struct Judgement {
    snapshot: Option<Written>,
    snapshot_json: Option<String>,
    snapshot_yaml: Option<String>,
    options: Option<CallerOptions>,
    expect: Option<Written>,
    error: Option<String>,
}

#[derive(Deserialize, Clone, Default)]
#[serde(deny_unknown_fields)]
struct CallerOptions {
    world: Option<String>,
    profile: Option<String>,
}

/// What evaluating one snapshot gave: the decision as JSON, or why there is none.
type Judged = Result<String, String>;

impl Case {
    /// The snapshots of the case, and whether each builds on the one before.
    fn judgements(self) -> (Vec<Judgement>, bool) {
        let Self { snapshot, snapshot_json, snapshot_yaml, options, expect, error, steps, each, .. } = self;
        if snapshot.is_none() && snapshot_json.is_none() && snapshot_yaml.is_none() {
            let chained = !steps.is_empty();
            return (if chained { steps } else { each }, chained);
        }
        (vec![Judgement { snapshot, snapshot_json, snapshot_yaml, options, expect, error }], false)
    }
}

impl Judgement {
    /// Reads the snapshot, with the state of the step before as its `previous`.
    fn read(&self, before: Option<&Value>) -> Result<Snapshot, String> {
        let read = match (&self.snapshot, &self.snapshot_json, &self.snapshot_yaml) {
            (Some(tree), None, None) => Ok(tree_of(tree)),
            (None, Some(text), None) => read_json(text),
            (None, None, Some(text)) => read_yaml(text),
            _ => panic!("a snapshot stands in exactly one form"),
        };
        let mut tree = read.map_err(|error| error.to_string())?;
        if let (Value::Map(entries), Some(state)) = (&mut tree, before)
            && !entries.iter().any(|(key, _)| key == "previous")
        {
            entries.push(("previous".to_owned(), state.clone()));
        }
        Snapshot::from_value(&tree).map_err(|error| error.to_string())
    }

    fn judge(&self, policy: &Policy, before: Option<&Value>) -> Judged {
        let snapshot = self.read(before)?;
        let CallerOptions { world, profile } = self.options.clone().unwrap_or_default();
        let options = Options { world, profile, ..Options::default() };
        let text = || {
            let decision = policy.evaluate(&snapshot, &options).map_err(|error| error.to_string())?;
            Ok(serde_json::to_string(&decision).unwrap())
        };
        let first: Judged = text();
        assert_eq!(first, text(), "two evaluations of the same differ");
        first
    }

    /// What differs from the expectations, and the state for the next step.
    fn differences(&self, judged: Judged) -> (Vec<String>, Option<Value>) {
        let decision = judged.map(|text| read_json(&text).expect("decisions are JSON"));
        let state = decision.as_ref().ok().and_then(|decision| decision.get("state").cloned());
        let mut out = Vec::new();
        match (&decision, &self.expect, &self.error) {
            (Ok(decision), Some(expected), None) => compare("", expected, decision, &mut out),
            (Err(found), None, Some(expected)) if found.contains(expected) => {}
            (Err(found), None, Some(expected)) => out.push(format!("expected error {expected:?}, found {found:?}")),
            (Ok(_), None, Some(expected)) => out.push(format!("expected error {expected:?}, found a decision")),
            (Err(found), Some(_), None) => out.push(format!("expected a decision, found error {found:?}")),
            _ => out.push("the case needs either `expect` or `error`".to_owned()),
        }
        (out, state)
    }
}

/// A snapshot of a case as JSON, for judges that read texts, and what the caller gives.
pub struct Given {
    pub json: String,
    pub world: Option<String>,
    pub profile: Option<String>,
}

/// A case for other judges: its policy, its snapshots, and whether each builds on the one before.
pub fn given(text: &str) -> (String, Vec<Given>, bool) {
    let case: Case = serde_yaml::from_str(text).unwrap();
    let policy = case.policy.clone();
    let (judgements, chained) = case.judgements();
    let given = judgements.into_iter().map(|judgement| {
        let CallerOptions { world, profile } = judgement.options.unwrap_or_default();
        let tree = judgement.snapshot.map(|tree| json(&tree_of(&tree)));
        let from_yaml = || judgement.snapshot_yaml.map(|text| read_yaml(&text).map_or(text, |tree| json(&tree)));
        let json = tree.or(judgement.snapshot_json).or_else(from_yaml).expect("a snapshot");
        Given { json, world, profile }
    });
    (policy, given.collect(), chained)
}

/// A tree as JSON. What is not finite has no spelling there: a number too large, or nothing.
pub fn json(value: &Value) -> String {
    let text = |text: &str| serde_json::to_string(text).unwrap();
    match value {
        Value::Null => "null".to_owned(),
        Value::Boolean(flag) => flag.to_string(),
        Value::Number(number) if number.is_nan() => "null".to_owned(),
        Value::Number(number) if number.is_infinite() => if *number > 0.0 { "1e999" } else { "-1e999" }.to_owned(),
        Value::Number(number) => format!("{number:?}"),
        Value::Text(value) => text(value),
        Value::List(items) => format!("[{}]", items.iter().map(json).collect::<Vec<_>>().join(",")),
        Value::Map(entries) => {
            let entries: Vec<_> = entries.iter().map(|(key, value)| format!("{}:{}", text(key), json(value))).collect();
            format!("{{{}}}", entries.join(","))
        }
    }
}

/// A tree of the case file as the library reads trees.
fn tree_of(written: &Written) -> Value {
    match written {
        Written::Null => Value::Null,
        Written::Bool(flag) => Value::Boolean(*flag),
        Written::Number(number) => Value::Number(number.as_f64().expect("a number fits")),
        Written::String(text) => Value::Text(text.clone()),
        Written::Sequence(items) => Value::List(items.iter().map(tree_of).collect()),
        Written::Mapping(entries) => {
            Value::Map(entries.iter().map(|(key, value)| (name(key), tree_of(value))).collect())
        }
        Written::Tagged(_) => panic!("cases hold no tags"),
    }
}

fn name(key: &Written) -> String {
    key.as_str().unwrap_or_else(|| panic!("the key {key:?} is no text")).to_owned()
}

fn compare(path: &str, expected: &Written, found: &Value, out: &mut Vec<String>) {
    let same = match (expected, found) {
        (Written::Mapping(entries), Value::Map(_)) => {
            for (key, expected) in entries {
                let path = below(path, &name(key));
                match found.get(&name(key)) {
                    Some(found) => compare(&path, expected, found, out),
                    None => out.push(format!("{path}: expected {}, found no such key", plain(&tree_of(expected)))),
                }
            }
            true
        }
        (Written::Mapping(entries), Value::List(items)) => {
            for (key, expected) in entries {
                pick(&below(path, &name(key)), &name(key), expected, items, out);
            }
            true
        }
        (Written::Sequence(expected), Value::List(items)) if expected.len() == items.len() => {
            for (index, (expected, found)) in expected.iter().zip(items).enumerate() {
                compare(&format!("{path}[{index}]"), expected, found, out);
            }
            true
        }
        (Written::Sequence(names), Value::Map(entries)) => {
            names.iter().map(name).eq(entries.iter().map(|(key, _)| key.clone()))
        }
        (expected, found) => tree_of(expected) == *found,
    };
    if !same {
        let found = match found {
            Value::Map(entries) => {
                plain(&Value::List(entries.iter().map(|(key, _)| Value::Text(key.clone())).collect()))
            }
            other => plain(other),
        };
        out.push(format!("{path}: expected {}, found {found}", plain(&tree_of(expected))));
    }
}

/// Compares the item of a list that carries a name.
fn pick(path: &str, wanted: &str, expected: &Written, items: &[Value], out: &mut Vec<String>) {
    let of = |item: &Value, key: &str| item.get(key).cloned();
    let named =
        |item: &&Value| ["id", "code", "step"].iter().any(|key| of(item, key) == Some(Value::Text(wanted.to_owned())));
    let Some(item) = items.iter().find(named) else {
        if !matches!(expected, Written::Null) {
            let names: Vec<_> = ["id", "code", "step"]
                .iter()
                .flat_map(|key| items.iter().filter_map(|item| of(item, key)))
                .map(|name| plain(&name))
                .collect();
            out.push(format!("{path}: expected {}, found only {}", plain(&tree_of(expected)), names.join(", ")));
        }
        return;
    };
    let value = match expected {
        Written::Mapping(_) => return compare(path, expected, item, out),
        _ => of(item, "outcome").or_else(|| of(item, "count")).unwrap_or(Value::Null),
    };
    // An outcome is a text, and `true` without quotes is none in YAML.
    let wanted = match expected {
        Written::Bool(flag) => Value::Text(flag.to_string()),
        other => tree_of(other),
    };
    if wanted != value {
        out.push(format!("{path}: expected {}, found {}", plain(&wanted), plain(item)));
    }
}

fn below(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// A tree in one line.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Boolean(flag) => flag.to_string(),
        Value::Number(number) => number.to_string(),
        Value::Text(text) => format!("{text:?}"),
        Value::List(items) => format!("[{}]", items.iter().map(plain).collect::<Vec<_>>().join(", ")),
        Value::Map(entries) => {
            let entries: Vec<_> = entries.iter().map(|(key, value)| format!("{key}: {}", plain(value))).collect();
            format!("{{{}}}", entries.join(", "))
        }
    }
}

/// What is wrong with a case, line by line.
fn run(text: &str) -> Vec<String> {
    let case: Case = match serde_yaml::from_str(text) {
        Ok(case) => case,
        Err(error) => return vec![format!("is no case: {error}")],
    };
    let policy = match Policy::compile(&case.policy) {
        Ok(policy) => policy,
        Err(error) => return vec![error.to_string()],
    };
    let mut wrong = Vec::new();
    if !text.starts_with("# ") {
        wrong.push("the first line does not say which rule the case shows".to_owned());
    }
    let (judgements, chained) = case.judgements();
    if judgements.is_empty() {
        wrong.push("there is no snapshot".to_owned());
    }
    let many = judgements.len() > 1;
    let mut before = None;
    for (index, judgement) in judgements.iter().enumerate() {
        let judged = judgement.judge(&policy, before.as_ref().filter(|_| chained));
        let (differences, state) = judgement.differences(judged);
        let place = if many { format!("snapshot {}: ", index + 1) } else { String::new() };
        wrong.extend(differences.into_iter().map(|difference| format!("{place}{difference}")));
        before = state.or(before);
    }
    wrong
}

/// The cases below a folder, or the one that a file is.
fn failures(paths: &[impl AsRef<Path>]) -> Vec<String> {
    let mut out = Vec::new();
    for path in paths.iter().map(AsRef::as_ref) {
        let wrong = run(&std::fs::read_to_string(path).unwrap());
        if !wrong.is_empty() {
            out.push(format!("{}\n    {}", shown(path), wrong.join("\n    ")));
        }
    }
    out
}

#[test]
fn every_case_is_decided_as_it_says() {
    let cases = files("tests/corpus/eval", &["yaml"]);
    assert!(cases.len() > 200, "only {} cases", cases.len());
    let wrong = failures(&cases);
    assert!(wrong.is_empty(), "{} of {} cases differ:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn a_case_that_expects_too_much_is_reported() {
    let case = "# A case for the runner itself.\npolicy: |\n  world: w\n  selection: { gates: [{ id: g, when: sharpe > 1 }] }\n\
                snapshot: { metrics: { a: { sharpe: 2 }, b: { sharpe: 0 } } }\n";
    let holds = "expect: { selected: [a], strategies: [a, b], notes: [], funnel: { submitted: 2, exposure: null } }\n";
    assert_eq!(run(&format!("{case}{holds}")), Vec::<String>::new());
    let fails = [
        "expect: { selected: [] }\n",
        "expect: { selected: [b] }\n",
        "expect: { strategies: [b, a] }\n",
        "expect: { strategies: { c: {} } }\n",
        "expect: { strategies: { a: { checks: { g: false } } } }\n",
        "expect: { strategies: { a: { checks: { h: true } } } }\n",
        "expect: { strategies: { a: { checks: { g: null } } } }\n",
        "expect: { funnel: { submitted: 3 } }\n",
        "error: nothing\n",
        "",
    ];
    for fails in fails {
        assert_eq!(run(&format!("{case}{fails}")).len(), 1, "{fails}");
    }
}
