//! Every key, metric, function and word of every example, misspelt by one letter: each slip must be
//! an error right at the word, with the right spelling as help.

use qmtl_policy::render::Report;
use qmtl_policy::source::{FileId, Node, NodeKind, Span, parse_yaml};
use qmtl_policy::stdlib::standard;
use qmtl_policy::{Limits, Severity, builtin, check};

use crate::support::{Beside, example_policies, shown};

/// What a word is, and so which slips are slips at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    /// A key of the language.
    Key,
    /// A key of a validation section: a parameter, or `<metric>_min`, `min_<metric>`.
    SectionKey,
    /// A metric, a function, a definition or a keyword-free name in an expression.
    Name,
    /// A metric in a step of a threshold document, where an unknown one is a warning.
    ThresholdMetric,
    /// A stage in a mapping of stages to profiles, where a threshold document gets a warning.
    Stage,
    /// One of a few words, or a name that stands elsewhere.
    Choice,
}

#[derive(Debug, Clone)]
struct Place {
    span: Span,
    text: String,
    word: Word,
}

/// Mappings whose keys the author invents, by path; `*` is any key.
const INVENTED: &[&str] = &[
    "metrics",
    "define",
    "validation_profiles",
    "thresholds",
    "selection.thresholds",
    "selection.constraints.exposure.gross_budget",
    "selection.topk.by_side",
    "stress.scenarios",
];
/// Values that are expressions, by their last key.
const EXPRESSIONS: &[&str] = &["when", "keep", "score", "and", "all", "or", "any", "not", "gates"];
/// Values that are one of a few words or a name that stands elsewhere, by their last key.
const CHOICES: &[&str] =
    &["severity", "on_missing", "on_error", "on_missing_metric", "unit", "better", "layer", "mode", "tier", "risk_exit", "import", "type", "sign"];

fn matches(path: &[String], pattern: &str) -> bool {
    let parts: Vec<_> = pattern.split('.').collect();
    parts.len() == path.len() && parts.iter().zip(path).all(|(part, key)| *part == "*" || part == key)
}

/// All words of a tree that a slip can break.
fn places(text: &str, node: &Node, path: &mut Vec<String>, found: &mut Vec<Place>) {
    match &node.kind {
        NodeKind::Mapping(mapping) => {
            for entry in &mapping.entries {
                let name = entry.name().unwrap_or_default().to_owned();
                let section = matches(path, "validation.*") || matches(path, "validation_profiles.*.*");
                let stage = matches(path, "default_profile_by_stage");
                let word = if section { Word::SectionKey } else if stage { Word::Stage } else { Word::Key };
                if !INVENTED.iter().any(|pattern| matches(path, pattern)) && !name.starts_with("x-") {
                    found.push(Place { span: entry.key.span, text: name.clone(), word });
                }
                path.push(name);
                places(text, &entry.value, path, found);
                path.pop();
            }
        }
        NodeKind::Sequence { items, .. } => items.iter().for_each(|item| places(text, item, path, found)),
        NodeKind::Scalar(scalar) => {
            let last = path.last().map_or("", String::as_str);
            let whole = |word| Place { span: node.span, text: scalar.value.clone(), word };
            if EXPRESSIONS.contains(&last) || matches(path, "define.*") {
                found.extend(names(text, node.span));
            } else if CHOICES.contains(&last) || matches(path, "default_profile_by_stage.*") {
                found.push(whole(Word::Choice));
            } else if last == "metric" {
                found.push(whole(Word::ThresholdMetric));
            }
        }
        NodeKind::Alias(_) | NodeKind::Invalid => {}
    }
}

/// The names in an expression as written: not keywords, not the units of numbers.
fn names(text: &str, span: Span) -> Vec<Place> {
    let bytes = text.as_bytes();
    let is_name = |at: usize| at < span.end as usize && (bytes[at].is_ascii_alphanumeric() || bytes[at] == b'_');
    let mut found = Vec::new();
    let mut at = span.start as usize;
    while at < span.end as usize {
        let start = at;
        while is_name(at) {
            at += 1;
        }
        let name = &text[start..at];
        let keyword = ["and", "or", "not", "in", "true", "false"].contains(&name);
        if !keyword && name.starts_with(|first: char| first.is_ascii_alphabetic()) {
            found.push(Place { span: Span::new(FileId(0), start, at), text: name.to_owned(), word: Word::Name });
        }
        at = at.max(start + 1);
    }
    found
}

/// Slips of one letter: one dropped, one doubled, one replaced by its neighbour, two swapped.
fn slips(word: &str) -> Vec<String> {
    let letters: Vec<char> = word.chars().collect();
    let places: Vec<usize> = (0..letters.len()).filter(|at| letters[*at].is_ascii_alphabetic()).collect();
    let mut found: Vec<String> = Vec::new();
    // Which letter slips follows from the word, so that all places are tried over many words.
    let turn: usize = word.bytes().map(usize::from).sum();
    for kind in 0..4 {
        let Some(at) = places.get((turn + kind * 3) % places.len().max(1)).copied() else { continue };
        let mut slip = letters.clone();
        match kind {
            0 => drop(slip.remove(at)),
            1 => slip.insert(at, letters[at]),
            2 => slip[at] = if letters[at] == 'z' || letters[at] == 'Z' { 'y' } else { (letters[at] as u8 + 1) as char },
            _ if at + 1 < slip.len() => slip.swap(at, at + 1),
            _ => slip.swap(at - usize::from(at > 0), at),
        }
        let slip: String = slip.into_iter().collect();
        if slip != word && !slip.is_empty() && !found.contains(&slip) {
            found.push(slip);
        }
    }
    found
}

