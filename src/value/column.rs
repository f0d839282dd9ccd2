//! Columns of numbers with a validity bit each.

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

struct Ones(u64);

impl Iterator for Ones {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let bit = (self.0 != 0).then(|| self.0.trailing_zeros() as usize)?;
        self.0 &= self.0 - 1;
        Some(bit)
    }
}

/// Numbers of one metric or expression, a row each. A missing value is a NaN, and no other value is:
/// whatever is not finite becomes missing when it enters.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Column {
    values: Vec<f64>,
}

impl Column {
    /// From values of which those that are not finite are missing.
    #[must_use]
    pub fn new(values: Vec<f64>) -> Self {
        let mut column = Self { values };
        column.values.iter_mut().for_each(|value| *value = finite(*value));
        column
    }

    /// The same value in every row.
    #[must_use]
    pub fn filled(rows: usize, value: f64) -> Self {
        Self { values: vec![finite(value); rows] }
    }

    /// The values; missing ones are NaN.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The value of a row, if it has one.
    #[must_use]
    pub fn get(&self, row: usize) -> Option<f64> {
        self.values.get(row).copied().filter(|value| !value.is_nan())
    }

    /// Which rows have a value.
    #[must_use]
    pub fn validity(&self) -> Bitmask {
        Bitmask::from_fn(self.values.len(), |row| self.get(row).is_some())
    }
}

/// The value, or NaN (missing) where it is infinite.
#[must_use]
fn finite(value: f64) -> f64 {
    if value.is_finite() { value } else { f64::NAN }
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
    fn what_is_not_finite_is_missing() {
        let column = Column::new(vec![1.0, f64::INFINITY, f64::NAN, -0.0]);
        assert_eq!((column.get(0), column.get(1), column.get(2), column.get(3)), (Some(1.0), None, None, Some(-0.0)));
        assert_eq!(column.validity().count(), 2);
    }
}
