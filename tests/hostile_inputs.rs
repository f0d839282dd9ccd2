//! Inputs that nobody writes by accident: the program answers each with a message that names the
//! place, in good time, and never crashes.

use std::fmt::Write;
use std::path::Path;

use qmtl_policy::{Limits, NoFiles, Policy, check};

use crate::support::{Run, Scratch, run, run_with};

/// A policy around one gate.
fn gate(expression: &str) -> String {
    format!("world: hostile\nselection:\n  gates:\n    - {expression}\n")
}

/// Checks a text as a file: it must be refused with these codes (none: any), naming the file.
#[track_caller]
fn refused(content: impl AsRef<[u8]>, exit: i32, says: &[&str]) -> Run {
    let scratch = Scratch::new();
    let path = scratch.file("policy.yaml", content);
    let run = run(&["check", path.to_str().unwrap()]).exits(exit);
    assert!(run.stderr.contains("policy.yaml"), "the message does not name the file: {run}");
    says.iter().fold(run, |run, text| run.says(text))
}

/// The library's answer in a thread with a small stack: the same as here.
#[track_caller]
fn same_on_a_small_stack(text: &str) {
    let answer = |text: &str| {
        let checked = check("policy", text, &NoFiles, &Limits::default());
        checked.diagnostics.iter().map(|d| format!("{} {:?} {}", d.code(), d.span, d.message)).collect::<Vec<_>>()
    };
    let here = answer(text);
    let text = text.to_owned();
    let small = std::thread::Builder::new().stack_size(256 << 10).spawn(move || answer(&text)).unwrap();
    assert_eq!(small.join().unwrap(), here);
}

#[test]
fn empty_documents_are_no_policies() {
    for content in ["", "\n\n", "# only\n# comments\n", "---\n", "---\n...\n", "{}", "\u{feff}"] {
        refused(content, 1, &["QP1010"]);
    }
}

#[test]
fn other_documents_are_no_policies() {
    for content in ["null", "~\n", "[]", "[1, 2]", "just a text", "3", "true", "- world: demo\n"] {
        refused(content, 1, &["error"]);
    }
    refused("world: { world: a, selection: { gates: [sharpe > 1] } }\n", 1, &["QP1011"]);
    refused("policy: { world: a, selection: { gates: [sharpe > 1] } }\n", 1, &["QP1011"]);
}

#[test]
fn nested_parentheses_give_one_clear_error_on_every_stack() {
    for count in [65, 200, 5_000] {
        let text = gate(&format!("{}sharpe{} > 1", "(".repeat(count), ")".repeat(count)));
        refused(&text, 1, &["QP1013", "64"]);
        same_on_a_small_stack(&text);
    }
    let text = gate(&format!("{}sharpe{} > 1", "(".repeat(64), ")".repeat(64)));
    let checked = check("policy", &text, &NoFiles, &Limits::default());
    assert!(checked.diagnostics.is_empty(), "64 levels are allowed: {:?}", checked.diagnostics);
}

/// The stack that a WASM module has by default.
const MODULE_STACK: usize = 1 << 20;

#[test]
fn the_deepest_expression_fits_the_stack_of_a_module() {
    let text = gate(&format!("{}sharpe{} > 1", "(".repeat(64), ")".repeat(64)));
    let check = move || check("policy", &text, &NoFiles, &Limits::default()).diagnostics.len();
    let found = std::thread::Builder::new().stack_size(MODULE_STACK).spawn(check).unwrap().join().unwrap();
    assert_eq!(found, 0);
}

#[test]
fn other_ways_to_nest_are_bounded_too() {
    let nested = |open: &str, inner: &str, close: &str| format!("{}{inner}{}", open.repeat(5_000), close.repeat(5_000));
    let expressions = [
        nested("-", "sharpe", "") + " > 1",
        nested("- ", "sharpe", "") + " > 1",
        nested("abs(", "sharpe", ")") + " > 1",
        nested("not ", "sharpe > 1", ""),
        nested("! ", "sharpe > 1", ""),
        nested("sharpe ^ ", "2", "") + " > 1",
        nested("(", "", "") + " > 1",
        nested("", "", ")") + " > 1",
        "((((".to_owned(),
    ];
    for expression in expressions {
        let text = gate(&format!("'{expression}'"));
        let shown: String = expression.chars().take(30).collect();
        println!("{shown}…");
        refused(&text, 1, &["error"]);
        same_on_a_small_stack(&text);
    }
}

