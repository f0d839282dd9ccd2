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

/// A column times a constant; the sum is missing where the column's value lies outside its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::eval) struct Term {
    /// Without a column it is the constant itself.
    pub slot: Option<u32>,
    pub coefficient: f64,
    low: f64,
    high: f64,
    /// Without an interval what is missing or infinite makes the sum so.
    has_interval: bool,
}

impl Term {
    /// A term for any finite value of its column.
    pub fn new(slot: Option<u32>, coefficient: f64) -> Self {
        Self { slot, coefficient, low: f64::MIN, high: f64::MAX, has_interval: false }
    }

    /// The opposite of it.
    pub fn negated(self) -> Self {
        Self { coefficient: -self.coefficient, ..self }
    }

    /// The same for values in an interval alone.
    pub fn within(self, low: f64, high: f64) -> Self {
        Self { low, high, has_interval: low > f64::MIN || high < f64::MAX, ..self }
    }
}

/// Where the scores of a pass go.
#[derive(Default)]
pub(in crate::eval) struct Scores<'s> {
    /// One a row, or none if there is nothing to score.
    pub out: &'s mut [f64],
    /// For each [`BLOCK`] of rows, whether one of its scores reaches the floor.
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
    pub bounds: &'p [Bounds],
    pub terms: &'p [Term],
}

/// A column of a sieve in blocks.
type Column<'c> = &'c [Rows];
/// Scores to fill in blocks, and whether one of each block reaches the floor.
type Scored<'s> = (&'s mut [Rows], &'s mut [bool]);

struct Columns<'c> {
    bounds: [Column<'c>; MOST],
    terms: [Column<'c>; MOST],
}

/// What a constant is multiplied with. Made when first needed: it would be 16 KiB of a module.
static ONES: LazyLock<Vec<Rows>> = LazyLock::new(|| vec![[1.0; BLOCK]; MOST_ROWS / BLOCK]);
static NOTHING: Rows = [f64::NAN; BLOCK];

impl Sieve<'_> {
    /// Clears the bits of rows that lie outside an interval. Where there are scores to fill, each is the
    /// sum of the terms from the left, every product and every sum rounded by itself: NaN where the bit
    /// is not set, a value is outside or missing, or the sum is not finite.
    ///
    /// At most [`MOST_ROWS`] rows; bits beyond them must not be set.
    pub fn run<'c>(&self, column: impl Fn(u32) -> &'c [f64], rows: usize, passed: &mut [u64], scores: Scores<'_>) {
        let blocks = rows / BLOCK;
        let columns = self.columns(|_, slot| column(slot).as_chunks::<BLOCK>().0);
        let (words, bits) = (blocks * BLOCK / MASK_BITS, blocks * BLOCK % MASK_BITS);
        let all_in = passed.iter().take(words).all(|word| *word == u64::MAX)
            && passed.get(words).is_none_or(|word| word.trailing_ones() as usize >= bits);
        let Scores { out, hits, floor, is_streamed } = scores;
        let span = Span { from: 0, blocks, is_masked: !all_in, floor, is_streamed };
        self.blocks(&columns, span, passed, (out.as_chunks_mut::<BLOCK>().0, hits));
        if !rows.is_multiple_of(BLOCK) {
            self.rest(&column, blocks * BLOCK..rows, passed, Scores { out, hits, floor, is_streamed });
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
        let mut pads = [NOTHING; 2 * MOST];
        let slots = self.bounds.iter().map(|bounds| Some(bounds.slot)).chain(self.terms.iter().map(|term| term.slot));
        for (pad, slot) in pads.iter_mut().zip(slots) {
            let values = slot.and_then(|slot| column(slot).get(rows.clone())).unwrap_or_default();
            pad.iter_mut().zip(values).for_each(|(pad, value)| *pad = *value);
        }
        let columns = self.columns(|index, _| pads.get(index..=index).unwrap_or_default());
        let mut out = [NOTHING];
        let filled = if scores.out.is_empty() { &mut [] } else { out.as_mut_slice() };
        let from = rows.start / BLOCK;
        let hits = scores.hits.get_mut(from..).unwrap_or_default();
        let span = Span { from, blocks: 1, is_masked: true, floor: scores.floor, is_streamed: false };
        self.blocks(&columns, span, passed, (filled, hits));
        scores.out.iter_mut().skip(rows.start).zip(out.as_flattened()).for_each(|(score, own)| *score = *own);
    }

    /// The columns by slot and position, first of the bounds and then of the terms.
    fn columns<'c>(&self, column: impl Fn(usize, u32) -> Column<'c>) -> Columns<'c> {
        let mut columns = Columns { bounds: [&[]; MOST], terms: [&[]; MOST] };
        let mut position = 0..;
        let mut next = |slot: u32| column(position.next().unwrap_or(usize::MAX), slot);
        columns.bounds.iter_mut().zip(self.bounds).for_each(|(own, bounds)| *own = next(bounds.slot));
        for (own, term) in columns.terms.iter_mut().zip(self.terms) {
            let column = next(term.slot.unwrap_or(u32::MAX));
            *own = if term.slot.is_some() { column } else { ONES.as_slice() };
        }
        columns
    }

    fn blocks(&self, columns: &Columns<'_>, span: Span, passed: &mut [u64], scores: Scored<'_>) {
        let work = Work {
            bounds: self.bounds,
            terms: self.terms,
            tested: columns.bounds.get(..self.bounds.len()).unwrap_or_default(),
            summed: columns.terms.get(..self.terms.len()).unwrap_or_default(),
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
        return work.any::<super::simd128::Simd128>(passed, scores);
        #[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
        work.any::<Rows>(passed, scores)
    }
}

