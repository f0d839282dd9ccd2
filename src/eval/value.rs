//! Snapshot texts as trees: JSON by a reader of our own, YAML through serde.
//!
//! The reader takes what programs really write: `NaN` and `Infinity` are read as such, numbers too
//! large for a double as infinite. Both become missing later instead of failing the file.

mod items;

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

pub use items::read_json_items;

/// Deepest nesting of a snapshot.
const DEEPEST: usize = 64;

/// A value with its mappings in order.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `null`.
    Null,
    /// `true`, `false`.
    Boolean(bool),
    /// Any number, also not finite.
    Number(f64),
    /// Text.
    Text(String),
    /// List.
    List(Vec<Value>),
    /// Mapping; keys are unique.
    Map(Vec<(String, Value)>),
}

impl Value {
    /// The value under a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Map(entries) => entries.iter().find(|(name, _)| name == key).map(|(_, value)| value),
            _ => None,
        }
    }

    /// How messages call it.
    #[must_use]
    pub fn describe(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean(_) => "a truth value",
            Self::Number(_) => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Map(_) => "a mapping",
        }
    }
}

/// Why a text could not be read: one line, with the place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct ReadError {
    /// Line from 1.
    pub line: usize,
    /// Column from 1, in characters.
    pub column: usize,
    /// What is wrong.
    pub message: String,
}

/// Reads JSON.
pub fn read_json(text: &str) -> Result<Value, ReadError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = Reader { text, at: 0, depth: 0 };
    let value = reader.value()?;
    reader.skip_space();
    if reader.at < text.len() {
        return Err(reader.error("something stands behind the end of the document"));
    }
    Ok(value)
}

/// Reads one YAML document.
pub fn read_yaml(text: &str) -> Result<Value, ReadError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    serde_yaml::from_str(text).map_err(|error| {
        let (line, column) = error.location().map_or((1, 1), |place| (place.line(), place.column()));
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or(&message).to_owned();
        ReadError { line, column, message }
    })
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl Reader<'_> {
    fn error(&self, message: impl Into<String>) -> ReadError {
        let before = self.text.get(..self.at).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let column = before.get(line_start..).unwrap_or("").chars().count() + 1;
        ReadError { line: before.matches('\n').count() + 1, column, message: message.into() }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn value(&mut self) -> Result<Value, ReadError> {
        self.skip_space();
        match self.peek() {
            None => Err(self.error("the document ends where a value is expected")),
            Some(b'{') => self.nested(Self::map),
            Some(b'[') => self.nested(Self::list),
            Some(b'"') => self.text().map(Value::Text),
            Some(_) => self.word(),
        }
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Value, ReadError>) -> Result<Value, ReadError> {
        if self.depth >= DEEPEST {
            return Err(self.error(format!("the document nests deeper than {DEEPEST} levels")));
        }
        self.at += 1;
        self.depth += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    fn list(&mut self) -> Result<Value, ReadError> {
        let mut items = Vec::new();
        self.skip_space();
        if self.take(b']') {
            return Ok(Value::List(items));
        }
        loop {
            items.push(self.value()?);
            self.skip_space();
            if self.take(b']') {
                return Ok(Value::List(items));
            }
            if !self.take(b',') {
                return Err(self.error("expected `,` or `]`"));
            }
        }
    }

    fn map(&mut self) -> Result<Value, ReadError> {
        let mut entries = Entries::default();
        self.skip_space();
        if self.take(b'}') {
            return Ok(Value::Map(Vec::new()));
        }
        loop {
            self.skip_space();
            if self.peek() != Some(b'"') {
                return Err(self.error("expected a key in double quotes"));
            }
            let place = self.at;
            let key = self.text()?;
            self.skip_space();
            if !self.take(b':') {
                return Err(self.error("expected `:`"));
            }
            let value = self.value()?;
            if let Err(key) = entries.push(key, value) {
                self.at = place;
                return Err(self.error(format!("`{key}` stands twice in this mapping")));
            }
            self.skip_space();
            if self.take(b'}') {
                return Ok(Value::Map(entries.list));
            }
            if !self.take(b',') {
                return Err(self.error("expected `,` or `}`"));
            }
        }
    }

    fn word(&mut self) -> Result<Value, ReadError> {
        let rest = self.text.get(self.at..).unwrap_or("");
        let is_inside = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.' | b'_');
        let end = rest.bytes().position(|byte| !is_inside(&byte)).unwrap_or(rest.len());
        let word = rest.get(..end).unwrap_or("");
        let value = match word {
            "null" => Some(Value::Null),
            "true" => Some(Value::Boolean(true)),
            "false" => Some(Value::Boolean(false)),
            "NaN" => Some(Value::Number(f64::NAN)),
            "Infinity" => Some(Value::Number(f64::INFINITY)),
            "-Infinity" => Some(Value::Number(f64::NEG_INFINITY)),
            _ if is_number(word) => word.parse().ok().map(Value::Number),
            _ => None,
        };
        let found =
            if word.is_empty() { rest.chars().next().map(String::from).unwrap_or_default() } else { word.to_owned() };
        let value = value.ok_or_else(|| self.error(format!("expected a value, found `{found}`")))?;
        self.at += end;
        Ok(value)
    }

    fn text(&mut self) -> Result<String, ReadError> {
        self.at += 1;
        let mut out = String::new();
        loop {
            let from = self.at;
            // What ends a run of characters is a byte of its own in UTF-8.
            while self.peek().is_some_and(|byte| byte != b'"' && byte != b'\\' && byte >= b' ') {
                self.at += 1;
            }
            if self.at >= self.text.len() {
                self.at = from;
                return Err(self.error("the text is not closed"));
            }
            out.push_str(self.text.get(from..self.at).unwrap_or(""));
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(out);
                }
                Some(b'\\') => {
                    self.at += 1;
                    out.push(self.escape()?);
                }
                _ => return Err(self.error("a control character must be escaped")),
            }
        }
    }

    fn escape(&mut self) -> Result<char, ReadError> {
        let byte = self.peek();
        self.at += 1;
        Ok(match byte {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                let high = self.four_digits()?;
                let code = match high {
                    0xd800..=0xdbff => {
                        let escaped = self.take(b'\\') && self.take(b'u');
                        let low = if escaped { self.four_digits()? } else { 0 };
                        if !(0xdc00..=0xdfff).contains(&low) {
                            return Err(self.error("half of a surrogate pair"));
                        }
                        0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00)
                    }
                    code => code,
                };
                char::from_u32(code).ok_or_else(|| self.error("half of a surrogate pair"))?
            }
            _ => return Err(self.error("unknown escape")),
        })
    }

    fn four_digits(&mut self) -> Result<u32, ReadError> {
        let digits = self.text.get(self.at..self.at + 4).filter(|text| text.bytes().all(|b| b.is_ascii_hexdigit()));
        let code = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let code = code.ok_or_else(|| self.error("expected four hexadecimal digits"))?;
        self.at += 4;
        Ok(code)
    }
}

