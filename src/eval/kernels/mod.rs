//! Loops over chunks of rows: the only code that runs once a row over columns.
//!
//! Columns against constants and sums of products go through a sieve, which reads each column once from
//! memory. All else runs as instructions over chunks that stay in the first-level cache. Kernels are
//! chosen by what is asked, never by policy; they allocate nothing and hash nothing, and the sieve
//! branches on no value. Vector instructions are chosen at run time.

#[cfg(target_arch = "x86_64")]
mod avx2;
mod block;
mod lanes;
mod range;
mod sieve;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod simd128;
mod truth;

use multiversion::multiversion;

pub(super) use lanes::{Lanes, arithmetic, arithmetics, choose, combine, compare, finite, missing};
pub(super) use range::clear_outside;
pub(super) use sieve::{Bounds, MOST, MOST_ROWS, Scores, Sieve, Term};
pub(super) use truth::TruthWords;

/// Rows of a chunk: six columns of them fit into a first-level cache of 32 KiB.
pub(super) const CHUNK: usize = 512;
/// Rows of a word of a mask.
pub(super) const MASK_BITS: usize = 64;
/// Words of a mask over a chunk.
pub(super) const WORDS: usize = CHUNK / MASK_BITS;
/// The numbers of a chunk; NaN is missing.
pub(super) type Chunk = [f64; CHUNK];
/// A bit for each row of a chunk.
pub(super) type Mask = [u64; WORDS];
/// A chunk without any value.
pub(super) static MISSING: Chunk = [f64::NAN; CHUNK];

/// Reads every number and does next to nothing with it: the floor of all judging.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl", "x86_64+avx2"))]
pub(super) fn read(values: &[f64]) -> u64 {
    let mut all = [0_u64; 16];
    let (groups, rest) = values.as_chunks::<16>();
    for group in groups {
        all.iter_mut().zip(group).for_each(|(bits, value)| *bits |= value.to_bits());
    }
    all.iter().fold(0, |left, right| left ^ right) ^ rest.iter().fold(0, |left, value| left ^ value.to_bits())
}

/// A mask from a condition on each row, without branches.
#[inline(always)]
fn mask(condition: impl Fn(usize) -> bool) -> Mask {
    let mut out = [0; WORDS];
    for (word, bits) in out.iter_mut().enumerate() {
        for byte in 0..8 {
            // Eight truth values as bytes 0 or 1, gathered into the highest byte of a product.
            let first = word * 64 + byte * 8;
            let flags: [u8; 8] = std::array::from_fn(|row| u8::from(condition(first + row)));
            let gathered = u64::from_le_bytes(flags).wrapping_mul(0x0102_0408_1020_4080) >> 56;
            *bits |= gathered << (byte * 8);
        }
    }
    out
}
