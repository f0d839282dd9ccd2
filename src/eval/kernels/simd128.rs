//! Blocks with the vector instructions of WASM: two parts of four registers of two numbers.
//!
//! Written out without closures, which builds for size would leave as calls, and with loads and stores that
//! such builds would not join by themselves.
#![allow(unsafe_code, reason = "loads and stores of whole vectors take pointers")]

use std::arch::wasm32::{
    f64x2_add, f64x2_ge, f64x2_le, f64x2_mul, f64x2_splat, f64x2_sub, i64x2, i64x2_bitmask, i64x2_eq, i64x2_splat,
    v128, v128_and, v128_any_true, v128_load, v128_not, v128_or, v128_store,
};

use super::block::{BLOCK, Block, Rows};

/// Eight numbers in registers. No array: builds for size would fill one in a loop, in memory.
#[derive(Clone, Copy)]
pub(super) struct Simd128(v128, v128, v128, v128);

/// One instruction on each register of some blocks.
macro_rules! each {
    ($($block:ident),+ => $instruction:expr) => {
        Simd128(
            each!(0: $($block),+ => $instruction), each!(1: $($block),+ => $instruction),
            each!(2: $($block),+ => $instruction), each!(3: $($block),+ => $instruction),
        )
    };
    ($index:tt: $($block:ident),+ => $instruction:expr) => {{ $(let $block = $block.$index;)+ $instruction }};
}

impl Block for Simd128 {
    const PARTS: usize = 2;

    #[inline(always)]
    fn splat(value: f64) -> Self {
        let two = f64x2_splat(value);
        Self(two, two, two, two)
    }

    #[inline(always)]
    fn load(rows: &Rows, part: usize) -> Self {
        // SAFETY: two parts of four loads lie within the sixteen rows; none needs to be aligned.
        unsafe {
            let at = rows.as_ptr().cast::<v128>().add(4 * part);
            Self(v128_load(at), v128_load(at.add(1)), v128_load(at.add(2)), v128_load(at.add(3)))
        }
    }

    #[inline(always)]
    fn store(self, rows: &mut Rows, part: usize) {
        // SAFETY: as for loads.
        unsafe {
            let at = rows.as_mut_ptr().cast::<v128>().add(4 * part);
            v128_store(at, self.0);
            v128_store(at.add(1), self.1);
            v128_store(at.add(2), self.2);
            v128_store(at.add(3), self.3);
        }
    }

    #[inline(always)]
    fn within(self, low: Self, high: Self) -> Self {
        let value = self;
        each!(value, low, high => v128_and(f64x2_ge(value, low), f64x2_le(value, high)))
    }

    #[inline(always)]
    fn any_reaches(self, least: Self) -> bool {
        let value = self;
        let Self(a, b, c, d) = each!(value, least => f64x2_ge(value, least));
        v128_any_true(v128_or(v128_or(a, b), v128_or(c, d)))
    }

    #[inline(always)]
    fn set(bits: u16) -> Self {
        let all = i64x2_splat(i64::from(bits));
        let places = Self(i64x2(1, 1 << 1), i64x2(1 << 2, 1 << 3), i64x2(1 << 4, 1 << 5), i64x2(1 << 6, 1 << 7));
        each!(places => i64x2_eq(v128_and(all, places), places))
    }

    #[inline(always)]
    fn and(self, other: Self) -> Self {
        let left = self;
        each!(left, other => v128_and(left, other))
    }

    #[inline(always)]
    fn not(self) -> Self {
        let value = self;
        each!(value => v128_not(value))
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
    fn subtract(self, other: Self) -> Self {
        let left = self;
        each!(left, other => f64x2_sub(left, other))
    }

    #[inline(always)]
    fn multiply(self, other: Self) -> Self {
        let left = self;
        each!(left, other => f64x2_mul(left, other))
    }

    #[inline(always)]
    fn bits(self) -> u16 {
        let two = |register| u16::from(i64x2_bitmask(register));
        two(self.0) | two(self.1) << 2 | two(self.2) << 4 | two(self.3) << 6
    }
}

const _: () = assert!(BLOCK == 16, "two parts of four registers of two numbers");
