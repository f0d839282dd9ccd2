//! The hosts under `examples/embed` do what they say, and decide what the native library decides.
//!
//! They need their runtimes: what is absent is skipped, unless `QMTL_POLICY_REQUIRE_HOSTS` is set. `QMTL_POLICY_PYTHON`
//! names a Python that has the packages of `examples/embed/python/requirements.txt`, `QMTL_POLICY_TSC` a `tsc`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use qmtl_policy::{Options, Policy, Snapshot};
use serde_json::{Value, json};

use crate::support::{Scratch, read};
use crate::{guest, readme, root};

/// Policies with a snapshot and a strategy of it.
const CASES: [(&str, &str, &str); 4] = [
    ("crypto_mom/policy.yaml", "crypto_mom/monday.json", "btc_mom_24h"),
    ("crypto_mom/policy.yaml", "crypto_mom/tuesday.json", "link_meanrev"),
    ("sp500_rules/policy.yaml", "sp500_rules/snapshot.json", "amd_mac10_50_long"),
    ("qmtl_profiles/policy.yaml", "qmtl_profiles/snapshot.json", "alpha"),
];

/// A program, if it is there and succeeds at something; otherwise the test is skipped, or fails where hosts are required.
fn program(variable: &str, name: &str, needs: &str, asked: &[&str]) -> Option<OsString> {
    guest::module()?;
    let program = std::env::var_os(variable).unwrap_or_else(|| name.into());
    let runs = Command::new(&program).args(asked).output().is_ok_and(|output| output.status.success());
    if runs {
        return Some(program);
    }
    guest::lacking(&format!("a {needs}: `{}` is none; set {variable} to one", program.display()));
    None
}

fn node() -> Option<OsString> {
    let new = "process.exit(parseInt(process.versions.node) >= 20 ? 0 : 1)";
    program("QMTL_POLICY_NODE", "node", "Node of version 20 or newer", &["-e", new])
}

fn python() -> Option<OsString> {
    let new = "import sys, numpy, wasmtime; sys.exit(sys.version_info < (3, 11))";
    program("QMTL_POLICY_PYTHON", "python3", "Python of version 3.11 or newer with numpy and wasmtime", &["-c", new])
}

/// What a program prints that has to succeed.
#[track_caller]
fn output(program: &OsString, arguments: &[&str], folder: &Path, expected: Option<&Path>) -> String {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder);
    command
        .env("QMTL_POLICY_WASM", guest::module().unwrap_or_default())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("PYTHONUTF8", "1");
    command.envs(expected.map(|path| ("QMTL_POLICY_EXPECTED", path)));
    let output = command.output().expect("a program that ran before");
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "`{} {}` fails\n{out}\n{err}", program.display(), arguments.join(" "));
    out.into_owned()
}

fn folder(name: &str) -> PathBuf {
    root().join("examples/embed").join(name)
}

/// A document as the program prints it.
fn printed(document: &impl serde::Serialize) -> String {
    serde_json::to_string_pretty(document).expect("a document")
}

/// What hosts have to say about the examples, from the library itself.
fn expected(scratch: &Scratch) -> PathBuf {
    let case = |(policy, snapshot, strategy): (&str, &str, &str)| -> Value {
        let (text, snapshot) = (read(format!("examples/{policy}")), read(format!("examples/{snapshot}")));
        let policy = Policy::compile(&text).expect("a policy of the examples");
        let read = Snapshot::from_json(&snapshot).expect("a snapshot of the examples");
        let decision = policy.evaluate(&read, &Options::default()).expect("a decision");
        let explanation = policy.explain(&read, &Options::default(), strategy).expect("an explanation");
        json!({ "policy": text, "snapshot": snapshot, "decision": printed(&decision), "strategy": strategy,
                "explanation": printed(&explanation) })
    };
    scratch.file("expected.json", Value::from_iter(CASES.map(case)).to_string())
}

#[test]
fn the_javascript_host_does_what_it_says() {
    let Some(node) = node() else { return };
    let scratch = Scratch::new();
    output(&node, &["--test", "test.mjs"], &folder("node"), Some(&expected(&scratch)));
}

#[test]
fn the_python_host_does_what_it_says() {
    let Some(python) = python() else { return };
    let scratch = Scratch::new();
    output(&python, &["-m", "unittest", "test_qmtl_policy"], &folder("python"), Some(&expected(&scratch)));
}

#[test]
fn the_examples_of_both_hosts_print_the_same() {
    let said: Vec<_> = [(node(), "node", "example.mjs"), (python(), "python", "example.py")]
        .into_iter()
        .filter_map(|(program, name, example)| Some(output(&program?, &[example], &folder(name), None)))
        .collect();
    let expected = root().join("examples/embed/output.txt");
    if let (Some(first), true) = (said.first(), std::env::var_os("UPDATE_EMBED").is_some()) {
        std::fs::write(&expected, first).expect("the output is written");
    }
    for said in said {
        assert!(
            said == read(&expected),
            "the output is another: run with UPDATE_EMBED=1 and read what changes\n{said}"
        );
    }
}

#[test]
fn the_lines_of_the_readme_run() {
    if let Some(node) = node() {
        let script = readme::block("js");
        assert_eq!(output(&node, &["--input-type=module", "--eval", &script], &root(), None).trim(), "[ 'a' ] 2 [ 1 ]");
    }
    if let Some(python) = python() {
        let script = format!("import sys; sys.path.insert(0, 'examples/embed/python')\n{}", readme::block("python"));
        assert_eq!(output(&python, &["-c", &script], &root(), None).trim(), "['a'] 2 [1]");
    }
}

#[test]
fn the_types_of_the_javascript_host_are_strict() {
    let (variable, name) = ("QMTL_POLICY_TSC", "tsc");
    let given = std::env::var_os(variable);
    // Not every machine with Node has a compiler of types, so only one that is named is required.
    let tsc = given.clone().unwrap_or_else(|| name.into());
    if given.is_none() && !Command::new(&tsc).arg("--version").output().is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: there is no `{name}`; install the package typescript, or set {variable}");
        return;
    }
    let output = Command::new(&tsc).args(["-p", "."]).current_dir(folder("node")).output().expect("tsc runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}
