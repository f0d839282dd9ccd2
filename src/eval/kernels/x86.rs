//! Comparisons with AVX2, whose masks come out as bits in one instruction. Portable code needs four.
#![allow(unsafe_code, reason = "calling a function compiled for AVX2 is safe only where the processor has it")]

use std::arch::x86_64::{
    _CMP_GE_OQ, _CMP_LE_OQ, _mm256_and_pd, _mm256_castsi256_pd, _mm256_cmp_pd, _mm256_movemask_pd, _mm256_set1_epi64x,
    _mm256_set1_pd, _mm256_setr_pd,
};

use super::{Bounds, Chunk, Mask, WORDS};

/// Rows in which every column lies in its interval; none where the processor lacks AVX2.
pub(super) fn within<const N: usize>(bounds: [Bounds; N], columns: [&Chunk; N]) -> Option<Mask> {
    if !std::arch::is_x86_feature_detected!("avx2") {
        return None;
    }
    // SAFETY: the processor has AVX2, which is all that the function needs beyond the baseline.
    Some(unsafe { within_avx2(bounds, columns) })
}

#[target_feature(enable = "avx2")]
#[allow(clippy::indexing_slicing, reason = "every index is below the constant length of a chunk; the checks vanish")]
fn within_avx2<const N: usize>(bounds: [Bounds; N], columns: [&Chunk; N]) -> Mask {
    let low = bounds.map(|bounds| _mm256_set1_pd(bounds.low));
    let high = bounds.map(|bounds| _mm256_set1_pd(bounds.high));
    let mut out = [0; WORDS];
    for (word, bits) in out.iter_mut().enumerate() {
        for group in 0..16 {
            let row = word * 64 + group * 4;
            let mut all = _mm256_castsi256_pd(_mm256_set1_epi64x(-1));
            for ((column, low), high) in columns.iter().zip(&low).zip(&high) {
                let values = _mm256_setr_pd(column[row], column[row + 1], column[row + 2], column[row + 3]);
                let above = _mm256_cmp_pd::<_CMP_GE_OQ>(values, *low);
                let below = _mm256_cmp_pd::<_CMP_LE_OQ>(values, *high);
                all = _mm256_and_pd(all, _mm256_and_pd(above, below));
            }
            // Four bits, never negative.
            *bits |= u64::from(_mm256_movemask_pd(all).unsigned_abs()) << (group * 4);
        }
    }
    out
}
