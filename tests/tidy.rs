//! The rules of the house that a machine can check.

use std::collections::{BTreeMap, BTreeSet};

use qmtl_policy::builtin::{self, Builtin};
use qmtl_policy::{Options, Policy, Snapshot, check, stdlib};

use crate::support::{files, read, root, shown};

/// Whether every code needs its two cases; until all are there, only directories are looked at.
const REQUIRED_FROM_ALL: bool = false;
/// Codes that no policy file can trigger, with the reason.
const NOT_IN_A_FILE: &[(&str, &str)] = &[];
/// Codes whose page is known to be wrong, with the reason. Empty it.
const WRONG_PAGES: &[(&str, &str)] = &[("QP3009", "`hysteresis` at the top of a threshold document is not a key yet")];
/// Longest file of `src`.
const MOST_LINES: usize = 450;
/// Longer files, with the reason. Take out what has become shorter.
const LONG_FILES: &[(&str, &str)] = &[
    ("src/eval/engine.rs", "the way from snapshot to decision in one piece, to be divided by step"),
    ("src/compile/expression.rs", "one rule of typing for each form of expression"),
];

/// The rooms by layer: a room imports from layers before its own, and from itself.
const LAYERS: &[&[&str]] = &[
    &["source"],
    &["diag"],
    &["value"],
    &["syntax"],
    &["ir"],
    &["builtin"],
    &["stdlib"],
    &["compile"],
    &["check", "eval", "format"],
    &["lifecycle"],
    &["store", "render"],
    &["policy"],
    &["cli", "wasm"],
];
/// Imports within one layer or upwards that are meant, with the reason.
const MEANT: &[(&str, &str, &str)] = &[
    ("builtin", "ir", "a call in the program carries the id of its function"),
    ("cli", "policy", "the library's front door"),
];

/// A file of `src` without its unit tests and comments.
struct Code {
    name: String,
    room: String,
    text: String,
}

fn code() -> Vec<Code> {
    let one = |path: &std::path::PathBuf| {
        let name = shown(path);
        let room = name.trim_start_matches("src/").split('/').next().unwrap_or_default().trim_end_matches(".rs").to_owned();
        let text = read(&name);
        let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        Code { name, room, text: lines.map(|line| format!("{line}\n")).collect() }
    };
    let found: Vec<_> = files("src", &["rs"]).iter().map(one).collect();
    assert!(found.len() > 100, "the sources are gone");
    found
}

fn is_test_file(name: &str) -> bool {
    name.ends_with("tests.rs") || name.ends_with("/oracle.rs") || name.ends_with("/properties.rs")
}

