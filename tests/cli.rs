//! The command line as its users run it.

use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;

use crate::{example_policies, root};

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_qmtl-policy"))
        .args(arguments)
        .current_dir(root())
        .env_remove("NO_COLOR")
        .env("COLUMNS", "100")
        .output()
        .unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("no signal ends the program")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

fn scratch(name: &str, text: &str) -> String {
    let folder = std::env::temp_dir().join(format!("qmtl-policy-cli-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path: PathBuf = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

const WRONG: &str = "world: w\nselection:\n  gates:\n    - shrape >= 0.5\n    - max_drawdown <= 25\n";
const GOOD: &str = "world: w\nselection: { gates: [sharpe >= 0.5] }\n";
const WARNED: &str = "world: w\nselection: { gates: [max_drawdown <= 25] }\n";

#[test]
fn check_answers_in_four_formats_with_the_same_exit_code() {
    let path = scratch("formats.yaml", WRONG);
    let human = run(&["check", &path]);
    assert_eq!(code(&human), 1);
    assert!(stdout(&human).contains("1 error, 1 warning"), "{}", stdout(&human));
    assert!(String::from_utf8_lossy(&human.stderr).contains("error[QP2001]"));
    let document = json(&run(&["check", &path, "--format", "json"]));
    assert_eq!(keys(&document), ["diagnostics", "schema_version", "summary"]);
    let finding = &document["diagnostics"][0];
    let mut found = keys(finding);
    found.sort_unstable();
    assert_eq!(found, ["code", "file", "help", "labels", "message", "notes", "path", "severity", "span"]);
    assert_eq!(finding["path"], "selection.gates[0]");
    assert_eq!(finding["span"]["start"], serde_json::json!({ "offset": 35, "line": 4, "column": 7 }));
    assert_eq!(document["summary"], serde_json::json!({ "errors": 1, "warnings": 1, "notes": 0 }));
    let github = run(&["check", &path, "--format", "github"]);
    assert!(stdout(&github).starts_with("::error file="), "{}", stdout(&github));
    let sarif = run(&["check", &path, "--format", "sarif"]);
    assert_eq!(json(&sarif)["runs"][0]["columnKind"], "unicodeCodePoints");
    assert_eq!((code(&github), code(&sarif)), (1, 1));
}

#[test]
fn warnings_count_only_when_asked() {
    let path = scratch("warned.yaml", WARNED);
    assert_eq!(code(&run(&["check", &path])), 0);
    assert_eq!(code(&run(&["check", &path, "--deny-warnings"])), 1);
}

#[test]
fn several_files_and_directories_are_checked_together() {
    let good = scratch("many/a.yaml", GOOD);
    scratch("many/inner/b.yml", WRONG);
    scratch("many/notes.txt", "no policy");
    let folder = std::path::Path::new(&good).parent().unwrap().display().to_string();
    let output = run(&["check", &folder]);
    assert_eq!((code(&output), stdout(&output).lines().count()), (1, 2), "{}", stdout(&output));
    assert_eq!(code(&run(&["check", &good, &good])), 0);
    let empty = std::path::Path::new(&folder).join("empty");
    std::fs::create_dir_all(&empty).unwrap();
    assert_eq!(code(&run(&["check", &empty.display().to_string()])), 2);
}

#[test]
fn colour_is_a_choice() {
    let path = scratch("colour.yaml", WRONG);
    let colours = |arguments: &[&str]| run(arguments).stderr.contains(&0x1b);
    assert!(!colours(&["check", &path]));
    assert!(colours(&["check", &path, "--color", "always"]));
    assert!(!colours(&["check", &path, "--color", "never"]));
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    let path = scratch("wide.yaml", WRONG);
    for columns in ["80", "200"] {
        let output = Command::new(env!("CARGO_BIN_EXE_qmtl-policy"))
            .args(["check", &path])
            .env("COLUMNS", columns)
            .output()
            .unwrap();
        let width: usize = columns.parse().unwrap();
        for line in String::from_utf8(output.stderr).unwrap().lines() {
            assert!(line.chars().count() <= width, "{line}");
        }
    }
}

#[test]
fn pages_and_the_catalogue_are_found_by_name() {
    assert!(stdout(&run(&["rule", "qp3001"])).starts_with("QP3001 contradictory-gates (error)"));
    assert!(stdout(&run(&["rule", "contradictory-gates"])).starts_with("QP3001"));
    assert!(stdout(&run(&["rule"])).lines().count() > 50);
    assert_eq!(code(&run(&["rule", "QP3999"])), 2);
    assert!(stdout(&run(&["metrics", "dsr"])).starts_with("deflated_sharpe_ratio"));
    assert!(stdout(&run(&["metrics", "sharpe_60d"])).starts_with("sharpe_60d"));
    assert!(stdout(&run(&["metrics"])).lines().count() > 150);
    assert_eq!(json(&run(&["metrics", "--format", "json"]))["schema_version"], 1);
    let unknown = run(&["metrics", "shrape"]);
    assert_eq!(code(&unknown), 2);
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("did you mean `sharpe`?"));
}

#[test]
fn the_schema_accepts_the_examples_and_refuses_a_slip() {
    let schema = json(&run(&["schema"]));
    let validator = jsonschema::validator_for(&schema).expect("a JSON Schema");
    let tree = |text: &str| serde_yaml_value(text);
    for path in example_policies() {
        let text = std::fs::read_to_string(&path).unwrap();
        let errors: Vec<_> = validator.iter_errors(&tree(&text)).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{}: {errors:#?}", path.display());
        assert!(!validator.is_valid(&tree(&text.replacen("selection:", "selektion:", 1))));
    }
    for wrong in ["allow_live: no", "selection: { topk: { total: many } }", "campaign: { paper: { window: 5 days } }"] {
        assert!(!validator.is_valid(&tree(&format!("world: w\n{wrong}\n"))), "{wrong}");
    }
}

/// A policy as the JSON value that an editor validates.
fn serde_yaml_value(text: &str) -> Value {
    fn convert(value: &qmtl_policy::eval::Value) -> Value {
        use qmtl_policy::eval::Value as Tree;
        match value {
            Tree::Null => Value::Null,
            Tree::Boolean(flag) => Value::Bool(*flag),
            Tree::Number(number) if number.fract() == 0.0 => Value::from(*number as i64),
            Tree::Number(number) => Value::from(*number),
            Tree::Text(text) => Value::from(text.as_str()),
            Tree::List(items) => items.iter().map(convert).collect(),
            Tree::Map(entries) => entries.iter().map(|(key, value)| (key.clone(), convert(value))).collect(),
        }
    }
    convert(&qmtl_policy::eval::read_yaml(text).unwrap())
}

#[test]
fn formatting_is_checked_and_done_in_place() {
    let path = scratch("format.yaml", "world:   w\nselection:\n    gates: [ sharpe>=0.5 ]   # why\n");
    let before = run(&["fmt", &path, "--check"]);
    assert_eq!((code(&before), stdout(&before).contains("not formatted")), (1, true));
    assert_eq!(code(&run(&["fmt", &path])), 0);
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(text, "world: w\nselection:\n  gates: [sharpe >= 0.5]  # why\n");
    assert_eq!(code(&run(&["fmt", &path, "--check"])), 0);
    let broken = scratch("broken.yaml", "world: [\n");
    assert_eq!(code(&run(&["fmt", &broken])), 1);
    assert_eq!(std::fs::read_to_string(broken).unwrap(), "world: [\n");
}

#[test]
fn the_examples_are_formatted_and_have_no_findings_above_notes() {
    for path in example_policies() {
        let path = path.display().to_string();
        assert_eq!(code(&run(&["check", &path, "--deny-warnings"])), 0, "{path}");
        assert_eq!(code(&run(&["fmt", &path, "--check"])), 0, "{path}");
    }
}

const SP500: [&str; 6] = [
    "eval",
    "examples/sp500_rules/policy.yaml",
    "--snapshot",
    "examples/sp500_rules/snapshot.json",
    "--correlations",
    "examples/sp500_rules/correlations.csv",
];

fn with<'a>(base: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    base.iter().chain(more).copied().collect()
}

#[test]
fn a_decision_is_the_whole_document() {
    let decision = json(&run(&SP500));
    let mut found = keys(&decision);
    found.sort_unstable();
    let wanted = [
        "as_of",
        "funnel",
        "notes",
        "policy_version",
        "profile",
        "ruleset_hash",
        "schema_version",
        "selected",
        "selection_hash",
        "stage",
        "state",
        "strategies",
        "valid_until",
        "world",
    ];
    assert_eq!(found, wanted);
    assert_eq!(decision["selected"][0], "wmt_rev10_long");
    assert_eq!(decision["strategies"].as_object().unwrap().len(), 360);
    assert_eq!(decision["valid_until"], "2023-01-28T21:00:00Z");
    let strategy = &decision["strategies"]["wmt_rev10_long"];
    assert_eq!(keys(&strategy["rules"]).len(), 5);
    assert_eq!((strategy["rank"].as_u64(), strategy["effective_mode"].as_str()), (Some(1), Some("paper")));
    let again = run(&SP500);
    assert_eq!(again.stdout, run(&SP500).stdout, "the same input gives the same bytes");
}

#[test]
fn detail_and_formats() {
    let count = |detail: &str| {
        let decision = json(&run(&with(&SP500, &["--detail", detail])));
        decision["strategies"].as_object().unwrap().len()
    };
    assert_eq!((count("none"), count("selected"), count("all")), (0, 10, 360));
    let line = stdout(&run(&with(&SP500, &["--format", "ndjson"])));
    assert_eq!(line.lines().count(), 1);
    let table = stdout(&run(&with(&SP500, &["--format", "table"])));
    assert!(table.contains("submitted 360 → rules 102"), "{table}");
}

#[test]
fn requirements_become_exit_codes() {
    let require = |id: &str| code(&run(&with(&SP500, &["--require", id])));
    assert_eq!(require("wmt_rev10_long"), 0);
    assert_eq!(require("aapl_rev5_short"), 1);
    assert_eq!(require("nobody"), 3);
    let policy = scratch("require.yaml", GOOD);
    let snapshot =
        scratch("require.json", "{\"metrics\": {\"a\": {\"sharpe\": 1}, \"b\": {}, \"c\": {\"sharpe\": 0}}}");
    let require = |id: &str| code(&run(&["eval", &policy, "--snapshot", &snapshot, "--require", id]));
    assert_eq!((require("a"), require("b"), require("c")), (0, 3, 1));
}

#[test]
fn what_does_not_belong_together_is_refused() {
    for more in [&["--world", "other"][..], &["--stage", "moon"], &["--profile", "none"], &["--as-of", "soon"]] {
        let output = run(&with(&SP500, more));
        assert_eq!((code(&output), output.stdout.len()), (2, 0), "{more:?}");
    }
    let bare = scratch("bare.yaml", "thresholds:\n  s: { metric: sharpe, min: 0.5 }\n");
    let snapshot = scratch("bare.json", "{\"metrics\": {\"a\": {\"sharpe\": 1}}}");
    assert_eq!(code(&run(&["eval", &bare, "--snapshot", &snapshot])), 2);
    assert_eq!(code(&run(&["eval", &bare, "--snapshot", &snapshot, "--world", "w"])), 0);
    let wrong = scratch("wrong.yaml", WRONG);
    assert_eq!(code(&run(&["eval", &wrong, "--snapshot", &snapshot])), 1);
}

#[test]
fn state_goes_from_one_evaluation_to_the_next() {
    let policy = "examples/crypto_mom/policy.yaml";
    let first = scratch("monday-decision.json", "");
    let monday = ["eval", policy, "--snapshot", "examples/crypto_mom/monday.json", "--out", &first];
    assert_eq!(code(&run(&monday)), 0);
    let decision: Value = serde_json::from_str(&std::fs::read_to_string(&first).unwrap()).unwrap();
    assert_eq!(decision["selected"], serde_json::json!([]));
    let tuesday = ["eval", policy, "--snapshot", "examples/crypto_mom/tuesday.json", "--previous", &first];
    let decision = json(&run(&tuesday));
    let selected = ["btc_mom_24h", "eth_mom_24h", "ada_mom_72h", "btc_carry_short"];
    assert_eq!(decision["selected"], serde_json::json!(selected));
    assert_eq!(decision["strategies"]["sol_breakout"]["rejected_by"]["rule"], "dd_cap");
    let backwards = [
        "eval",
        policy,
        "--snapshot",
        "examples/crypto_mom/monday.json",
        "--previous",
        &scratch("t.json", &decision.to_string()),
    ];
    assert_eq!(code(&run(&backwards)), 2);
}

#[test]
fn threshold_documents_report_in_their_own_words() {
    let decision = json(&run(&[
        "eval",
        "examples/qmtl_profiles/policy.yaml",
        "--snapshot",
        "examples/qmtl_profiles/snapshot.json",
    ]));
    assert_eq!(decision["selected"], serde_json::json!(["alpha", "gamma"]));
    let reason = |id: &str, layer: &str| decision["strategies"][id]["rules"][layer]["reason_code"].as_str().unwrap();
    assert_eq!(reason("beta", "risk_constraint"), "correlation_constraint_failed");
    assert_eq!(reason("delta", "performance"), "performance_rank_outside_top_k");
    assert_eq!(reason("zeta", "performance"), "performance_thresholds_failed");
    assert_eq!(reason("gamma", "stress"), "crash_2020_dd_exceeds_max");
    assert_eq!(reason("alpha", "cohort"), "cohort_ok");
    assert_eq!(reason("eta", "sample"), "sample_ok");
}

#[test]
fn tables_are_judged_instant_by_instant() {
    let policy =
        scratch("table.yaml", "world: w\nselection:\n  gates: [{ when: sharpe >= 0.5, keep: sharpe >= 0.4 }]\n");
    let rows = "strategy_id,as_of,sharpe\na,2026-01-31,0.6\nb,2026-01-31,0.45\na,2026-02-28,0.45\nb,2026-02-28,0.45\n";
    let csv = scratch("table.csv", rows);
    let output = run(&["eval", &policy, "--snapshot", &csv, "--format", "ndjson"]);
    let decisions: Vec<Value> = stdout(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let selected: Vec<_> = decisions.iter().map(|decision| decision["selected"].clone()).collect();
    assert_eq!(selected, [serde_json::json!(["a"]), serde_json::json!(["a"])]);
    assert_eq!(code(&run(&["eval", &policy, "--snapshot", &csv, "--format", "json"])), 2);
    let lines = "{\"strategy_id\": \"a\", \"sharpe\": 1}\n{\"strategy_id\": \"b\", \"sharpe\": NaN}\n";
    let jsonl = scratch("table.jsonl", lines);
    assert_eq!(json(&run(&["eval", &policy, "--snapshot", &jsonl]))["selected"], serde_json::json!(["a"]));
    for (rows, word) in [
        ("strategy_id,sharpe\na,1\na,2\n", "row 2: `a` stands twice"),
        ("id,sharpe\na,1\n", "no column `strategy_id`"),
        ("strategy_id,as_of,sharpe\na,2026-02-28,1\na,2026-01-31,1\n", "row 2: `as_of` goes back"),
        ("strategy_id,weight\na,heavy\n", "row 1: `weight` must be a number"),
        ("strategy_id,sharpe\n", "no rows"),
    ] {
        let output = run(&["eval", &policy, "--snapshot", &scratch("bad.csv", rows)]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(code(&output) == 2 && said.contains(word), "{rows}: {said}");
    }
}

const LIBRARY: &str = "\
metrics:
  house_quality: { unit: ratio, range: [0, 1], better: higher, layer: robustness }
define:
  house_edge: sharpe - 0.5 * volatility
layers:
  house_review:
    severity: soft
    owner: review
    parameters:
      quality_min: { unit: ratio, summary: Least quality. }
    verdicts:
      - { needs: quality_min, require: house_quality >= $quality_min, fail: quality_below_min, missing: quality_missing }
    ok: review_ok
validation_profiles:
  house: { sample: { min_sample_days: 90 } }
";

#[test]
fn a_library_of_ones_own_has_the_powers_of_the_standard_one() {
    let library = scratch("import/house.yaml", LIBRARY);
    let text = "world: w\nimport: [./house.yaml]\ndefault_profile_by_stage: { paper: house }\n\
                house_review: { quality_min: 60% }\nselection: { gates: [house_edge >= 0.2] }\n";
    let policy = scratch("import/policy.yaml", text);
    assert_eq!(code(&run(&["check", &policy, "--deny-warnings"])), 0);
    let metrics = "{\"sharpe\": 1, \"volatility\": 0.2, \"sample_days\": 100, \"house_quality\": 0.5}";
    let snapshot =
        scratch("import/snapshot.json", &format!("{{\"stage\": \"paper\", \"metrics\": {{\"a\": {metrics}}}}}"));
    let decision = json(&run(&["eval", &policy, "--snapshot", &snapshot]));
    assert_eq!((&decision["selected"], &decision["profile"]), (&serde_json::json!(["a"]), &serde_json::json!("house")));
    let review = &decision["strategies"]["a"]["rules"]["house_review"];
    assert_eq!((review["reason_code"].as_str(), review["owner"].as_str()), (Some("quality_below_min"), Some("review")));
    assert_eq!(decision["strategies"]["a"]["status"], "warn");
    // A slip in the library is reported there; a circle and a missing file are named.
    std::fs::write(&library, LIBRARY.replace("volatility", "volatilty")).unwrap();
    let output = run(&["check", &policy]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(code(&output) == 1 && said.contains("house.yaml:4:30") && said.contains("`volatility`"), "{said}");
    std::fs::write(&library, "import: [./house.yaml]\n").unwrap();
    assert!(String::from_utf8_lossy(&run(&["check", &policy]).stderr).contains("QP1017"));
    std::fs::remove_file(library).unwrap();
    assert!(String::from_utf8_lossy(&run(&["check", &policy]).stderr).contains("QP1016"));
}

#[test]
fn the_diagnostics_serve_hosts_that_use_miette() {
    use miette::Diagnostic as _;
    let checked = qmtl_policy::check("w.yaml", WRONG, &qmtl_policy::NoFiles, &qmtl_policy::Limits::default());
    let first = checked.diagnostics.into_iter().next().unwrap();
    let hosted = qmtl_policy::diag::HostDiagnostic::new(first, &checked.sources);
    assert_eq!(hosted.code().map(|code| code.to_string()), Some("QP2001".to_owned()));
    assert_eq!(hosted.severity(), Some(miette::Severity::Error));
    let label = hosted.labels().and_then(|mut labels| labels.next()).unwrap();
    assert_eq!((label.offset(), label.len()), (35, 6));
    assert!(hosted.help().is_some() && hosted.source_code().is_some());
}
