//! The README is true: its commands give the output it shows, its policies check, its Rust runs.
//!
//! `UPDATE_README=1` writes the outputs anew.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::root;

/// Where commands of the README run: a folder with `examples/` and the files that the README shows.
fn workshop(readme: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("qmtl-policy-readme-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a temporary folder");
    for block in blocks(readme) {
        if let Some(name) = block.info.strip_prefix("yaml ") {
            std::fs::write(folder.join(name), &block.body).expect("a file of the README");
        }
    }
    let examples = folder.join("examples");
    if !examples.exists() {
        copy(&root().join("examples"), &examples);
    }
    folder
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        let target = to.join(entry.file_name().expect("a name"));
        if entry.is_dir() {
            copy(&entry, &target);
        } else {
            std::fs::copy(&entry, &target).expect("a copy");
        }
    }
}

/// A fenced block.
struct Block {
    info: String,
    body: String,
}

fn blocks(text: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(info) = line.strip_prefix("```").filter(|info| !info.is_empty()) {
            let body: String =
                lines.by_ref().take_while(|line| *line != "```").map(|line| format!("{line}\n")).collect();
            found.push(Block { info: info.to_owned(), body });
        }
    }
    found
}

/// The only block of the README of some kind.
pub fn block(info: &str) -> String {
    let readme = std::fs::read_to_string(root().join("README.md")).expect("the README");
    let mut found = blocks(&readme).into_iter().filter(|block| block.info == info).map(|block| block.body);
    let (first, second) = (found.next(), found.next());
    assert!(second.is_none(), "two blocks of {info}");
    first.unwrap_or_else(|| panic!("no block of {info}"))
}

/// Standard error, then standard output, as a terminal of 100 columns without colour shows them.
fn output(folder: &Path, command: &str) -> String {
    let arguments = command.strip_prefix("qmtl-policy ").expect("a command of this program").split(' ');
    let output = Command::new(env!("CARGO_BIN_EXE_qmtl-policy"))
        .args(arguments)
        .current_dir(folder)
        .env("COLUMNS", "100")
        .env("NO_COLOR", "1")
        .output()
        .expect("the program runs");
    let text = [output.stderr, output.stdout].concat();
    String::from_utf8(text).expect("text").lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}

#[test]
fn commands_give_the_output_shown() {
    let path = root().join("README.md");
    let readme = std::fs::read_to_string(&path).expect("the README");
    let folder = workshop(&readme);
    let mut current = readme.clone();
    let consoles: Vec<_> = blocks(&readme).into_iter().filter(|block| block.info == "console").collect();
    assert!(consoles.len() >= 3, "the README shows a session");
    for block in consoles {
        let command = block.body.lines().next().and_then(|line| line.strip_prefix("$ ")).expect("a command");
        let shown = format!("$ {command}\n{}\n", output(&folder, command).trim_end());
        current = current.replace(&format!("```console\n{}```", block.body), &format!("```console\n{shown}```"));
    }
    if std::env::var_os("UPDATE_README").is_some() {
        std::fs::write(&path, &current).expect("the README is written");
    } else {
        assert!(current == readme, "the README shows old output: run with UPDATE_README=1 and read what changes");
    }
    std::fs::remove_dir_all(folder).expect("the folder is removed");
}

#[test]
fn policies_shown_are_what_the_text_says() {
    let readme = std::fs::read_to_string(root().join("README.md")).expect("the README");
    let language = blocks(&readme).into_iter().find(|block| block.info == "yaml language.yaml").expect("a policy");
    let checked =
        qmtl_policy::check("language", &language.body, &qmtl_policy::NoFiles, &qmtl_policy::Limits::default());
    assert!(checked.diagnostics.is_empty(), "{:#?}", checked.diagnostics);
}

#[test]
fn the_second_command_is_what_ci_runs() {
    let readme = std::fs::read_to_string(root().join("README.md")).expect("the README");
    let commands = blocks(&readme).into_iter().find(|block| block.info == "sh").expect("the two commands");
    let test = commands.body.lines().nth(1).expect("two commands").to_owned();
    let ci = std::fs::read_to_string(root().join(".ci/run")).expect(".ci/run");
    assert!(ci.lines().any(|line| line.strip_suffix(" --locked") == Some(&test)), "`{test}` is not in .ci/run");
}