/// The rooms named by `crate::room`, also in `use crate::{a::…, b::…}`.
fn imports(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, _) in text.match_indices("crate::") {
        let rest = &text[at + "crate::".len()..];
        let word = |text: &str| text.trim().chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect::<String>();
        if !rest.starts_with('{') {
            found.insert(word(rest));
            continue;
        }
        let mut depth = 0;
        let mut item = String::new();
        for letter in rest.chars() {
            match letter {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 1 => drop(found.insert(word(&std::mem::take(&mut item)))),
                _ if depth == 1 => item.push(letter),
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
        found.insert(word(&item));
    }
    found
}

#[test]
fn rooms_import_only_from_rooms_before_them() {
    let layer = |room: &str| LAYERS.iter().position(|rooms| rooms.contains(&room));
    let mut wrong = Vec::new();
    let mut used: BTreeSet<(String, String)> = BTreeSet::new();
    for code in code().iter().filter(|code| !["lib", "main"].contains(&code.room.as_str()) && !is_test_file(&code.name)) {
        let Some(own) = layer(&code.room) else {
            wrong.push(format!("{}: the room `{}` stands in no layer of LAYERS", code.name, code.room));
            continue;
        };
        for other in imports(&code.text).into_iter().filter(|other| *other != code.room) {
            let root_name = other.starts_with(|c: char| c.is_uppercase()) || layer(&other).is_none();
            if root_name {
                // What the root reexports comes from the front door.
                if own < layer("policy").unwrap_or(0) {
                    wrong.push(format!("{}: takes `crate::{other}` from the root of the crate", code.name));
                }
                continue;
            }
            used.insert((code.room.clone(), other.clone()));
            let meant = MEANT.iter().any(|(from, to, _)| *from == code.room && *to == other);
            if layer(&other) >= Some(own) && !meant {
                wrong.push(format!("{}: `{}` must not import from `{other}`", code.name, code.room));
            }
        }
    }
    for (from, to, reason) in MEANT {
        if !used.contains(&((*from).to_owned(), (*to).to_owned())) {
            wrong.push(format!("MEANT lists {from} → {to} ({reason}), which nobody uses"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_file_says_what_it_is() {
    let all = files("src", &["rs"]).into_iter().chain(files("tests", &["rs"])).chain(files("benches", &["rs"]));
    let bare: Vec<_> = all.filter(|path| !read(shown(path)).starts_with("//! ")).map(|path| shown(&path)).collect();
    assert!(bare.is_empty(), "these files do not begin with `//! `: {bare:#?}");
}

#[test]
fn names_are_imported_one_by_one() {
    let mut wrong = Vec::new();
    for code in code().iter().filter(|code| !is_test_file(&code.name)) {
        let globs = code.text.lines().filter(|line| line.trim_start().trim_start_matches("pub ").starts_with("use ") && line.contains("::*"));
        wrong.extend(globs.map(|line| format!("{}: {}", code.name, line.trim())));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_can_be_read_in_one_sitting() {
    let mut wrong = Vec::new();
    for path in files("src", &["rs"]) {
        let name = shown(&path);
        let lines = read(&name).lines().count();
        let known = LONG_FILES.iter().any(|(long, _)| *long == name);
        if lines > MOST_LINES && !known {
            wrong.push(format!("{name} has {lines} lines, more than {MOST_LINES}"));
        }
        if lines <= MOST_LINES && known {
            wrong.push(format!("{name} has become short enough: take it out of LONG_FILES"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn codes_are_unique_and_have_pages_that_hold() {
    let mut seen = BTreeMap::new();
    for rule in check::registry() {
        let number = rule.code.strip_prefix("QP").unwrap_or_default();
        assert!(number.len() == 4 && number.bytes().all(|b| b.is_ascii_digit()), "{} is no QPnnnn", rule.code);
        assert_eq!(seen.insert(rule.code, rule.slug), None, "{} stands twice in the registry", rule.code);
        assert!(rule.summary.ends_with('.') && !rule.why.is_empty(), "{}: the page is not finished", rule.code);
    }
    let slugs: BTreeSet<_> = seen.values().collect();
    assert_eq!(slugs.len(), seen.len(), "two codes have one slug");
}

/// The examples on the pages do what the pages say.
#[test]
fn examples_of_pages_are_wrong_and_right() {
    let mut complaints = Vec::new();
    for rule in check::registry() {
        let found = |text: &str| {
            let checked = qmtl_policy::check("policy", text, &crate::support::Beside, &qmtl_policy::Limits::default());
            checked.diagnostics.iter().map(qmtl_policy::Diagnostic::code).collect::<Vec<_>>()
        };
        let needs_files = ["import-failed", "import-cycle"].contains(&rule.slug);
        if WRONG_PAGES.iter().any(|(code, _)| *code == rule.code) {
            continue;
        }
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
fn codes_have_a_wrong_and_a_right_case() {
    let directory = root().join("tests/corpus/check");
    let mut wrong = Vec::new();
    let known: BTreeSet<_> = check::registry().iter().map(|rule| rule.code).collect();
    for code in &known {
        let own = directory.join(code);
        let exempt = NOT_IN_A_FILE.iter().any(|(other, _)| other == code);
        if exempt || !(own.is_dir() || REQUIRED_FROM_ALL) {
            continue;
        }
        for (case, is_wrong) in [("wrong.yaml", true), ("right.yaml", false)] {
            let Ok(text) = std::fs::read_to_string(own.join(case)) else {
                wrong.push(format!("{code}: there is no tests/corpus/check/{code}/{case}"));
                continue;
            };
            let expects = text.lines().any(|line| line.trim_start_matches('\u{feff}').trim_start().starts_with("#~") && line.contains(code));
            if expects != is_wrong {
                wrong.push(format!("{code}: {case} {} the code", if expects { "expects" } else { "does not expect" }));
            }
        }
    }
    let directories = std::fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    for name in directories.filter(|name| name.starts_with("QP")) {
        if !known.contains(name.as_str()) {
            wrong.push(format!("tests/corpus/check/{name} belongs to no code"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_file_of_the_standard_library_is_embedded_and_clean() {
    let embedded: BTreeSet<_> = stdlib::embedded_files().collect();
    let there: BTreeSet<_> =
        files("stdlib", &["yaml", "yml"]).iter().map(|path| shown(path).trim_start_matches("stdlib/").to_owned()).collect();
    assert_eq!(embedded, there, "src/stdlib/embedded.rs lists other files than stdlib/ holds");
    assert!(stdlib::standard().diagnostics.is_empty(), "{:#?}", stdlib::standard().diagnostics);
    for name in stdlib::importable_names() {
        let text = format!("world: demo\nimport: [{name}]\nselection: {{ gates: [sharpe >= 0.5] }}\n");
        Policy::compile(&text).unwrap_or_else(|error| panic!("{name} cannot be imported: {error}"));
    }
}

#[test]
fn metrics_of_the_catalogue_are_described_once() {
    let mut names = BTreeMap::new();
    for entry in stdlib::standard().catalogue.entries() {
        assert!(!entry.summary.is_empty(), "{} has no summary", entry.name);
        assert!(entry.summary.ends_with('.'), "the summary of {} is no sentence", entry.name);
        assert!(entry.range.low <= entry.range.high, "{} has an empty range", entry.name);
        for name in entry.aliases.iter().map(|alias| &alias.name).chain([&entry.name]) {
            assert_eq!(names.insert(name.clone(), entry.name.clone()), None, "{name} is named twice");
        }
    }
}

#[test]
fn builtins_are_sorted_and_findable() {
    let names: Vec<_> = builtin::ALL.iter().map(|builtin| builtin.name).collect();
    let mut sorted = names.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(names, sorted);
    let grammar = "abs min max clamp sqrt ln log10 exp floor ceil sign round if coalesce missing \
                   mean median stddev quantile count rank percentile zscore";
    let mut promised: Vec<_> = grammar.split_whitespace().collect();
    promised.sort_unstable();
    assert_eq!(names, promised, "the functions of the specification");
    for builtin in builtin::ALL {
        assert_eq!(builtin::by_name(builtin.name).map(|(_, found)| found.name), Some(builtin.name));
        assert!(builtin.usage.starts_with(&format!("{}(", builtin.name)), "{}: {}", builtin.name, builtin.usage);
        assert!(!builtin.examples.is_empty(), "{} has no example", builtin.name);
    }
}

#[test]
fn examples_of_builtins_yield_what_they_say() {
    let examples = builtin::ALL.iter().flat_map(|builtin| builtin.examples.iter().map(move |example| (builtin, example)));
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
    let key = if truth { format!("gates: ['{expression}', sharpe > 0]") } else { format!("gates: [sharpe > 0], score: '{expression}'") };
    let text = format!("world: demo\nselection: {{ {key} }}\n");
    let checked = qmtl_policy::check("policy", &text, &qmtl_policy::NoFiles, &qmtl_policy::Limits::default());
    // That a constant gate never or always passes is just the point here.
    let errors = checked.diagnostics.iter().filter(|d| d.severity == qmtl_policy::Severity::Error && !d.code().starts_with("QP3"));
    let errors: Vec<_> = errors.map(|d| d.message.as_str()).collect();
    assert!(errors.is_empty(), "{}: `{expression}`: {errors:?}", builtin.name);
    let snapshot = Snapshot::from_json(r#"{"metrics": {"a": {"sharpe": 1}}}"#).unwrap();
    let program = checked.program.unwrap();
    let fingerprints = qmtl_policy::ir::fingerprints(&program);
    let decision = qmtl_policy::eval::evaluate(&program, &fingerprints, &snapshot, &Options::default()).unwrap();
    let (_, strategy) = &decision.strategies[0];
    match strategy.score {
        _ if truth => strategy.checks[0].outcome.to_owned(),
        Some(score) => score.to_string(),
        None => "missing".to_owned(),
    }
}
