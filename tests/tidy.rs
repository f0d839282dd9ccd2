//! The rules of the house: layers, names, sizes, registries.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use qmtl_policy::{builtin, check, stdlib};

use crate::root;

/// The rooms from left to right; a room imports from rooms on its left, and from its own.
const ROOMS: [&[&str]; 15] = [
    &["source"],
    &["diag"],
    &["value"],
    &["syntax"],
    &["ir"],
    &["builtin"],
    &["stdlib"],
    &["compile"],
    &["check", "eval", "format"],
    &["policy"],
    &["lifecycle"],
    &["store", "report"],
    &["render"],
    &["cli"],
    &["wasm"],
];

/// Imports against the order, each with its reason.
const EXCEPTIONS: [(&str, &str, &str); 0] = [];

fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn sources() -> Vec<(String, String)> {
    let src = root().join("src");
    let read = |path: PathBuf| {
        let name = path.strip_prefix(&src).unwrap().display().to_string();
        (name, std::fs::read_to_string(&path).unwrap())
    };
    files(&src, "rs").into_iter().map(read).collect()
}

fn is_test(name: &str) -> bool {
    ["tests", "properties.rs", "oracle.rs"].iter().any(|part| name.contains(part))
}

/// The part of a file before its tests.
fn code(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod tests {").next().unwrap()
}

fn room_of(name: &str) -> Option<usize> {
    let room = name.split('/').next().unwrap().trim_end_matches(".rs");
    ROOMS.iter().position(|rooms| rooms.contains(&room))
}

#[test]
fn rooms_import_from_their_left_only() {
    let mut wrong = Vec::new();
    for (name, text) in sources().iter().filter(|(name, _)| !is_test(name)) {
        let Some(room) = room_of(name) else { continue };
        for (index, line) in code(text).lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//")) {
            for part in line.split("crate::").skip(1) {
                let target: String = part.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                let known = EXCEPTIONS.iter().any(|(from, to, _)| name == from && target == *to);
                if room_of(&target).is_some_and(|target| target > room) && !known {
                    wrong.push(format!("src/{name}:{}: imports `{target}`", index + 1));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_say_what_they_are_and_stay_short() {
    for (name, text) in sources() {
        assert!(text.starts_with("//! "), "src/{name} does not say what it is");
        let lines = text.lines().count();
        assert!(lines <= 450, "src/{name} has {lines} lines");
        let lists = code(&text).lines().filter(|line| !is_test(&name) && line.trim_start().starts_with("use "));
        for line in lists {
            assert!(!line.contains("::*"), "src/{name}: `{line}` takes everything");
        }
    }
}

#[test]
fn names_say_what_they_hold() {
    for (name, _) in sources() {
        for vague in ["util", "helper", "manager", "misc", "common"] {
            assert!(!name.contains(vague), "src/{name}");
        }
    }
}

#[test]
fn codes_are_unique_and_well_formed() {
    let registry = check::registry();
    let codes: BTreeSet<_> = registry.iter().map(|rule| rule.code).collect();
    let slugs: BTreeSet<_> = registry.iter().map(|rule| rule.slug).collect();
    assert_eq!((codes.len(), slugs.len()), (registry.len(), registry.len()));
    for rule in registry {
        let digits = rule.code.strip_prefix("QP").unwrap();
        assert!(digits.len() == 4 && digits.starts_with(['1', '2', '3', '4', '5']), "{}", rule.code);
        assert!(digits.bytes().all(|byte| byte.is_ascii_digit()), "{}", rule.code);
    }
}

#[test]
fn every_code_is_used_once_as_a_page_and_somewhere_as_a_finding() {
    let text: String = sources().into_iter().filter(|(name, _)| !is_test(name)).map(|(_, text)| text).collect();
    for rule in check::registry() {
        assert_eq!(text.matches(&format!("code: \"{}\"", rule.code)).count(), 1, "{}", rule.code);
    }
    let statics: Vec<_> = ["documents", "names"]
        .iter()
        .flat_map(|module| {
            let path = root().join(format!("src/diag/codes/{module}.rs"));
            let text = std::fs::read_to_string(path).unwrap();
            let names =
                text.lines().filter_map(|line| line.strip_prefix("pub static ")).filter(|line| line.contains(": Rule"));
            names.map(|line| format!("{module}::{}", line.split(':').next().unwrap())).collect::<Vec<_>>()
        })
        .collect();
    for name in statics {
        assert!(text.contains(&format!("&{name}")), "`{name}` is never reported");
    }
}

#[test]
fn the_standard_library_is_whole() {
    let embedded: BTreeSet<_> = stdlib::embedded_files().collect();
    let folder = root().join("stdlib");
    let present: BTreeSet<_> =
        files(&folder, "yaml").iter().map(|path| path.strip_prefix(&folder).unwrap().display().to_string()).collect();
    assert_eq!(embedded, present);
    let standard = stdlib::standard();
    assert!(standard.diagnostics.is_empty(), "{:#?}", standard.diagnostics);
    // Every formula compiles where a policy names it.
    for definition in &standard.library.definitions {
        let policy = format!("world: w\nselection: {{ gates: [\"{} > 0\"] }}\n", definition.name);
        qmtl_policy::Policy::compile(&policy).unwrap_or_else(|error| panic!("{}: {error}", definition.name));
    }
    for name in stdlib::importable_names() {
        let policy = format!("world: w\nimport: [{name}]\nselection: {{ gates: [sharpe > 0] }}\n");
        qmtl_policy::Policy::compile(&policy).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

#[test]
fn no_two_metrics_share_a_name() {
    let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
    for entry in &stdlib::standard().library.metrics {
        let names = std::iter::once(entry.name.as_str()).chain(entry.aliases.iter().map(|alias| alias.name.as_str()));
        for name in names {
            if let Some(other) = seen.insert(name, &entry.name) {
                panic!("`{name}` stands for `{other}` and `{}`", entry.name);
            }
        }
    }
}

#[test]
fn functions_are_sorted_and_one_file_each() {
    let names: Vec<_> = builtin::ALL.iter().map(|builtin| builtin.name).collect();
    assert!(names.is_sorted(), "{names:?}");
    for name in names {
        let file = if name == "if" { "choose" } else { name };
        assert!(root().join(format!("src/builtin/{file}.rs")).exists(), "{name}");
    }
}

#[test]
fn the_project_speaks_of_itself_alone() {
    for folder in ["src", "tests", "stdlib", "grammar", "examples", "benches"] {
        for ending in ["rs", "yaml", "md", "pest"] {
            for path in files(&root().join(folder), ending) {
                let text = std::fs::read_to_string(&path).unwrap();
                let outside = ["..", "shared"].join("/");
                assert!(!text.contains(&outside), "{} names a place outside", path.display());
            }
        }
    }
}
