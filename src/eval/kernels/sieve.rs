//! Intervals and a sum of products in one pass over the columns: which rows stay, and their scores.
#![allow(unsafe_code, reason = "AVX2 is chosen at run time, and lengths are compared once instead of for every block")]

use std::sync::LazyLock;

use super::MASK_BITS;
use super::block::{BLOCK, Block, Rows};

/// A column and the interval that its values must lie in, both ends included. Strict comparisons are
/// intervals that end at the next double; NaN lies in none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::eval) struct Bounds {
    pub slot: u32,
    pub low: f64,
    pub high: f64,
}

/// A column times a constant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::eval) struct Term {
    /// Without a column it is the constant itself.
    pub slot: Option<u32>,
    pub coefficient: f64,
}

impl Term {
    /// The opposite of it.
    pub fn negated(self) -> Self {
        Self { coefficient: -self.coefficient, ..self }
    }
}

/// Where the scores of a pass go.
#[derive(Default)]
pub(in crate::eval) struct Scores<'s> {
    /// One a row, or none if there is nothing to score.
    pub out: &'s mut [f64],
    /// For each word of bits, whether a score of its rows reaches the floor.
    pub hits: &'s mut [bool],
    pub floor: f64,
    /// Whether the scores of all passes are too many for the caches.
    pub is_streamed: bool,
}

/// Most terms of a sum, and most intervals of one pass.
pub(in crate::eval) const MOST: usize = 8;

/// Most rows of one pass.
pub(in crate::eval) const MOST_ROWS: usize = 2048;

/// What each row is tested and scored by, over columns of the same length; of each at most [`MOST`].
#[derive(Clone, Copy, Default)]
pub(in crate::eval) struct Sieve<'p> {
    /// A row stays where its values lie in all of them.
    pub bounds: &'p [Bounds],
    /// A row that stays has a score where its values lie in all of these, too.
    pub ranges: &'p [Bounds],
    pub terms: &'p [Term],
}

/// A column, and the interval that its values must lie in: each end twice, as vectors are filled faster.
#[derive(Clone, Copy, Default)]
struct Tested<'c> {
    column: &'c [f64],
    low: [f64; 2],
    high: [f64; 2],
}

/// A column, and what it is multiplied with.
#[derive(Clone, Copy, Default)]
struct Summed<'c> {
    column: &'c [f64],
    coefficient: [f64; 2],
}

impl Tested<'_> {
    /// Marks where the values of a block lie in the interval.
    ///
    /// # Safety
    /// The block that begins with the row lies within the column.
    #[inline(always)]
    unsafe fn within<B: Block>(&self, row: usize) -> B {
        // SAFETY: as is asked of the caller.
        let values = unsafe { B::load(self.column.as_ptr().add(row)) };
        values.within(B::splat(&self.low), B::splat(&self.high))
    }
}

impl Summed<'_> {
    /// The products of a block.
    ///
    /// # Safety
    /// As for [`Tested::within`].
    #[inline(always)]
    unsafe fn products<B: Block>(&self, row: usize) -> B {
        // SAFETY: as is asked of the caller.
        unsafe { B::products(self.column.as_ptr().add(row), &self.coefficient) }
    }
}

