//! The language reference is true: its generated parts are current, its examples do what it says.
//!
//! `UPDATE_REFERENCE=1` writes the generated parts anew.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use qmtl_policy::builtin::{self, Builtin};
use qmtl_policy::eval::{Value as Tree, read_json};
use qmtl_policy::lifecycle::{BlockReason, ModeContext, ReadFieldError, read_runs, resolve_mode};
use qmtl_policy::stdlib::{Template, importable_names, standard};
use qmtl_policy::syntax::document::{Field, Shape, Take, library_shape};
use qmtl_policy::syntax::parse_quantity;
use qmtl_policy::value::Unit;
use qmtl_policy::{Checked, Limits, LoadedFile, Loader, Options, Policy, Severity, Snapshot};

use crate::root;

const OPENS: &str = "<!-- generated: ";
const CLOSES: &str = "<!-- end -->";

fn page() -> String {
    std::fs::read_to_string(root().join("grammar/README.md")).expect("the reference")
}

// --- The generated parts -------------------------------------------------------------------------

#[test]
fn generated_parts_are_current() {
    let written = page();
    let mut current = String::new();
    let mut rest = written.as_str();
    while let Some(start) = rest.find(OPENS) {
        let (before, from) = rest.split_at(start);
        let (opening, inside) = from.split_once('\n').expect("a marker stands on a line of its own");
        let name = opening.strip_prefix(OPENS).and_then(|name| name.strip_suffix(" -->")).expect("a whole marker");
        let end = inside.find(CLOSES).unwrap_or_else(|| panic!("`{name}` has no end"));
        let part = generated(name, &written);
        let _ = write!(current, "{before}{opening}\n\n{}\n\n", part.trim());
        rest = &inside[end..];
    }
    current.push_str(rest);
    if std::env::var_os("UPDATE_REFERENCE").is_some() {
        std::fs::write(root().join("grammar/README.md"), &current).expect("the reference is written");
    } else {
        assert!(current == written, "grammar/README.md is not current: run with UPDATE_REFERENCE=1, read what changes");
    }
}

fn generated(name: &str, page: &str) -> String {
    match name.split_once(' ').unwrap_or((name, "")) {
        ("keys", path) => keys(path, false),
        ("tree", path) => keys(path, true),
        ("gate", _) => gate(),
        ("functions", _) => functions(),
        ("units", _) => units(),
        ("codes", _) => codes(),
        ("rule-sections", _) => rule_sections(),
        ("report-sections", _) => report_sections(),
        ("libraries", _) => importable_names().map(|name| format!("- `{name}`\n")).collect(),
        ("decision", _) => decision(page),
        _ => panic!("nothing is generated under the name `{name}`"),
    }
}

fn table(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let escaped = |cell: String| cell.replace('|', "\\|");
    let mut text = line(head.iter().map(|cell| (*cell).to_owned()).collect());
    text += &line(head.iter().map(|_| "---".to_owned()).collect());
    rows.into_iter().for_each(|row| text += &line(row.into_iter().map(escaped).collect()));
    text
}

/// The keys of the mapping at a path that begins with `policy` or `library`; with all below them, if `deep`.
fn keys(path: &str, deep: bool) -> String {
    let sections: Vec<_> = standard().library.templates.iter().map(Template::shape).collect();
    let library = library_shape(&sections);
    let mut steps = path.split('.');
    let mut shape = match steps.next() {
        Some("policy") => &standard().policy_shape,
        Some("library") => &library,
        _ => panic!("`{path}` begins with neither `policy` nor `library`"),
    };
    for step in steps {
        let field = shape.field(step).unwrap_or_else(|| panic!("`{path}`: no key `{step}`"));
        shape = inner(&field.take).unwrap_or_else(|| panic!("`{path}`: `{step}` has no keys"));
    }
    let mut rows = Vec::new();
    list(shape, "", deep, &mut rows);
    table(&["key", "takes", "meaning"], rows)
}

/// The keys within a value, whatever wraps them.
fn inner(take: &Take) -> Option<&Shape> {
    match take {
        Take::Map(shape) | Take::TextOr(shape) | Take::NumberOr(shape) => Some(shape),
        Take::MapOf(item) | Take::List(item) => inner(item),
        _ => None,
    }
}

