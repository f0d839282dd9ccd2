//! From byte offsets to lines and columns.

use super::Position;

/// The byte-order mark that some editors put before a text.
pub(super) const BYTE_ORDER_MARK: char = '\u{feff}';

/// The byte offsets at which lines start.
#[derive(Debug, Clone)]
pub struct LineIndex {
    starts: Vec<u32>,
    /// Scalar values before every so many bytes, so that a long line is not counted from its start;
    /// empty where every byte is one.
    checkpoints: Vec<u32>,
}

/// Bytes between checkpoints.
const STRIDE: usize = 4096;

/// Every scalar value has one byte that does not continue another.
fn scalars(bytes: &[u8]) -> usize {
    bytes.iter().filter(|&&byte| byte & 0xC0 != 0x80).count()
}

impl LineIndex {
    /// Scans a text once. Lines end with `\n`, `\r\n` or a lone `\r`, as in YAML.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let bytes = text.as_bytes();
        let ends_line = |(index, byte): (usize, &u8)| match byte {
            b'\n' => Some(index as u32 + 1),
            b'\r' if bytes.get(index + 1) != Some(&b'\n') => Some(index as u32 + 1),
            _ => None,
        };
        let starts = std::iter::once(0).chain(bytes.iter().enumerate().filter_map(ends_line));
        let mut checkpoints = Vec::new();
        if !text.is_ascii() {
            let mut before = 0;
            for chunk in bytes.chunks(STRIDE) {
                checkpoints.push(before as u32);
                before += scalars(chunk);
            }
        }
        Self { starts: starts.collect(), checkpoints }
    }

    /// The position of a byte offset of the same text; past the end it is the end.
    #[must_use]
    pub fn position(&self, text: &str, offset: usize) -> Position {
        let offset = offset.min(text.len());
        let line = self.starts.partition_point(|&start| start as usize <= offset);
        let start = line.checked_sub(1).and_then(|index| self.starts.get(index)).map_or(0, |&start| start as usize);
        Position { offset, line, column: 1 + self.width(text, start, offset) }
    }

    fn width(&self, text: &str, start: usize, offset: usize) -> usize {
        if self.checkpoints.is_empty() {
            return offset - start;
        }
        let marked = start == 0 && offset > 0 && text.starts_with(BYTE_ORDER_MARK);
        self.scalars_before(text, offset) - self.scalars_before(text, start) - usize::from(marked)
    }

    fn scalars_before(&self, text: &str, offset: usize) -> usize {
        let checkpoint = offset / STRIDE;
        let counted = self.checkpoints.get(checkpoint).map_or(0, |&before| before as usize);
        counted + scalars(text.as_bytes().get(checkpoint * STRIDE..offset).unwrap_or_default())
    }

    /// How many lines the text has.
    #[must_use]
    pub fn count(&self) -> usize {
        self.starts.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, offset: usize) -> (usize, usize) {
        let position = LineIndex::new(text).position(text, offset);
        (position.line, position.column)
    }

    #[test]
    fn columns_count_scalar_values_and_every_line_end() {
        assert_eq!(at("a\r\nbc\rd\ne", 3), (2, 1));
        assert_eq!(at("a\r\nbc\rd\ne", 6), (3, 1));
        assert_eq!(at("a\r\nbc\rd\ne", 8), (4, 1));
        assert_eq!(at("# 전략: x", "# 전략: ".len()), (1, 7));
        assert_eq!(at("\tx", 1), (1, 2));
        assert_eq!(at("", 9), (1, 1));
    }

    #[test]
    fn a_byte_order_mark_counts_in_offsets_only() {
        let text = "\u{feff}world: a";
        let position = LineIndex::new(text).position(text, 3);
        assert_eq!((position.offset, position.line, position.column), (3, 1, 1));
    }
}
