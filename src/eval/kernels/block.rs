//! Rows at once, in blocks of sixteen: what the sieve asks of a processor, and how it is done without vector instructions.
#![allow(unsafe_code, reason = "loads and stores take pointers: lengths are compared once, not for every block")]

/// Rows of a block.
pub(in crate::eval) const BLOCK: usize = 16;
/// The numbers of a block; NaN is missing.
pub(super) type Rows = [f64; BLOCK];

/// Some numbers, or a mark for each: of a marked row all bits are set, which makes it a NaN, of others none.
pub(super) trait Block: Copy {
    /// How many: as many as leave registers for the work. [`BLOCK`] is a multiple of it.
    const ROWS: usize;

    /// One number, given twice, in every row.
    fn splat(value: &[f64; 2]) -> Self;
    /// # Safety
    /// So many numbers stand there.
    unsafe fn load(at: *const f64) -> Self;
    /// # Safety
    /// So many numbers may be written there.
    unsafe fn store(self, at: *mut f64);
    /// Stores what is not read again soon, past the caches where the processor can.
    ///
    /// # Safety
    /// As for stores.
    unsafe fn stream(self, at: *mut f64) {
        // SAFETY: as is asked of the caller.
        unsafe { self.store(at) }
    }
    /// Marks where a number is neither less than the low one nor greater than the high one.
    fn within(self, low: Self, high: Self) -> Self;
    /// The greatest numbers, of each so many rows one.
    type Tops: Copy;
    /// Less than any number.
    fn lowest() -> Self::Tops;
    /// The greater ones of those so far and of these; what is missing changes none.
    fn tops(self, so_far: Self::Tops) -> Self::Tops;
    fn reaches(tops: Self::Tops, floor: f64) -> bool;
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
    /// What is loaded, times a number that is given twice.
    ///
    /// # Safety
    /// As for loads.
    unsafe fn products(at: *const f64, factor: &[f64; 2]) -> Self;
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
    fn splat([value, _]: &[f64; 2]) -> Self {
        [*value; BLOCK]
    }

    const ROWS: usize = BLOCK;

    #[inline(always)]
    unsafe fn load(at: *const f64) -> Self {
        // SAFETY: as is asked of the caller; numbers are aligned.
        unsafe { at.cast::<Self>().read() }
    }

    #[inline(always)]
    unsafe fn store(self, at: *mut f64) {
        // SAFETY: as is asked of the caller; numbers are aligned.
        unsafe { at.cast::<Self>().write(self) }
    }

    #[inline(always)]
    fn within(self, low: Self, high: Self) -> Self {
        let [low, high] = [low, high].map(|ends| ends[0]);
        self.map(|value| mark((value >= low) & (value <= high)))
    }

    type Tops = [f64; 4];

    #[inline(always)]
    fn lowest() -> [f64; 4] {
        [f64::NEG_INFINITY; 4]
    }

    #[inline(always)]
    fn tops(self, mut tops: [f64; 4]) -> [f64; 4] {
        for four in self.as_chunks::<4>().0 {
            tops.iter_mut().zip(four).for_each(|(top, value)| *top = if *value > *top { *value } else { *top });
        }
        tops
    }

    #[inline(always)]
    fn reaches(tops: [f64; 4], floor: f64) -> bool {
        tops.iter().any(|top| *top >= floor)
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
    unsafe fn products(at: *const f64, [factor, _]: &[f64; 2]) -> Self {
        // SAFETY: as is asked of the caller.
        unsafe { Self::load(at) }.map(|value| value * factor)
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