/// The marks that are left where the values of a block lie in all of some intervals.
///
/// # Safety
/// As for [`Tested::within`].
#[inline(always)]
unsafe fn test<B: Block>(mut kept: B, tested: &[Tested<'_>], row: usize) -> B {
    // Loops, not closures: those would be compiled for the baseline. And loops that ask at their end, which
    // builds for size would not make of others: one jump less for each test.
    let Some((mut first, mut others)) = tested.split_first() else { return kept };
    loop {
        // SAFETY: as is asked of the caller.
        kept = kept.and(unsafe { first.within(row) });
        let Some(next) = others.split_first() else { return kept };
        (first, others) = next;
    }
}

/// The sums of the terms of a block. Where a row is out its sum is missing from the start, and stays so.
///
/// # Safety
/// As for [`Tested::within`].
#[inline(always)]
unsafe fn sum<B: Block>(out: B, terms: &[Summed<'_>], row: usize) -> B {
    let Some((first, others)) = terms.split_first() else { return out };
    // SAFETY: as is asked of the caller.
    let mut sum = unsafe { first.products::<B>(row) }.or(out);
    for term in others {
        // SAFETY: as is asked of the caller.
        sum = sum.add(unsafe { term.products(row) });
    }
    sum
}

/// Scores to fill, and for each word of bits whether one of its rows reaches the floor.
type Scored<'s> = (&'s mut [f64], &'s mut [bool]);

/// What a constant is multiplied with. Made when first needed: it would be 16 KiB of a module.
static ONES: LazyLock<Vec<f64>> = LazyLock::new(|| vec![1.0; MOST_ROWS]);
static NOTHING: Rows = [f64::NAN; BLOCK];

impl Sieve<'_> {
    /// Clears the bits of rows that lie outside a bound. Where there are scores to fill, each is the
    /// sum of the terms from the left, every product and every sum rounded by itself: NaN where the bit
    /// is not set, a value is out of range or missing, or the sum is not finite.
    ///
    /// At most [`MOST_ROWS`] rows; bits beyond them must not be set.
    pub fn run<'c>(&self, column: impl Fn(u32) -> &'c [f64], rows: usize, passed: &mut [u64], scores: Scores<'_>) {
        let whole = rows / BLOCK * BLOCK;
        let (words, bits) = (whole / MASK_BITS, whole % MASK_BITS);
        let all_in = passed.iter().take(words).all(|word| *word == u64::MAX)
            && passed.get(words).is_none_or(|word| word.trailing_ones() as usize >= bits);
        let Scores { out, hits, floor, is_streamed } = scores;
        let span = Span { from: 0, rows: whole, is_masked: !all_in, floor, is_streamed };
        self.blocks(|_, slot| column(slot), span, passed, (out, hits));
        if whole < rows {
            self.rest(&column, whole..rows, passed, Scores { out, hits, floor, is_streamed });
        }
    }

    /// The rows behind the last whole block, padded with missing values.
    fn rest<'c>(
        &self,
        column: &impl Fn(u32) -> &'c [f64],
        rows: std::ops::Range<usize>,
        passed: &mut [u64],
        scores: Scores<'_>,
    ) {
        let mut pads = [NOTHING; 3 * MOST];
        let tested = self.bounds.iter().chain(self.ranges).map(|bounds| Some(bounds.slot));
        for (pad, slot) in pads.iter_mut().zip(tested.chain(self.terms.iter().map(|term| term.slot))) {
            let values = slot.and_then(|slot| column(slot).get(rows.clone())).unwrap_or_default();
            pad.iter_mut().zip(values).for_each(|(pad, value)| *pad = *value);
        }
        let mut out = NOTHING;
        let filled = if scores.out.is_empty() { &mut [] } else { out.as_mut_slice() };
        let span = Span { from: rows.start, rows: BLOCK, is_masked: true, floor: scores.floor, is_streamed: false };
        let pad = |index| pads.get(index).map(Rows::as_slice).unwrap_or_default();
        self.blocks(|index, _| pad(index), span, passed, (filled, scores.hits));
        scores.out.iter_mut().skip(rows.start).zip(out).for_each(|(score, own)| *score = own);
    }

    /// Works on columns by position and slot: those of the bounds, then of the ranges, then of the terms.
    fn blocks<'c>(&self, column: impl Fn(usize, u32) -> &'c [f64], span: Span, passed: &mut [u64], scores: Scored<'_>) {
        let mut position = 0..;
        let mut next = |slot: u32| column(position.next().unwrap_or(usize::MAX), slot);
        let [mut bounds, mut ranges] = [[Tested::default(); MOST]; 2];
        for (tested, from) in [(&mut bounds, self.bounds), (&mut ranges, self.ranges)] {
            for (own, Bounds { slot, low, high }) in tested.iter_mut().zip(from) {
                *own = Tested { column: next(*slot), low: [*low; 2], high: [*high; 2] };
            }
        }
        let mut terms = [Summed::default(); MOST];
        for (own, Term { slot, coefficient }) in terms.iter_mut().zip(self.terms) {
            let column = next(slot.unwrap_or(u32::MAX));
            *own = Summed { column: if slot.is_some() { column } else { &ONES }, coefficient: [*coefficient; 2] };
        }
        let work = Work {
            bounds: bounds.get(..self.bounds.len()).unwrap_or_default(),
            ranges: ranges.get(..self.ranges.len()).unwrap_or_default(),
            terms: terms.get(..self.terms.len()).unwrap_or_default(),
            span,
        };
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has AVX2, which is all that the function needs beyond the baseline.
            unsafe { work.with_avx2(passed, scores) };
            if span.is_streamed {
                // What was streamed stands before whatever is written next, so that other threads see it in order.
                // SAFETY: every x86-64 processor has SSE.
                unsafe { std::arch::x86_64::_mm_sfence() };
            }
            return;
        }
        #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
        return work.with_simd128(passed, scores);
        #[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
        work.any::<Rows>(passed, scores)
    }
}

