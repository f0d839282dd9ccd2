//! Blocks with the vector instructions of WASM: four registers of two numbers.
//!
//! Written out without closures, which builds for size would leave as calls, and with loads and stores that
//! such builds would not join by themselves.
#![allow(unsafe_code, reason = "loads and stores of whole vectors take pointers")]

use std::arch::wasm32::{
    f64x2_add, f64x2_ge, f64x2_le, f64x2_mul, f64x2_pmax, f64x2_splat, f64x2_sub, i64x2, i64x2_bitmask, i64x2_eq,
    i64x2_splat, v128, v128_and, v128_any_true, v128_load, v128_not, v128_or, v128_store,
};

use super::block::{BLOCK, Block};

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
    const ROWS: usize = 8;

    #[inline(always)]
    fn splat(value: &[f64; 2]) -> Self {
        // SAFETY: a reference to sixteen bytes.
        let two = unsafe { v128_load(value.as_ptr().cast()) };
        Self(two, two, two, two)
    }

    #[inline(always)]
    unsafe fn load(at: *const f64) -> Self {
        // SAFETY: four loads lie within the eight rows; none needs to be aligned.
        unsafe {
            let at = at.cast::<v128>();
            Self(v128_load(at), v128_load(at.add(1)), v128_load(at.add(2)), v128_load(at.add(3)))
        }
    }

    #[inline(always)]
    unsafe fn store(self, at: *mut f64) {
        // SAFETY: as for loads.
        unsafe {
            let at = at.cast::<v128>();
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

    type Tops = v128;

    #[inline(always)]
    fn lowest() -> v128 {
        f64x2_splat(f64::NEG_INFINITY)
    }

    #[inline(always)]
    fn tops(self, so_far: v128) -> v128 {
        // Of two numbers of which one is missing the instruction gives the first.
        let half = f64x2_pmax(f64x2_pmax(so_far, self.0), self.1);
        f64x2_pmax(f64x2_pmax(half, self.2), self.3)
    }

    #[inline(always)]
    fn reaches(tops: v128, floor: f64) -> bool {
        v128_any_true(f64x2_ge(tops, f64x2_splat(floor)))
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
    unsafe fn products(at: *const f64, factor: &[f64; 2]) -> Self {
        // SAFETY: as for loads, and for splats.
        unsafe {
            let (at, factor) = (at.cast::<v128>(), v128_load(factor.as_ptr().cast()));
            // Each load where it is needed: a host takes it from memory as it multiplies.
            let first = f64x2_mul(v128_load(at), factor);
            let second = f64x2_mul(v128_load(at.add(1)), factor);
            let third = f64x2_mul(v128_load(at.add(2)), factor);
            Self(first, second, third, f64x2_mul(v128_load(at.add(3)), factor))
        }
    }

    #[inline(always)]
    fn bits(self) -> u16 {
        let two = |register| u32::from(i64x2_bitmask(register));
        (two(self.0) | two(self.1) << 2 | two(self.2) << 4 | two(self.3) << 6) as u16
    }
}

const _: () = assert!(BLOCK.is_multiple_of(Simd128::ROWS), "a block is as many of these");
