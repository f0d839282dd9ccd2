//! Comparisons with AVX2, whose masks come out as bits in one instruction. Portable code needs four.
#![allow(unsafe_code, reason = "calling a function compiled for AVX2 is safe only where the processor has it")]

use std::arch::x86_64::{
    _CMP_GE_OQ, _CMP_LE_OQ, _mm256_and_pd, _mm256_blendv_pd, _mm256_castpd_ps, _mm256_castps_pd, _mm256_castsi256_pd,
    _mm256_cmp_pd, _mm256_loadu_si256, _mm256_movemask_pd, _mm256_permutevar8x32_ps, _mm256_set1_epi64x,
    _mm256_set1_pd, _mm256_setr_pd, _mm256_storeu_pd,
};

use super::{Bounds, CHUNK, Chunk, Mask, WORDS};

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

/// For each four bits the places of the set ones, as halves of doubles; the rest does not matter.
#[allow(clippy::indexing_slicing, reason = "evaluated at compile time")]
const PLACES: [[i32; 8]; 16] = {
    let mut all = [[0; 8]; 16];
    let mut bits = 0;
    while bits < 16 {
        let (mut place, mut lane) = (0, 0);
        while lane < 4 {
            if bits >> lane & 1 == 1 {
                all[bits][place] = 2 * lane;
                all[bits][place + 1] = 2 * lane + 1;
                place += 2;
            }
            lane += 1;
        }
        bits += 1;
    }
    all
};

/// Places behind the last score that are written to.
pub(super) const SPARE: usize = 4;

/// Moves the scores of rows whose bit is set to the front of `out` and gives their number; scores that
/// are not finite become missing. None where the processor lacks AVX2.
pub(super) fn compact(scores: &Chunk, passed: &Mask, out: &mut [f64; CHUNK + SPARE]) -> Option<usize> {
    if !std::arch::is_x86_feature_detected!("avx2") || !std::arch::is_x86_feature_detected!("popcnt") {
        return None;
    }
    // SAFETY: the processor has AVX2 and POPCNT, which is all that the function needs beyond the baseline.
    Some(unsafe { compact_avx2(scores, passed, out) })
}

#[target_feature(enable = "avx2,popcnt")]
#[allow(clippy::indexing_slicing, reason = "every index is below the constant length of a chunk; the checks vanish")]
fn compact_avx2(scores: &Chunk, passed: &Mask, out: &mut [f64; CHUNK + SPARE]) -> usize {
    let (missing, most) = (_mm256_set1_pd(f64::NAN), _mm256_set1_pd(f64::MAX));
    let without_sign = _mm256_castsi256_pd(_mm256_set1_epi64x(i64::MAX));
    let mut count = 0;
    for (word, bits) in passed.iter().enumerate() {
        for group in 0..16 {
            let row = word * 64 + group * 4;
            let four = (bits >> (group * 4) & 15) as usize;
            let values = _mm256_setr_pd(scores[row], scores[row + 1], scores[row + 2], scores[row + 3]);
            let finite = _mm256_cmp_pd::<_CMP_LE_OQ>(_mm256_and_pd(values, without_sign), most);
            let values = _mm256_castpd_ps(_mm256_blendv_pd(missing, values, finite));
            // SAFETY: an entry of the table is 32 bytes, just what is read.
            let places = unsafe { _mm256_loadu_si256(PLACES[four].as_ptr().cast()) };
            let packed = _mm256_permutevar8x32_ps(values, places);
            debug_assert!(count + 4 <= out.len());
            // SAFETY: at most `row` scores were counted before this group, and `row` is at most CHUNK - 4:
            // four doubles behind `count` lie within the output.
            unsafe { _mm256_storeu_pd(out.as_mut_ptr().add(count), _mm256_castps_pd(packed)) };
            count += four.count_ones() as usize;
        }
    }
    count
}
