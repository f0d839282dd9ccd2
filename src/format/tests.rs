//! Formatting keeps the meaning and the comments, and formats its own output to itself.

mod layout;
mod meaning;
mod random;

use super::{Original, format_policy, is_json, text};
use crate::source::{FileId, Limits, parse_yaml};

/// Formats without the safety net, and checks everything that must hold for any text.
fn format(input: &str) -> String {
    let limits = Limits::default();
    let (document, errors) = parse_yaml(input, FileId(0), &limits);
    assert!(errors.is_empty(), "{input}\n{errors:?}");
    let original = Original { text: input, document, limits: &limits };
    let Some(written) = original.rewritten() else {
        panic!("not the same:\n{input}\n-----\n{}", attempt(input));
    };
    let (document, errors) = parse_yaml(&written, FileId(0), &limits);
    assert!(errors.is_empty(), "{written}\n{errors:?}");
    let again = Original { text: &written, document, limits: &limits }.rewritten();
    assert_eq!(again.as_ref(), Some(&written), "formatted again, this changes:\n{input}");
    assert_eq!(format_policy("test", input, &limits).as_deref(), Ok(written.as_str()));
    assert!(!written.contains('\r') && !written.starts_with('\u{feff}'));
    written
}

/// What the writer makes of a text, right or wrong.
fn attempt(input: &str) -> String {
    let limits = Limits::default();
    let source = text::unix_lines(input);
    let (document, _) = parse_yaml(&source, FileId(0), &limits);
    let options = super::Options { json: is_json(&source), anchored_expressions: true, limits: &limits };
    super::Writer::new(&source, &document, options).write()
}