fn list(shape: &Shape, prefix: &str, deep: bool, rows: &mut Vec<Vec<String>>) {
    for field in &shape.fields {
        let Field { name, take, summary, required } = field;
        let needed = if *required { " Needed." } else { "" };
        rows.push(vec![format!("`{prefix}{name}`"), takes(take), format!("{summary}{needed}")]);
        if let (true, Some(below)) = (deep, inner(take)) {
            let between = match take {
                Take::MapOf(_) => ".<name>.",
                Take::List(_) => "[].",
                _ => ".",
            };
            list(below, &format!("{prefix}{name}{between}"), deep, rows);
        }
    }
    if let Some(others) = &shape.others {
        let row = ["a metric or a bound on one".to_owned(), takes(others), "See the forms of bounds.".to_owned()];
        rows.push(row.to_vec());
        if let (true, Some(below)) = (deep, inner(others)) {
            list(below, &format!("{prefix}<metric>."), deep, rows);
        }
    }
}

fn takes(take: &Take) -> String {
    match take {
        Take::List(item) => format!("a list, each {}", takes(item)),
        Take::MapOf(item) => format!("a mapping of names, each to {}", takes(item)),
        Take::Number => "a number, also with `%` or `bp`".to_owned(),
        Take::Word(words) => words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", "),
        other => other.describe().into_owned(),
    }
}

/// The keys of a gate, from the schema that editors get.
fn gate() -> String {
    let schema = qmtl_policy::json_schema();
    let properties = &schema["$defs"]["gate"]["anyOf"][1]["properties"];
    let rows = properties.as_object().expect("the keys of a gate").iter().map(|(key, value)| {
        let takes = match (value["enum"].as_array(), value.get("$ref").is_some(), key.as_str()) {
            (Some(words), ..) => {
                words.iter().map(|word| format!("`{}`", word.as_str().expect("a word"))).collect::<Vec<_>>().join(", ")
            }
            (None, true, _) => "a list or a tree of gates".to_owned(),
            (None, false, "when" | "keep") => "an expression".to_owned(),
            _ => "a text".to_owned(),
        };
        vec![format!("`{key}`"), takes, value["description"].as_str().unwrap_or_default().to_owned()]
    });
    table(&["key", "takes", "meaning"], rows)
}

fn functions() -> String {
    let row = |function: &&Builtin| {
        let examples: Vec<_> =
            function.examples.iter().map(|(call, result)| format!("`{call}` is `{result}`")).collect();
        vec![format!("`{}`", function.usage), function.summary.to_owned(), examples.join("; ")]
    };
    let (cohort, single): (Vec<_>, Vec<_>) = builtin::ALL.iter().partition(|function| function.is_cohort());
    let head = ["call", "yields", "examples"];
    let own = table(&head, single.iter().map(row));
    let of_all = table(&head, cohort.iter().map(row));
    format!(
        "Of the strategy's own values:\n\n{own}\nOver the cohort (the examples are of a cohort of one):\n\n{of_all}"
    )
}

fn units() -> String {
    let row = |unit: &Unit| {
        let name = unit.as_str();
        let (means, literals) = match unit {
            Unit::Ratio => ("a fraction of one, or a plain quotient", "`25%`, `5bp`, `0.25`"),
            Unit::Count => ("whole things", "`40`"),
            Unit::Days => ("days of 24 hours", "`30`, `30d`, `2w`"),
            Unit::Years => ("years of 365 days", "`1.5`, `365d`"),
            Unit::Duration => ("a length of time", "`90s`, `5m`, `3h`, `180d`, `2w`"),
            Unit::Currency => ("money", "`1_000_000`"),
            Unit::Score => ("a rating on a scale of its own", "`7`"),
            Unit::Bare => unreachable!("no metric is declared so"),
        };
        let other: Vec<_> = Unit::DECLARABLE
            .iter()
            .filter(|other| *other != unit && unit.conversion(**other).is_some())
            .map(|other| format!("`{}`", other.as_str()))
            .collect();
        let other = if other.is_empty() { "nothing".to_owned() } else { other.join(", ") };
        vec![format!("`{name}`"), means.to_owned(), literals.to_owned(), other]
    };
    table(&["unit", "is", "literals", "converts to"], Unit::DECLARABLE.iter().map(row))
}

