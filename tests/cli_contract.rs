//! The program as people and other programs meet it: arguments, exit codes, documents.

use serde_json::Value;

use crate::support::{Run, Scratch, example_policies, read, run, run_with, shown};

const CRYPTO: &str = "examples/crypto_mom/policy.yaml";
const MONDAY: &str = "examples/crypto_mom/monday.json";
const TUESDAY: &str = "examples/crypto_mom/tuesday.json";
const WRONG: &str = "world: wrong\nselection:\n  gates: [sharp >= 0.5]\n";
/// One warning: the first gate is implied by the second.
const WARNED: &str = "world: warned\nselection:\n  gates: [sharpe >= 0.5, sharpe >= 0.6]\n";

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap_or_else(|| panic!("not an object: {value}")).keys().map(String::as_str).collect()
}

/// Fails unless an object has exactly these keys.
#[track_caller]
fn has_keys(value: &Value, wanted: &str) {
    let (mut found, mut wanted): (Vec<_>, Vec<_>) = (keys(value), wanted.split_whitespace().collect());
    found.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(found, wanted);
}

fn eval(policy: &str, snapshot: &str, more: &[&str]) -> Run {
    run(&[&["eval", policy, "--snapshot", snapshot], more].concat())
}

fn selected(run: &Run) -> Vec<String> {
    run.json()["selected"].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect()
}

#[test]
fn check_in_every_format() {
    let scratch = Scratch::new();
    let path = scratch.file("wrong.yaml", WRONG);
    let path = path.to_str().unwrap();
    run(&["check", path])
        .exits(1)
        .says("QP2001")
        .says("did you mean `sharpe`?")
        .says("wrong.yaml:3:11")
        .prints("1 error");
    let github = run(&["check", path, "--format", "github"]).exits(1);
    assert!(github.stdout.starts_with("::error file="), "{github}");
    assert!(github.stdout.contains("line=3,") && github.stdout.contains("col=11"), "{github}");
    let sarif = run(&["check", path, "--format", "sarif"]).exits(1).json();
    assert_eq!(sarif["version"], "2.1.0");
    assert_eq!(sarif["runs"][0]["columnKind"], "unicodeCodePoints");
    assert_eq!(sarif["runs"][0]["results"][0]["ruleId"], "QP2001");
    let region = &sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"];
    assert_eq!(
        (&region["startLine"], &region["startColumn"], &region["endColumn"]),
        (&3.into(), &11.into(), &16.into())
    );
    run(&["check", CRYPTO]).exits(0).prints("crypto_mom/policy.yaml");
}

#[test]
fn the_json_of_check_has_exactly_the_promised_keys() {
    let scratch = Scratch::new();
    let path = scratch.file("wrong.yaml", WRONG);
    let document = run(&["check", path.to_str().unwrap(), "--format", "json"]).exits(1).json();
    has_keys(&document, "schema_version diagnostics summary");
    assert_eq!(document["schema_version"], 1);
    has_keys(&document["summary"], "errors warnings notes");
    assert_eq!(document["summary"]["errors"], 1);
    let finding = &document["diagnostics"][0];
    has_keys(finding, "code severity message file path span labels help notes");
    assert_eq!((&finding["code"], &finding["severity"]), (&"QP2001".into(), &"error".into()));
    assert_eq!(finding["path"], "selection.gates[0]");
    assert!(finding["file"].as_str().unwrap().ends_with("wrong.yaml"));
    has_keys(&finding["span"], "start end");
    has_keys(&finding["span"]["start"], "offset line column");
    let offset = WRONG.find("sharp").unwrap();
    assert_eq!(finding["span"]["start"], serde_json::json!({"offset": offset, "line": 3, "column": 11}));
    assert_eq!(finding["span"]["end"], serde_json::json!({"offset": offset + 5, "line": 3, "column": 16}));
    let clean = run(&["check", CRYPTO, "--format", "json"]).exits(0).json();
    assert_eq!((&clean["summary"]["errors"], &clean["summary"]["warnings"]), (&0.into(), &0.into()));
    // Labels point at places as findings do.
    let both = scratch.file("both.yaml", "world: a\nworld: b\nselection: { gates: [sharpe > 1] }\n");
    let document = run(&["check", both.to_str().unwrap(), "--format", "json"]).exits(1).json();
    let labels = document["diagnostics"][0]["labels"].as_array().unwrap();
    assert!(!labels.is_empty());
    labels.iter().for_each(|label| has_keys(label, "span message"));
}