#[test]
fn long_expressions_are_refused_not_endured() {
    // 100,000 terms are far over the limit of one expression.
    let terms = vec!["sharpe > 1"; 100_000].join(" or ");
    refused(gate(&terms), 1, &["QP1013", "65536"]);
    // As many as fit, in each shape.
    for operator in [" or ", " and ", " + ", " - ", " * "] {
        let comparison = operator.len() > 3;
        let term = if comparison { "x>1" } else { "x" };
        let count = (64 << 10) / (term.len() + operator.len()) - 1;
        let sum = vec![term; count].join(operator);
        let expression = if comparison { sum } else { format!("{sum} > 1") };
        let text = format!("metrics: {{ x: {{ unit: score }} }}\n{}", gate(&expression));
        let scratch = Scratch::new();
        let path = scratch.file("policy.yaml", &text);
        let run = run(&["check", path.to_str().unwrap()]);
        assert!(matches!(run.code, Some(0 | 1)), "{operator:?}: {run}");
        same_on_a_small_stack(&text);
    }
}

#[test]
fn deep_trees_of_gates_and_yaml_are_refused() {
    for count in [70, 5_000, 100_000] {
        refused(format!("world: {}1{}", "[".repeat(count), "]".repeat(count)), 1, &["QP1008", "64"]);
        refused(format!("world: {}", "[".repeat(count)), 1, &["error"]);
        refused(format!("{}a: 1", "{a: ".repeat(count)), 1, &["error"]);
        same_on_a_small_stack(&format!("world: {}1{}", "[".repeat(count), "]".repeat(count)));
    }
    let mut block = String::from("world: deep\nselection:\n  gates:\n");
    for level in 0..500 {
        let _ = writeln!(block, "{}not:", " ".repeat(level + 4));
    }
    refused(&block, 1, &["QP1008"]);
    let mut block = String::from("world: deep\nselection:\n  gates:\n");
    for level in 0..50 {
        let _ = writeln!(block, "{}not:", " ".repeat(level + 4));
    }
    let _ = writeln!(block, "{}sharpe > 1", " ".repeat(60));
    same_on_a_small_stack(&block);
    refused(format!("world: a\nx-a:\n  {}1\n", "- ".repeat(10_000)), 1, &["QP1008"]);
}

#[test]
fn fifty_megabytes_are_refused() {
    let line = "# a comment that goes on and on, and means nothing at all, to nobody\n";
    refused(line.repeat((50 << 20) / line.len()), 1, &["QP1008"]);
    let scratch = Scratch::new();
    let policy = scratch.file("policy.yaml", line.repeat((50 << 20) / line.len()));
    let snapshot = scratch.file("snapshot.json", "{}");
    let (policy, snapshot) = (policy.to_str().unwrap(), snapshot.to_str().unwrap());
    run(&["eval", policy, "--snapshot", snapshot]).exits(1).says("QP1008");
}

#[test]
fn a_text_too_large_is_not_formatted() {
    let scratch = Scratch::new();
    let text = "# a comment that means nothing\n".repeat(1 << 20);
    let policy = scratch.file("policy.yaml", &text);
    run(&["fmt", policy.to_str().unwrap()]).exits(1).says("QP1008");
    assert!(std::fs::read_to_string(&policy).unwrap() == text, "the file was cut");
}

#[test]
fn too_large_a_text_is_refused_wherever_it_is_cut() {
    for before in 0..4 {
        let text = format!("{}# {}{}", gate("sharpe > 1"), "x".repeat(before), "가".repeat((20 << 20) / 3));
        refused(text, 1, &["QP1008"]);
    }
}

#[test]
fn large_texts_below_the_limit_get_an_answer() {
    let huge = 1 << 20;
    for content in [
        format!("world: a\nx-note: {}\nselection: {{ gates: [sharpe > 1] }}\n", "x".repeat(huge)),
        format!("world: a\n{}: 1\nselection: {{ gates: [sharpe > 1] }}\n", "k".repeat(huge)),
        format!("world: a\n\"{}\": 1\nselection: {{ gates: [sharpe > 1] }}\n", "k".repeat(huge)),
        format!("world: {}\nselection: {{ gates: [sharpe > 1] }}\n", "가".repeat(huge / 3)),
        format!("world: a\nselection: {{ gates: [{}] }}\n", "s".repeat(60_000) + " > 1"),
        format!("world: a\nx: [{}]\nselection: {{ gates: [sharpe > 1] }}\n", "1, ".repeat(200_000)),
    ] {
        let scratch = Scratch::new();
        let path = scratch.file("policy.yaml", content);
        for format in ["human", "json", "github", "sarif"] {
            let run = run(&["check", path.to_str().unwrap(), "--format", format]);
            assert!(matches!(run.code, Some(0 | 1)), "{format}: {}", run.stderr.chars().take(2000).collect::<String>());
        }
    }
}

