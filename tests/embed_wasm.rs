//! One corpus: what the library says natively, the module says under wasmtime, byte for byte.

use std::path::PathBuf;
use std::sync::Arc;

use qmtl_policy::eval::{Value, read_json, read_previous};
use qmtl_policy::render::{Report, json as findings};
use qmtl_policy::value::Bits;
use qmtl_policy::{
    Batch, BatchOptions, Column, Limits as PolicyLimits, NoFiles, Options, Policy, PrepareOptions, Snapshot, check,
};
use serde::Serialize;
use serde_json::json;

use crate::corpus_eval::{self, Given};
use crate::support::{Scratch, files, read, run, shown};
use crate::wasm_host::{self, Error, Guest, Judged, Limits, Log, Module, Settings};
use crate::{example_policies, guest, readme};

/// As the program prints it.
fn pretty(document: &impl Serialize) -> String {
    serde_json::to_string_pretty(document).unwrap()
}

/// Why the guest refuses, in its words; those of the library are the same.
#[track_caller]
fn message(error: Error) -> String {
    match error {
        Error::Refused { message, .. } => message,
        other => panic!("{other}"),
    }
}

#[test]
fn the_example_of_a_host_does_what_it_says() {
    let Some(module) = wasm_host::module() else { return };
    wasm_host::example::tour(module).unwrap();
}

