//! Bits of rows.

/// One bit per row.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bitmask {
    words: Vec<u64>,
    rows: usize,
}

impl Bitmask {
    /// All bits set to one value.
    #[must_use]
    pub fn filled(rows: usize, value: bool) -> Self {
        let word = if value { u64::MAX } else { 0 };
        let mut mask = Self { words: vec![word; rows.div_ceil(64)], rows };
        mask.clear_tail();
        mask
    }

    /// One bit per item.
    #[must_use]
    pub fn from_fn(rows: usize, bit: impl Fn(usize) -> bool) -> Self {
        let mut mask = Self::filled(rows, false);
        for (index, word) in mask.words.iter_mut().enumerate() {
            let first = index * 64;
            for row in first..rows.min(first + 64) {
                *word |= u64::from(bit(row)) << (row - first);
            }
        }
        mask
    }

    fn clear_tail(&mut self) {
        let used = self.rows % 64;
        if let Some(last) = self.words.last_mut().filter(|_| used != 0) {
            *last &= (1 << used) - 1;
        }
    }

    /// How many rows it has.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The bit of a row; false outside.
    #[must_use]
    pub fn get(&self, row: usize) -> bool {
        self.words.get(row / 64).is_some_and(|word| word >> (row % 64) & 1 == 1)
    }

    /// Sets the bit of a row; rows outside are left alone.
    pub fn set(&mut self, row: usize, value: bool) {
        if row >= self.rows {
            return;
        }
        if let Some(word) = self.words.get_mut(row / 64) {
            let bit = 1 << (row % 64);
            *word = if value { *word | bit } else { *word & !bit };
        }
    }

    /// Combines two masks of the same length word by word.
    #[must_use]
    pub fn combine(&self, other: &Self, operation: impl Fn(u64, u64) -> u64) -> Self {
        let words = self.words.iter().zip(&other.words).map(|(&left, &right)| operation(left, right)).collect();
        let mut mask = Self { words, rows: self.rows };
        mask.clear_tail();
        mask
    }

    /// Bits set in both.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        self.combine(other, |left, right| left & right)
    }

    /// Bits set in either.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        self.combine(other, |left, right| left | right)
    }

    /// Bits set here and not there.
    #[must_use]
    pub fn and_not(&self, other: &Self) -> Self {
        self.combine(other, |left, right| left & !right)
    }

    /// The words, the lowest bit first; bits beyond the rows are clear.
    #[must_use]
    pub fn words(&self) -> &[u64] {
        &self.words
    }

    /// From words, the lowest bit first; missing ones are clear, and so are bits beyond the rows.
    #[must_use]
    pub fn from_words(mut words: Vec<u64>, rows: usize) -> Self {
        words.resize(rows.div_ceil(64), 0);
        let mut mask = Self { words, rows };
        mask.clear_tail();
        mask
    }

    /// Whether any bit is set.
    #[must_use]
    pub fn any(&self) -> bool {
        self.words.iter().any(|word| *word != 0)
    }

    /// How many bits are set.
    #[must_use]
    pub fn count(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// The rows whose bit is set, ascending.
    pub fn ones(&self) -> impl Iterator<Item = usize> + '_ {
        self.words.iter().enumerate().flat_map(|(index, &word)| Ones(word).map(move |bit| index * 64 + bit))
    }
}

/// The positions of the bits of a word that are set, ascending.
#[derive(Debug, Clone, Copy)]
pub struct Ones(pub u64);

impl Iterator for Ones {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let bit = (self.0 != 0).then(|| self.0.trailing_zeros() as usize)?;
        self.0 &= self.0 - 1;
        Some(bit)
    }
}

/// A borrowed bit for each row, from the lowest of each byte on, as Arrow keeps truth values and validity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bits<'a> {
    bytes: &'a [u8],
    offset: usize,
    rows: usize,
}

impl<'a> Bits<'a> {
    /// Bits of so many rows, the first row's being the one at `offset`. None where the bytes are too few.
    #[must_use]
    pub fn new(bytes: &'a [u8], offset: usize, rows: usize) -> Option<Self> {
        let needed = offset.checked_add(rows)?.div_ceil(8);
        (needed <= bytes.len()).then_some(Self { bytes, offset, rows })
    }

    /// How many rows it has.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The bits of 64 rows from one on, the lowest first; clear outside.
    #[must_use]
    pub fn word(&self, row: usize) -> u64 {
        let (bit, left) = (self.offset + row, self.rows.saturating_sub(row));
        let bytes = self.bytes.get(bit / 8..).unwrap_or_default();
        let mut nine = [0; 16];
        nine.iter_mut().zip(bytes).take(9).for_each(|(own, byte)| *own = *byte);
        let bits = (u128::from_le_bytes(nine) >> (bit % 8)) as u64;
        if left < 64 { bits & ((1 << left) - 1) } else { bits }
    }

    /// The bit of a row; false outside.
    #[must_use]
    pub fn get(&self, row: usize) -> bool {
        let bit = self.offset + row;
        row < self.rows && self.bytes.get(bit / 8).is_some_and(|byte| byte >> (bit % 8) & 1 == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_keep_their_tail_clear() {
        let mask = Bitmask::filled(70, true);
        assert_eq!(mask.count(), 70);
        assert_eq!(mask.combine(&mask, |left, _| !left).count(), 0);
        assert_eq!(Bitmask::from_fn(70, |row| row % 7 == 0).ones().last(), Some(63));
        assert!(!mask.get(70));
    }

    #[test]
    fn bits_count_from_an_offset() {
        let bits = Bits::new(&[0b1000_0000, 0b0000_0001], 7, 9).expect("enough bytes");
        assert_eq!([0, 1, 2, 9].map(|row| bits.get(row)), [true, true, false, false]);
        assert!(Bits::new(&[0], 1, 8).is_none());
        let bytes: Vec<u8> = (0..20).map(|index: u8| index.wrapping_mul(151) ^ 0x5a).collect();
        let bits = Bits::new(&bytes, 5, 150).expect("enough bytes");
        for row in 0..160 {
            let wanted = (0..64).fold(0, |word, bit| word | u64::from(bits.get(row + bit)) << bit);
            assert_eq!(bits.word(row), wanted, "{row}");
        }
    }
}