/// Blocks to work on, counted from the first of the columns; the first one's bits stand at `from`.
#[derive(Clone, Copy)]
struct Span {
    from: usize,
    blocks: usize,
    /// Whether some rows are out already.
    is_masked: bool,
    floor: f64,
    is_streamed: bool,
}

/// A sieve with its columns.
#[derive(Clone, Copy)]
struct Work<'w> {
    bounds: &'w [Bounds],
    terms: &'w [Term],
    /// The column of each of the bounds.
    tested: &'w [Column<'w>],
    /// The column of each term.
    summed: &'w [Column<'w>],
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
        let bounds = (self.bounds.first_chunk::<N>(), self.tested.first_chunk::<N>());
        let terms = (self.terms.first_chunk::<M>(), self.summed.first_chunk::<M>());
        if let ((Some(bounds), Some(tested)), (Some(terms), Some(summed))) = (bounds, terms) {
            Work { bounds, terms, tested, summed, ..self }.each::<B, false, true>(passed, scores);
        }
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
        const BLOCKS: usize = MASK_BITS / BLOCK;
        let (Self { bounds, terms, tested, summed, span }, (scores, hits)) = (self, scores);
        let lengths = tested.iter().chain(summed).map(|column| column.len());
        let shortest = lengths.chain(SCORED.then_some(scores.len().min(hits.len()))).min().unwrap_or(span.blocks);
        debug_assert!(shortest >= span.blocks, "columns of the same length");
        for block in 0..span.blocks.min(shortest) {
            let place = span.from + block;
            let Some(word) = passed.get_mut(place / BLOCKS) else { break };
            let shift = place % BLOCKS * BLOCK;
            let present = if MASKED { (*word >> shift) as u16 } else { u16::MAX };
            let (mut stayed, mut hit) = (0, false);
            for part in 0..B::PARTS {
                let first = part * (BLOCK / B::PARTS);
                let mut kept = B::set(present >> first);
                // Loops, not closures: those would be compiled for the baseline.
                for (bounds, column) in bounds.iter().zip(tested) {
                    // SAFETY: the block is below the length of the shortest column.
                    let values = B::load(unsafe { column.get_unchecked(block) }, part);
                    kept = kept.and(values.within(B::splat(bounds.low), B::splat(bounds.high)));
                }
                stayed |= kept.bits() << first;
                if SCORED {
                    // The sum of nothing is -0, which changes no number.
                    let mut sum = B::splat(-0.0);
                    for (term, column) in terms.iter().zip(summed) {
                        // SAFETY: as above.
                        let values = B::load(unsafe { column.get_unchecked(block) }, part);
                        if term.has_interval {
                            kept = kept.and(values.within(B::splat(term.low), B::splat(term.high)));
                        }
                        sum = sum.add(values.multiply(B::splat(term.coefficient)));
                    }
                    // A number that is not finite, taken from itself, is missing; any other leaves no bit.
                    let score = sum.or(kept.not()).or(sum.subtract(sum));
                    hit |= score.any_reaches(B::splat(span.floor));
                    // SAFETY: the block is below the number of blocks to fill.
                    let place = unsafe { scores.get_unchecked_mut(block) };
                    if span.is_streamed { score.stream(place, part) } else { score.store(place, part) }
                }
            }
            *word = *word & !(u64::from(u16::MAX) << shift) | u64::from(stayed) << shift;
            if SCORED {
                // SAFETY: as above.
                *unsafe { hits.get_unchecked_mut(block) } = hit;
            }
        }
    }
}

#[cfg(all(test, target_arch = "x86_64"))]
#[allow(clippy::indexing_slicing, reason = "a test stops at what is wrong")]
mod tests {
    use super::super::avx2::Avx2;
    use super::{BLOCK, Bounds, Column, Rows, Scored, Span, Term, Work};

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
            let columns: Vec<[Rows; 8]> =
                (0..10).map(|_| [[0.0; BLOCK]; 8].map(|rows| rows.map(|_| value(&mut state)))).collect();
            let column: Vec<Column<'_>> = columns.iter().map(|column| column.as_slice()).collect();
            let bounds: Vec<_> = (0..bounds).map(|slot| Bounds { slot, low: -0.25, high: 0.5 }).collect();
            let term = |slot| Term::new(Some(slot), value(&mut 7) + f64::from(slot)).within(-0.9, f64::MAX);
            let terms: Vec<_> = (5..5 + terms).map(term).collect();
            for (is_masked, first) in [(false, u64::MAX), (true, 0x0123_4567_89ab_cdef)] {
                let span = Span { from: 0, blocks: 8, is_masked, floor: 0.25, is_streamed: is_masked };
                let (tested, summed) = (&column[..bounds.len()], &column[5..5 + terms.len()]);
                let work = Work { bounds: &bounds, terms: &terms, tested, summed, span };
                let (mut passed, mut scores, mut hits) =
                    ([[first, u64::MAX]; 2], [[[0.0; BLOCK]; 8]; 2], [[true; 8]; 2]);
                work.any::<Rows>(&mut passed[0], (&mut scores[0], &mut hits[0]));
                // SAFETY: the processor has AVX2, as asked above.
                unsafe { work.with_avx2(&mut passed[1], (&mut scores[1], &mut hits[1])) };
                assert_eq!(passed[0], passed[1]);
                assert_eq!(hits[0], hits[1]);
                assert_eq!(hits[0], scores[0].map(|rows| rows.iter().any(|score| *score >= 0.25)));
                let bits = |scores: &[Rows]| {
                    let bits = |score: &f64| if score.is_nan() { None } else { Some(score.to_bits()) };
                    scores.as_flattened().iter().map(bits).collect::<Vec<_>>()
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