#[test]
fn aliases_cannot_explode() {
    let mut bomb = String::from("world: bomb\nx-a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n");
    for level in 1..40 {
        let items = vec![format!("*a{}", level - 1); 9].join(", ");
        let _ = writeln!(bomb, "x-a{level}: &a{level} [{items}]");
    }
    bomb.push_str("selection: { gates: *a39 }\n");
    refused(&bomb, 1, &["QP1008"]);
    same_on_a_small_stack(&bomb);
    let mut merges = String::from("world: bomb\nx-m0: &m0 { x-k0: 1 }\n");
    for level in 1..60 {
        let before = level - 1;
        let _ = writeln!(merges, "x-m{level}: &m{level} {{ x-k{level}: 1, <<: [*m{before}, *m{before}, *m{before}] }}");
    }
    merges.push_str("selection: { gates: [sharpe > 1], <<: *m59 }\n");
    refused(&merges, 1, &["QP1008"]);
}

#[test]
fn aliases_of_themselves_are_refused() {
    for content in ["world: a\nx-a: &a [*a]\n", "&a [*a]", "world: a\nx-a: &a { b: *a, <<: *a }\n"] {
        refused(content, 1, &["QP1007"]);
    }
    refused("world: &w *w\n", 1, &["error"]);
}

#[test]
fn bytes_that_are_no_text_are_named_with_their_place() {
    let run = refused(b"world: a\nversion: \xff\xfe\n", 2, &["UTF-8"]);
    assert!(run.stderr.contains("policy.yaml:2:10"), "{run}");
    refused(b"\xff\xfew\0o\0r\0l\0d\0", 2, &["UTF-8"]);
    refused("world: a\0b\nselection: { gates: [sharpe > 1] }\n", 1, &["QP1009"]);
    refused("world: a\u{1}\n", 1, &["QP1009"]);
    refused("\0", 1, &["error"]);
    refused(gate("sharpe > 1 \u{7f}"), 1, &["error"]);
}

#[test]
fn unfinished_texts_are_named_with_their_place() {
    for content in [
        "world: \"a",
        "world: 'a",
        "world: {",
        "world: [a",
        "world: a\nselection: { gates: [sharpe > 1",
        "world: a\n\tselection: 1\n",
        "world: a\nselection:\n  gates:\n   - sharpe > 1\n  - sharpe > 2\n",
        "world: : a\n",
        "world: a: b\n",
        "*",
        "&",
        "!",
        "%",
        "@",
        "`",
        "? ",
        "- ",
        ":",
        "|",
        "world: |9\n",
        "%YAML 9.9\n---\nworld: a\n",
    ] {
        println!("{content:?}");
        refused(content, 1, &["error"]);
    }
    for expression in [
        "'sharpe >'",
        "'> 1'",
        "'sharpe > \"'",
        "'\"'",
        "'sharpe['",
        "'sharpe[\"a'",
        "'1..2 > 1'",
        "'sharpe in [0'",
        "'1e999 > sharpe'",
    ] {
        println!("{expression}");
        refused(gate(expression), 1, &["error"]);
    }
}

#[test]
fn line_ends_and_byte_order_marks_are_no_matter() {
    let text = gate("sharpe >= 0.5");
    let plain = Policy::compile(&text).unwrap();
    for other in
        [text.replace('\n', "\r\n"), text.replace('\n', "\r"), format!("\u{feff}{text}"), text.trim_end().to_owned()]
    {
        let policy = Policy::compile(&other).unwrap_or_else(|error| panic!("{other:?}: {error}"));
        assert_eq!(policy.ruleset_hash(), plain.ruleset_hash(), "{other:?}");
    }
}

#[test]
fn definitions_in_long_chains_and_in_doublings_are_bounded() {
    let mut chain = String::from("world: chain\ndefine:\n  d0: sharpe\n");
    for level in 1..=100 {
        let _ = writeln!(chain, "  d{level}: d{} + 1", level - 1);
    }
    chain.push_str("selection: { gates: [d100 > 1] }\n");
    let mut doubling = String::from("world: doubling\ndefine:\n  d0: sharpe\n");
    for level in 1..=40 {
        let _ = writeln!(doubling, "  d{level}: d{0} + d{0}", level - 1);
    }
    doubling.push_str("selection: { gates: [d40 > 1] }\n");
    let scratch = Scratch::new();
    for (name, text) in [("chain.yaml", &chain), ("doubling.yaml", &doubling)] {
        let path = scratch.file(name, text);
        run(&["check", path.to_str().unwrap()]).exits(1).says("QP1013").says(name);
    }
}

