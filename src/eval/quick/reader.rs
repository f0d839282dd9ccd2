//! Reads JSON without building anything. Whatever it is not made for ends the reading.

/// A value that is no block.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Value<'t> {
    Null,
    Boolean,
    Number(f64),
    /// Text without escapes.
    Text(&'t str),
}

/// A place in a text.
pub(super) struct Reader<'t> {
    text: &'t str,
    at: usize,
}

/// Powers of ten that are doubles.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
];
/// Up to here every whole number is a double.
const EXACT: u64 = 1 << 53;
/// Digits that fit into a word.
const MOST_DIGITS: usize = 18;

impl<'t> Reader<'t> {
    pub fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    #[inline]
    fn peek(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or(0)
    }

    #[inline]
    fn space(&mut self) {
        while matches!(self.peek(), b' ' | b'\t' | b'\n' | b'\r') {
            self.at += 1;
        }
    }

    /// Takes a byte that must come next.
    #[inline]
    pub fn open(&mut self, byte: u8) -> Option<()> {
        self.space();
        self.close(byte).then_some(())
    }

    /// Takes a byte if it comes next.
    #[inline]
    pub fn close(&mut self, byte: u8) -> bool {
        self.space();
        let found = self.peek() == byte;
        self.at += usize::from(found);
        found
    }

    /// Whether another entry follows: a comma, or the end of the block.
    #[inline]
    pub fn next(&mut self, end: u8) -> Option<bool> {
        self.space();
        let byte = self.peek();
        self.at += 1;
        if byte == b',' { Some(true) } else { (byte == end).then_some(false) }
    }

    /// Nothing but space may follow.
    pub fn end(&mut self) -> Option<()> {
        self.space();
        (self.at == self.text.len()).then_some(())
    }

    /// A key with its colon.
    #[inline]
    pub fn key(&mut self) -> Option<&'t str> {
        self.open(b'"')?;
        let key = self.text()?;
        self.open(b':')?;
        Some(key)
    }

    /// The rest of a text up to its closing quote.
    #[inline]
    fn text(&mut self) -> Option<&'t str> {
        let start = self.at;
        let rest = self.text.as_bytes().get(start..)?;
        let length = first_special(rest)?;
        self.at = start + length + 1;
        (rest.get(length) == Some(&b'"')).then(|| self.text.get(start..start + length))?
    }

    /// A value that is no block.
    #[inline]
    pub fn value(&mut self) -> Option<Value<'t>> {
        self.space();
        match self.peek() {
            b'"' => {
                self.at += 1;
                self.text().map(Value::Text)
            }
            b'-' | b'0'..=b'9' => self.number().map(Value::Number),
            b'n' => self.word("null", Value::Null),
            b't' => self.word("true", Value::Boolean),
            b'f' => self.word("false", Value::Boolean),
            _ => None,
        }
    }

    fn word(&mut self, word: &str, value: Value<'t>) -> Option<Value<'t>> {
        let found = self.text.get(self.at..)?.starts_with(word);
        self.at += word.len();
        found.then_some(value)
    }

    /// Digits as a number and how many there are; numbers of too many digits are not right.
    #[inline]
    fn digits(&mut self, mut number: u64) -> (u64, usize) {
        let start = self.at;
        while let digit @ b'0'..=b'9' = self.peek() {
            number = number.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'));
            self.at += 1;
        }
        (number, self.at - start)
    }

    /// A number, correctly rounded: one division or multiplication of exact doubles where the digits
    /// allow it (Clinger 1990), else the way of the standard library.
    fn number(&mut self) -> Option<f64> {
        let start = self.at;
        let negative = self.peek() == b'-';
        self.at += usize::from(negative);
        let first = self.peek();
        let (mut mantissa, whole) = self.digits(0);
        let (mut exponent, mut digits) = (0_i64, whole);
        if whole == 0 || (first == b'0' && whole > 1) {
            return None;
        }
        if self.peek() == b'.' {
            self.at += 1;
            let (longer, decimals) = self.digits(mantissa);
            if decimals == 0 {
                return None;
            }
            (mantissa, exponent, digits) = (longer, -(decimals as i64), digits + decimals);
        }
        if matches!(self.peek(), b'e' | b'E') {
            self.at += 1;
            let down = self.peek() == b'-';
            self.at += usize::from(down || self.peek() == b'+');
            let (power, figures) = self.digits(0);
            if figures == 0 || figures > 4 {
                return None;
            }
            exponent += if down { -(power as i64) } else { power as i64 };
        }
        let power = || POWERS.get(usize::try_from(exponent.unsigned_abs()).ok()?).copied();
        let exact = (digits <= MOST_DIGITS && mantissa <= EXACT).then(power).flatten();
        let Some(power) = exact else { return self.text.get(start..self.at)?.parse().ok() };
        let magnitude = if exponent < 0 { mantissa as f64 / power } else { mantissa as f64 * power };
        Some(if negative { -magnitude } else { magnitude })
    }
}

/// Where the first quote, backslash or control character stands, eight bytes at a time.
#[inline]
fn first_special(bytes: &[u8]) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    // The lowest marked byte is right; those above it need not be.
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word & HIGHS;
    let (words, rest) = bytes.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let control = word.wrapping_sub(ONES * 0x20) & !word & HIGHS;
        let found = zeros(word ^ (ONES * u64::from(b'"'))) | zeros(word ^ (ONES * u64::from(b'\\'))) | control;
        if found != 0 {
            return Some(index * 8 + found.trailing_zeros() as usize / 8);
        }
    }
    let special = |byte: &u8| *byte == b'"' || *byte == b'\\' || *byte < b' ';
    rest.iter().position(special).map(|at| words.len() * 8 + at)
}

#[cfg(test)]
mod tests {
    use super::{Reader, Value};

    #[test]
    fn numbers_are_those_of_the_standard_library() {
        let texts = [
            "0",
            "-0",
            "1",
            "-1.5",
            "0.1",
            "0.30000000000000004",
            "123456789012345678901234567890",
            "1e22",
            "1e23",
            "1.7976931348623157e308",
            "4.9e-324",
            "9007199254740993",
            "0.000001",
            "12.5e-3",
            "1E+2",
            "1e999",
            "18446744073709551616",
            "0.1234567890123456789",
        ];
        for text in texts {
            let found = Reader::new(text).value();
            let wanted: f64 = text.parse().expect("a number");
            assert!(
                matches!(found, Some(Value::Number(number)) if number.to_bits() == wanted.to_bits()),
                "{text}: {found:?}"
            );
        }
        for text in ["01", "1.", ".5", "-", "1e", "+1", "NaN", "{", "\"a\\n\"", "\"a"] {
            assert_eq!(Reader::new(text).value(), None, "{text}");
        }
    }
}
