//! The formatter: one way to write a policy, its comments and its meaning untouched.
//!
//! The text is written anew from the tree, with the comments put back by their places. Then the
//! result is read again and compared with the original; whatever would differ is not done. So a
//! defect of the writer can cost beauty, never meaning.

mod block;
mod comments;
mod expression;
mod flow;
mod role;
mod same;
mod scalar;
mod text;
mod writer;

#[cfg(test)]
mod tests;

use crate::diag::Diagnostic;
use crate::source::{Document, FileId, Limits, Sources, parse_yaml};
use crate::stdlib::yaml_diagnostic;

use writer::{Options, Writer};

/// The widest line on which a flow collection is kept together, in columns.
const WIDTH: usize = 120;
/// Spaces per level.
const STEP: usize = 2;

/// Writes a policy canonically. `name` is what messages call it.
///
/// # Errors
///
/// What is wrong with the text as YAML. Unknown keys and expressions that cannot be read do not
/// stand in the way: they are left as written.
pub fn format_policy(name: &str, text: &str, limits: &Limits) -> Result<String, Vec<Diagnostic>> {
    let file = Sources::default().add(name, text);
    let (document, errors) = parse_yaml(text, file, limits);
    if !errors.is_empty() {
        return Err(errors.iter().map(yaml_diagnostic).collect());
    }
    let original = Original { text, document, limits };
    Ok(original.rewritten().unwrap_or_else(|| original.tidied()))
}

/// A text without YAML errors and its tree.
struct Original<'a> {
    text: &'a str,
    document: Document,
    limits: &'a Limits,
}

impl Original<'_> {
    /// Written anew; none where that would change the meaning.
    fn rewritten(&self) -> Option<String> {
        let source = text::unix_lines(self.text);
        let (document, errors) = parse_yaml(&source, FileId::default(), self.limits);
        if !errors.is_empty() {
            return None;
        }
        let json = is_json(&source);
        // An expression that an alias repeats where a text is wanted must stay as it is.
        [true, false].into_iter().find_map(|anchored_expressions| {
            let options = Options { json, anchored_expressions, limits: self.limits };
            let written = Writer::new(&source, &document, options).write();
            (self.same_as(&written) && (!json || is_json(&written))).then_some(written)
        })
    }

    /// With no more than line ends and white space at their ends changed, as far as that is safe.
    fn tidied(&self) -> String {
        let unix = text::unix_lines(self.text);
        let candidates = [text::without_trailing_space(&unix), text::one_final_newline(&unix)];
        let safe = candidates.into_iter().find(|candidate| self.same_as(candidate));
        safe.unwrap_or_else(|| self.text.to_owned())
    }

    fn same_as(&self, written: &str) -> bool {
        let (document, errors) = parse_yaml(written, FileId::default(), self.limits);
        let (old, new) = ((self.text, &self.document), (written, &document));
        errors.is_empty() && same::same_documents(old, new, self.limits)
    }
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}
