//! Long JSON lists, item by item: no tree of all of them is ever held.

use super::{ReadError, Reader, Value};

/// Reads a JSON list and hands over each item as it comes.
///
/// # Errors
/// If the text is no JSON list, or with whatever the receiver objects to.
pub fn read_json_items<E: From<ReadError>>(
    text: &str,
    mut receive: impl FnMut(Value) -> Result<(), E>,
) -> Result<(), E> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = Reader { text, at: 0, depth: 1 };
    reader.skip_space();
    if !reader.take(b'[') {
        return Err(reader.error("expected a list, which begins with `[`").into());
    }
    reader.skip_space();
    if !reader.take(b']') {
        loop {
            receive(reader.value()?)?;
            reader.skip_space();
            if reader.take(b']') {
                break;
            }
            if !reader.take(b',') {
                return Err(reader.error("expected `,` or `]`").into());
            }
        }
    }
    reader.skip_space();
    if reader.at < text.len() {
        return Err(reader.error("something stands behind the end of the document").into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::{ReadError, Value, read_json};
    use super::read_json_items;

    #[test]
    fn items_are_those_of_the_whole_tree() {
        for text in ["[]", " [ 1 , {\"a\": [2, 3]}, \"x\" ] ", "\u{feff}[null]", "[1,]", "[1 2]", "[1] 2", "[", "[\"a"]
        {
            let mut items = Vec::new();
            let read = read_json_items(text, |item| {
                items.push(item);
                Ok::<(), ReadError>(())
            });
            assert_eq!(read.map(|()| Value::List(items)), read_json(text), "{text}");
        }
        assert!(read_json_items("{}", |_| Ok::<(), ReadError>(())).is_err());
    }
}