#[test]
fn definitions_give_one_answer_on_every_stack() {
    for count in [10, 20, 31, 100] {
        let mut chain = String::from("world: chain\ndefine:\n  d0: sharpe\n");
        for level in 1..=count {
            let _ = writeln!(chain, "  d{level}: d{} + 1", level - 1);
        }
        let _ = writeln!(chain, "selection: {{ gates: [d{count} > 1] }}");
        same_on_a_small_stack(&chain);
    }
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let scratch = Scratch::new();
    let missing = scratch.path().join("absent.yaml");
    let (missing, policy) = (missing.to_str().unwrap(), "examples/crypto_mom/policy.yaml");
    run(&["check", missing]).exits(2).says("absent.yaml");
    run(&["eval", missing, "--snapshot", "examples/crypto_mom/monday.json"]).exits(2).says("absent.yaml");
    run(&["eval", policy, "--snapshot", missing]).exits(2).says("absent.yaml");
    run(&["fmt", missing]).exits(2).says("absent.yaml");
    std::fs::create_dir_all(scratch.path().join("bare")).unwrap();
    let bare = scratch.path().join("bare");
    run(&["check", bare.to_str().unwrap()]).exits(2).says("bare");
    run(&["eval", bare.to_str().unwrap(), "--snapshot", policy]).exits(2).says("bare");
    run(&["eval", policy, "--snapshot", bare.to_str().unwrap()]).exits(2).says("bare");
    run(&["check", ""]).exits(2);
    unreadable(&scratch);
}

#[cfg(unix)]
fn unreadable(scratch: &Scratch) {
    use std::os::unix::fs::PermissionsExt;
    let path = scratch.file("locked.yaml", gate("sharpe > 1"));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o0)).unwrap();
    // Root reads everything.
    if std::fs::read(&path).is_err() {
        run(&["check", path.to_str().unwrap()]).exits(2).says("locked.yaml");
    }
}

#[cfg(not(unix))]
fn unreadable(_: &Scratch) {}

/// Snapshots are no policies, but as hostile.
#[test]
fn hostile_snapshots_are_refused() {
    let scratch = Scratch::new();
    let policy = scratch.file("policy.yaml", gate("sharpe > 1"));
    let deep = 100_000;
    let snapshots: &[(&str, Vec<u8>)] = &[
        ("empty.json", Vec::new()),
        ("list.json", b"[]".to_vec()),
        ("number.json", b"1".to_vec()),
        ("cut.json", b"{\"metrics\": {\"a\": {\"sharpe\": 1".to_vec()),
        ("deep.json", ["[".repeat(deep), "]".repeat(deep)].concat().into_bytes()),
        ("deep_map.json", "{\"a\":".repeat(deep).into_bytes()),
        ("deep_metric.json", format!("{{\"metrics\":{}1{}}}", "{\"a\":".repeat(deep), "}".repeat(deep)).into_bytes()),
        ("deep.yaml", "- ".repeat(5_000).into_bytes()),
        ("bomb.yaml", {
            let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
            for level in 1..30 {
                let before = level - 1;
                let _ = writeln!(text, "a{level}: &a{level} [{}]", vec![format!("*a{before}"); 10].join(", "));
            }
            text.into_bytes()
        }),
        ("bytes.json", b"{\"metrics\": {\"\xff\": {}}}".to_vec()),
        ("nul.json", b"{\"metrics\": \0}".to_vec()),
        ("trailing.json", b"{\"metrics\": {}} x".to_vec()),
    ];
    for (name, content) in snapshots {
        println!("{name}");
        let path = scratch.file(name, content);
        run(&["eval", policy.to_str().unwrap(), "--snapshot", path.to_str().unwrap()]).exits(2).says(name);
    }
    let tree: &Path = scratch.path();
    let previous = scratch.file("ok.json", "{\"metrics\": {\"a\": {\"sharpe\": 2}}}");
    for (name, content) in [("p1.json", "3"), ("p2.json", "{\"strategies\": 3}"), ("p3.json", "[1]"), ("p4.json", "{")]
    {
        let path = scratch.file(name, content);
        let arguments = [
            "eval",
            policy.to_str().unwrap(),
            "--snapshot",
            previous.to_str().unwrap(),
            "--previous",
            path.to_str().unwrap(),
        ];
        run(&arguments).exits(2).says(name);
    }
    assert!(tree.exists());
}

#[test]
fn hostile_standard_input_is_named() {
    run_with(&["check", "-"], b"", &[]).exits(1).says("<stdin>");
    run_with(&["check", "-"], b"world: \xff", &[]).exits(2).says("<stdin>:1:8");
    run_with(&["check", "-", "--format", "json"], b"world: [", &[]).exits(1).prints("<stdin>");
}
