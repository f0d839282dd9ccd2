//! Every word of the example policies, misspelt by one letter, is an error at its place with the
//! right suggestion.

use qmtl_policy::compile::{LoadedFile, Loader};
use qmtl_policy::{Diagnostic, Limits, Severity, check};

use crate::{example_policies, root};

struct Beside;

impl Loader for Beside {
    fn load(&self, name: &str, importer: &str) -> Result<LoadedFile, String> {
        let path = std::path::Path::new(importer).parent().unwrap().join(name);
        let text = std::fs::read_to_string(&path).map_err(|error| error.to_string())?;
        Ok(LoadedFile { name: path.display().to_string(), text })
    }
}

/// Words that authors invent: a slip in one of them makes another name, not a mistake.
fn invented(text: &str) -> Vec<String> {
    let value = qmtl_policy::eval::read_yaml(text).unwrap();
    let mut names: Vec<String> = Vec::new();
    let keys = |value: Option<&qmtl_policy::eval::Value>| match value {
        Some(qmtl_policy::eval::Value::Map(entries)) => entries.iter().map(|(key, _)| key.clone()).collect::<Vec<_>>(),
        _ => Vec::new(),
    };
    let at = |path: &[&str]| path.iter().try_fold(&value, |value, key| value.get(key));
    for path in [
        &["metrics"][..],
        &["define"],
        &["validation_profiles"],
        &["thresholds"],
        &["selection", "thresholds"],
        &["stress", "scenarios"],
        &["selection", "topk", "by_side"],
        &["selection", "constraints", "exposure", "gross_budget"],
    ] {
        names.extend(keys(at(path)));
    }
    names
}

/// The word with a letter dropped, doubled, replaced and swapped.
fn slips(word: &str) -> Vec<String> {
    let letters: Vec<char> = word.chars().collect();
    let middle = letters.len() / 2;
    let mut found = Vec::new();
    for change in 0..4 {
        let mut slip = letters.clone();
        match change {
            0 => drop(slip.remove(middle)),
            1 => slip.insert(middle, letters[middle]),
            2 => slip[middle] = if letters[middle] == 'k' { 'j' } else { 'k' },
            _ => slip.swap(middle - 1, middle),
        }
        let slip: String = slip.into_iter().collect();
        if slip != word {
            found.push(slip);
        }
    }
    found
}

/// Words of letters and `_` outside comments, with their byte offsets: keys, metrics, functions, enums.
fn words(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let code = line.split(" #").next().unwrap();
        if !code.trim_start().starts_with('#') {
            let mut start = None;
            for (offset, character) in code.char_indices().chain([(code.len(), ' ')]) {
                let part = character.is_ascii_alphanumeric() || character == '_';
                match (part, start) {
                    (true, None) => start = Some(offset),
                    (false, Some(first)) => {
                        found.push((at + first, code[first..offset].to_owned()));
                        start = None;
                    }
                    _ => {}
                }
            }
        }
        at += line.len();
    }
    found
}

/// Keys whose values are free texts or names.
const FREE: [&str; 14] = [
    "world",
    "version",
    "id",
    "owner",
    "reason",
    "approvers",
    "bar_alignment",
    "on_promote",
    "on_demote",
    "import",
    "default_profile_by_stage",
    "gating_policy",
    "tags",
    "stage",
];

fn is_free(text: &str, at: usize) -> bool {
    let line_start = text[..at].rfind('\n').map_or(0, |at| at + 1);
    let before = &text[line_start..at];
    // Behind the last `key:` on the line that is still open here.
    let key = before.rsplit(['{', ',']).next().unwrap().trim().trim_start_matches("- ");
    let key = key.split(':').next().unwrap_or("").trim();
    key != before.trim() && FREE.contains(&key) && before.contains(&format!("{key}:"))
}

#[test]
fn every_slip_is_found_at_its_place_with_the_right_word() {
    let mut tried = 0;
    let mut missed = Vec::new();
    for path in example_policies() {
        let name = path.strip_prefix(root()).unwrap().display().to_string();
        let text = std::fs::read_to_string(&path).unwrap();
        let invented = invented(&text);
        for (at, word) in words(&text) {
            let number = word.starts_with(|first: char| first.is_ascii_digit());
            let keyword = ["true", "false", "and", "or", "not", "in", "std", "profiles"].contains(&word.as_str());
            let is_key = text[at + word.len()..].starts_with(':');
            if word.len() < 3 || number || keyword || is_free(&text, at) || (is_key && invented.contains(&word)) {
                continue;
            }
            for slip in slips(&word) {
                let changed = format!("{}{slip}{}", &text[..at], &text[at + word.len()..]);
                let checked = check(&path.display().to_string(), &changed, &Beside, &Limits::default());
                // Threshold documents may name any metric: there a strange one is a warning.
                let in_threshold = text[..at].ends_with("metric: ");
                let grave = |d: &&Diagnostic| d.severity == Severity::Error || in_threshold && d.code() == "QP2001";
                let errors: Vec<_> = checked.diagnostics.iter().filter(grave).collect();
                // The slip may be another word of the language.
                if errors.is_empty() && is_other_word(&slip) {
                    continue;
                }
                tried += 1;
                let right = errors.iter().any(|error| {
                    let place = error.span.start as usize == at && error.span.file.0 == 0;
                    place && error.help.as_deref().is_some_and(|help| help.contains(&format!("`{word}`")))
                });
                if !right {
                    let seen: Vec<_> = errors
                        .iter()
                        .map(|e| format!("{} at {}: {} / {:?}", e.code(), e.span.start, e.message, e.help))
                        .collect();
                    missed.push(format!("{name} at {at}: `{word}` as `{slip}`: {seen:#?}"));
                }
            }
        }
    }
    println!("{tried} slips tried");
    assert!(tried > 300, "only {tried} slips were tried");
    assert!(missed.is_empty(), "{} of {tried} slips missed:\n{}", missed.len(), missed.join("\n"));
}

fn is_other_word(word: &str) -> bool {
    qmtl_policy::stdlib::standard().catalogue.find(word).is_some()
}
