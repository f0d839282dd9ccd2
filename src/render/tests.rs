//! Findings of small policies, as programs get them.

use serde_json::{Value, json};

use super::{Report, Summary, github, json, prose, rule_page, sarif};
use crate::check::rule;
use crate::compile::{Compiled, NoFiles, compile};
use crate::diag::{Diagnostic, Severity, documents, names};
use crate::source::{FileId, Limits, Sources, Span};

pub(super) fn compiled(text: &str) -> Compiled {
    compile("world.yaml", text, &NoFiles, &Limits::default())
}

pub(super) fn report(compiled: &Compiled) -> Report<'_> {
    Report { diagnostics: &compiled.diagnostics, sources: &compiled.sources, document: Some(&compiled.document) }
}

#[test]
fn json_has_exactly_the_promised_fields() {
    let compiled = compiled("world: a\nselection:\n  gates: # 문\n    - 'shrpe >= 0.5'\n");
    let found = serde_json::to_value(json::render(&[report(&compiled)])).unwrap();
    let start = json!({ "offset": 42, "line": 4, "column": 8 });
    let expected = json!({
        "schema_version": 1,
        "diagnostics": [{
            "code": "QP2001",
            "severity": "error",
            "message": "unknown metric `shrpe`",
            "file": "world.yaml",
            "path": "selection.gates[0]",
            "span": { "start": start, "end": { "offset": 47, "line": 4, "column": 13 } },
            "labels": [],
            "help": "did you mean `sharpe`?",
            "notes": [],
        }],
        "summary": { "errors": 1, "warnings": 0, "notes": 0 },
    });
    assert_eq!(found, expected);
}

#[test]
fn json_labels_name_their_file_only_when_it_is_another() {
    let (sources, found) = two_files();
    let report = Report { diagnostics: &found, sources: &sources, document: None };
    let text = serde_json::to_string(&json::render(&[report])).unwrap();
    let found: Value = serde_json::from_str(&text).unwrap();
    let one = &found["diagnostics"][0];
    assert_eq!(one["labels"][0]["message"], "again");
    assert_eq!(one["labels"][0].get("file"), None);
    assert_eq!(one["labels"][1]["file"], "집.yaml");
    assert_eq!(one["labels"][1]["span"]["start"], json!({ "offset": 18, "line": 2, "column": 7 }));
    assert_eq!((&one["path"], &one["help"]), (&json!(""), &Value::Null));
    assert!(text.starts_with(r#"{"schema_version":1,"diagnostics":[{"code":"#), "fields keep their order: {text}");
}

/// A finding in a policy, with a label in an imported file whose text is Korean.
pub(super) fn two_files() -> (Sources, Vec<Diagnostic>) {
    let mut sources = Sources::default();
    let own = sources.add("world.yaml", "world: 가\ndefine: { quality: 1 }\n");
    let text = "# 한국어\nx: { \"quality\": 2 }\n";
    let house = sources.add("집.yaml", text);
    let at = |file, text: &str, offset| {
        let start = text.find("quality").unwrap() + offset;
        Span::new(file, start, start + 7)
    };
    let here = at(own, sources.get(own).unwrap().text(), 0);
    let found = Diagnostic::new(&names::CONFLICT, here, "`quality` is defined twice").label("again");
    (sources.clone(), vec![found.also(at(house, text, 0), "first here")])
}

#[test]
fn findings_are_sorted_by_place_and_code() {
    let at = |rule, file, start| Diagnostic::new(rule, Span::new(FileId(file), start, start), "m");
    let (one, two) = (&documents::YAML_SYNTAX, &documents::DUPLICATE_KEY);
    let found = [at(one, 1, 0), at(two, 0, 9), at(one, 0, 9), at(two, 0, 3)];
    let places = super::ordered(&found).into_iter().map(|found| (found.span.file.0, found.span.start, found.code()));
    let expected = [(0, 3, "QP1002"), (0, 9, "QP1001"), (0, 9, "QP1002"), (1, 0, "QP1001")];
    assert_eq!(places.collect::<Vec<_>>(), expected);
}

#[test]
fn summaries_are_sentences() {
    let say = |errors, warnings, notes| Summary { errors, warnings, notes }.to_string();
    assert_eq!(say(2, 1, 0), "2 errors, 1 warning");
    assert_eq!(say(0, 0, 0), "ok");
    assert_eq!(say(0, 0, 1), "ok, 1 note");
    let summary = Summary { errors: 0, warnings: 2, notes: 3 };
    assert_eq!(summary.worst(), Some(Severity::Warning));
}

#[test]
fn github_escapes_properties_and_data() {
    let mut sources = Sources::default();
    let file = sources.add("./a,b:100%.yaml", "one\ntwo\n");
    let found = Diagnostic::new(&documents::YAML_SYNTAX, Span::new(file, 4, 7), "100%: a,\r\nb")
        .help("do, so")
        .note("50%")
        .also(Span::new(file, 0, 1), "see");
    let across = Diagnostic::new(&documents::DUPLICATE_KEY, Span::new(file, 0, 5), "m").lowered_to(Severity::Note);
    let found = [found, across];
    let report = Report { diagnostics: &found, sources: &sources, document: None };
    let expected = "::notice file=a%2Cb%3A100%25.yaml,line=1,endLine=2,title=QP1002 duplicate-key::m\n\
        ::error file=a%2Cb%3A100%25.yaml,line=2,col=1,endLine=2,endColumn=4,title=QP1001 yaml-syntax\
        ::100%25: a,%0D%0Ab%0A./a,b:100%25.yaml:1:1: see%0Ahelp: do, so%0Anote: 50%25\n";
    assert_eq!(github::render(&[report]), expected);
}

#[test]
fn sarif_has_what_the_standard_requires() {
    let text = "\u{feff}world: a\nselection:\n  gates: [\"'가' == side\", sharpe >= 0.5, shrpe >= 1]\nallow_live: no\n";
    let compiled = compile("정책/내 world.yaml", text, &NoFiles, &Limits::default());
    let log = sarif::render(&[report(&compiled)]);
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    assert_eq!(run["columnKind"], "unicodeCodePoints");
    let driver = &run["tool"]["driver"];
    assert_eq!((&driver["name"], &driver["version"]), (&json!("qmtl-policy"), &json!(env!("CARGO_PKG_VERSION"))));
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), compiled.diagnostics.len());
    for result in results {
        let rule = &driver["rules"][result["ruleIndex"].as_u64().unwrap() as usize];
        assert_eq!(rule["id"], result["ruleId"]);
        assert!(rule["help"]["text"].as_str().unwrap().contains("Wrong:\n\nworld: demo"));
        assert_eq!(rule["defaultConfiguration"]["level"], "error");
        assert!(rule["shortDescription"]["text"].is_string() && rule["fullDescription"]["text"].is_string());
        let uri = &result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
        assert_eq!(*uri, "%EC%A0%95%EC%B1%85/%EB%82%B4%20world.yaml");
    }
    let live = results.iter().find(|result| result["ruleId"] == "QP1004").unwrap();
    let region = &live["locations"][0]["physicalLocation"]["region"];
    let offset = text.find("no\n").unwrap();
    let expected = json!({ "startLine": 4, "startColumn": 13, "endLine": 4, "endColumn": 15, "byteOffset": offset, "byteLength": 2 });
    assert_eq!(*region, expected);
    assert_eq!(live["locations"][0]["logicalLocations"][0]["fullyQualifiedName"], "allow_live");
    assert!(live["message"]["text"].as_str().unwrap().contains("\nhelp: write `false`"));
}

