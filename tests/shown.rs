//! Pages of codes, examples of functions, and cases in every format: what is shown to people holds.

use std::path::PathBuf;

use qmtl_policy::builtin::{self, Builtin};
use qmtl_policy::render::{Report, github, human, json, sarif};
use qmtl_policy::{Limits, Options, Snapshot, check};

use crate::support::{Beside, files, read, shown};

fn cases() -> Vec<PathBuf> {
    files("tests/corpus/check", &["yaml", "yml"])
}

/// The examples on the pages do what the pages say.
#[test]
fn examples_of_pages_are_wrong_and_right() {
    let mut complaints = Vec::new();
    for rule in qmtl_policy::check::registry() {
        let found = |text: &str| {
            let checked = check("policy", text, &Beside, &Limits::default());
            checked.diagnostics.iter().map(qmtl_policy::Diagnostic::code).collect::<Vec<_>>()
        };
        let needs_files = ["import-failed", "import-cycle"].contains(&rule.slug);
        let (wrong, right) = (found(rule.wrong), found(rule.right));
        if !wrong.contains(&rule.code) && !needs_files {
            complaints.push(format!("{}: the wrong example is not found wrong, but {wrong:?}", rule.code));
        }
        if !right.is_empty() && !needs_files {
            complaints.push(format!("{}: the right example has {right:?}", rule.code));
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn examples_of_builtins_yield_what_they_say() {
    let examples =
        builtin::ALL.iter().flat_map(|builtin| builtin.examples.iter().map(move |example| (builtin, example)));
    let mut wrong = Vec::new();
    let mut count = 0;
    for (builtin, (expression, result)) in examples {
        count += 1;
        let found = outcome(builtin, expression, result);
        let same = match (found.parse::<f64>(), result.parse::<f64>()) {
            (Ok(found), Ok(result)) => found == result,
            _ => found == **result,
        };
        if !same {
            wrong.push(format!("{}: `{expression}` is {found}, not {result}", builtin.name));
        }
    }
    println!("{count} examples");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Evaluates an expression for a single strategy: a number, `true`, `false` or `missing`.
fn outcome(builtin: &Builtin, expression: &str, result: &str) -> String {
    let truth = ["true", "false"].contains(&result);
    let key = if truth {
        format!("gates: ['{expression}', sharpe > 0]")
    } else {
        format!("gates: [sharpe > 0], score: '{expression}'")
    };
    let text = format!("world: demo\nselection: {{ {key} }}\n");
    let checked = check("policy", &text, &qmtl_policy::NoFiles, &Limits::default());
    // That a constant gate never or always passes is just the point here.
    let errors = checked
        .diagnostics
        .iter()
        .filter(|d| d.severity == qmtl_policy::Severity::Error && !d.code().starts_with("QP3"));
    let errors: Vec<_> = errors.map(|d| d.message.as_str()).collect();
    assert!(errors.is_empty(), "{}: `{expression}`: {errors:?}", builtin.name);
    let snapshot = Snapshot::from_json(r#"{"metrics": {"a": {"sharpe": 1}}}"#).unwrap();
    let program = checked.program.unwrap();
    let fingerprints = qmtl_policy::ir::fingerprints(&program);
    let plans = qmtl_policy::eval::Plans::new(&program);
    let decision =
        qmtl_policy::eval::evaluate(&program, &fingerprints, &plans, &snapshot, &Options::default()).unwrap();
    let (_, strategy) = &decision.strategies[0];
    match strategy.score {
        _ if truth => strategy.checks[0].outcome.to_owned(),
        Some(score) => score.to_string(),
        None => "missing".to_owned(),
    }
}

/// A case goes through every way of showing it; none may fail, whatever stands in the file.
#[test]
fn every_case_can_be_shown_in_every_format() {
    for path in cases() {
        let checked = check(&shown(&path), &read(shown(&path)), &Beside, &Limits::default());
        for document in [None, Some(&checked.document)] {
            let report = Report { diagnostics: &checked.diagnostics, sources: &checked.sources, document };
            for (colour, width) in [(true, 40), (false, 200)] {
                let people = human::render(&report, human::Style { colour, width });
                assert_eq!(people.is_empty(), checked.diagnostics.is_empty(), "{}", shown(&path));
            }
            let _ = github::render(&[report]);
            let _ = sarif::render(&[report]).to_string();
            let _ = serde_json::to_string(&json::render(&[report])).unwrap();
        }
    }
}
