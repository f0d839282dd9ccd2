//! Loops over chunks of rows: the only code that runs once a row over columns.
//!
//! A chunk stays in the first-level cache while all instructions run over it. Kernels are chosen by
//! what an instruction does (a column against a constant, a sum of products, …), never by policy. They
//! allocate nothing and hash nothing, and those of bounds and sums branch on no value; vector instructions are chosen at run time.

mod bounds;
mod lanes;
mod linear;
mod truth;
#[cfg(target_arch = "x86_64")]
mod x86;

use multiversion::multiversion;

pub(super) use bounds::{Bounds, clear_outside, keep_within};
pub(super) use lanes::{Lanes, arithmetic, arithmetics, choose, combine, compare, finite, missing};
pub(super) use linear::{Term, keep_passed, linear};
pub(super) use truth::TruthWords;

/// Rows of a chunk: six columns of them fit into a first-level cache of 32 KiB.
pub(super) const CHUNK: usize = 512;
/// Words of a mask over a chunk.
pub(super) const WORDS: usize = CHUNK / 64;
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
