//! Comparisons with AVX2, whose masks come out as bits in one instruction. Portable code needs four.
#![allow(unsafe_code, reason = "calling a function compiled for AVX2 is safe only where the processor has it")]

use std::arch::x86_64::{
    _CMP_GE_OQ, _CMP_LE_OQ, _mm256_and_pd, _mm256_castsi256_pd, _mm256_cmp_pd, _mm256_movemask_pd, _mm256_set1_epi64x,
    _mm256_set1_pd, _mm256_setr_pd,
};

use super::{Chunk, Mask, Side, WORDS};

/// Rows in which every column keeps its bound; none where the processor lacks AVX2.
pub(super) fn within<const N: usize>(side: Side, columns: [&Chunk; N], bounds: [f64; N]) -> Option<Mask> {
    if !std::arch::is_x86_feature_detected!("avx2") {
        return None;
    }
    // SAFETY: the processor has AVX2, which is all that the function needs beyond the baseline.
    Some(unsafe {
        match side {
            Side::AtLeast => within_avx2::<N, _CMP_GE_OQ>(columns, bounds),
            Side::AtMost => within_avx2::<N, _CMP_LE_OQ>(columns, bounds),
        }
    })
}

#[target_feature(enable = "avx2")]
fn within_avx2<const N: usize, const COMPARISON: i32>(columns: [&Chunk; N], bounds: [f64; N]) -> Mask {
    let bounds = bounds.map(|bound| _mm256_set1_pd(bound));
    let columns = columns.map(|column| column.as_chunks::<64>().0);
    let mut out = [0; WORDS];
    for (word, bits) in out.iter_mut().enumerate() {
        for group in 0..16 {
            let mut all = _mm256_castsi256_pd(_mm256_set1_epi64x(-1));
            for (column, bound) in columns.iter().zip(&bounds) {
                let Some(&[a, b, c, d]) = column.get(word).and_then(|rows| rows.as_chunks::<4>().0.get(group)) else {
                    continue;
                };
                let values = _mm256_setr_pd(a, b, c, d);
                all = _mm256_and_pd(all, _mm256_cmp_pd::<COMPARISON>(values, *bound));
            }
            // Four bits, never negative.
            *bits |= u64::from(_mm256_movemask_pd(all).unsigned_abs()) << (group * 4);
        }
    }
    out
}