/// Rows to work on, a multiple of [`BLOCK`], counted from the first of the columns; the first one's bit
/// stands at `from`.
#[derive(Clone, Copy)]
struct Span {
    from: usize,
    rows: usize,
    /// Whether some rows are out already.
    is_masked: bool,
    floor: f64,
    is_streamed: bool,
}

/// A sieve with its columns.
#[derive(Clone, Copy)]
struct Work<'w> {
    bounds: &'w [Tested<'w>],
    ranges: &'w [Tested<'w>],
    terms: &'w [Summed<'w>],
    span: Span,
}

impl Work<'_> {
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn with_avx2(self, passed: &mut [u64], scores: Scored<'_>) {
        if self.span.is_masked || scores.0.is_empty() {
            return self.any::<super::avx2::Avx2>(passed, scores);
        }
        match self.bounds.len() {
            1 => self.bounded::<1>(passed, scores),
            2 => self.bounded::<2>(passed, scores),
            3 => self.bounded::<3>(passed, scores),
            4 => self.bounded::<4>(passed, scores),
            _ => self.any::<super::avx2::Avx2>(passed, scores),
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn bounded<const N: usize>(self, passed: &mut [u64], scores: Scored<'_>) {
        match self.terms.len() {
            1 => self.counted::<super::avx2::Avx2, N, 1>(passed, scores),
            2 => self.counted::<super::avx2::Avx2, N, 2>(passed, scores),
            3 => self.counted::<super::avx2::Avx2, N, 3>(passed, scores),
            4 => self.counted::<super::avx2::Avx2, N, 4>(passed, scores),
            _ => self.any::<super::avx2::Avx2>(passed, scores),
        }
    }

    /// With numbers of bounds and terms that the compiler knows, so that it has no loops over them.
    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    fn counted<B: Block, const N: usize, const M: usize>(self, passed: &mut [u64], scores: Scored<'_>) {
        if let (Some(bounds), Some(terms)) = (self.bounds.first_chunk::<N>(), self.terms.first_chunk::<M>()) {
            Work { bounds, terms, ..self }.each::<B, false, true>(passed, scores);
        }
    }

    /// By itself, since compilers of hosts find registers for a small function more easily.
    #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
    #[inline(never)]
    fn with_simd128(self, passed: &mut [u64], scores: Scored<'_>) {
        self.any::<super::simd128::Simd128>(passed, scores);
    }

    #[inline(always)]
    fn any<B: Block>(self, passed: &mut [u64], scores: Scored<'_>) {
        match (self.span.is_masked, scores.0.is_empty()) {
            (false, false) => self.each::<B, false, true>(passed, scores),
            (true, false) => self.each::<B, true, true>(passed, scores),
            (false, true) => self.each::<B, false, false>(passed, scores),
            (true, true) => self.each::<B, true, false>(passed, scores),
        }
    }

    #[inline(always)]
    fn each<B: Block, const MASKED: bool, const SCORED: bool>(self, passed: &mut [u64], scores: Scored<'_>) {
        let (Self { bounds, ranges, terms, span }, (scores, hits)) = (self, scores);
        let tested = bounds.iter().chain(ranges).map(|tested| tested.column.len());
        let lengths = tested.chain(terms.iter().map(|term| term.column.len()));
        let shortest = lengths.chain(SCORED.then_some(scores.len())).min().unwrap_or(span.rows);
        debug_assert!(shortest >= span.rows, "columns of the same length");
        // No more than whole blocks of the shortest: that makes what follows safe.
        let rows = span.rows.min(shortest) / B::ROWS * B::ROWS;
        let mut row = 0;
        for (index, word) in passed.iter_mut().enumerate().skip(span.from / MASK_BITS) {
            let (mut shift, mut bits, mut tops) = ((span.from + row) % MASK_BITS, *word, B::lowest());
            while shift < MASK_BITS && row < rows {
                // SAFETY: the block lies within each of the columns and within the scores.
                unsafe {
                    let present = if MASKED { (bits >> shift) as u16 } else { u16::MAX };
                    let kept = test(B::set(present), bounds, row);
                    bits &= !(u64::from(!kept.bits() & (u16::MAX >> (16 - B::ROWS))) << shift);
                    if SCORED {
                        let sum = sum(test(kept, ranges, row).not(), terms, row);
                        // A number that is not finite, taken from itself, is missing; any other leaves no bit.
                        let score = sum.or(sum.subtract(sum));
                        tops = score.tops(tops);
                        let at = scores.as_mut_ptr().add(row);
                        if span.is_streamed { score.stream(at) } else { score.store(at) }
                    }
                }
                (row, shift) = (row + B::ROWS, shift + B::ROWS);
            }
            *word = bits;
            if let (true, Some(hits)) = (SCORED, hits.get_mut(index)) {
                *hits = B::reaches(tops, span.floor) || span.from % MASK_BITS > 0 && *hits;
            }
        }
    }
}

#[cfg(all(test, target_arch = "x86_64"))]
#[allow(clippy::indexing_slicing, reason = "a test stops at what is wrong")]
mod tests {
    use super::super::avx2::Avx2;
    use super::{Rows, Scored, Span, Summed, Tested, Work};

    /// Values at and around every edge.
    fn value(state: &mut u64) -> f64 {
        *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let edges =
            [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, f64::MIN, 0.0, -0.0, 0.5, 0.5_f64.next_down()];
        let index = (*state >> 40) as usize % (2 * edges.len());
        edges.get(index).copied().unwrap_or((*state >> 33) as f64 / f64::from(1_u32 << 30) - 1.0)
    }

    #[test]
    fn blocks_with_and_without_vector_instructions_give_the_same_bits() {
        if !std::arch::is_x86_feature_detected!("avx2") {
            return;
        }
        let mut state = 1;
        for (bounds, terms) in (0..=5).flat_map(|bounds| (0..=5).map(move |terms| (bounds, terms))) {
            let columns: Vec<Vec<f64>> = (0..10).map(|_| (0..128).map(|_| value(&mut state)).collect()).collect();
            let tested = |column| Tested { column, low: [-0.25; 2], high: [0.5; 2] };
            let bounds: Vec<_> = columns.iter().take(bounds).map(|column| tested(column)).collect();
            let scored = columns.iter().skip(5).take(terms);
            let ranges: Vec<_> = scored.clone().step_by(2).map(|column| tested(column)).collect();
            let coefficient = [value(&mut state); 2];
            let terms: Vec<_> = scored.map(|column| Summed { column, coefficient }).collect();
            for (is_masked, first) in [(false, u64::MAX), (true, 0x0123_4567_89ab_cdef)] {
                let span = Span { from: 0, rows: 128, is_masked, floor: 0.25, is_streamed: is_masked };
                let work = Work { bounds: &bounds, ranges: &ranges, terms: &terms, span };
                let (mut passed, mut scores, mut hits) = ([[first, u64::MAX]; 2], [[0.0; 128]; 2], [[false; 2]; 2]);
                work.any::<Rows>(&mut passed[0], (&mut scores[0], &mut hits[0]));
                // SAFETY: the processor has AVX2, as asked above.
                unsafe { work.with_avx2(&mut passed[1], (&mut scores[1], &mut hits[1])) };
                assert_eq!(passed[0], passed[1]);
                assert_eq!(hits[0], hits[1]);
                assert_eq!(hits[0], [0, 64].map(|from| scores[0][from..from + 64].iter().any(|score| *score >= 0.25)));
                let bits = |scores: &[f64]| {
                    let bits = |score: &f64| if score.is_nan() { None } else { Some(score.to_bits()) };
                    scores.iter().map(bits).collect::<Vec<_>>()
                };
                assert_eq!(bits(&scores[0]), bits(&scores[1]));
                // A wide policy takes the longer way with vector instructions, too.
                // SAFETY: as above.
                unsafe { with_loops(work, &mut passed[1], (&mut scores[1], &mut hits[1])) };
                assert_eq!(passed[0], passed[1]);
            }
        }
    }

    #[target_feature(enable = "avx2")]
    fn with_loops(work: Work<'_>, passed: &mut [u64], scores: Scored<'_>) {
        work.any::<Avx2>(passed, scores);
    }
}