#[test]
fn sarif_points_at_other_places_and_files() {
    let (sources, found) = two_files();
    let log = sarif::render(&[Report { diagnostics: &found, sources: &sources, document: None }]);
    let result = &log["runs"][0]["results"][0];
    assert_eq!(result["locations"][0]["message"]["text"], "again");
    let related = &result["relatedLocations"][0];
    assert_eq!((&related["id"], &related["message"]["text"]), (&json!(0), &json!("first here")));
    assert_eq!(related["physicalLocation"]["artifactLocation"]["uri"], "%EC%A7%91.yaml");
    assert_eq!(related["physicalLocation"]["region"]["startLine"], 2);
}

#[test]
fn spans_that_fit_no_text_do_not_panic() {
    let mut sources = Sources::default();
    let file = sources.add("world.yaml", "가나\r\n다");
    for (start, end) in [(1, 2), (2, 7), (7, 8), (0, 99), (50, 99), (5, 9)] {
        let found = [file, FileId(9)].map(|file| {
            Diagnostic::new(&documents::YAML_SYNTAX, Span::new(file, start, end), "m")
                .also(Span::new(file, end, end), "n")
        });
        let report = Report { diagnostics: &found, sources: &sources, document: None };
        assert!(!sarif::render(&[report]).is_null() && !github::render(&[report]).is_empty());
        assert!(serde_json::to_string(&json::render(&[report])).is_ok());
    }
}

#[test]
fn rule_pages_show_everything() {
    for found in crate::check::registry() {
        let page = rule_page::render(found, 80);
        assert!(page.starts_with(&format!("{} {} ({})\n", found.code, found.slug, found.severity.as_str())));
        for example in [found.wrong, found.right] {
            let first = example.lines().next().unwrap_or("");
            assert!(page.contains(&format!("    {first}")), "{page}");
        }
        let (prose, _) = page.split_once("\nWrong:\n").unwrap();
        assert!(prose.lines().all(|line| prose::columns(line) <= 80), "{page}");
    }
    assert!(rule_page::render(rule("yaml-tag").unwrap(), 40).contains("\n\nRight:\n\n    world: demo\n"));
}

#[test]
fn prose_is_wrapped_at_spaces_by_columns() {
    assert_eq!(prose::wrap("one two three", 7), ["one two", "three"]);
    assert_eq!(prose::wrap("가나 다라", 8), ["가나", "다라"]);
    assert_eq!(prose::wrap("  a b\n\nunbreakable-word", 5), ["  a b", "", "unbreakable-word"]);
}