/// Whether a slip is a right word by chance.
fn is_right(slip: &str, place: &Place, others: &[Place]) -> bool {
    let metric = |name: &str| standard().catalogue.find(name).is_some();
    match place.word {
        Word::Key | Word::Stage | Word::Choice => others.iter().any(|other| other.word == place.word && other.text == slip),
        Word::SectionKey => {
            let bare = ["min_", "max_"].iter().find_map(|prefix| slip.strip_prefix(prefix));
            let bare = bare.or_else(|| ["_min", "_max"].iter().find_map(|suffix| slip.strip_suffix(suffix)));
            metric(slip) || bare.is_some_and(metric)
        }
        Word::Name | Word::ThresholdMetric => metric(slip) || builtin::by_name(slip).is_some(),
    }
}

/// Inserted, lost, replaced and swapped letters between two words.
fn distance(left: &str, right: &str) -> usize {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    let mut table = vec![vec![0; right.len() + 1]; left.len() + 1];
    for row in 0..=left.len() {
        for column in 0..=right.len() {
            let mut best = if row == 0 || column == 0 { row + column } else { usize::MAX };
            if row > 0 && column > 0 {
                let replaced = table[row - 1][column - 1] + usize::from(left[row - 1] != right[column - 1]);
                best = replaced.min(table[row - 1][column] + 1).min(table[row][column - 1] + 1);
                if row > 1 && column > 1 && left[row - 1] == right[column - 2] && left[row - 2] == right[column - 1] {
                    best = best.min(table[row - 2][column - 2] + 1);
                }
            }
            table[row][column] = best;
        }
    }
    table[left.len()][right.len()]
}

/// What is wrong with how a slip was met; none if it was met well.
fn complaint(name: &str, text: &str, place: &Place, slip: &str) -> Option<String> {
    let mut wrong = text.to_owned();
    let raw = &text[place.span.range()];
    let inner = raw.find(&place.text).unwrap_or(0);
    let start = place.span.start as usize + inner;
    wrong.replace_range(start..start + place.text.len(), slip);
    let checked = check(name, &wrong, &Beside, &Limits::default());
    let native = text.contains("\n  gates:");
    let lowered = matches!(place.word, Word::ThresholdMetric | Word::Stage) && !native;
    let least = if lowered { Severity::Warning } else { Severity::Error };
    let here = |d: &&qmtl_policy::Diagnostic| d.span.start == place.span.start && d.severity >= least;
    let report = Report { diagnostics: &checked.diagnostics, sources: &checked.sources, document: None };
    let line = text[..start].matches('\n').count() + 1;
    let said = || {
        let lines: Vec<_> = report.ordered().iter().map(|d| format!("{} {} (help: {:?})", d.code(), d.message, d.help)).collect();
        if lines.is_empty() { "nothing".to_owned() } else { lines.join("; ") }
    };
    let at = format!("{name}:{line}: `{}` as `{slip}` ({:?})", place.text, place.word);
    let met: Vec<_> = checked.diagnostics.iter().filter(here).collect();
    if met.is_empty() {
        return Some(format!("{at}: no error at the word, but {}", said()));
    }
    let suggested: Vec<&str> = met.iter().filter_map(|d| d.help.as_deref()?.strip_prefix("did you mean `")?.split('`').next()).collect();
    // Another known word may be as near as the right one.
    let well = suggested.iter().any(|known| *known == place.text || distance(known, slip) <= 1);
    (!well).then(|| format!("{at}: the help does not name the right word: {}", said()))
}

#[test]
fn every_slip_of_one_letter_is_an_error_with_the_right_word() {
    let (mut tried, mut words, mut skipped) = (0, 0, 0);
    let mut complaints = Vec::new();
    for path in example_policies() {
        let name = shown(&path);
        let text = std::fs::read_to_string(&path).unwrap();
        let (document, problems) = parse_yaml(&text, FileId(0), &Limits::default());
        assert!(problems.is_empty(), "{name}: {problems:?}");
        let mut found = Vec::new();
        places(&text, &document.root.unwrap(), &mut Vec::new(), &mut found);
        assert!(found.len() > 30, "{name}: only {} words", found.len());
        for place in &found {
            words += 1;
            let slips = slips(&place.text);
            // A name of one letter can only be doubled or replaced.
            assert!(slips.len() >= 2 || place.text.len() < 3, "{name}: {} slips of `{}`", slips.len(), place.text);
            for slip in slips {
                // Without its `std/` it is the name of a file of the user's.
                let not_standard = place.text.starts_with("std/") && !slip.starts_with("std/");
                if not_standard || is_right(&slip, place, &found) {
                    skipped += 1;
                    continue;
                }
                tried += 1;
                complaints.extend(complaint(&name, &text, place, &slip));
            }
        }
    }
    println!("{tried} slips in {words} words tried, {skipped} skipped that are right words");
    assert!(complaints.is_empty(), "{} of {tried} slips are not met well:\n{}", complaints.len(), complaints.join("\n"));
}
