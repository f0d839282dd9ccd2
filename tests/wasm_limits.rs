//! What hosts need not fear: nothing that they hand to the guest traps, and what takes too long is stopped.

use std::fmt::Write;

use qmtl_policy::render::{Report, json as findings};
use qmtl_policy::{Limits as PolicyLimits, NoFiles, check};
use serde_json::{Value, json};

use crate::support::{files, read};
use crate::wasm_host::{self, Bare, Error, Guest, Limits};

const POLICY: &str = "world: w\nselection: { gates: [sharpe >= 0.5] }\n";
const SNAPSHOT: &str = r#"{"metrics": {"a": {"sharpe": 0.7}}}"#;

fn bare() -> Option<Bare> {
    wasm_host::module().map(Bare::new)
}

/// What the library says of a policy, as the program prints it.
fn found_natively(text: &str) -> String {
    let checked = check("policy", text, &NoFiles, &PolicyLimits::default());
    let report =
        Report { diagnostics: &checked.diagnostics, sources: &checked.sources, document: Some(&checked.document) };
    serde_json::to_string_pretty(&findings::render(&[report])).unwrap()
}

#[test]
fn every_limit_refuses_with_its_code() {
    let Some(module) = wasm_host::module() else { return };
    let columns = r#"{"columns": ["sharpe"]}"#;
    type Work = fn(&mut Guest) -> Result<(), Error>;
    let check: Work = |guest| guest.check(POLICY).map(drop);
    let frame: Work = |guest| {
        let policy = guest.compile(POLICY)?;
        let (prepared, _) = guest.prepare(policy, r#"{"columns": ["sharpe"]}"#)?;
        guest.frame(prepared, 100).map(drop)
    };
    let cases: [(&str, u64, &str, Work); 5] = [
        ("text_bytes", 40, "too_large", check),
        ("policy_bytes", 40, "too_large", check),
        ("memory_bytes", 3000, "memory", check),
        ("handles", 2, "too_many_handles", frame),
        ("rows", 99, "too_large", frame),
    ];
    assert!(columns.len() < 40 && POLICY.len() > 40);
    for (limit, value, code, work) in cases {
        let mut guest = module.guest(&Limits::default()).unwrap();
        assert_eq!(work(&mut guest), Ok(()), "{limit}");
        let mut guest = module.guest(&Limits::default()).unwrap();
        guest.limits(json!({ limit: value }).to_string()).unwrap();
        let refused = work(&mut guest).expect_err(limit);
        assert_eq!(refused.code(), Some(code), "{limit}: {refused}");
        assert!(refused.to_string().contains(limit) || limit == "handles", "{limit}: {refused}");
    }
    // Limits of the compiler are findings.
    let deep = "world: w\nselection: { gates: [{ not: { not: 'not (sharpe > 1 + (2 * (winrate)))' } }, sharpe > 1, sharpe < 0.5] }\n";
    for (limit, value) in [("policy_nodes", 5), ("policy_depth", 3), ("expression_depth", 2), ("analysis_steps", 1)] {
        let mut guest = module.guest(&Limits::default()).unwrap();
        let (_, before) = guest.check(deep).unwrap();
        guest.limits(json!({ limit: value }).to_string()).unwrap();
        let (_, after) = guest.check(deep).unwrap();
        assert_ne!(before, after, "{limit} changes nothing");
    }
    let mut guest = module.guest(&Limits::default()).unwrap();
    for wrong in [r#"{"rows": 0}"#, r#"{"rows": "1"}"#, r#"{"policy_depth": 1000}"#, r#"{"row": 1}"#, "[", "3"] {
        assert!(guest.limits(wrong).unwrap_err().code().is_some(), "{wrong}");
    }
}

/// Texts of every kind for every call that takes one: all are refused or answered.
#[test]
fn hostile_texts_never_trap() {
    let Some(mut guest) = wasm_host::guest() else { return };
    let policy = guest.compile(POLICY).unwrap();
    let log = guest.log(r#"{"world": "w"}"#).unwrap();
    let deep = 100_000;
    let texts: Vec<Vec<u8>> = vec![
        Vec::new(),
        b"\0".to_vec(),
        vec![0; 1 << 16],
        vec![0xff; 1000],
        b"world: \xff\xfe".to_vec(),
        "\u{feff}world: w".into(),
        "world: w\0".into(),
        "x".repeat(1 << 20).into_bytes(),
        "가".repeat(300_000).into_bytes(),
        "[".repeat(deep).into_bytes(),
        ["[".repeat(deep), "]".repeat(deep)].concat().into_bytes(),
        "{\"a\":".repeat(deep).into_bytes(),
        "{\"metrics\":".repeat(127).into_bytes(),
        "- ".repeat(5_000).into_bytes(),
        "{a: ".repeat(5_000).into_bytes(),
        format!("{{\"metrics\":{}1{}}}", "{\"a\":".repeat(120), "}".repeat(120)).into_bytes(),
        "{\"metrics\": {\"a\": {\"sharpe\": 1e999999}}}".into(),
        "{\"metrics\": {\"a\": {\"sharpe\": 1}, \"a\": {}}}".into(),
        "{\"\\ud800\": 1}".into(),
        "null".into(),
        "{}".into(),
        "[]".into(),
        "1".into(),
        format!("world: w\nselection: {{ gates: ['{}'] }}\n", "(".repeat(10_000)).into_bytes(),
        format!("world: w\nselection: {{ gates: ['{}sharpe > 1'] }}\n", "not ".repeat(10_000)).into_bytes(),
        format!("world: w\nselection: {{ gates: ['sharpe > {}1'] }}\n", "1 + ".repeat(10_000)).into_bytes(),
        "world: &w *w\n".into(),
    ];
    for text in &texts {
        let shown = String::from_utf8_lossy(&text[..text.len().min(40)]).into_owned();
        let outcomes = [
            guest.check(text).map(drop),
            guest.compile(text).and_then(|policy| guest.release(policy)),
            guest.evaluate(policy, text, "").map(drop),
            guest.evaluate(policy, SNAPSHOT, text).map(drop),
            guest.explain(policy, text, r#"{"strategy": "a"}"#).map(drop),
            guest.explain(policy, SNAPSHOT, text).map(drop),
            guest.prepare(policy, text).and_then(|(prepared, _)| guest.release(prepared)),
            guest.log(text).and_then(|log| guest.release(log)),
            guest.load(log, text, "2026-01-01").map(drop),
            guest.load(log, "", &String::from_utf8_lossy(text)).map(drop),
            guest.command(log, policy, text).map(drop),
            guest.query(log, policy, text).map(drop),
            guest.limits(text).map(drop),
        ];
        for (index, outcome) in outcomes.into_iter().enumerate() {
            match outcome {
                Ok(()) | Err(Error::Refused { .. } | Error::Findings(_)) => {}
                Err(other) => panic!("call {index} of {shown:?}: {other}"),
            }
        }
    }
    assert!(guest.evaluate(policy, SNAPSHOT, "").is_ok());
}

#[test]
fn addresses_outside_of_blocks_are_refused() {
    let Some(mut bare) = bare() else { return };
    let [address, length] = bare.text(POLICY);
    let policy = bare.call("qp_compile", &[address, length]);
    assert_ne!(policy, 0, "{}", bare.answer());
    let log = bare.text(r#"{"world": "w"}"#);
    let log = bare.call("qp_log", &log);
    let [options, options_length] = bare.text("{}");
    let wild = [
        [address, length + 1],
        [address - 1, length],
        [address + 1, length],
        [0, 1],
        [8, 64],
        [u32::MAX, 1],
        [u32::MAX, 64 << 20],
        [options, 4096],
        [1 << 20, 64 << 20],
    ];
    for [address, length] in wild {
        for (name, parameters) in [
            ("qp_check", vec![address, length]),
            ("qp_compile", vec![address, length]),
            ("qp_evaluate", vec![policy, address, length, options, options_length]),
            ("qp_evaluate", vec![policy, options, options_length, address, length]),
            ("qp_explain", vec![policy, options, options_length, address, length]),
            ("qp_prepare", vec![policy, address, length]),
            ("qp_log", vec![address, length]),
            ("qp_log_load", vec![log, address, length, 0, 0]),
            ("qp_log_load", vec![log, 0, 0, address, length]),
            ("qp_log_command", vec![log, policy, address, length]),
            ("qp_log_query", vec![log, policy, address, length]),
            ("qp_limits", vec![address, length]),
            ("qp_free", vec![address, length]),
        ] {
            assert!([0, 2].contains(&bare.call(name, &parameters)), "{name}({parameters:?})");
            let code = bare.code();
            let fits = ["bad_address", "too_large", "memory"].contains(&code.as_str());
            assert!(fits, "{name}({parameters:?}): {code}");
        }
    }
    // No length of a text is too large for the sums made with it.
    for length in [u32::MAX, u32::MAX / 2, u32::MAX / 256 + 1, 64 << 20] {
        assert_eq!(bare.call("qp_check", &[address, length]), 2);
        assert_eq!(bare.code(), "too_large");
        assert_eq!(bare.call("qp_evaluate", &[policy, address, length, 0, 0]), 2);
        assert!(["bad_address", "too_large", "memory"].contains(&bare.code().as_str()));
    }
    assert_eq!(bare.call("qp_alloc", &[u32::MAX]), 0);
    assert_eq!(bare.code(), "too_large");
    assert_eq!(bare.call("qp_frame", &[0, u32::MAX]), 0);
    assert_eq!(bare.code(), "unknown_handle");
    assert_eq!(bare.call("qp_check", &[address, length]), 0, "{}", bare.answer());
}

#[test]
fn handles_are_refused_once_released_and_of_another_kind() {
    let Some(mut bare) = bare() else { return };
    let [address, length] = bare.text(POLICY);
    let policy = bare.call("qp_compile", &[address, length]);
    let columns = bare.text(r#"{"columns": ["sharpe"]}"#);
    let prepared = bare.call("qp_prepare", &[policy, columns[0], columns[1]]);
    let frame = bare.call("qp_frame", &[prepared, 10]);
    let world = bare.text(r#"{"world": "w"}"#);
    let log = bare.call("qp_log", &world);
    let all = [policy, prepared, frame, log];
    assert!(all.iter().all(|handle| *handle != 0) && all.is_sorted());
    let uses: [(&str, u32, &[u32]); 11] = [
        ("qp_evaluate", policy, &[0, 0, 0, 0]),
        ("qp_explain", policy, &[0, 0, 0, 0]),
        ("qp_prepare", policy, &[0, 0]),
        ("qp_frame", prepared, &[1]),
        ("qp_frame_column", frame, &[0]),
        ("qp_frame_validity", frame, &[0]),
        ("qp_frame_rows", frame, &[1]),
        ("qp_frame_evaluate", frame, &[]),
        ("qp_frame_scores", frame, &[]),
        ("qp_log_lines", log, &[0]),
        ("qp_log_load", log, &[0, 0, 0, 0]),
    ];
    let refused = |bare: &mut Bare, name: &str, handle: u32, rest: &[u32]| {
        let found = bare.call(name, &[&[handle], rest].concat());
        assert!([0, 2].contains(&found), "{name}({handle}) gave {found}");
        assert_eq!(bare.code(), "unknown_handle", "{name}({handle})");
    };
    for (name, own, rest) in uses {
        for other in all.into_iter().filter(|handle| *handle != own).chain([0, 77, u32::MAX]) {
            refused(&mut bare, name, other, rest);
        }
    }
    for handle in all {
        assert_eq!(bare.call("qp_release", &[handle]), 0);
        assert_eq!(bare.call("qp_release", &[handle]), 2);
        assert_eq!(bare.code(), "unknown_handle");
    }
    for (name, own, rest) in uses {
        refused(&mut bare, name, own, rest);
    }
}

/// Nested as deeply as policies and snapshots may be, and a little more, on the stack that runtimes give.
#[test]
fn the_stack_is_deep_enough() {
    let Some(mut guest) = wasm_host::guest() else { return };
    let mut texts = Vec::new();
    for depth in [10, 40, 55, 56, 57, 58, 59, 60, 61, 62, 63, 64, 65, 100, 500] {
        for key in ["not", "all", "and", "any"] {
            let mut block = String::from("world: deep\nselection:\n  gates:\n");
            let item = if key == "not" { "" } else { "- " };
            let mut indent = 4;
            for _ in 0..depth {
                let _ = writeln!(block, "{}{item}{key}:", " ".repeat(indent));
                indent += 4;
            }
            let _ = writeln!(block, "{}{item}sharpe > 1", " ".repeat(indent));
            texts.push(block);
        }
        texts.push(format!("world: {}1{}\n", "[".repeat(depth), "]".repeat(depth)));
        for operand in ["(", "not (", "abs(", "if(sharpe > 1, 1, ", "-(", "max(1, ", "coalesce(winrate, "] {
            let whole = format!("{}sharpe{}", operand.repeat(depth), ")".repeat(depth));
            texts.push(format!("world: deep\nselection: {{ gates: ['{whole} > 1'] }}\n"));
            texts.push(format!("world: deep\nselection: {{ gates: ['{whole}'], score: '{whole}' }}\n"));
        }
        let mut chain = String::from("world: chain\ndefine:\n  d0: sharpe\n");
        for level in 1..=depth {
            let _ = writeln!(chain, "  d{level}: abs(d{} + 1)", level - 1);
        }
        texts.push(format!("{chain}selection: {{ gates: [d{depth} > 1] }}\n"));
    }
    let mut compiled = 0;
    for text in texts {
        let (_, document) = guest.check(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert_eq!(document, found_natively(&text), "{text}");
        if let Ok(policy) = guest.compile(&text) {
            guest.evaluate(policy, SNAPSHOT, "").unwrap_or_else(|error| panic!("{error}\n{text}"));
            guest.explain(policy, SNAPSHOT, r#"{"strategy": "a"}"#).unwrap_or_else(|error| panic!("{error}\n{text}"));
            guest.release(policy).unwrap();
            compiled += 1;
        }
    }
    assert!(compiled > 20, "only {compiled} deep policies compile");
    let policy = guest.compile(POLICY).unwrap();
    for depth in [10, 100, 120, 125, 126, 127, 128, 129, 200, 10_000] {
        for (open, close) in [("{\"a\":", "}"), ("[", "]")] {
            let nested = format!("{}1{}", open.repeat(depth), close.repeat(depth));
            for snapshot in [
                format!("{{\"metrics\": {nested}}}"),
                format!("{{\"metrics\": {{\"a\": {{\"sharpe\": {nested}}}}}}}"),
                format!("{{\"metrics\": {{\"a\": {{\"sharpe\": 1}}}}, \"previous\": {nested}}}"),
                nested,
            ] {
                match guest.evaluate(policy, &snapshot, format!("{{\"previous\": {snapshot}}}")) {
                    Ok(_) | Err(Error::Refused { .. }) => {}
                    Err(other) => panic!("{depth} of {open}: {other}"),
                }
            }
        }
    }
}

#[test]
fn fuel_stops_what_is_hostile_and_the_host_goes_on() {
    let Some(module) = wasm_host::module() else { return };
    let mut gates = "world: hostile\nselection:\n  gates:\n".to_owned();
    for gate in 0..8_000 {
        let _ = writeln!(gates, "    - sharpe + {gate} * sortino >= 0.5");
    }
    let mut rows = String::from("{\"metrics\": {");
    for row in 0..40_000 {
        let _ = write!(rows, "{}\"s{row}\": {{\"sharpe\": 0.{row}}}", if row > 0 { "," } else { "" });
    }
    rows.push_str("}}");
    let limits = Limits { fuel: 300_000_000, ..Limits::default() };
    let out_of_fuel = Error::Trapped("it ran out of fuel".to_owned());
    let mut guest = module.guest(&limits).unwrap();
    assert_eq!(guest.compile(&gates), Err(out_of_fuel.clone()));
    // From then on it only says that it is gone.
    assert_eq!(guest.compile(POLICY), Err(out_of_fuel.clone()));
    assert_eq!(guest.engine(), Err(out_of_fuel.clone()));
    let mut guest = module.guest(&limits).unwrap();
    let policy = guest.compile(POLICY).unwrap();
    assert!(guest.evaluate(policy, SNAPSHOT, "").is_ok());
    let used = guest.fuel_used().unwrap();
    assert!(used > 0 && used < limits.fuel, "{used}");
    assert_eq!(guest.evaluate(policy, &rows, ""), Err(out_of_fuel.clone()));
    assert_eq!(guest.release(policy), Err(out_of_fuel));
    let mut guest = module.guest(&Limits::default()).unwrap();
    let policy = guest.compile(POLICY).unwrap();
    assert!(guest.evaluate(policy, &rows, "").is_ok());
}

#[test]
fn memory_is_what_the_host_gives() {
    let Some(module) = wasm_host::module() else { return };
    let limits = Limits { memory_bytes: 16 << 20, ..Limits::default() };
    let mut guest = module.guest(&limits).unwrap();
    let policy = guest.compile(POLICY).unwrap();
    let (prepared, _) = guest.prepare(policy, r#"{"columns": ["sharpe"]}"#).unwrap();
    // The guest is told the same limit, and refuses in time.
    guest.limits(json!({ "memory_bytes": 12 << 20 }).to_string()).unwrap();
    assert_eq!(guest.frame(prepared, 1_000_000).unwrap_err().code(), Some("memory"));
    assert!(guest.evaluate(policy, SNAPSHOT, "").is_ok());
    // It is not told: a block that does not fit is refused all the same, and what stands stays.
    guest.limits(json!({ "memory_bytes": 2_u32 << 30 }).to_string()).unwrap();
    assert_eq!(guest.check(" ".repeat(20 << 20)).unwrap_err().code(), Some("memory"));
    assert_eq!(guest.frame(prepared, 2_000_000).unwrap_err().code(), Some("memory"));
    assert!(guest.evaluate(policy, SNAPSHOT, "").is_ok());
}

/// Memory that is released is used again: a guest can live long.
#[test]
fn a_guest_that_is_used_again_and_again_does_not_grow() {
    let Some(module) = wasm_host::module() else { return };
    let mut guest = module.guest(&Limits { memory_bytes: 24 << 20, ..Limits::default() }).unwrap();
    let (policy, snapshot) = (read("examples/qmtl_profiles/policy.yaml"), read("examples/qmtl_profiles/snapshot.json"));
    for _ in 0..150 {
        let policy = guest.compile(&policy).unwrap();
        guest.evaluate(policy, &snapshot, "").unwrap();
        guest.release(policy).unwrap();
    }
}

#[test]
fn the_module_imports_nothing_and_exports_what_its_documentation_lists() {
    let Some(module) = wasm_host::module() else { return };
    let module = module.instance_pre().module();
    assert_eq!(module.imports().count(), 0);
    let text = read("src/wasm/mod.rs");
    let listed: std::collections::BTreeSet<String> = text
        .lines()
        .filter_map(|line| line.strip_prefix("//! | "))
        .filter_map(|line| line.split(" | ").next())
        .flat_map(|cell| cell.split("`").filter(|part| part.starts_with("qp_")).map(str::to_owned).collect::<Vec<_>>())
        .map(|call| call.split('(').next().unwrap().to_owned())
        .collect();
    let exported = module.exports().map(|export| export.name().to_owned()).filter(|name| name.starts_with("qp_"));
    assert_eq!(exported.collect::<std::collections::BTreeSet<_>>(), listed);
    assert!(module.get_export("memory").is_some());
}

/// The wrapper that others copy speaks of all calls.
#[test]
fn the_wrapper_knows_every_call() {
    let wrapper = read("examples/embed/rust/qmtl_policy.rs");
    let calls = read("src/wasm/calls.rs");
    let names = calls.lines().filter_map(|line| line.strip_prefix("pub extern \"C\" fn "));
    let names: Vec<&str> = names.filter_map(|line| line.split('(').next()).collect();
    assert!(names.len() > 20, "{names:?}");
    for name in names {
        assert!(wrapper.contains(&format!("\"{name}\"")), "{name} is not used");
    }
    assert!(!files("examples/embed/rust", &["md"]).is_empty());
}

#[test]
fn answers_are_documents() {
    let Some(mut guest) = wasm_host::guest() else { return };
    let engine: Value = serde_json::from_str(&guest.engine().unwrap()).unwrap();
    assert_eq!(engine["abi_version"], 1);
    let limits: Value = serde_json::from_str(&guest.limits("").unwrap()).unwrap();
    assert_eq!(limits["handles"], 1024);
}
