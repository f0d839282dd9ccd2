//! Blocks with AVX2: four registers of four numbers.
#![allow(unsafe_code, reason = "the instructions exist on some processors only")]

use std::arch::x86_64::{
    __m128d, __m256d, __m256i, _CMP_GE_OQ, _CMP_LE_OQ, _mm_stream_pd, _mm256_add_pd, _mm256_and_pd, _mm256_and_si256,
    _mm256_castpd256_pd128, _mm256_castsi256_pd, _mm256_cmp_pd, _mm256_cmpeq_epi64, _mm256_extractf128_pd,
    _mm256_loadu_pd, _mm256_max_pd, _mm256_movemask_pd, _mm256_mul_pd, _mm256_or_pd, _mm256_set1_epi64x,
    _mm256_set1_pd, _mm256_setr_epi64x, _mm256_storeu_pd, _mm256_sub_pd, _mm256_xor_pd,
};

use super::block::{BLOCK, Block};

/// Sixteen numbers in registers. Only code that is compiled for AVX2 and runs where the processor has
/// it may make one: that is the proof of each use below.
#[derive(Clone, Copy)]
pub(super) struct Avx2([__m256d; 4]);

/// One instruction on each register of some blocks.
macro_rules! each {
    ($($block:ident),+ => $instruction:expr) => {
        // SAFETY: whoever has a block has AVX2.
        Avx2(unsafe { [each!(0: $($block),+ => $instruction), each!(1: $($block),+ => $instruction),
            each!(2: $($block),+ => $instruction), each!(3: $($block),+ => $instruction)] })
    };
    ($index:literal: $($block:ident),+ => $instruction:expr) => {{ $(let $block = $block.0[$index];)+ $instruction }};
}

impl Block for Avx2 {
    #[inline(always)]
    fn splat([value, _]: &[f64; 2]) -> Self {
        // SAFETY: only code for AVX2 makes blocks.
        Self([unsafe { _mm256_set1_pd(*value) }; 4])
    }

    const ROWS: usize = 16;

    #[inline(always)]
    unsafe fn load(at: *const f64) -> Self {
        // SAFETY: only code for AVX2 makes blocks; each load lies within the sixteen rows.
        unsafe {
            Self([
                _mm256_loadu_pd(at),
                _mm256_loadu_pd(at.add(4)),
                _mm256_loadu_pd(at.add(8)),
                _mm256_loadu_pd(at.add(12)),
            ])
        }
    }

    #[inline(always)]
    unsafe fn store(self, at: *mut f64) {
        let [first, second, third, last] = self.0;
        // SAFETY: whoever has a block has AVX2; each store lies within the sixteen rows.
        unsafe {
            _mm256_storeu_pd(at, first);
            _mm256_storeu_pd(at.add(4), second);
            _mm256_storeu_pd(at.add(8), third);
            _mm256_storeu_pd(at.add(12), last);
        }
    }

    #[inline(always)]
    unsafe fn stream(self, at: *mut f64) {
        if !at.addr().is_multiple_of(align_of::<__m128d>()) {
            // SAFETY: as is asked of the caller.
            return unsafe { self.store(at) };
        }
        for (index, four) in self.0.into_iter().enumerate() {
            // SAFETY: whoever has a block has AVX2; each store lies within the sixteen rows and is aligned. What
            // is streamed is fenced before anyone else reads it.
            unsafe {
                _mm_stream_pd(at.add(4 * index), _mm256_castpd256_pd128(four));
                _mm_stream_pd(at.add(4 * index + 2), _mm256_extractf128_pd::<1>(four));
            }
        }
    }

    #[inline(always)]
    fn within(self, low: Self, high: Self) -> Self {
        let value = self;
        each!(value, low, high => {
            _mm256_and_pd(_mm256_cmp_pd::<_CMP_GE_OQ>(value, low), _mm256_cmp_pd::<_CMP_LE_OQ>(value, high))
        })
    }

    type Tops = __m256d;

    #[inline(always)]
    fn lowest() -> __m256d {
        // SAFETY: only code for AVX2 makes blocks.
        unsafe { _mm256_set1_pd(f64::NEG_INFINITY) }
    }

    #[inline(always)]
    fn tops(self, so_far: __m256d) -> __m256d {
        let [first, second, third, last] = self.0;
        // Of two numbers of which one is missing the instruction gives the second.
        // SAFETY: whoever has a block has AVX2.
        unsafe {
            let half = _mm256_max_pd(second, _mm256_max_pd(first, so_far));
            _mm256_max_pd(last, _mm256_max_pd(third, half))
        }
    }

    #[inline(always)]
    fn reaches(tops: __m256d, floor: f64) -> bool {
        // SAFETY: only code for AVX2 makes blocks.
        unsafe { _mm256_movemask_pd(_mm256_cmp_pd::<_CMP_GE_OQ>(tops, _mm256_set1_pd(floor))) != 0 }
    }

    #[inline(always)]
    fn set(bits: u16) -> Self {
        // SAFETY: only code for AVX2 makes blocks.
        unsafe {
            let all = _mm256_set1_epi64x(i64::from(bits));
            let four = |places: __m256i| _mm256_castsi256_pd(_mm256_cmpeq_epi64(_mm256_and_si256(all, places), places));
            Self([
                four(_mm256_setr_epi64x(1, 1 << 1, 1 << 2, 1 << 3)),
                four(_mm256_setr_epi64x(1 << 4, 1 << 5, 1 << 6, 1 << 7)),
                four(_mm256_setr_epi64x(1 << 8, 1 << 9, 1 << 10, 1 << 11)),
                four(_mm256_setr_epi64x(1 << 12, 1 << 13, 1 << 14, 1 << 15)),
            ])
        }
    }

    #[inline(always)]
    fn and(self, other: Self) -> Self {
        let left = self;
        each!(left, other => _mm256_and_pd(left, other))
    }

    #[inline(always)]
    fn not(self) -> Self {
        let value = self;
        each!(value => _mm256_xor_pd(value, _mm256_castsi256_pd(_mm256_set1_epi64x(-1))))
    }

    #[inline(always)]
    fn or(self, other: Self) -> Self {
        let left = self;
        each!(left, other => _mm256_or_pd(left, other))
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        let left = self;
        each!(left, other => _mm256_add_pd(left, other))
    }

    #[inline(always)]
    fn subtract(self, other: Self) -> Self {
        let left = self;
        each!(left, other => _mm256_sub_pd(left, other))
    }

    #[inline(always)]
    unsafe fn products(at: *const f64, factor: &[f64; 2]) -> Self {
        // SAFETY: as is asked of the caller.
        let (left, right) = (unsafe { Self::load(at) }, Self::splat(factor));
        each!(left, right => _mm256_mul_pd(left, right))
    }

    #[inline(always)]
    fn bits(self) -> u16 {
        let [first, second, third, last] = self.0;
        // SAFETY: whoever has a block has AVX2.
        let four = |register: __m256d| unsafe { _mm256_movemask_pd(register) };
        // Four bits each, never negative.
        (four(first) | four(second) << 4 | four(third) << 8 | four(last) << 12) as u16
    }
}

const _: () = assert!(BLOCK.is_multiple_of(Avx2::ROWS), "a block is as many of these");
