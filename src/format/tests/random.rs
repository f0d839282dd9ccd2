//! Random documents: whatever is valid YAML is formatted once and for all, and stays the same.

use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop, prop_oneof, proptest};

use super::{attempt, format, format_policy};
use crate::source::{FileId, Limits, parse_yaml};

/// A value, and how its author lays it out.
#[derive(Debug, Clone)]
enum Value {
    Scalar(&'static str),
    Block(&'static str, Vec<&'static str>),
    List(Vec<(Value, Noise)>),
    Map(Vec<(Value, Noise)>),
    FlowList(Vec<Value>, &'static str),
    FlowMap(Vec<Value>, &'static str),
}

/// What stands around an entry: blank lines, a comment before, space, a comment behind, indentation.
type Noise = (usize, Option<usize>, usize, bool, usize);

const SCALARS: &[&str] = &[
    "a",
    "1",
    "x>=1",
    "'it''s'",
    "\"q\\n\"",
    "",
    "~",
    "-1",
    "foo bar",
    "전략 설명",
    "\"a: b\"",
    "x:y",
    "a#b",
    "'#'",
    "\"sector=='t'\"",
    "50%",
    "&n x",
    "'a\n\n         b'",
    "\"a \\\n         b\\ \n         c\"",
];
const LINES: &[&str] = &["text", "  deep", "# no comment", "", "- x", "끝  ", "   "];
const HEADERS: &[&str] = &["|", ">", "|-", ">-", "|+", ">+", "| # c", ">2", "|2-"];
const KEYS: &[&str] = &["selection", "gates", "and", "when", "score", "키", "\"k k\"", "k1", "k2", "define"];

/// Pieces of YAML that make, thrown together, every kind of odd text.
const PIECES: &[&str] = &[
    "a: ", "b:", "c: ", "d: ", "- ", "\n", "\n", "\n  ", "\n    ", "? ", ": ", "{", "}", "[", "]", ", ", ",", " # c\n",
    "#d\n", "&x ", "*x", " |\n", ">+\n", "t", "'q'", "\"r\"", "---\n", "  ", "- a: ", "<<: ", "x>=1",
];

fn noise() -> impl Strategy<Value = Noise> {
    (0..3_usize, prop::option::weighted(0.25, 0..9_usize), 1..4_usize, prop::bool::weighted(0.2), 0..4_usize)
}

fn value() -> impl Strategy<Value = Value> {
    let scalar = prop::sample::select(SCALARS).prop_map(Value::Scalar);
    let lines = prop::collection::vec(prop::sample::select(LINES), 0..5);
    let block = (prop::sample::select(HEADERS), lines).prop_map(|(header, lines)| Value::Block(header, lines));
    let separator = prop_oneof![
        Just(", "),
        Just(","),
        Just(" ,  "),
        Just(", # c\n          "),
        Just(",\n          # d\n          ")
    ];
    prop_oneof![4 => scalar, 1 => block].prop_recursive(5, 40, 4, move |inner| {
        let entries = prop::collection::vec((inner.clone(), noise()), 1..5).boxed();
        let items = prop::collection::vec(inner, 0..4).boxed();
        prop_oneof![
            entries.clone().prop_map(Value::List),
            entries.prop_map(Value::Map),
            (items.clone(), separator.clone()).prop_map(|(items, by)| Value::FlowList(items, by)),
            (items, separator.clone()).prop_map(|(items, by)| Value::FlowMap(items, by)),
        ]
    })
}

fn flow(values: &[Value], by: &str, keys: bool) -> String {
    let one = |(index, value): (usize, &Value)| {
        let key = KEYS.get(index).filter(|_| keys).map(|key| format!("{key}: ")).unwrap_or_default();
        let value = match value {
            Value::Scalar("") if !keys => "e".to_owned(),
            Value::Scalar(text) => (*text).to_owned(),
            Value::FlowList(items, by) => flow(items, by, false),
            Value::FlowMap(items, by) => flow(items, by, true),
            _ => "z".to_owned(),
        };
        format!("{key}{value}")
    };
    let inner = values.iter().enumerate().map(one).collect::<Vec<_>>().join(by);
    if keys { format!("{{{inner}}}") } else { format!("[{inner}]") }
}

/// Writes a value behind a colon or a dash.
fn write(value: &Value, indent: usize, space: usize, out: &mut String) {
    let gap = " ".repeat(space);
    match value {
        Value::Scalar(text) => out.push_str(&format!("{gap}{text}")),
        Value::FlowList(items, by) => out.push_str(&format!("{gap}{}", flow(items, by, false))),
        Value::FlowMap(items, by) => out.push_str(&format!("{gap}{}", flow(items, by, true))),
        Value::Block(header, lines) => {
            out.push_str(&format!("{gap}{header}"));
            for line in lines {
                out.push_str(&format!("\n{}{line}", " ".repeat(indent + 2)));
            }
        }
        Value::List(entries) | Value::Map(entries) => {
            let (blank, _, space, _, deeper) = entries.first().map_or((0, None, 1, false, 1), |(_, noise)| *noise);
            if space == 3 {
                out.push_str("  &anchor");
            }
            if blank == 2 {
                out.push_str(" #opening");
            }
            let deeper = deeper.max(1);
            collection(value, entries, indent + deeper, out);
        }
    }
}

fn collection(value: &Value, entries: &[(Value, Noise)], indent: usize, out: &mut String) {
    for (index, (inner, (blank, comment, space, behind, _))) in entries.iter().enumerate() {
        out.push_str(&"\n".repeat(*blank));
        if let Some(column) = comment {
            out.push_str(&format!("\n{}#c{index}", " ".repeat(*column)));
        }
        let key = KEYS.get(index).map(|key| format!("{key}:")).unwrap_or_default();
        let start = if matches!(value, Value::Map(_)) { key.as_str() } else { "-" };
        out.push_str(&format!("\n{}{start}", " ".repeat(indent)));
        write(inner, indent, *space, out);
        if *behind && !matches!(inner, Value::Block(..)) {
            out.push_str("   #behind");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_documents(root in value(), windows in any::<bool>(), ended in any::<bool>()) {
        let mut text = String::new();
        match &root {
            Value::List(entries) | Value::Map(entries) => collection(&root, entries, 0, &mut text),
            other => {
                text.push_str("selection:\n  gates:\n    k:");
                write(other, 4, 1, &mut text);
            }
        }
        if ended {
            text.push('\n');
        }
        if windows {
            text = text.replace('\n', "\r\n");
        }
        let (_, errors) = parse_yaml(&text, FileId(0), &Limits::default());
        if errors.is_empty() {
            format(&text);
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in "[-a:#|>&*!?,{}\\[\\]'\" \n\t%1+]{0,60}") {
        attempt(&text);
        if let Ok(once) = format_policy("test", &text, &Limits::default()) {
            let twice = format_policy("test", &once, &Limits::default());
            proptest::prop_assert_eq!(twice, Ok(once));
        }
    }

    #[test]
    fn no_pieces_make_it_panic(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..25)) {
        let text = pieces.concat();
        attempt(&text);
        if let Ok(once) = format_policy("test", &text, &Limits::default()) {
            let twice = format_policy("test", &once, &Limits::default());
            proptest::prop_assert_eq!(twice, Ok(once));
        }
    }
}
