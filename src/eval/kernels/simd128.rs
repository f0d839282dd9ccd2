//! Blocks with the vector instructions of WASM: eight registers of two numbers.

use std::arch::wasm32::{
    f64x2, f64x2_abs, f64x2_add, f64x2_extract_lane, f64x2_ge, f64x2_le, f64x2_mul, f64x2_splat, i64x2, i64x2_bitmask,
    i64x2_eq, i64x2_splat, v128, v128_and, v128_not, v128_or,
};

use super::block::{BLOCK, Block, Rows};

/// Sixteen numbers in registers.
#[derive(Clone, Copy)]
pub(super) struct Simd128([v128; 8]);

/// One instruction on each register of a block, or of two.
#[inline(always)]
fn each(mut block: Simd128, instruction: impl Fn(v128) -> v128) -> Simd128 {
    block.0.iter_mut().for_each(|register| *register = instruction(*register));
    block
}

#[inline(always)]
fn pairs(mut left: Simd128, right: Simd128, instruction: impl Fn(v128, v128) -> v128) -> Simd128 {
    left.0.iter_mut().zip(right.0).for_each(|(left, right)| *left = instruction(*left, right));
    left
}

impl Block for Simd128 {
    #[inline(always)]
    fn splat(value: f64) -> Self {
        Self([f64x2_splat(value); 8])
    }

    #[inline(always)]
    fn load(rows: &Rows) -> Self {
        let (twos, _) = rows.as_chunks::<2>();
        let mut block = Self::splat(0.0);
        block.0.iter_mut().zip(twos).for_each(|(register, [first, second])| *register = f64x2(*first, *second));
        block
    }

    #[inline(always)]
    fn store(self, rows: &mut Rows) {
        let (twos, _) = rows.as_chunks_mut::<2>();
        twos.iter_mut().zip(self.0).for_each(|(two, register)| {
            *two = [f64x2_extract_lane::<0>(register), f64x2_extract_lane::<1>(register)];
        });
    }

    #[inline(always)]
    fn outside(self, low: Self, high: Self) -> Self {
        let [low, high] = [low, high].map(|ends| ends.0[0]);
        each(self, |value| v128_not(v128_and(f64x2_ge(value, low), f64x2_le(value, high))))
    }

    #[inline(always)]
    fn not_finite(self) -> Self {
        each(self, |value| v128_not(f64x2_le(f64x2_abs(value), f64x2_splat(f64::MAX))))
    }

    #[inline(always)]
    fn unset(bits: u16) -> Self {
        let all = i64x2_splat(i64::from(bits));
        let mut block = Self::splat(0.0);
        block.0.iter_mut().enumerate().for_each(|(index, register)| {
            let first = 1_i64 << (2 * index);
            *register = i64x2_eq(v128_and(all, i64x2(first, first << 1)), i64x2_splat(0));
        });
        block
    }

    #[inline(always)]
    fn or(self, other: Self) -> Self {
        pairs(self, other, |left, right| v128_or(left, right))
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        pairs(self, other, |left, right| f64x2_add(left, right))
    }

    #[inline(always)]
    fn multiply(self, other: Self) -> Self {
        pairs(self, other, |left, right| f64x2_mul(left, right))
    }

    #[inline(always)]
    fn bits(self) -> u16 {
        let two = |register: &v128| u16::from(i64x2_bitmask(*register));
        self.0.iter().rev().fold(0, |bits, register| bits << 2 | two(register))
    }
}

const _: () = assert!(BLOCK == 16, "eight registers of two numbers");
