//! Findings of small policies, as people see them.

use super::{Style, more_line, render, summary_line};
use crate::compile::{LoadedFile, Loader, compile};
use crate::diag::{Diagnostic, documents};
use crate::render::tests::{compiled, report, two_files};
use crate::render::{Report, Summary, json, prose};
use crate::source::{FileId, Limits, Sources, Span};

const PLAIN: Style = Style { colour: false, width: 80 };

fn painted(text: &str) -> String {
    render(&report(&compiled(text)), PLAIN)
}

/// The part of the excerpt of `world.yaml:PLACE` that is underlined.
fn underlined(painted: &str, place: &str) -> String {
    let heading = format!("[ world.yaml:{place} ]");
    let mut lines = painted.lines().skip_while(|line| !line.contains(&heading)).skip(2);
    let (source, marks) = (lines.next().expect(painted), lines.next().expect(painted));
    let column = |marks: &str| marks.chars().map(prose::columns_of).sum::<usize>();
    let (start, end) = (marks.find(['─', '┬']).expect(painted), marks.trim_end().len());
    let (start, end) = (column(&marks[..start]), column(&marks[..end]));
    let mut at = 0;
    let under = source.chars().filter(|character| {
        let here = at;
        at += prose::columns_of(*character);
        (start..end).contains(&here)
    });
    under.collect()
}

#[test]
fn the_right_text_is_underlined_after_korean_text_marks_and_line_ends() {
    let plain = "world: a\nselection:\n  gates: [\"'한국어 전략' == side\", 'shrpe >= 0.5']\n";
    for text in [plain.to_owned(), plain.replace('\n', "\r\n"), format!("\u{feff}{plain}"), plain.replace('\n', "\r")] {
        assert_eq!(underlined(&painted(&text), "3:32"), "shrpe", "{text:?}");
    }
    assert_eq!(underlined(&painted("\u{feff}wörld: a\n"), "1:1"), "wörld");
    let tabs = painted("world: a\nselection: {\t\tgatse: [sharpe >= 0.5] }\n");
    assert_eq!(underlined(&tabs, "2:15"), "gatse", "{tabs}");
}

#[test]
fn folded_scalars_and_separators_inside_of_lines_do_not_shift_anything() {
    let text = "# a\u{2028}b\u{85}c\nworld: a\nselection:\n  gates:\n    - >-\n      sharpe >= 0.5\n      and\n      shrpe >= 0.5\n";
    assert_eq!(underlined(&painted(text), "8:7"), "shrpe");
}

#[test]
fn empty_spans_and_the_end_of_a_text_are_pointed_at() {
    for (text, offset, place) in [("", 0, "1:1"), ("a: [\n", 5, "2:1"), ("a: [", 4, "1:5"), ("a\nb\n", 2, "2:1")] {
        let mut sources = Sources::default();
        let file = sources.add("world.yaml", text);
        let found = [Diagnostic::new(&documents::YAML_SYNTAX, Span::new(file, offset, offset), "m").help("h")];
        let painted = render(&Report { diagnostics: &found, sources: &sources, document: None }, PLAIN);
        assert!(painted.contains(&format!("[ world.yaml:{place} ]")) && painted.contains("Help: h"), "{painted}");
    }
}

#[test]
fn an_imported_file_is_shown_under_its_own_name() {
    struct House;
    impl Loader for House {
        fn load(&self, _name: &str, _importer: &str) -> Result<LoadedFile, String> {
            Ok(LoadedFile { name: "house.yaml".to_owned(), text: "# 집\ndefine: { lifted: shrpe + 1 }\n".to_owned() })
        }
    }
    let text = "world: a\nimport: [./house.yaml]\nselection:\n  gates: [lifted >= 0.5]\n";
    let compiled = compile("world.yaml", text, &House, &Limits::default());
    let painted = render(&report(&compiled), PLAIN);
    assert!(painted.contains("[ house.yaml:2:19 ]") && painted.contains("define: { lifted: shrpe + 1 }"), "{painted}");
    let found = serde_json::to_value(json::render(&[report(&compiled)])).unwrap();
    assert_eq!(
        (found["diagnostics"][0]["file"].as_str().unwrap(), found["diagnostics"][0]["path"].as_str().unwrap()),
        ("house.yaml", "")
    );
}