/// A number by the grammar of JSON.
fn is_number(word: &str) -> bool {
    let unsigned = word.strip_prefix('-').unwrap_or(word);
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    let figures = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    figures(whole) && figures(fraction) && figures(exponent) && (whole == "0" || !whole.starts_with('0'))
}

/// Collects entries and finds double keys; small mappings without hashing.
#[derive(Default)]
struct Entries {
    list: Vec<(String, Value)>,
    seen: std::collections::HashSet<String>,
}

/// From this many keys on they are hashed.
const HASHED_FROM: usize = 16;

impl Entries {
    fn push(&mut self, key: String, value: Value) -> Result<(), String> {
        if self.list.len() == HASHED_FROM {
            self.seen.extend(self.list.iter().map(|(key, _)| key.clone()));
        }
        let double = if self.list.len() < HASHED_FROM {
            self.list.iter().any(|(known, _)| *known == key)
        } else {
            !self.seen.insert(key.clone())
        };
        if double {
            return Err(key);
        }
        self.list.push((key, value));
        Ok(())
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor)
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Boolean(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value as f64))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value as f64))
    }

    fn visit_i128<E>(self, value: i128) -> Result<Value, E> {
        Ok(Value::Number(value as f64))
    }

    fn visit_u128<E>(self, value: u128) -> Result<Value, E> {
        Ok(Value::Number(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Number(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        // Numbers too large for a double come as texts.
        let number = if is_number(value) { value.parse().ok() } else { None };
        Ok(match number {
            Some(number) if f64::is_infinite(number) => Value::Number(number),
            _ => Value::Text(value.to_owned()),
        })
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = sequence.next_element()? {
            items.push(item);
        }
        Ok(Value::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut entries = Entries::default();
        while let Some((key, value)) = map.next_entry::<Value, Value>()? {
            let key = match key {
                Value::Text(key) => key,
                Value::Number(number) => number.to_string(),
                Value::Boolean(flag) => flag.to_string(),
                _ => return Err(A::Error::custom("a key must be a text")),
            };
            entries
                .push(key, value)
                .map_err(|key| A::Error::custom(format!("`{key}` stands twice in this mapping")))?;
        }
        Ok(Value::Map(entries.list))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_programs_write() {
        let value = read_json("{\"a\": [1, -0.5e3, NaN, -Infinity, 1e999, null], \"b\": \"\\u00e9\\ud834\\udd1e\\n\"}");
        let value = value.expect("valid");
        let Some(Value::List(items)) = value.get("a") else { panic!("a list") };
        assert_eq!(items.get(1), Some(&Value::Number(-500.0)));
        assert_eq!(items.get(4), Some(&Value::Number(f64::INFINITY)));
        assert_eq!(value.get("b"), Some(&Value::Text("é𝄞\n".to_owned())));
    }

    #[test]
    fn refuses_what_is_not_json_at_its_place() {
        for (text, place, word) in [
            ("", (1, 1), "ends where"),
            ("{\"a\": 1,\n \"a\": 2}", (2, 2), "twice"),
            ("[1, 2", (1, 6), "expected `,`"),
            ("[01]", (1, 2), "found `01`"),
            ("{a: 1}", (1, 2), "double quotes"),
            ("[1] x", (1, 5), "behind the end"),
            ("\"a", (1, 2), "not closed"),
            ("[\"\\ud834\"]", (1, 9), "surrogate"),
        ] {
            let error = read_json(text).expect_err(text);
            assert_eq!((error.line, error.column), place, "{text}: {error}");
            assert!(error.message.contains(word), "{text}: {error}");
        }
        assert!(read_json(&"[".repeat(100_000)).is_err());
    }

    #[test]
    fn yaml_gives_the_same_tree() {
        assert_eq!(read_yaml("a: [1, true, x]\n"), read_json("{\"a\": [1, true, \"x\"]}"));
        assert!(read_yaml("a: 1\na: 2\n").is_err_and(|error| error.message.contains("twice")));
    }
}
