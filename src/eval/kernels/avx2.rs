//! Blocks with AVX2: four registers of four numbers.
#![allow(unsafe_code, reason = "the instructions exist on some processors only")]

use std::arch::x86_64::{
    __m128d, __m256d, __m256i, _CMP_GE_OQ, _CMP_LE_OQ, _mm_stream_pd, _mm256_add_pd, _mm256_and_pd, _mm256_and_si256,
    _mm256_castpd256_pd128, _mm256_castsi256_pd, _mm256_cmp_pd, _mm256_cmpeq_epi64, _mm256_extractf128_pd,
    _mm256_loadu_pd, _mm256_movemask_pd, _mm256_mul_pd, _mm256_or_pd, _mm256_set1_epi64x, _mm256_set1_pd,
    _mm256_setr_epi64x, _mm256_storeu_pd, _mm256_sub_pd, _mm256_xor_pd,
};

use super::block::{BLOCK, Block, Rows};

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
    fn splat(value: f64) -> Self {
        // SAFETY: only code for AVX2 makes blocks.
        Self([unsafe { _mm256_set1_pd(value) }; 4])
    }

    #[inline(always)]
    fn load(rows: &Rows, _: usize) -> Self {
        let at = rows.as_ptr();
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
    fn store(self, rows: &mut Rows, _: usize) {
        let [first, second, third, last] = self.0;
        let at = rows.as_mut_ptr();
        // SAFETY: whoever has a block has AVX2; each store lies within the sixteen rows.
        unsafe {
            _mm256_storeu_pd(at, first);
            _mm256_storeu_pd(at.add(4), second);
            _mm256_storeu_pd(at.add(8), third);
            _mm256_storeu_pd(at.add(12), last);
        }
    }

    #[inline(always)]
    fn stream(self, rows: &mut Rows, part: usize) {
        let at = rows.as_mut_ptr();
        if !at.addr().is_multiple_of(align_of::<__m128d>()) {
            return self.store(rows, part);
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

    #[inline(always)]
    fn any_reaches(self, least: Self) -> bool {
        let value = self;
        let [first, second, third, last] = each!(value, least => _mm256_cmp_pd::<_CMP_GE_OQ>(value, least)).0;
        // SAFETY: whoever has a block has AVX2.
        unsafe { _mm256_movemask_pd(_mm256_or_pd(_mm256_or_pd(first, second), _mm256_or_pd(third, last))) != 0 }
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
    fn multiply(self, other: Self) -> Self {
        let left = self;
        each!(left, other => _mm256_mul_pd(left, other))
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

const _: () = assert!(BLOCK == 16, "four registers of four numbers");
