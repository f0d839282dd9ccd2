//! A scan over the characters of an expression before it is parsed, which bounds its nesting.

use super::name::is_name_character;

/// Where an expression first nests deeper than the limit, as a byte offset.
///
/// Brackets nest, and so do signs and powers: `- - x` and `a ^ b ^ c` build trees as deep as
/// `(-(-x))` and `a ^ (b ^ c)`. Counting here, before any recursion, gives the same answer on every
/// platform and stack size.
pub(super) fn too_deep(text: &str, limit: usize) -> Option<usize> {
    let mut scan = Scan { open: vec![0], current: 0, run: 0 };
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' | '\'' => {
                skip_text(&mut characters, character);
                scan.run = 0;
            }
            '(' | '[' => scan.enter(),
            ')' | ']' => scan.leave(),
            '-' | '!' => scan.run += 1,
            '^' => scan.deepen(),
            ',' => scan.next_argument(),
            _ if character.is_whitespace() => {}
            'n' if word_not(text, at) => {
                characters.nth(1);
                scan.run += 1;
            }
            _ => scan.run = 0,
        }
        if scan.depth() > limit {
            return Some(at);
        }
    }
    None
}

struct Scan {
    /// Depth at which each open bracket began.
    open: Vec<usize>,
    /// Depth reached by brackets and powers.
    current: usize,
    /// Signs in a row just before here.
    run: usize,
}

impl Scan {
    fn depth(&self) -> usize {
        self.current + self.run
    }

    fn enter(&mut self) {
        self.current += self.run + 1;
        self.run = 0;
        self.open.push(self.current);
    }

    fn leave(&mut self) {
        let inner = if self.open.len() > 1 { self.open.pop() } else { None };
        self.current = inner.map_or(0, |_| self.open.last().copied().unwrap_or(0));
        self.run = 0;
    }

    fn deepen(&mut self) {
        self.current += self.run + 1;
        self.run = 0;
    }

    fn next_argument(&mut self) {
        self.current = self.open.last().copied().unwrap_or(0);
        self.run = 0;
    }
}

fn word_not(text: &str, at: usize) -> bool {
    let part = |character: char| is_name_character(character) || character == '.';
    let before = text.get(..at).and_then(|before| before.chars().next_back());
    let rest = text.get(at..).and_then(|rest| rest.strip_prefix("not"));
    !before.is_some_and(part) && rest.is_some_and(|rest| !rest.chars().next().is_some_and(part))
}

fn skip_text(characters: &mut std::iter::Peekable<std::str::CharIndices<'_>>, quote: char) {
    while let Some((_, character)) = characters.next() {
        if character == '\\' {
            characters.next();
        } else if character == quote {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::too_deep;

    #[test]
    fn counts_brackets_signs_and_powers() {
        let nested = |count: usize| "(".repeat(count) + "x" + &")".repeat(count);
        assert_eq!(too_deep(&nested(64), 64), None);
        assert_eq!(too_deep(&nested(65), 64), Some(64));
        assert_eq!(too_deep(&nested(5_000), 64), Some(64));
        assert!(too_deep(&("-".repeat(65) + "x"), 64).is_some());
        assert!(too_deep(&("not ".repeat(65) + "x"), 64).is_some());
        assert!(too_deep(&("!".repeat(65) + "x"), 64).is_some());
        assert!(too_deep(&"x^".repeat(66), 64).is_some());
        assert!(too_deep(&"(-".repeat(33), 64).is_some());
        assert_eq!(too_deep(&"a + ".repeat(5_000), 64), None);
        assert_eq!(too_deep(&"a - b ^ c, ".repeat(500), 64), None);
        assert_eq!(too_deep("x == \"((((\" and y", 2), None);
        assert_eq!(too_deep(")))))((", 3), None);
    }
}
