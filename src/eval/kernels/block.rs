//! Rows at once, in blocks of sixteen: what the sieve asks of a processor, and how it is done without vector instructions.

/// Rows of a block.
pub(in crate::eval) const BLOCK: usize = 16;
/// The numbers of a block; NaN is missing.
pub(super) type Rows = [f64; BLOCK];

/// The numbers of a block, or of a part of one, or a mark for each: of a marked row all bits are set, which makes it a NaN, of others none.
pub(super) trait Block: Copy {
    /// In how many parts a block is worked on: as many as leave registers for the work.
    const PARTS: usize = 1;

    /// One number in every row.
    fn splat(value: f64) -> Self;
    fn load(rows: &Rows, part: usize) -> Self;
    fn store(self, rows: &mut Rows, part: usize);
    /// Stores what is not read again soon, past the caches where the processor can.
    fn stream(self, rows: &mut Rows, part: usize) {
        self.store(rows, part);
    }
    /// Marks where a number is neither less than the low one nor greater than the high one.
    fn within(self, low: Self, high: Self) -> Self;
    /// Whether any number is at least as great as the other.
    fn any_reaches(self, least: Self) -> bool;
    /// Marks where a bit is set.
    fn set(bits: u16) -> Self;
    /// The bits that both have.
    fn and(self, other: Self) -> Self;
    /// The bits that either has.
    fn or(self, other: Self) -> Self;
    /// Marks where there is no mark.
    fn not(self) -> Self;
    fn add(self, other: Self) -> Self;
    fn subtract(self, other: Self) -> Self;
    fn multiply(self, other: Self) -> Self;
    /// A bit for each mark, the lowest for the first.
    fn bits(self) -> u16;
}

/// All bits of a marked row.
fn mark(is: bool) -> f64 {
    f64::from_bits(0_u64.wrapping_sub(u64::from(is)))
}

/// Portable: compilers find vector instructions for most of it.
impl Block for Rows {
    #[inline(always)]
    fn splat(value: f64) -> Self {
        [value; BLOCK]
    }

    #[inline(always)]
    fn load(rows: &Rows, _: usize) -> Self {
        *rows
    }

    #[inline(always)]
    fn store(self, rows: &mut Rows, _: usize) {
        *rows = self;
    }

    #[inline(always)]
    fn within(self, low: Self, high: Self) -> Self {
        let [low, high] = [low, high].map(|ends| ends[0]);
        self.map(|value| mark((value >= low) & (value <= high)))
    }

    #[inline(always)]
    fn any_reaches(self, least: Self) -> bool {
        self.iter().zip(least).fold(false, |any, (value, least)| any | (*value >= least))
    }

    #[inline(always)]
    fn set(bits: u16) -> Self {
        std::array::from_fn(|row| mark(bits >> row & 1 == 1))
    }

    #[inline(always)]
    fn and(self, other: Self) -> Self {
        pairs(self, other, |left, right| f64::from_bits(left.to_bits() & right.to_bits()))
    }

    #[inline(always)]
    fn not(self) -> Self {
        self.map(|value| f64::from_bits(!value.to_bits()))
    }

    #[inline(always)]
    fn or(self, other: Self) -> Self {
        pairs(self, other, |left, right| f64::from_bits(left.to_bits() | right.to_bits()))
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        pairs(self, other, |left, right| left + right)
    }

    #[inline(always)]
    fn subtract(self, other: Self) -> Self {
        pairs(self, other, |left, right| left - right)
    }

    #[inline(always)]
    fn multiply(self, other: Self) -> Self {
        pairs(self, other, |left, right| left * right)
    }

    #[inline(always)]
    fn bits(self) -> u16 {
        self.iter().rev().fold(0, |bits, value| bits << 1 | u16::from(value.is_sign_negative()))
    }
}

#[inline(always)]
fn pairs(mut left: Rows, right: Rows, function: impl Fn(f64, f64) -> f64) -> Rows {
    left.iter_mut().zip(right).for_each(|(left, right)| *left = function(*left, right));
    left
}
