//! Inputs that mean harm, through the real program: a clear answer, never a crash or a hang.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use qmtl_policy::{Limits, NoFiles, check};

struct Answer {
    code: i32,
    text: String,
}

fn scratch(name: &str, bytes: &[u8]) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("qmtl-policy-hostile-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

fn run(arguments: &[&str], input: &[u8]) -> Answer {
    let mut child = Command::new(env!("CARGO_BIN_EXE_qmtl-policy"))
        .args(arguments)
        .env("NO_COLOR", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The program may answer before it has read everything.
    let mut pipe = child.stdin.take().unwrap();
    let bytes = input.to_owned();
    let writer = std::thread::spawn(move || drop(pipe.write_all(&bytes)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    Answer { code: output.status.code().expect("no signal ends the program"), text }
}

fn checked(text: &str) -> Answer {
    run(&["check", "-", "--format", "json"], text.as_bytes())
}

fn refused(text: &str, code: &str) {
    let answer = checked(text);
    let shown: String = text.chars().take(60).collect();
    assert_eq!(answer.code, 1, "{shown}: {}", answer.text);
    assert!(answer.text.contains(code), "{shown}: {}", &answer.text[..answer.text.len().min(400)]);
}

fn gate(expression: &str) -> String {
    format!("world: w\nselection:\n  gates:\n    - \"{expression}\"\n")
}

#[test]
fn nothing_and_next_to_nothing() {
    for text in ["", "\n\n", "# only a comment\n", "{}", "---\n", "\u{feff}"] {
        refused(text, "QP1010");
    }
    for text in ["[]", "just text", "42", "null: 1\n"] {
        assert_eq!(checked(text).code, 1, "{text}");
    }
}

#[test]
fn deep_expressions_are_refused_alike_on_every_thread() {
    let text = gate(&("(".repeat(5_000) + "sharpe" + &")".repeat(5_000) + " > 1"));
    refused(&text, "QP1013");
    let codes = move || {
        let checked = check("deep", &text, &NoFiles, &Limits::default());
        checked
            .diagnostics
            .iter()
            .map(|finding| (finding.code(), finding.span, finding.message.clone()))
            .collect::<Vec<_>>()
    };
    let here = codes();
    let small = std::thread::Builder::new().stack_size(256 << 10).spawn(codes).unwrap().join().unwrap();
    assert_eq!(here, small);
    for nest in ["-", "not ", "!", "2 ^ ", "abs(", "if(sharpe > 1, "] {
        refused(&gate(&nest.repeat(5_000)), "QP1013");
    }
}

#[test]
fn long_expressions_are_read_or_refused() {
    let many = |count: usize| gate(&vec!["sharpe > 1"; count].join(" or "));
    assert_eq!(checked(&many(4_000)).code, 0);
    refused(&many(100_000), "QP1013");
}

#[test]
fn growth_is_bounded() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let row = vec![format!("*a{}", level - 1); 9].join(", ");
        bomb.push_str(&format!("a{level}: &a{level} [{row}]\n"));
    }
    refused(&bomb, "QP1008");
    refused("a: &a [*a]\n", "QP1007");
    let mut define = "world: w\ndefine:\n  d0: sharpe\n".to_owned();
    for level in 1..40 {
        define.push_str(&format!("  d{level}: d{} + d{}\n", level - 1, level - 1));
    }
    refused(&(define + "selection: { gates: [d39 > 1] }\n"), "QP1013");
    let mut chain = "world: w\ndefine:\n  d0: sharpe\n".to_owned();
    for level in 1..5_000 {
        chain.push_str(&format!("  d{level}: d{} + 1\n", level - 1));
    }
    refused(&(chain + "selection: { gates: [d4999 > 1] }\n"), "QP1013");
}

#[test]
fn deep_documents_are_refused() {
    refused(&("world: w\na: ".to_owned() + &"[".repeat(5_000)), "QP1008");
    let mut block = String::new();
    for level in 0..500 {
        block.push_str(&format!("{}k:\n", " ".repeat(level)));
    }
    refused(&block, "QP1008");
}

#[test]
fn bytes_that_are_no_text_are_named_with_their_place() {
    let path = scratch("latin.yaml", b"world: w\nowner: caf\xe9\n");
    let answer = run(&["check", path.to_str().unwrap()], b"");
    assert_eq!(answer.code, 2);
    assert!(answer.text.contains(":2:11: the file is not UTF-8"), "{}", answer.text);
    refused("world: w\0\n", "QP1009");
    refused("world: \u{7}\n", "QP1009");
}

#[test]
fn fifty_megabytes_are_refused_quickly() {
    let mut text = "world: w\nselection:\n  gates:\n".to_owned();
    while text.len() < 50 << 20 {
        text.push_str("    - sharpe >= 0.5 and max_drawdown <= 20% and sample_days >= 100\n");
    }
    let path = scratch("large.yaml", text.as_bytes());
    let answer = run(&["check", path.to_str().unwrap()], b"");
    assert_eq!(answer.code, 1);
    assert!(answer.text.contains("QP1008") && answer.text.contains("bytes"), "{}", answer.text);
    refused(&text, "QP1008");
    std::fs::remove_file(path).unwrap();
}

#[test]
fn one_endless_line_is_answered() {
    let line = format!("world: w\nselection: {{ gates: [{}] }}\n", vec!["sharpe >= 0.5전"; 20_000].join(", "));
    let answer = run(&["check", "-"], line.as_bytes());
    assert_eq!(answer.code, 1);
    let widest = answer.text.lines().map(str::len).max().unwrap();
    assert!(widest < 2_000, "a line of {widest} bytes");
}

#[test]
fn windows_files_and_marks_are_read() {
    let policy = "\u{feff}world: w\r\nselection:\r\n  gates:\r\n    - sharpe >= 0.5\r\n    - shrape >= 0.5\r\n";
    let answer = checked(policy);
    assert_eq!(answer.code, 1);
    let document: serde_json::Value = serde_json::from_str(&answer.text).unwrap();
    let start = &document["diagnostics"][0]["span"]["start"];
    assert_eq!((start["line"].as_u64(), start["column"].as_u64()), (Some(5), Some(7)), "{start}");
    assert_eq!(start["offset"].as_u64(), policy.find("shrape").map(|at| at as u64));
}

#[test]
fn files_that_cannot_be_read_are_named() {
    for (arguments, word) in [
        (&["check", "/nowhere/at/all.yaml"][..], "/nowhere/at/all.yaml"),
        (&["check"], "FILE"),
        (&["check", "--format", "xml", "-"], "xml"),
        (&["nonsense"], "nonsense"),
        (&["rule", "QP9999"], "QP9999"),
        (&["metrics", "elephant"], "elephant"),
        (&["eval", "/nowhere.yaml", "--snapshot", "x.json"], "/nowhere.yaml"),
    ] {
        let answer = run(arguments, b"");
        assert_eq!(answer.code, 2, "{arguments:?}: {}", answer.text);
        assert!(answer.text.contains(word), "{arguments:?}: {}", answer.text);
    }
}

#[test]
fn snapshots_that_mean_harm_are_refused_with_a_place() {
    let policy = scratch("policy.yaml", b"world: w\nselection: { gates: [sharpe >= 0.5] }\n");
    for (snapshot, word) in [
        ("", "ends where a value"),
        ("{\"metrics\": {\"a\": {\"sharpe\": 1, \"sharpe\": 2}}}", "1:33: `sharpe` stands twice"),
        ("{\"metrics\": {\"a\": {}, \"a\": {}}}", "`a` stands twice"),
        ("{\"metrics\": [1]}", "`metrics` must be a mapping"),
        ("{\"metrics\": {\"a\": {\"sharpe\": [1]}}}", "metrics.a.sharpe"),
        ("{\"metrisc\": {}}", "did you mean `metrics`"),
        ("{\"correlations\": [[\"a\", \"b\", 1.5]]}", "[-1, 1]"),
        ("{\"as_of\": \"soon\"}", "as_of"),
        (&"[".repeat(100_000), "nests deeper"),
    ] {
        let path = scratch("snapshot.json", snapshot.as_bytes());
        let answer = run(&["eval", policy.to_str().unwrap(), "--snapshot", path.to_str().unwrap()], b"");
        assert_eq!(answer.code, 2, "{snapshot:.60}: {}", answer.text);
        assert!(answer.text.contains(word), "{snapshot:.60}: {}", answer.text);
    }
}
