//! JSON over several lines, as programs print it and people read it.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::Formatter;

/// Writes a document behind what is there, two spaces a level.
///
/// # Errors
/// If the document cannot be written as JSON.
pub fn write_pretty(out: &mut Vec<u8>, document: &(impl Serialize + ?Sized)) -> serde_json::Result<()> {
    document.serialize(&mut Serializer::with_formatter(Pieces(out), Indented::default()))
}

/// A document as text, two spaces a level.
///
/// # Errors
/// If the document cannot be written as JSON.
pub fn pretty(document: &(impl Serialize + ?Sized)) -> serde_json::Result<String> {
    let mut out = Vec::new();
    write_pretty(&mut out, document)?;
    // What serde_json writes is UTF-8.
    Ok(String::from_utf8(out).unwrap_or_default())
}

/// Collects the small pieces that a document is written in. Moving the few bytes of one by one is faster than
/// to copy a block of memory, above all where a runtime does that.
struct Pieces<'o>(&'o mut Vec<u8>);

impl Write for Pieces<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.len() <= 8 {
            self.0.extend(bytes.iter().copied());
        } else {
            self.0.extend_from_slice(bytes);
        }
        Ok(bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write(bytes).map(|_| ())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What `serde_json`'s own pretty form is, with each line's indent written at once.
#[derive(Default)]
struct Indented {
    depth: usize,
    has_value: bool,
}

/// The end of a value and of its line, and the indent of the next.
const LINE: &[u8] = b",\n                                                                ";

impl Indented {
    fn line(&self, out: &mut (impl Write + ?Sized), is_first: bool) -> io::Result<()> {
        let (from, indent) = (usize::from(is_first), 2 * self.depth);
        let until = (2 + indent).min(LINE.len());
        out.write_all(LINE.get(from..until).unwrap_or_default())?;
        (until..2 + indent).try_for_each(|_| out.write_all(b" "))
    }

    fn begin(&mut self, out: &mut (impl Write + ?Sized), bracket: &[u8]) -> io::Result<()> {
        self.depth += 1;
        self.has_value = false;
        out.write_all(bracket)
    }

    fn end(&mut self, out: &mut (impl Write + ?Sized), bracket: &[u8]) -> io::Result<()> {
        self.depth = self.depth.saturating_sub(1);
        if self.has_value {
            self.line(out, true)?;
        }
        self.has_value = true;
        out.write_all(bracket)
    }
}

impl Formatter for Indented {
    fn begin_array<W: Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        self.begin(out, b"[")
    }

    fn end_array<W: Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        self.end(out, b"]")
    }

    fn begin_array_value<W: Write + ?Sized>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.line(out, first)
    }

    fn end_array_value<W: Write + ?Sized>(&mut self, _: &mut W) -> io::Result<()> {
        self.has_value = true;
        Ok(())
    }

    fn begin_object<W: Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        self.begin(out, b"{")
    }

    fn end_object<W: Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        self.end(out, b"}")
    }

    fn begin_object_key<W: Write + ?Sized>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.line(out, first)
    }

    fn begin_object_value<W: Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        out.write_all(b": ")
    }

    fn end_object_value<W: Write + ?Sized>(&mut self, _: &mut W) -> io::Result<()> {
        self.has_value = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::pretty;

    fn document() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![Just(Value::Null), any::<bool>().prop_map(Value::from), ".{0,9}".prop_map(Value::from)];
        leaf.prop_recursive(5, 40, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::btree_map(".{0,4}", inner, 0..5)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn looks_like_any_pretty_json(document in document()) {
            prop_assert_eq!(pretty(&document).unwrap(), serde_json::to_string_pretty(&document).unwrap());
        }
    }

    #[test]
    fn deep_lines_are_indented_as_well() {
        let deep = (0..50).fold(json!(1), |inner, _| json!([inner, {}]));
        assert_eq!(pretty(&deep).unwrap(), serde_json::to_string_pretty(&deep).unwrap());
    }
}