#[test]
fn check_of_several_files_and_of_directories() {
    let scratch = Scratch::new();
    let wrong = scratch.file("a/wrong.yaml", WRONG);
    let good = scratch.file("a/b/good.yml", "world: good\nselection: { gates: [sharpe >= 0.5] }\n");
    // Snapshots lie beside policies, so only YAML is taken for a policy.
    scratch.file("a/b/snapshot.json", r#"{"metrics": {}}"#);
    scratch.file("a/.hidden/wrong.yaml", WRONG);
    scratch.file("a/readme.md", "no policy");
    let (wrong, good) = (wrong.to_str().unwrap(), good.to_str().unwrap());
    run(&["check", good, CRYPTO]).exits(0).prints("good.yml").prints("crypto_mom");
    run(&["check", good, wrong, CRYPTO]).exits(1).prints("good.yml").prints("wrong.yaml").prints("crypto_mom");
    let directory = scratch.path().to_str().unwrap();
    let document = run(&["check", directory, "--format", "json"]).exits(1).json();
    assert_eq!(document["summary"]["errors"], 1, "the hidden directory is not searched");
    let listed = run(&["check", directory]).exits(1);
    assert!(!listed.stdout.contains("snapshot.json"), "{listed}");
    listed.prints("good.yml").prints("wrong.yaml");
    run(&["check", good, "/nowhere/absent.yaml"]).exits(2).says("absent.yaml");
}

#[test]
fn check_of_standard_input() {
    run_with(&["check", "-"], WRONG.as_bytes(), &[]).exits(1).says("<stdin>:3:11");
    run_with(&["check", "-"], read(CRYPTO).as_bytes(), &[]).exits(0);
    let document = run_with(&["check", "-", "--format", "json"], WRONG.as_bytes(), &[]).exits(1).json();
    assert_eq!(document["diagnostics"][0]["file"], "<stdin>");
}

#[test]
fn warnings_are_denied_on_request() {
    run_with(&["check", "-"], WARNED.as_bytes(), &[]).exits(0).says("warning[");
    run_with(&["check", "-", "--deny-warnings"], WARNED.as_bytes(), &[]).exits(1).says("warning[");
    // Notes are no warnings.
    run(&["check", CRYPTO, "--deny-warnings"]).exits(0);
}

#[test]
fn colour_only_where_it_is_wanted() {
    let coloured = |more: &[&str], environment: &[(&str, &str)]| {
        let run = run_with(&[&["check", "-"], more].concat(), WRONG.as_bytes(), environment).exits(1);
        run.stderr.contains('\u{1b}') || run.stdout.contains('\u{1b}')
    };
    assert!(!coloured(&[], &[]), "no terminal, no colour");
    assert!(coloured(&["--color", "always"], &[]));
    assert!(!coloured(&["--color", "never"], &[]));
    assert!(!coloured(&["--color", "auto"], &[("NO_COLOR", "1")]));
    assert!(coloured(&["--color", "always"], &[("NO_COLOR", "1")]), "a flag is stronger than the environment");
    assert!(!run(&["check", "-", "--color", "sometimes"]).exits(2).stderr.is_empty());
}

#[test]
fn wrong_usage_ends_with_2() {
    for arguments in [
        &["check"][..],
        &["nonsense"],
        &[],
        &["check", "--format", "xml", CRYPTO],
        &["eval", CRYPTO],
        &["check", "--nonsense", CRYPTO],
    ] {
        let run = run(arguments).exits(2);
        assert!(run.stdout.is_empty() && !run.stderr.is_empty(), "{run}");
    }
    for arguments in [&["--help"][..], &["--version"], &["check", "--help"], &["eval", "--help"]] {
        assert!(!run(arguments).exits(0).stdout.is_empty());
    }
}

#[test]
fn rule_pages() {
    let all = run(&["rule"]).exits(0);
    for rule in qmtl_policy::check::registry() {
        assert!(all.stdout.contains(rule.code), "`rule` does not list {}", rule.code);
        let page = run(&["rule", rule.code]).exits(0);
        for part in [rule.code, rule.slug] {
            assert!(page.stdout.contains(part), "the page of {} lacks {part}: {page}", rule.code);
        }
    }
    let page = run(&["rule", "QP3001"]).exits(0);
    assert_eq!(page.stdout, run(&["rule", "qp3001"]).exits(0).stdout);
    assert_eq!(page.stdout, run(&["rule", "contradictory-gates"]).exits(0).stdout);
    run(&["rule", "nonsense"]).exits(2).says("`nonsense`").says("qmtl-policy rule");
    run(&["rule", "contradictory-gate"]).exits(2).says("did you mean contradictory-gates?");
}

#[test]
fn metrics_by_name_and_by_part() {
    let one = run(&["metrics", "sharpe"]).exits(0).prints("Sharpe ratio").prints("sharpe_ratio");
    assert!(!one.stdout.contains("sharpe_{window}"), "{one}");
    run(&["metrics", "sharpe_ratio"]).exits(0).prints("another name");
    run(&["metrics", "max_dd_120d"]).exits(0).prints("max_dd_120d");
    run(&["metrics", "sharp"]).exits(0).prints("sharpe_{window}").prints("deflated_sharpe_ratio");
    run(&["metrics", "sharpee"]).exits(2).says("did you mean `sharpe`?");
    run(&["metrics", "nosuch"]).exits(2).says("`nosuch`");
    let document = run(&["metrics", "--format", "json"]).exits(0).json();
    has_keys(&document, "schema_version metrics derived");
    let listed = document["metrics"].as_array().unwrap().len();
    assert_eq!(listed, qmtl_policy::stdlib::standard().catalogue.entries().len());
    assert_eq!(run(&["metrics", "sharpe", "--format", "json"]).exits(0).json()["metrics"].as_array().unwrap().len(), 1);
    run(&["metrics"]).exits(0).prints("sharpe_{window}");
}

#[test]
fn the_schema_takes_the_examples_and_refuses_slips() {
    let schema = run(&["schema"]).exits(0).json();
    let validator = jsonschema::validator_for(&schema).unwrap_or_else(|error| panic!("not a JSON Schema: {error}"));
    for path in example_policies() {
        let value = serde_json::to_value(as_json(&std::fs::read_to_string(&path).unwrap())).unwrap();
        let errors: Vec<_> =
            validator.iter_errors(&value).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{}: {errors:#?}", shown(&path));
    }
    for wrong in [
        "wrld: a\nselection: { gates: [sharpe > 1] }",
        "world: a\nselection: { gate: [sharpe > 1] }",
        "world: a\nselection: { gates: [sharpe > 1], topk: { totl: 3 } }",
        "world: a\nallow_live: 'yes'\nselection: { gates: [sharpe > 1] }",
        "world: a\nmetrics: { m: { unit: percent } }",
        "world: a\nselection: { gates: [sharpe > 1], topk: { total: many } }",
    ] {
        assert!(!validator.is_valid(&as_json(wrong)), "the schema takes {wrong:?}");
    }
    for right in [
        "world: a\nx-mine: 3\nselection: { gates: [sharpe > 1] }",
        "world: a\nvalidation: { performance: { sharpe_min: 0.5 } }",
    ] {
        let errors: Vec<_> = validator.iter_errors(&as_json(right)).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "the schema refuses {right:?}: {errors:?}");
    }
}

/// YAML as JSON.
fn as_json(text: &str) -> Value {
    fn convert(value: &qmtl_policy::eval::Value) -> Value {
        use qmtl_policy::eval::Value as From;
        match value {
            From::Null => Value::Null,
            From::Boolean(value) => (*value).into(),
            From::Number(value) if value.rem_euclid(1.0) == 0.0 && value.abs() < 1e15 => (*value as i64).into(),
            From::Number(value) => (*value).into(),
            From::Text(text) => text.to_string().into(),
            From::List(items) => items.iter().map(convert).collect(),
            From::Map(entries) => {
                Value::Object(entries.iter().map(|(key, value)| (key.to_string(), convert(value))).collect())
            }
        }
    }
    convert(&qmtl_policy::eval::read_yaml(text).unwrap_or_else(|error| panic!("{text:?}: {}", error.message)))
}

#[test]
fn fmt_names_what_is_not_formatted_and_changes_nothing() {
    let scratch = Scratch::new();
    let path = scratch.file("policy.yaml", read(CRYPTO));
    let name = path.to_str().unwrap();
    let check = run(&["fmt", "--check", name]);
    assert!(matches!(check.code, Some(0 | 1)), "{check}");
    assert_eq!(check.code == Some(1), check.stdout.contains("policy.yaml"), "{check}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), read(CRYPTO), "`--check` wrote");
    run(&["fmt", name]).exits(0);
    run(&["fmt", "--check", name]).exits(0);
    let piped = run_with(&["fmt", "-"], read(CRYPTO).as_bytes(), &[]).exits(0);
    assert_eq!(piped.stdout, std::fs::read_to_string(&path).unwrap());
}

#[test]
fn decisions_have_exactly_the_promised_keys() {
    let examples = [
        (CRYPTO, MONDAY),
        ("examples/qmtl_profiles/policy.yaml", "examples/qmtl_profiles/snapshot.json"),
        ("examples/sp500_rules/policy.yaml", "examples/sp500_rules/snapshot.json"),
    ];
    for (policy, snapshot) in examples {
        let decision = eval(policy, snapshot, &[]).exits(0).json();
        has_keys(
            &decision,
            "schema_version world policy_version ruleset_hash selection_hash as_of valid_until stage profile selected funnel notes strategies state",
        );
        assert_eq!(decision["schema_version"], 1);
        for hash in ["ruleset_hash", "selection_hash"] {
            assert!(decision[hash].as_str().unwrap().starts_with("blake3:"), "{policy}: {hash}");
        }
        for step in decision["funnel"].as_array().unwrap() {
            has_keys(step, "step count");
        }
        for note in decision["notes"].as_array().unwrap() {
            has_keys(note, "code message count examples");
        }
        has_keys(&decision["state"], "schema_version world ruleset_hash selection_hash as_of strategies");
        for (id, strategy) in decision["strategies"].as_object().unwrap() {
            has_keys(
                strategy,
                "status selected action effective_mode downgraded downgrade_reason recommended_stage score rank missing rejected_by rules checks",
            );
            let rejected = &strategy["rejected_by"];
            if !rejected.is_null() {
                has_keys(rejected, "step code rule by");
            }
            assert_eq!(
                strategy["selected"] == true,
                decision["selected"].as_array().unwrap().iter().any(|other| other == id)
            );
            for base in ["data_currency", "sample", "performance", "risk_constraint", "robustness"] {
                assert!(!strategy["rules"][base].is_null(), "{policy}: {id} has no result {base}");
            }
            for result in strategy["rules"].as_object().unwrap().values() {
                has_keys(result, "status severity owner reason_code reason tags details");
            }
            for check in strategy["checks"].as_array().unwrap() {
                has_keys(check, "id layer outcome status value threshold margin severity owner");
            }
        }
        for state in decision["state"]["strategies"].as_object().unwrap().values() {
            has_keys(state, "active since pass_streak fail_streak side sector weight");
        }
    }
}

#[test]
fn the_examples_select_what_they_say() {
    let qmtl = eval("examples/qmtl_profiles/policy.yaml", "examples/qmtl_profiles/snapshot.json", &[]).exits(0);
    assert_eq!(selected(&qmtl), ["alpha", "gamma"]);
    assert_eq!(qmtl.json()["strategies"]["beta"]["rejected_by"]["by"], serde_json::json!(["alpha"]));
    assert_eq!(qmtl.json()["valid_until"], "2026-02-27T21:05:00Z", "300 s by default");
    let sp500 = ("examples/sp500_rules/policy.yaml", "examples/sp500_rules/snapshot.json");
    let without = eval(sp500.0, sp500.1, &[]).exits(0);
    assert_eq!(selected(&without), [""; 0], "without correlations nobody can be compared");
    let with = eval(sp500.0, sp500.1, &["--correlations", "examples/sp500_rules/correlations.csv"]).exits(0);
    assert_eq!(selected(&with).len(), 10);
    assert_eq!(selected(&with)[0], "wmt_rev10_long");
    assert_eq!(
        with.stdout,
        eval(sp500.0, sp500.1, &["--correlations", "examples/sp500_rules/correlations.csv"]).stdout
    );
}

#[test]
fn a_chain_of_days_promotes_what_qualified_twice() {
    let scratch = Scratch::new();
    let state = scratch.path().join("monday.json");
    let state = state.to_str().unwrap();
    let monday = eval(CRYPTO, MONDAY, &["--out", state]).exits(0);
    assert!(monday.stdout.is_empty(), "the decision went to the file: {monday}");
    let monday: Value = serde_json::from_str(&std::fs::read_to_string(state).unwrap()).unwrap();
    assert_eq!(monday["selected"], serde_json::json!([]));
    assert_eq!(monday["strategies"]["btc_mom_24h"]["rejected_by"]["code"], "hysteresis_pending");
    assert_eq!(monday["strategies"]["eth_mom_48h"]["rejected_by"]["by"], serde_json::json!(["eth_mom_24h"]));
    assert_eq!(monday["strategies"]["eth_fade_short"]["downgrade_reason"], "stale_data");
    assert_eq!(monday["strategies"]["new_listing"]["downgrade_reason"], "insufficient_history");
    let expected = ["btc_mom_24h", "eth_mom_24h", "ada_mom_72h", "btc_carry_short"];
    let tuesday = eval(CRYPTO, TUESDAY, &["--previous", state]).exits(0);
    assert_eq!(selected(&tuesday), expected);
    assert_eq!(tuesday.json()["strategies"]["btc_mom_24h"]["action"], "promote");
    // The state alone does as well as the decision that holds it.
    let alone = scratch.file("state.json", monday["state"].to_string());
    assert_eq!(eval(CRYPTO, TUESDAY, &["--previous", alone.to_str().unwrap()]).exits(0).stdout, tuesday.stdout);
    // The same day again changes no streak; going back is an error.
    let again = eval(CRYPTO, MONDAY, &["--previous", state]).exits(0).json();
    assert_eq!(again["selected"], serde_json::json!([]));
    assert_eq!(again["state"], monday["state"]);
    let later = scratch.file("tuesday.json", &tuesday.stdout);
    eval(CRYPTO, MONDAY, &["--previous", later.to_str().unwrap()]).exits(2).says("2026-02-0");
    // A list of ids is what was active.
    let list = scratch.file("list.json", r#"["sol_breakout", "btc_mom_24h"]"#);
    let from_list = eval(CRYPTO, TUESDAY, &["--previous", list.to_str().unwrap()]).exits(0).json();
    assert_eq!(from_list["strategies"]["btc_mom_24h"]["action"], "hold");
    assert_eq!(from_list["strategies"]["btc_mom_24h"]["selected"], true);
    assert_eq!(from_list["strategies"]["sol_breakout"]["selected"], true, "within its `keep`");
    let other = scratch.file("other.json", monday["state"].to_string().replace("crypto_mom_1h", "elsewhere"));
    eval(CRYPTO, TUESDAY, &["--previous", other.to_str().unwrap()]).exits(2).says("elsewhere");
}

#[test]
fn detail_and_format() {
    let scratch = Scratch::new();
    let list = scratch.file("list.json", r#"["btc_mom_24h"]"#);
    let list = list.to_str().unwrap();
    for (detail, count) in [("none", 0), ("selected", 1), ("all", 10)] {
        let decision = eval(CRYPTO, MONDAY, &["--previous", list, "--detail", detail]).exits(0).json();
        assert_eq!(decision["strategies"].as_object().unwrap().len(), count, "--detail {detail}");
        assert_eq!(decision["state"]["strategies"].as_object().unwrap().len(), 10, "the state is always whole");
    }
    let line = eval(CRYPTO, MONDAY, &["--format", "ndjson"]).exits(0);
    assert_eq!(line.stdout.matches('\n').count(), 1);
    assert_eq!(line.json(), eval(CRYPTO, MONDAY, &["--format", "json"]).json());
    eval(CRYPTO, MONDAY, &["--format", "table"]).exits(0).prints("submitted 10").prints("nothing is selected");
    eval(CRYPTO, MONDAY, &["--previous", list, "--format", "table"]).exits(0).prints("btc_mom_24h");
}

#[test]
fn requirements_decide_the_exit_code() {
    let scratch = Scratch::new();
    let list = scratch.file("list.json", r#"["btc_mom_24h"]"#);
    let list = list.to_str().unwrap();
    let require = |ids: &[&str]| {
        let more: Vec<_> = ids.iter().flat_map(|id| ["--require", id]).chain(["--previous", list]).collect();
        eval(CRYPTO, MONDAY, &more)
    };
    require(&["btc_mom_24h"]).exits(0);
    require(&["doge_fade_short"]).exits(1);
    require(&["btc_mom_24h", "doge_fade_short"]).exits(1);
    // Not in the snapshot: there is nothing to judge.
    require(&["nobody"]).exits(3);
    require(&["nobody", "doge_fade_short"]).exits(1);
    require(&["doge_fade_short", "nobody"]).exits(1);
    let policy = scratch.file("policy.yaml", "world: a\nselection: { gates: [sharpe >= 0.5, sample_days >= 30] }\n");
    let text = r#"{"metrics": {"bare": {}, "half": {"sample_days": 3}, "good": {"sharpe": 1, "sample_days": 40}}}"#;
    let snapshot = scratch.file("snapshot.json", text);
    let require = |id: &str| eval(policy.to_str().unwrap(), snapshot.to_str().unwrap(), &["--require", id]);
    require("good").exits(0);
    require("bare").exits(3);
    require("half").exits(1);
}

#[test]
fn what_does_not_belong_to_the_policy_is_refused() {
    eval(CRYPTO, MONDAY, &["--world", "crypto_mom_1h"]).exits(0);
    eval(CRYPTO, MONDAY, &["--world", "other"]).exits(2).says("`crypto_mom_1h`").says("`other`");
    eval(CRYPTO, MONDAY, &["--stage", "nowhere"]).exits(2).says("`nowhere`").says("paper");
    eval(CRYPTO, MONDAY, &["--profile", "nope"]).exits(2).says("`nope`");
    assert_eq!(eval(CRYPTO, MONDAY, &["--stage", "live"]).exits(0).json()["profile"], "conservative");
    assert_eq!(eval(CRYPTO, MONDAY, &["--profile", " Conservative "]).exits(0).json()["profile"], "conservative");
    let bare = "thresholds: { s: { metric: sharpe, min: 0.5 } }\n";
    let judged = |more: &[&str]| run_with(&[&["eval", "-", "--snapshot", MONDAY], more].concat(), bare.as_bytes(), &[]);
    judged(&[]).exits(2).says("--world");
    assert_eq!(judged(&["--world", "w"]).exits(0).json()["world"], "w");
    run_with(&["eval", "-", "--snapshot", "-"], b"", &[]).exits(2).says("standard input");
    run_with(&["eval", "-", "--snapshot", MONDAY], WRONG.as_bytes(), &[]).exits(1).says("QP2001");
}

#[test]
fn the_time_can_be_given() {
    let decision = eval(CRYPTO, MONDAY, &["--as-of", "2026-02-02T22:00:00+01:00"]).exits(0).json();
    assert_eq!(
        (&decision["as_of"], &decision["valid_until"]),
        (&"2026-02-02T21:00:00Z".into(), &"2026-02-02T22:00:00Z".into())
    );
    let utc = eval(CRYPTO, MONDAY, &["--as-of", "2026-02-02T21:00:00"]).exits(0).json();
    assert_eq!(utc["as_of"], "2026-02-02T21:00:00Z");
    let late = eval(CRYPTO, MONDAY, &["--as-of", "2026-02-02T21:30:00Z"]).exits(0).json();
    assert_eq!(late["strategies"]["btc_mom_24h"]["downgrade_reason"], "stale_data");
    let early = eval(CRYPTO, MONDAY, &["--as-of", "2026-02-02T20:00:00Z"]).exits(0).json();
    assert_eq!(early["strategies"]["btc_mom_24h"]["downgrade_reason"], "future_data");
    eval(CRYPTO, MONDAY, &["--as-of", "yesterday"]).exits(2).says("`yesterday`");
}

#[test]
fn correlations_from_a_table() {
    let scratch = Scratch::new();
    let policy = scratch.file(
        "policy.yaml",
        "world: a\nselection: { score: sharpe, constraints: { correlation: { max_pairwise: 0.5 } } }\n",
    );
    let snapshot =
        scratch.file("snapshot.json", r#"{"metrics": {"a": {"sharpe": 2}, "b": {"sharpe": 1}, "c": {"sharpe": 0.5}}}"#);
    let judged = |table: &str| {
        let table = scratch.file("rho.csv", table);
        eval(policy.to_str().unwrap(), snapshot.to_str().unwrap(), &["--correlations", table.to_str().unwrap()])
    };
    assert_eq!(selected(&judged("a,b,rho\na,b,0.6\na,c,0.5\n").exits(0)), ["a", "c"]);
    assert_eq!(selected(&judged("a,b,rho\r\nb,a,-0.6\r\n").exits(0)), ["a", "c"]);
    assert_eq!(selected(&judged("\u{feff}a,b,rho\nb,c,0.1\n").exits(0)), ["a", "b", "c"]);
    assert_eq!(selected(&judged("a,b,rho\n").exits(0)), [""; 0], "a table without pairs is none");
    judged("a,b,0.6\n").exits(2).says("rho.csv:1");
    judged("a,b,rho\na,b,high\n").exits(2).says("rho.csv:2").says("`high`");
    judged("a,b,rho\n\na,b\n").exits(2).says("rho.csv:3");
    judged("a,b,rho\na,b,1.5\n").exits(2).says("rho.csv:2");
    judged("a,b,rho\na,b,0.5\n,b,0.5\n").exits(2).says("rho.csv:3: an id is empty");
    judged("").exits(2).says("rho.csv:1");
}

#[test]
fn broken_snapshots_say_where() {
    let scratch = Scratch::new();
    let broken = |name: &str, text: &str, says: &[&str]| {
        let path = scratch.file(name, text);
        let run = eval(CRYPTO, path.to_str().unwrap(), &[]).exits(2).says(name);
        says.iter().fold(run, |run, text| run.says(text));
    };
    broken("a.json", "{\"metrics\": {\n  \"a\": {},\n  \"a\": {}\n}}", &["a.json:3", "`a`"]);
    broken("b.json", "{\"metrics\": {\"a\": {\"sharpe\": 1, \"sharpe\": 2}}}", &["`sharpe`"]);
    broken("c.yaml", "metrics:\n  a: {}\n  a: {}\n", &["c.yaml:2", "`a`"]);
    broken("d.json", "{\"metrics\": [1]}", &["metrics"]);
    broken("e.json", "{\"metrics\": {\"a\": 1}}", &["a"]);
    broken("f.json", "{\"metrik\": {}}", &["`metrik`"]);
    broken("g.json", "{\"metrics\": {}, \"as_of\": \"yesterday\"}", &["as_of", "yesterday"]);
    broken("i.json", "{\"strategies\": {\"a\": {\"weight\": \"heavy\"}}}", &["weight"]);
    broken("j.json", "{\"correlations\": [[\"a\", \"b\"]]}", &["correlations"]);
    broken("k.json", "{\"correlations\": [[\"a\", \"b\", 1.01]]}", &["1.01"]);
    broken("l.json", "{\"previous\": 3}", &["previous"]);
    let limbo = scratch.file("m.json", "{\"metrics\": {\"a\": {}}, \"stage\": \"limbo\"}");
    eval(CRYPTO, limbo.to_str().unwrap(), &[]).exits(2).says("`limbo`").says("paper");
}

#[test]
fn only_missing_data_makes_a_requirement_inconclusive() {
    let scratch = Scratch::new();
    let require = |policy: &str, snapshot: &str, id: &str| {
        let (policy, snapshot) = (scratch.file("policy.yaml", policy), scratch.file("snapshot.json", snapshot));
        eval(policy.to_str().unwrap(), snapshot.to_str().unwrap(), &["--require", id])
    };
    // What only reports does not count, whether it is missing or failed.
    let gates = "world: a\nselection: { gates: [sharpe >= 0.5, { when: trades_60d >= 40, severity: soft }] }\n";
    require(gates, r#"{"metrics": {"a": {"sharpe": 0, "x": 1}}}"#, "a").exits(1);
    require(gates, r#"{"metrics": {"a": {"trades_60d": 1}}}"#, "a").exits(3);
    let cut = "world: a\nselection: { gates: [{ when: trades_60d >= 40, severity: soft }], score: sharpe, topk: { total: 1 } }\n";
    let text = r#"{"metrics": {"a": {"sharpe": 1}, "b": {"sharpe": 2}, "c": {}}}"#;
    require(cut, text, "a").exits(1);
    require(cut, text, "c").exits(3);
    // What is unknown about the data is missing; what is known to be bad is not.
    let lag = "world: a\ndata_currency: { max_lag: 5m }\nselection: { gates: [sharpe >= 0.5] }\n";
    let at = |more: &str| format!(r#"{{"as_of": "2026-01-02T00:00:00Z", {more} "metrics": {{"a": {{"sharpe": 1}}}}}}"#);
    require(lag, &at(""), "a").exits(3);
    require(lag, &at(r#""data_end": "2026-01-01T00:00:00Z","#), "a").exits(1);
    let history = "world: a\ndata_currency: { min_history: 60d }\nselection: { gates: [sharpe >= 0.5] }\n";
    require(history, &at(""), "a").exits(3);
    let short = r#"{"as_of": "2026-01-02T00:00:00Z", "metrics": {"a": {"sharpe": 1, "sample_days": 3}}}"#;
    require(history, short, "a").exits(1);
    let streaks = "world: a\nselection: { gates: [sharpe >= 0.5], hysteresis: { promote_after: 2 } }\n";
    require(streaks, &at(""), "a").exits(1);
    // Who is not there is named.
    require(gates, r#"{"metrics": {"btc_mom": {"sharpe": 1}}}"#, "btc_mon").exits(3).says("did you mean `btc_mom`?");
}

#[test]
fn one_time_is_not_given_to_several_instants() {
    let scratch = Scratch::new();
    let policy = scratch.file("policy.yaml", "world: a\nselection: { gates: [sharpe >= 0.5] }\n");
    let table = scratch.file("t.csv", "as_of,strategy_id,sharpe\n2026-01-30,a,1\n2026-01-31,a,1\n");
    let at = ["--as-of", "2026-02-01"];
    let judged = eval(policy.to_str().unwrap(), table.to_str().unwrap(), &at).exits(2).says("leave out --as-of");
    assert_eq!(judged.stdout, "");
    let table = scratch.file("one.csv", "as_of,strategy_id,sharpe\n2026-01-30,a,1\n");
    let judged = eval(policy.to_str().unwrap(), table.to_str().unwrap(), &at).exits(0).json();
    assert_eq!(judged["as_of"], "2026-02-01T00:00:00Z");
}
