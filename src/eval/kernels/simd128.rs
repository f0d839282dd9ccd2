//! Blocks with the vector instructions of WASM: eight registers of two numbers.
//!
//! Written out without closures, which builds for size would leave as calls.

use std::arch::wasm32::{
    f64x2, f64x2_abs, f64x2_add, f64x2_extract_lane, f64x2_ge, f64x2_le, f64x2_mul, f64x2_splat, i64x2, i64x2_bitmask,
    i64x2_eq, i64x2_splat, v128, v128_and, v128_not, v128_or,
};

use super::block::{BLOCK, Block, Rows};

/// Sixteen numbers in registers.
#[derive(Clone, Copy)]
pub(super) struct Simd128([v128; 8]);

/// One instruction on each register of some blocks.
macro_rules! each {
    ($($block:ident),+ => $instruction:expr) => {
        Simd128([
            each!(0: $($block),+ => $instruction), each!(1: $($block),+ => $instruction),
            each!(2: $($block),+ => $instruction), each!(3: $($block),+ => $instruction),
            each!(4: $($block),+ => $instruction), each!(5: $($block),+ => $instruction),
            each!(6: $($block),+ => $instruction), each!(7: $($block),+ => $instruction),
        ])
    };
    ($index:literal: $($block:ident),+ => $instruction:expr) => {{ $(let $block = $block.0[$index];)+ $instruction }};
}

impl Block for Simd128 {
    #[inline(always)]
    fn splat(value: f64) -> Self {
        Self([f64x2_splat(value); 8])
    }

    #[inline(always)]
    fn load(rows: &Rows) -> Self {
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = *rows;
        let (low, high) = ([f64x2(a, b), f64x2(c, d), f64x2(e, f), f64x2(g, h)], [f64x2(i, j), f64x2(k, l)]);
        Self([low[0], low[1], low[2], low[3], high[0], high[1], f64x2(m, n), f64x2(o, p)])
    }

    #[inline(always)]
    fn store(self, rows: &mut Rows) {
        let [a, b, c, d, e, f, g, h] = self.0;
        let (first, second) = (f64x2_extract_lane::<0>, f64x2_extract_lane::<1>);
        *rows = [
            first(a),
            second(a),
            first(b),
            second(b),
            first(c),
            second(c),
            first(d),
            second(d),
            first(e),
            second(e),
            first(f),
            second(f),
            first(g),
            second(g),
            first(h),
            second(h),
        ];
    }

    #[inline(always)]
    fn outside(self, low: Self, high: Self) -> Self {
        let value = self;
        each!(value, low, high => v128_not(v128_and(f64x2_ge(value, low), f64x2_le(value, high))))
    }

    #[inline(always)]
    fn not_finite(self) -> Self {
        let value = self;
        each!(value => v128_not(f64x2_le(f64x2_abs(value), f64x2_splat(f64::MAX))))
    }

    #[inline(always)]
    fn unset(bits: u16) -> Self {
        let all = i64x2_splat(i64::from(bits));
        let places = Self([
            i64x2(1, 1 << 1),
            i64x2(1 << 2, 1 << 3),
            i64x2(1 << 4, 1 << 5),
            i64x2(1 << 6, 1 << 7),
            i64x2(1 << 8, 1 << 9),
            i64x2(1 << 10, 1 << 11),
            i64x2(1 << 12, 1 << 13),
            i64x2(1 << 14, 1 << 15),
        ]);
        each!(places => i64x2_eq(v128_and(all, places), i64x2_splat(0)))
    }

    #[inline(always)]
    fn or(self, other: Self) -> Self {
        let left = self;
        each!(left, other => v128_or(left, other))
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        let left = self;
        each!(left, other => f64x2_add(left, other))
    }

    #[inline(always)]
    fn multiply(self, other: Self) -> Self {
        let left = self;
        each!(left, other => f64x2_mul(left, other))
    }

    #[inline(always)]
    fn bits(self) -> u16 {
        let [a, b, c, d, e, f, g, h] = self.0;
        let low = u16::from(i64x2_bitmask(a)) | u16::from(i64x2_bitmask(b)) << 2 | u16::from(i64x2_bitmask(c)) << 4;
        let middle = u16::from(i64x2_bitmask(d)) << 6 | u16::from(i64x2_bitmask(e)) << 8;
        let high = u16::from(i64x2_bitmask(f)) << 10 | u16::from(i64x2_bitmask(g)) << 12;
        low | middle | high | u16::from(i64x2_bitmask(h)) << 14
    }
}

const _: () = assert!(BLOCK == 16, "eight registers of two numbers");
