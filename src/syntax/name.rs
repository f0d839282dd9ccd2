//! Names as the grammar of expressions has them.

/// Words that cannot be names.
const KEYWORDS: [&str; 6] = ["and", "or", "not", "in", "true", "false"];

/// Whether a character can stand in a name: by the tables of the parser, not of the platform.
pub(super) fn is_name_character(character: char) -> bool {
    character == '_' || pest::unicode::LETTER(character) || pest::unicode::NUMBER(character)
}

/// Whether a text can be named in an expression.
#[must_use]
pub fn is_name(text: &str) -> bool {
    let first = text.chars().next().is_some_and(|first| first == '_' || pest::unicode::LETTER(first));
    first && text.chars().all(is_name_character) && !KEYWORDS.contains(&text)
}