/// The lines of the README, between the first and the last.
fn host_of_the_readme(wasm: &[u8]) -> Result<String, Error> {
    let module = Module::compile(&Settings::default(), wasm)?; // once, for all threads
    let mut guest = module.guest(&Limits::default())?; // from a pool, with limits of fuel and memory
    let policy = guest.compile("world: demo\nselection: { gates: [sharpe >= 0.5], score: sharpe }\n")?;
    let decision = guest.evaluate(policy, r#"{"metrics": {"a": {"sharpe": 0.7}}}"#, "{}")?; // JSON, as the program prints it
    Ok(decision)
}

#[test]
fn the_rust_lines_of_the_readme_run() {
    let shown = readme::block("rust,ignore");
    let own: Vec<_> = include_str!("embed_wasm.rs").lines().map(str::trim).collect();
    let lines: Vec<_> = shown.lines().collect();
    assert_eq!(lines.len(), 4, "{shown}");
    assert!(own.windows(4).any(|own| own == lines), "the lines of the README are others:\n{shown}");
    let Some(path) = guest::module() else { return };
    let wasm = std::fs::read(path).unwrap();
    let decision: serde_json::Value = serde_json::from_str(&host_of_the_readme(&wasm).unwrap()).unwrap();
    assert_eq!(decision["selected"], json!(["a"]));
}

#[test]
fn policies_are_found_fault_with_alike() {
    let Some(mut guest) = wasm_host::guest() else { return };
    let paths: Vec<_> = files("tests/corpus/check", &["yaml"]).into_iter().chain(example_policies()).collect();
    assert!(paths.len() > 100, "only {} policies", paths.len());
    for path in paths {
        let text = std::fs::read(&path).unwrap();
        let Ok(text) = String::from_utf8(text) else { continue };
        let checked = check("policy", &text, &NoFiles, &PolicyLimits::default());
        let (diagnostics, sources) = (&checked.diagnostics, &checked.sources);
        let report = Report { diagnostics, sources, document: Some(&checked.document) };
        let wanted = pretty(&findings::render(&[report]));
        let has_errors = report.summary().errors > 0;
        assert_eq!(guest.check(&text).unwrap(), (has_errors, wanted.clone()), "{}", shown(&path));
        match guest.compile(&text) {
            Ok(policy) if !has_errors => guest.release(policy).unwrap(),
            Err(Error::Findings(document)) if has_errors => assert_eq!(document, wanted, "{}", shown(&path)),
            other => panic!("{}: {other:?}", shown(&path)),
        }
    }
}

/// What the library decides, on the state of the decision before.
fn decided(policy: &Policy, given: &Given, before: Option<&Value>) -> Result<String, String> {
    let mut snapshot = Snapshot::from_json(&given.json).map_err(|error| error.to_string())?;
    if let Some(state) = before {
        snapshot.previous = Some(read_previous(state)?);
    }
    let options = Options { world: given.world.clone(), profile: given.profile.clone(), ..Options::default() };
    policy.evaluate(&snapshot, &options).map(|decision| pretty(&decision)).map_err(|error| error.to_string())
}

#[test]
fn snapshots_are_judged_alike() {
    let Some(mut guest) = wasm_host::guest() else { return };
    let (mut decisions, mut refusals) = (0, 0);
    for path in files("tests/corpus/eval", &["yaml"]) {
        let (text, snapshots, chained) = corpus_eval::given(&std::fs::read_to_string(&path).unwrap());
        let native = Policy::compile(&text).unwrap();
        let policy = guest.compile(&text).unwrap();
        let mut state: Option<Value> = None;
        for given in snapshots {
            let own = read_json(&given.json).is_ok_and(|tree| tree.get("previous").is_some());
            let before = state.as_ref().filter(|_| chained && !own);
            let wanted = decided(&native, &given, before);
            let previous = before.map(corpus_eval::json).unwrap_or_else(|| "null".to_owned());
            let (world, profile) = (json!(given.world), json!(given.profile));
            let options = format!(r#"{{"world":{world},"profile":{profile},"previous":{previous}}}"#);
            let found = guest.evaluate(policy, &given.json, options).map_err(message);
            assert_eq!(found, wanted, "{}", shown(&path));
            match wanted {
                Ok(decision) => {
                    state = read_json(&decision).unwrap().get("state").cloned().or(state);
                    decisions += 1;
                }
                Err(_) => refusals += 1,
            }
        }
        guest.release(policy).unwrap();
    }
    assert!(decisions > 300 && refusals > 10, "{decisions} decisions and {refusals} refusals");
}

/// The snapshots beside the policy of an example.
fn snapshots(policy: &std::path::Path) -> Vec<PathBuf> {
    files(policy.parent().unwrap(), &["json"])
}

#[test]
fn examples_are_judged_and_explained_alike() {
    let Some(mut guest) = wasm_host::guest() else { return };
    let mut explained = 0;
    for path in example_policies() {
        let text = std::fs::read_to_string(&path).unwrap();
        let (native, policy) = (Policy::compile(&text).unwrap(), guest.compile(&text).unwrap());
        for path in snapshots(&path) {
            let text = std::fs::read_to_string(&path).unwrap();
            let snapshot = Snapshot::from_json(&text).unwrap();
            let details = ["none", "selected", "changed", "all"];
            for detail in details {
                let wanted = run_eval(&native, &snapshot, detail);
                let found = guest.evaluate(policy, &text, json!({ "detail": detail }).to_string());
                assert_eq!(found.as_ref(), Ok(&wanted), "{} {detail}", shown(&path));
            }
            // Each explanation judges the whole snapshot many times: of many strategies some are explained.
            let step = snapshot.strategies.len().div_ceil(12);
            for row in (0..snapshot.strategies.len()).step_by(step) {
                let strategy = snapshot.strategies.id(row);
                let wanted = pretty(&native.explain(&snapshot, &Options::default(), strategy).unwrap());
                let found = guest.explain(policy, &text, json!({ "strategy": strategy }).to_string());
                assert_eq!(found.as_ref(), Ok(&wanted), "{} {strategy}", shown(&path));
                explained += 1;
            }
        }
    }
    assert!(explained > 25, "only {explained} explanations");
}

fn run_eval(policy: &Policy, snapshot: &Snapshot, detail: &str) -> String {
    use qmtl_policy::Detail;
    let detail = match detail {
        "none" => Detail::None,
        "selected" => Detail::Selected,
        "changed" => Detail::Changed,
        _ => Detail::All,
    };
    pretty(&policy.evaluate(snapshot, &Options { detail, ..Options::default() }).unwrap())
}

/// The library and the program say the same, so the module says what the program prints.
#[test]
fn the_program_prints_what_the_guest_answers() {
    let Some(mut guest) = wasm_host::guest() else { return };
    let (policy, snapshot) = ("examples/crypto_mom/policy.yaml", "examples/crypto_mom/monday.json");
    let compiled = guest.compile(read(policy)).unwrap();
    let printed = run(&["eval", policy, "--snapshot", snapshot, "--format", "json"]).exits(0).stdout;
    assert_eq!(guest.evaluate(compiled, read(snapshot), "").unwrap() + "\n", printed);
    let asked = ["explain", policy, "--snapshot", snapshot, "--strategy", "btc_mom_24h", "--format", "json"];
    let printed = run(&asked).exits(0).stdout;
    assert_eq!(guest.explain(compiled, read(snapshot), r#"{"strategy":"btc_mom_24h"}"#).unwrap() + "\n", printed);
}

const COLUMNS: [&str; 4] = ["sharpe", "max_drawdown", "winrate", "is_liquid"];
const COLUMN_POLICIES: [&str; 4] = [
    "world: w\nmetrics: { is_liquid: { type: boolean } }\nselection:\n  gates: [sharpe >= 0.5, is_liquid]\n  \
     score: sharpe + 0.1 * winrate - 0.2 * max_drawdown\n  topk: { total: 7 }\n",
    "world: w\nmetrics: { is_liquid: { type: boolean } }\nselection:\n  gates: [not is_liquid or sharpe > mean(sharpe)]\n  \
     score: zscore(sharpe) / max(max_drawdown, 1%)\n",
    "world: w\nmetrics: { is_liquid: { type: boolean } }\nselection:\n  gates: [{ when: max_drawdown <= 20%, on_missing: warn }, is_liquid]\n",
    "world: w\nmetrics: { is_liquid: { type: boolean } }\nselection:\n  gates: [percentile(sharpe) >= 30%, winrate ^ 0.5 > 0.3 or is_liquid]\n  \
     score: exp(sharpe) + ln(winrate)\n  topk: { total: 3 }\n",
];

/// Numbers of a coarse grid with all that is missing among them, without chance.
fn values(rows: usize, seed: u64) -> Vec<f64> {
    let mut state = seed | 1;
    let next = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        match state >> 60 {
            0 => [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0][(state >> 40) as usize % 4],
            _ => ((state >> 33) % 401) as f64 / 200.0 - 0.5,
        }
    };
    std::iter::repeat_with(next).take(rows).collect()
}

fn flags(rows: usize, seed: u64) -> Vec<f64> {
    values(rows, seed).into_iter().map(|value| if value.is_finite() { f64::from(value > 0.2) } else { value }).collect()
}

fn bits(rows: usize, is: impl Fn(usize) -> bool) -> Vec<u8> {
    let byte = |byte: usize| (0..8).filter(|bit| is(byte * 8 + bit)).fold(0, |byte, bit| byte | 1 << bit);
    (0..rows.div_ceil(8)).map(byte).collect()
}

/// What the library finds in columns of which the last holds truth values.
fn judged(policy: &Policy, columns: &[Vec<f64>], validity: &[Option<Vec<u8>>], rows: usize) -> Judged {
    let prepared = policy.prepare(&COLUMNS, &PrepareOptions::default()).unwrap();
    let (numbers, truths) = columns.split_at(3);
    let truths = &truths[0];
    let valid =
        |index: usize, row: usize| validity[index].as_ref().is_none_or(|bytes| bytes[row / 8] & (1 << (row % 8)) != 0);
    let (set, there) = (
        bits(rows, |row| truths.get(row) == Some(&1.0)),
        bits(rows, |row| truths.get(row).is_some_and(|value| [0.0, 1.0].contains(value)) && valid(3, row)),
    );
    let of = |bytes| Bits::new(bytes, 0, rows).unwrap();
    let mut given: Vec<Column<'_>> = Vec::new();
    for (values, validity) in numbers.iter().zip(validity) {
        let column = Column::from(&values[..rows]);
        given.push(validity.as_ref().map_or(column, |bytes| column.with_validity(of(bytes))));
    }
    given.push(Column::truths(of(&set)).with_validity(of(&there)));
    let mut batch = Batch::default();
    prepared.evaluate(&given, BatchOptions::default(), &mut batch).unwrap();
    let scores = batch.scores().to_vec();
    Judged {
        passed: batch.passed_bits().to_vec(),
        count: batch.passed_count() as u32,
        scores: Some(scores).filter(|scores| !scores.is_empty()),
        selected: batch.selected().map(<[u32]>::to_vec),
    }
}

/// What was found, as numbers that are equal or not.
type Whole = (Vec<u64>, u32, Option<Vec<u64>>, Option<Vec<u32>>);

/// Scores as bits, so that every digit and every missing one is compared.
fn whole(judged: &Judged) -> Whole {
    let scores = judged.scores.as_ref();
    // What is not a number has no sign that means anything.
    let bits = |score: &f64| if score.is_nan() { f64::NAN.to_bits() } else { score.to_bits() };
    let scores = scores.map(|scores| scores.iter().map(bits).collect());
    (judged.passed.clone(), judged.count, scores, judged.selected.clone().filter(|rows| !rows.is_empty()))
}

#[test]
fn columns_are_judged_alike() {
    let Some(mut guest) = wasm_host::guest() else { return };
    let sizes = [0, 1, 7, 8, 15, 16, 17, 63, 64, 65, 511, 512, 513, 1023, 1024, 1025, 2047, 2048, 2049];
    let mut passing = 0;
    for text in COLUMN_POLICIES {
        let (native, policy) = (Policy::compile(text).unwrap(), guest.compile(text).unwrap());
        let (prepared, told) = guest.prepare(policy, json!({ "columns": COLUMNS }).to_string()).unwrap();
        let told: serde_json::Value = serde_json::from_str(&told).unwrap();
        assert_eq!(told["columns"][3], json!({ "name": "is_liquid", "kind": "boolean" }));
        for rows in sizes {
            for with_bits in [false, true] {
                let seed = rows as u64 * 7 + 1;
                let mut columns: Vec<_> = (0..3).map(|index| values(rows, seed + index)).collect();
                columns.push(flags(rows, seed + 3));
                let of = |index: usize| with_bits.then(|| bits(rows, |row| !(row * 31 + index * 7).is_multiple_of(11)));
                let validity: Vec<_> = (0..4).map(of).collect();
                // The room is larger than the rows.
                let frame = guest.frame(prepared, rows as u32 + 5).unwrap();
                for (index, (values, validity)) in (0..).zip(columns.iter().zip(&validity)) {
                    guest.column(frame, index).unwrap()[..rows].copy_from_slice(values);
                    if let Some(bytes) = validity {
                        guest.validity(frame, index).unwrap()[..bytes.len()].copy_from_slice(bytes);
                    }
                }
                guest.judge(frame, rows as u32).unwrap();
                let found = guest.judged(frame, rows as u32).unwrap();
                let wanted = judged(&native, &columns, &validity, rows);
                assert_eq!(whole(&found), whole(&wanted), "{rows} rows, bits {with_bits}, {text}");
                passing += found.count;
                guest.release(frame).unwrap();
            }
        }
    }
    assert!(passing > 1000, "only {passing} rows pass");
}

const STORY: &str = "world: story
version: 1
allow_live: true
data_currency: { max_lag: 2d }
selection:
  gates: [sharpe >= 0.8]
  score: sharpe
  topk: { total: 2 }
  hysteresis: { promote_after: 1, demote_after: 2 }
validation:
  risk: { max_drawdown_max: 20% }
campaign:
  backtest: { window: 30d }
  paper: { window: 20d }
  common: { min_sample_days: 20, min_trades_total: 50 }
governance:
  decision_ttl: 1h
  live_promotion: { mode: manual_approval, cooldown: 1d, max_live_slots: 2, approvers: [risk-desk] }
";

fn snapshot(as_of: &str, drawdown: f64) -> serde_json::Value {
    let metrics = json!({ "sharpe": 1.2, "max_drawdown": drawdown, "sample_days": 60, "n_trades_total": 200 });
    json!({ "as_of": as_of, "data_end": as_of, "metrics": { "s1": metrics } })
}

/// The life of `s1`: to live, out by risk, halted and back again. When, the verb, and what it takes.
fn story() -> Vec<(&'static str, &'static str, serde_json::Value)> {
    let by = |actor: &str| json!({ "actor": actor, "reason": "the story goes so" });
    let of =
        |run: &str, actor: &str| json!({ "strategy": "s1", "run": run, "actor": actor, "reason": "the story goes so" });
    let risk = |run: &str, at: &str| json!({ "strategy": "s1", "run": run, "actor": "ops", "reason": "up it goes", "risk_snapshot": at });
    let submit = |at: &str, run: &str, stage: &str| json!({ "strategy": "s1", "snapshot": snapshot(at, 0.1), "run": run, "stage": stage });
    let decide = |at: &str, drawdown: f64| {
        let mut snapshot = snapshot(at, drawdown);
        snapshot["stage"] = json!("live");
        json!({ "snapshot": snapshot })
    };
    vec![
        ("2026-01-05", "submit", submit("2026-01-05", "b1", "backtest")),
        ("2026-02-05", "submit", submit("2026-02-05", "b2", "backtest")),
        ("2026-02-06", "submit", submit("2026-02-06", "p1", "paper")),
        ("2026-03-02", "submit", submit("2026-03-02", "p2", "paper")),
        ("2026-03-02T00:30:00", "apply", risk("p2", "2026-03-02T00:30:00")),
        ("2026-03-02T01:00:00", "approve", of("p2", "intern")),
        ("2026-03-02T01:00:00", "approve", of("p2", "risk-desk")),
        ("2026-03-02T02:00:00", "apply", risk("p2", "2026-03-02T02:00:00")),
        ("2026-03-02T03:00:00", "decide", decide("2026-03-02T03:00:00", 0.1)),
        ("2026-03-02T04:00:00", "decide", decide("2026-03-02T04:00:00", 0.3)),
        ("2026-03-02T05:00:00", "halt", by("anybody")),
        ("2026-03-02T06:00:00", "resume", by("anybody")),
        ("2026-03-02T06:00:00", "resume", by("risk-desk")),
        ("2026-03-03T04:00:00", "approve", of("p2", "risk-desk")),
        ("2026-03-03T05:00:00", "apply", risk("p2", "2026-03-03T05:00:00")),
        ("2026-03-03T06:00:00", "decide", decide("2026-03-03T06:00:00", 0.1)),
        ("2026-03-03T07:00:00", "rollback", of("p2", "anybody")),
        ("2026-03-03T08:00:00", "demote", json!({ "strategy": "s1", "actor": "ann", "reason": "stop" })),
        ("2026-03-03T09:00:00", "transition", json!({ "strategy": "s1", "run": "b1", "to": "expired" })),
        (
            "2026-03-03T10:00:00",
            "override",
            json!({ "strategy": "s1", "run": "p2", "status": "rejected", "actor": "risk-desk", "reason": "no" }),
        ),
    ]
}

/// The same through the program, on a store in a file.
struct Program {
    scratch: Scratch,
    policy: String,
    store: String,
}

impl Program {
    fn new() -> Self {
        let scratch = Scratch::new();
        let policy = scratch.file("policy.yaml", STORY).display().to_string();
        let store = scratch.path().join("store.db").display().to_string();
        run(&["store", "init", "--store", &store, "--simulated"]).exits(0);
        Self { scratch, policy, store }
    }

    fn does(&self, now: &str, verb: &str, takes: &serde_json::Value) -> crate::support::Run {
        let words: &[&str] = match verb {
            "submit" => &["run", "submit"],
            "transition" => &["run", "transition"],
            "override" => &["run", "override"],
            "halt" => &["world", "halt"],
            "resume" => &["world", "resume"],
            "decide" => &["eval"],
            other => &["promote", other],
        };
        let mut arguments: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        arguments.extend([&self.policy, "--store", &self.store, "--now", now].map(str::to_owned));
        for (key, value) in takes.as_object().unwrap() {
            let value = match value.as_str() {
                Some(text) => text.to_owned(),
                None => self.scratch.file("snapshot.json", value.to_string()).display().to_string(),
            };
            arguments.extend([format!("--{}", key.replace('_', "-")), value]);
        }
        if verb == "decide" {
            arguments.push("--record".to_owned());
        }
        run(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
    }

    fn lines(&self) -> String {
        run(&["store", "export", "--store", &self.store]).exits(0).stdout
    }
}

fn story_log(guest: &mut Guest) -> Log {
    guest.log(r#"{"world": "story", "clock": "simulated"}"#).unwrap()
}

fn command(now: &str, verb: &str, takes: &serde_json::Value) -> String {
    let mut command = takes.clone();
    command["command"] = json!(verb);
    command["now"] = json!(now);
    command.to_string()
}

#[test]
fn a_life_is_recorded_alike() {
    let Some(mut guest) = wasm_host::guest() else { return };
    let policy = guest.compile(STORY).unwrap();
    let log = story_log(&mut guest);
    let program = Program::new();
    let (mut persisted, mut refused) = (String::new(), 0);
    for (now, verb, takes) in story() {
        let printed = program.does(now, verb, &takes);
        match guest.command(log, policy, command(now, verb, &takes)) {
            Ok(answer) => {
                let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
                persisted += answer["lines"].as_str().unwrap();
                let printed = printed.exits(0).json();
                if verb == "decide" {
                    assert_eq!(answer["decision"], printed, "{now} {verb}");
                } else {
                    for key in ["events", "number", "head", "recorded_at", "world_id", "schema_version"] {
                        assert_eq!(answer[key], printed[key], "{now} {verb} {key}");
                    }
                }
            }
            Err(error) => {
                let said = message(error);
                assert!(printed.stderr.contains(&said), "{said} is not what the program says: {printed}");
                printed.exits(2);
                refused += 1;
            }
        }
        queries(&mut guest, log, policy, &program, now);
    }
    assert_eq!(refused, 3, "too early, by an intern, and resumed by anybody");
    assert_eq!(guest.lines(log, 1).unwrap(), persisted);
    assert_eq!(program.lines(), persisted, "the same events with the same hashes");
    taken_back(&mut guest, policy, &persisted);
}

/// Queries answer what the verbs print.
fn queries(guest: &mut Guest, log: Log, policy: wasm_host::Policy, program: &Program, now: &str) {
    let verbs: [(&str, &[&str], serde_json::Value); 4] = [
        ("campaign", &["campaign", "status"], json!({})),
        ("tick", &["campaign", "tick"], json!({})),
        ("candidates", &["promote", "candidates"], json!({ "risk_snapshot": now })),
        ("runs", &["run", "list"], json!({})),
    ];
    for (name, verb, takes) in verbs {
        let mut query = takes.clone();
        query["query"] = json!(name);
        query["now"] = json!(now);
        let answer = guest.query(log, policy, query.to_string()).unwrap();
        let mut arguments = vec![verb[0], verb[1], &program.policy, "--store", &program.store, "--now", now];
        if name == "candidates" {
            arguments.extend(["--risk-snapshot", now]);
        }
        assert_eq!(answer + "\n", run(&arguments).exits(0).stdout, "{name} at {now}");
    }
}

/// Lines are taken back whole or not at all.
fn taken_back(guest: &mut Guest, policy: wasm_host::Policy, lines: &str) {
    let now = "2026-03-03T11:00:00Z";
    let again = story_log(guest);
    let loaded: serde_json::Value = serde_json::from_str(&guest.load(again, lines, now).unwrap()).unwrap();
    let last: serde_json::Value = serde_json::from_str(lines.lines().last().unwrap()).unwrap();
    assert_eq!((&loaded["events"], &loaded["head"]), (&last["number"], &last["hash"]));
    assert_eq!(guest.lines(again, 1).unwrap(), lines);
    let tail: String = lines.lines().skip(2).map(|line| format!("{line}\n")).collect();
    assert_eq!(guest.lines(again, 3).unwrap(), tail);
    assert_eq!(guest.lines(again, u32::MAX).unwrap(), "");
    // It goes on where it ended.
    let answer = guest.command(again, policy, command(now, "halt", &json!({ "actor": "ann", "reason": "stop" })));
    let answer: serde_json::Value = serde_json::from_str(&answer.unwrap()).unwrap();
    assert_eq!(answer["number"].as_u64(), last["number"].as_u64().map(|number| number + 1));
    // A log that holds something takes nothing back.
    assert_eq!(guest.load(again, lines, now).unwrap_err().code(), Some("store"));
    let forged = story_log(guest);
    for at in (0..lines.len()).step_by(97) {
        let mut bytes = lines.as_bytes().to_vec();
        bytes[at] ^= 1;
        let code = guest.load(forged, bytes, now).expect_err("a forged line").code().map(str::to_owned);
        assert_eq!(code.as_deref(), Some("store"), "byte {at}");
    }
    let cut = &lines[lines.find('\n').unwrap() + 1..];
    assert_eq!(guest.load(forged, cut, now).unwrap_err().code(), Some("store"));
    assert_eq!(guest.lines(forged, 1).unwrap(), "");
    guest.load(forged, lines, now).unwrap();
}

#[test]
fn a_hundred_threads_and_a_hundred_guests_agree() {
    let Some(module) = wasm_host::module() else { return };
    let policy = read("examples/crypto_mom/policy.yaml");
    let snapshot = Arc::new(read("examples/crypto_mom/monday.json"));
    let native = Arc::new(Policy::compile(&policy).unwrap());
    let once = || pretty(&native.evaluate(&Snapshot::from_json(&snapshot).unwrap(), &Options::default()).unwrap());
    let wanted = once();
    let threads: Vec<_> = (0..100)
        .map(|_| {
            let (native, snapshot) = (native.clone(), snapshot.clone());
            std::thread::spawn(move || {
                let snapshot = Snapshot::from_json(&snapshot).unwrap();
                pretty(&native.evaluate(&snapshot, &Options::default()).unwrap())
            })
        })
        .collect();
    for thread in threads {
        assert_eq!(thread.join().unwrap(), wanted);
    }
    // All of them live at once, and work on several threads.
    let mut guests: Vec<_> = (0..100).map(|_| module.guest(&Limits::default()).unwrap()).collect();
    std::thread::scope(|scope| {
        for guests in guests.chunks_mut(25) {
            scope.spawn(|| {
                for guest in guests {
                    let policy = guest.compile(&policy).unwrap();
                    assert_eq!(guest.evaluate(policy, snapshot.as_bytes(), "").unwrap(), wanted);
                }
            });
        }
    });
}