fn codes() -> String {
    let row = |rule: &&qmtl_policy::diag::Rule| {
        let name = format!("`{}`", rule.code);
        vec![name, rule.slug.to_owned(), rule.severity.as_str().to_owned(), rule.summary.to_owned()]
    };
    table(&["code", "name", "severity", "finding"], qmtl_policy::check::registry().iter().map(row))
}

fn rule_sections() -> String {
    let sections = standard().library.templates.iter().filter(|template| template.layer.is_some());
    let row = |section: &Template| {
        let own: Vec<_> = section.parameters.iter().map(|own| format!("`{}`: {}", own.name, own.summary)).collect();
        vec![format!("`{}`", section.name), section.summary.clone(), section.owner.clone(), own.join(" ")]
    };
    table(&["section", "about", "owner", "parameters of its own"], sections.map(row))
}

fn report_sections() -> String {
    let mut text = String::new();
    for section in standard().library.templates.iter().filter(|template| template.layer.is_none()) {
        let severity = section.severity.as_str();
        let _ = write!(
            text,
            "#### `{}`\n\n{} Severity `{severity}`, owner `{}`.\n\n",
            section.name, section.summary, section.owner
        );
        text += &keys(&format!("policy.{}", section.name), true);
        let codes = section.verdicts.iter().flat_map(|verdict| [&verdict.fail, &verdict.missing]).flatten();
        let codes: Vec<_> = codes.chain([&section.ok]).map(|code| format!("`{code}`")).collect();
        let _ = write!(text, "\nReason codes: {}.\n\n", codes.join(", "));
    }
    text
}

/// The decision of the policy `yaml decision` on the snapshot `json decision`.
fn decision(page: &str) -> String {
    let body = |info: &str| blocks(page).into_iter().find(|block| block.info == info).expect(info).body;
    let policy = Policy::compile(&body("yaml decision")).expect("the policy of the example");
    let snapshot = Snapshot::from_json(&body("json decision")).expect("the snapshot of the example");
    let mut decision = policy.evaluate(&snapshot, &Options::default()).expect("the decision of the example");
    // Hashes change with every change of the language; one strategy and one result show the form of all.
    let short = || "blake3:…".to_owned();
    (decision.ruleset_hash, decision.selection_hash) = (short(), short());
    (decision.state.ruleset_hash, decision.state.selection_hash) = (short(), short());
    decision.strategies.truncate(1);
    decision.strategies[0].1.rules.retain(|(name, _)| name == "risk_constraint");
    format!("```json output\n{}\n```", serde_json::to_string_pretty(&decision).expect("text"))
}

// --- The examples --------------------------------------------------------------------------------

/// A fenced block, with the line on which it begins.
struct Block {
    info: String,
    body: String,
    line: usize,
}

fn blocks(page: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let mut lines = page.lines().enumerate();
    while let Some((line, text)) = lines.next() {
        let Some(info) = text.strip_prefix("```") else { continue };
        let body = lines.by_ref().map(|(_, text)| text).take_while(|text| *text != "```");
        let body = body.map(|text| format!("{text}\n")).collect();
        found.push(Block { info: info.to_owned(), body, line: line + 1 });
    }
    found
}

/// The libraries that the page shows, by file name.
struct Shown(BTreeMap<String, String>);

impl Loader for Shown {
    fn load(&self, name: &str, _importer: &str) -> Result<LoadedFile, String> {
        let name = name.trim_start_matches("./");
        let text = self.0.get(name).ok_or_else(|| "the reference does not show it".to_owned())?;
        Ok(LoadedFile { name: name.to_owned(), text: text.clone() })
    }
}

fn libraries(page: &str) -> Shown {
    let library = |block: Block| Some((block.info.strip_prefix("yaml library ")?.to_owned(), block.body));
    Shown(blocks(page).into_iter().filter_map(library).collect())
}