#[test]
fn labels_in_two_files_each_show_their_place() {
    let (sources, found) = two_files();
    let painted = render(&Report { diagnostics: &found, sources: &sources, document: None }, PLAIN);
    let expected = "error[QP2011]: `quality` is defined twice
   ╭─[ world.yaml:2:11 ]
   │
 2 │ define: { quality: 1 }
   │           ───┬───
   │              ╰───── again
   │
   ├─[ 집.yaml:2:7 ]
   │
 2 │ x: { \"quality\": 2 }
   │       ───┬───
   │          ╰───── first here
───╯

";
    assert_eq!(painted, expected);
}

#[test]
fn far_places_get_headings_of_their_own() {
    let text = format!("a: 1\n{}a: 2\n", "b: 1\n".repeat(5000));
    let mut sources = Sources::default();
    let file = sources.add("world.yaml", &*text);
    let span = Span::new(file, text.len() - 5, text.len() - 4);
    let found = [Diagnostic::new(&documents::DUPLICATE_KEY, span, "twice").also(Span::new(file, 0, 1), "first")];
    let painted = render(&Report { diagnostics: &found, sources: &sources, document: None }, PLAIN);
    assert!(painted.contains("[ world.yaml:1:1 ]") && painted.contains("[ world.yaml:5002:1 ]"), "{painted}");
}

#[test]
fn long_lines_are_cut_or_shown_through_a_window() {
    let json = format!(
        "{{\"world\": \"a\", \"x-a\": \"{}\", \"selection\": {{\"gates\": [\"shrpe >= 1\"]}}}}",
        "가".repeat(400)
    );
    let painted = painted(&json);
    let expected = "error[QP2001]: unknown metric `shrpe`
  --> world.yaml:1:452
   | …selection\": {\"gates\": [\"shrpe >= 1\"]}}
   |                          ^^^^^
  Help: did you mean `sharpe`?

";
    assert_eq!(painted, expected);
}

#[test]
fn nothing_is_wider_than_the_terminal_and_nothing_commands_it() {
    let comment = "# 아주 긴 주석 \u{1b}[31m \u{202e} ".repeat(9);
    let text =
        format!("world: a\nhysteresiss: 1 {comment}\nselection: {{ gates: [sharp >= 1, 'average(sharpe) > 1'] }}\n");
    let mut sources = Sources::default();
    let file = sources.add("world.yaml", &*text);
    let found = Diagnostic::new(&documents::UNKNOWN_KEY, Span::new(file, 9, 20), "a \u{1b}[2J key ".repeat(12))
        .help("word ".repeat(40))
        .also(Span::new(file, 0, 5), "a label that is far too long for its line ".repeat(3))
        .note("note ".repeat(40));
    let found = [found];
    let report = Report { diagnostics: &found, sources: &sources, document: None };
    for width in [40, 80, 200] {
        let painted = render(&report, Style { colour: false, width });
        assert!(painted.lines().all(|line| prose::columns(line) <= width), "{painted}");
        assert!(!painted.contains(['\u{1b}', '\u{202e}']), "{painted}");
        assert!(painted.contains("hysteresiss: 1 # 아주"), "{painted}");
    }
}

#[test]
fn colour_changes_nothing_but_colour() {
    let compiled = compiled("world: a\nallow_live: no\nselection: { gates: [sharpe + 1, 'average(sharpe) > 1'] }\n");
    let coloured = render(&report(&compiled), Style { colour: true, width: 80 });
    assert!(coloured.contains("\u{1b}[31merror[QP1004]"), "{coloured}");
    let mut pieces = coloured.split('\u{1b}');
    let first = pieces.next().unwrap().to_owned();
    let bare = pieces.fold(first, |text, piece| text + piece.split_once('m').unwrap().1);
    assert_eq!(bare, render(&report(&compiled), PLAIN));
}

#[test]
fn the_line_for_more_names_the_gravest_rule() {
    let compiled = compiled("world: a\nallow_live: no\nselection: { gates: [shrpe >= 1] }\n");
    let line = more_line(&[report(&compiled)]).unwrap();
    assert!(line.contains("qmtl-policy rule QP1004"), "{line}");
}

#[test]
fn a_finding_without_anything_to_say_is_underlined_all_the_same() {
    let mut sources = Sources::default();
    let file = sources.add("world.yaml", "world: 가\n");
    let span = Span::new(file, 7, 10);
    let diagnostics = [Diagnostic::new(&documents::INVALID_VALUE, span, "this name cannot be used")];
    let report = Report { diagnostics: &diagnostics, sources: &sources, document: None };
    let expected = "error[QP1015]: this name cannot be used
   ╭─[ world.yaml:1:8 ]
   │
 1 │ world: 가
   │        ──
───╯

";
    assert_eq!(render(&report, Style { colour: false, width: 80 }), expected);
}

#[test]
fn long_help_stands_below_the_excerpt() {
    let painted = painted("world: a\nselection: { gates: ['average(sharpe) >= 1'] }\n");
    assert!(painted.contains("  │                       ───────\n  "), "{painted}");
    assert!(painted.contains("\n   │ Help: the functions are abs, "), "{painted}");
}

#[test]
fn spans_that_fit_no_text_are_still_reported() {
    let mut sources = Sources::default();
    let file = sources.add("world.yaml", "가나\r\n다");
    for (start, end) in [(1, 2), (2, 7), (7, 8), (0, 99), (50, 99), (5, 9)] {
        let found = [file, FileId(9)].map(|file| {
            Diagnostic::new(&documents::YAML_SYNTAX, Span::new(file, start, end), "m")
                .also(Span::new(file, end, end), "n")
        });
        let painted = render(&Report { diagnostics: &found, sources: &sources, document: None }, PLAIN);
        assert_eq!(painted.matches("error[QP1001]: m").count(), 2, "{painted}");
    }
}

#[test]
fn the_summary_names_the_policy() {
    let summary = Summary { errors: 0, warnings: 2, notes: 3 };
    assert_eq!(summary_line("world.yaml", summary, PLAIN), "world.yaml: 2 warnings, 3 notes");
    assert_eq!(summary_line("world.yaml", Summary::default(), PLAIN), "world.yaml: ok");
}
