//! The page of a rule, as plain text for a terminal.

use super::prose::wrap;
use crate::diag::Rule;

/// What `qmtl-policy rule CODE` prints: title, summary, why it matters, a wrong and a right example.
///
/// `width` is that of the terminal in columns. The page ends with a line break.
#[must_use]
pub fn render(rule: &Rule, width: usize) -> String {
    let title = format!("{} {} ({})", rule.code, rule.slug, rule.severity.as_str());
    let summary = wrap(rule.summary, width).join("\n");
    let why = wrap(rule.why, width).join("\n");
    let (wrong, right) = (indented(rule.wrong), indented(rule.right));
    format!("{title}\n\n{summary}\n\n{why}\n\nWrong:\n\n{wrong}\n\nRight:\n\n{right}\n")
}

/// Examples are never wrapped: they are there to be copied.
fn indented(example: &str) -> String {
    let line = |line: &str| if line.trim().is_empty() { String::new() } else { format!("    {line}") };
    example.trim_end().lines().map(line).collect::<Vec<_>>().join("\n")
}
