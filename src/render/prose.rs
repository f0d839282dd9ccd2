//! Text for a terminal: how wide it is, where it breaks, and what must not reach the terminal.

/// Lines of prose longer than this are hard to read, however wide the terminal is.
const LONGEST_LINE: usize = 100;

/// How many columns a character takes in a terminal. Tabs are the caller's business.
///
/// A terminal has the last word; these are the blocks on which all of them agree.
pub(super) fn columns_of(character: char) -> usize {
    match u32::from(character) {
        // Combining marks, joiners and variation selectors are drawn onto what stands before.
        0x300..=0x36F | 0x1160..=0x11FF | 0x200B..=0x200F | 0x20D0..=0x20F0 | 0xFE00..=0xFE0F => 0,
        // Hangul, kana, ideographs, full-width forms, emoji.
        0x1100..=0x115F
        | 0x2E80..=0x303E
        | 0x3041..=0x4DBF
        | 0x4E00..=0xA4CF
        | 0xA960..=0xA97C
        | 0xAC00..=0xD7A3
        | 0xF900..=0xFAFF
        | 0xFE30..=0xFE6F
        | 0xFF00..=0xFF60
        | 0xFFE0..=0xFFE6
        | 0x1F300..=0x1F64F
        | 0x1F680..=0x1F6FF
        | 0x1F900..=0x1F9FF
        | 0x20000..=0x3FFFD => 2,
        _ => 1,
    }
}

/// How many columns a line takes in a terminal.
pub(super) fn columns(line: &str) -> usize {
    line.chars().map(columns_of).sum()
}

/// Replaces a character that a terminal would obey or that would reorder what is shown.
///
/// Policies are reviewed on screens: a text must not move the cursor, change colours or show one
/// thing and mean another.
#[cfg(feature = "cli")]
pub(super) fn visible_character(character: char) -> char {
    let reorders = matches!(character, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    // These end lines in some programs, but not in YAML 1.2.
    let breaks = matches!(character, '\u{2028}' | '\u{2029}');
    let obeyed = character.is_control() && character != '\t';
    if obeyed || reorders || breaks { char::REPLACEMENT_CHARACTER } else { character }
}

/// A text of one or more lines without characters that a terminal would obey.
#[cfg(feature = "cli")]
pub(super) fn visible(text: &str) -> String {
    text.chars().map(|character| if character == '\n' { '\n' } else { visible_character(character) }).collect()
}

/// Breaks a text at spaces. Lines keep their indentation; a word that is too long stays whole.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.min(LONGEST_LINE);
    let mut lines = Vec::new();
    for line in text.trim_end().lines() {
        let indentation: String = line.chars().take_while(|character| *character == ' ').collect();
        let mut current = indentation.clone();
        let mut empty = true;
        for word in line.trim_start_matches(' ').split(' ') {
            if !empty && columns(&current) + 1 + columns(word) > width {
                lines.push(std::mem::replace(&mut current, indentation.clone()));
                empty = true;
            }
            if !empty {
                current.push(' ');
            }
            current.push_str(word);
            empty = false;
        }
        lines.push(current.trim_end().to_owned());
    }
    lines
}