fn check(text: &str, libraries: &Shown) -> Checked {
    qmtl_policy::check("policy.yaml", text, libraries, &Limits::default())
}

/// Findings that are more than notes, each as one line.
fn findings(checked: &Checked) -> Vec<String> {
    let grave = checked.diagnostics.iter().filter(|finding| finding.severity > Severity::Note);
    grave.map(|finding| format!("{} {} {}", finding.severity.as_str(), finding.code(), finding.message)).collect()
}

#[test]
fn examples_do_what_the_page_says() {
    let page = page();
    let libraries = libraries(&page);
    let mut wrong = Vec::new();
    for Block { info, body, line } in blocks(&page) {
        let words: Vec<&str> = info.split(' ').collect();
        let found = match words.as_slice() {
            ["yaml"] | ["yaml", "decision"] => findings(&check(&body, &libraries)),
            ["yaml", "error" | "warning", code] => {
                let found = findings(&check(&body, &libraries));
                let only = format!("{} {code} ", words[1]);
                let as_said = !found.is_empty() && found.iter().all(|finding| finding.starts_with(&only));
                if as_said { Vec::new() } else { vec![format!("not `{only}` alone: {found:?}")] }
            }
            ["yaml", "library", name] => {
                let policy = format!("world: demo\nimport: ./{name}\nselection: {{ gates: [sharpe >= 0.5] }}\n");
                findings(&check(&policy, &libraries))
            }
            ["yaml", "gates"] => {
                let list: String = body.lines().map(|line| format!("    {line}\n")).collect();
                findings(&check(&format!("world: demo\nselection:\n  gates:\n{list}"), &libraries))
            }
            ["expr", ..] => expressions(&page, &words, &body),
            ["json"] | ["json", "decision" | "expressions"] => match Snapshot::from_json(&body) {
                Ok(_) => Vec::new(),
                Err(error) => vec![error.to_string()],
            },
            ["json", "runs"] => complaint(&body, read_runs),
            ["json", "mode"] => complaint(&body, ModeContext::read),
            ["json", "output"] | ["sh"] => Vec::new(),
            _ => vec![format!("`{info}` is no kind of example")],
        };
        wrong.extend(found.into_iter().map(|found| format!("line {line}: {found}")));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What is wrong with a document for one of the verbs.
fn complaint<T>(body: &str, read: impl Fn(&Tree) -> Result<T, ReadFieldError>) -> Vec<String> {
    let tree = read_json(body).expect("JSON");
    read(&tree).err().map(|error| error.to_string()).into_iter().collect()
}

#[test]
fn the_example_of_a_mode_resolves_as_the_page_says() {
    let block = blocks(&page()).into_iter().find(|block| block.info == "json mode").expect("the example");
    let context = ModeContext::read(&read_json(&block.body).expect("JSON")).expect("a context");
    let resolved = resolve_mode(&context);
    assert_eq!((resolved.execution_domain.as_str(), resolved.order_gate.as_str()), ("dryrun", "reduce_only"));
    assert!(resolved.overridden && !resolved.safe_mode);
}

#[test]
fn every_reason_is_mentioned_in_its_order() {
    let page = page();
    let names: Vec<_> = BlockReason::ALL.iter().map(|reason| format!("`{}`", reason.as_str())).collect();
    let places: Vec<_> =
        names.iter().map(|name| page.find(name.as_str()).unwrap_or_else(|| panic!("{name}"))).collect();
    assert!(places.is_sorted());
}

/// `expression => value` in each line, or expressions that give a code as an error.
fn expressions(page: &str, words: &[&str], body: &str) -> Vec<String> {
    let snapshot = blocks(page).into_iter().find(|block| block.info == "json expressions").expect("a snapshot");
    let snapshot = Snapshot::from_json(&snapshot.body).expect("a snapshot");
    let mut wrong = Vec::new();
    for line in body.lines() {
        let (expression, wanted) =
            line.split_once(" => ").map_or((line, None), |(left, right)| (left, Some(right.trim())));
        let got = evaluate(expression.trim(), &snapshot);
        let fits = match (words, &got, wanted) {
            (["expr", "error", code], Err(found), _) => {
                found.iter().all(|found| found.starts_with(&format!("error {code} ")))
            }
            (["expr"], Ok(_), None) => true,
            (["expr"], Ok(got), Some(wanted)) => *got == read(wanted),
            _ => false,
        };
        if !fits {
            wrong.push(format!("`{line}` gives {got:?}"));
        }
    }
    wrong
}

#[test]
fn examples_of_functions_give_their_results() {
    let one = Snapshot::from_json(r#"{"metrics": {"s1": {}}}"#).expect("a cohort of one");
    for function in builtin::ALL {
        assert!(!function.examples.is_empty(), "`{}` has no example", function.name);
        for (call, result) in function.examples {
            assert_eq!(evaluate(call, &one), Ok(read(result)), "`{call}`");
        }
    }
}

#[derive(Debug, PartialEq)]
enum Value {
    Number(f64),
    Truth(bool),
    Missing,
}

fn read(text: &str) -> Value {
    match text {
        "missing" => Value::Missing,
        "true" | "false" => Value::Truth(text == "true"),
        number => Value::Number(parse_quantity(number).expect(number).0),
    }
}

/// The value of an expression for the strategy `s1`, or what is wrong with it.
fn evaluate(expression: &str, snapshot: &Snapshot) -> Result<Value, Vec<String>> {
    let score = |expression: &str| -> Result<Option<f64>, Vec<String>> {
        let quoted = serde_json::to_string(expression).expect("text");
        let text = format!("world: demo\nselection: {{ score: {quoted} }}\n");
        let policy = Policy::compile(&text).map_err(|error| findings(&error.0))?;
        let decision = policy.evaluate(snapshot, &Options::default()).map_err(|error| vec![error.to_string()])?;
        let of_one = decision.strategies.iter().find(|(id, _)| id == "s1").expect("the strategy `s1`");
        Ok(of_one.1.score)
    };
    // Truth values are read through a number.
    match score(&format!("if({expression}, 1, 0)")) {
        Ok(value) => Ok(value.map_or(Value::Missing, |value| Value::Truth(value == 1.0))),
        Err(_) => score(expression).map(|value| value.map_or(Value::Missing, Value::Number)),
    }
}

// --- Completeness --------------------------------------------------------------------------------

#[test]
fn nothing_goes_unmentioned() {
    let page = page();
    let functions = builtin::ALL.iter().map(|function| format!("`{}`", function.usage));
    let units = Unit::DECLARABLE.iter().map(|unit| format!("`{}`", unit.as_str()));
    let codes = qmtl_policy::check::registry().into_iter().map(|rule| format!("`{}`", rule.code));
    let libraries = importable_names().map(|name| format!("`{name}`"));
    let absent: Vec<_> =
        functions.chain(units).chain(codes).chain(libraries).filter(|name| !page.contains(name.as_str())).collect();
    assert!(absent.is_empty(), "grammar/README.md does not mention {absent:?}");
    // A row in a generated table explains no section.
    let by_hand: String = parts_by_hand(&page).collect();
    let unexplained: Vec<_> = standard()
        .policy_shape
        .fields
        .iter()
        .map(|field| format!("`{}`", field.name))
        .filter(|name| !by_hand.contains(name.as_str()))
        .collect();
    assert!(unexplained.is_empty(), "grammar/README.md does not explain {unexplained:?}");
}

/// The text between the generated parts.
fn parts_by_hand(page: &str) -> impl Iterator<Item = &str> {
    page.split(CLOSES).map(|part| part.split(OPENS).next().unwrap_or_default())
}

#[test]
fn recipes_name_files_that_exist() {
    let recipes = std::fs::read_to_string(root().join("CONTRIBUTING.md")).expect("CONTRIBUTING.md");
    let named = recipes.split('`').skip(1).step_by(2).filter(|name| name.contains('/') || name.ends_with(".rs"));
    // `<…>` is for the reader to fill in.
    let absent: Vec<_> =
        named.filter(|name| !name.contains(['<', ' ', '*', '='])).filter(|name| !root().join(name).exists()).collect();
    assert!(absent.is_empty(), "CONTRIBUTING.md names {absent:?}");
}
