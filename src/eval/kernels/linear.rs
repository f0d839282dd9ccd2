//! Sums of products of columns with constants, and the scores of rows that pass.

use multiversion::multiversion;

use super::{Chunk, Mask};

/// A column times a constant; without a column the constant itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::eval) struct Term {
    pub slot: Option<u32>,
    pub coefficient: f64,
}

/// The sum of terms from the left, each product and each sum rounded by itself. A result that is not
/// finite stays so: whoever reads it counts it as missing.
pub(in crate::eval) fn linear<'c>(terms: &[Term], column: impl Fn(u32) -> &'c Chunk, out: &mut Chunk) {
    let columns = |slot: Option<u32>| slot.map(&column);
    match terms {
        // The commonest lengths in one pass.
        [Term { slot: Some(a), coefficient: ca }, Term { slot: Some(b), coefficient: cb }, rest @ ..] => {
            let rest = match rest {
                [Term { slot: Some(c), coefficient: cc }, rest @ ..] => {
                    three([column(*a), column(*b), column(*c)], [*ca, *cb, *cc], out);
                    rest
                }
                rest => {
                    two([column(*a), column(*b)], [*ca, *cb], out);
                    rest
                }
            };
            rest.iter().for_each(|term| add(columns(term.slot), term.coefficient, out));
        }
        [first, rest @ ..] => {
            // The sum of nothing is -0, which changes no number.
            out.fill(-0.0);
            std::iter::once(first).chain(rest).for_each(|term| add(columns(term.slot), term.coefficient, out));
        }
        [] => out.fill(0.0),
    }
}

#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl", "x86_64+avx2"))]
fn three(columns: [&Chunk; 3], coefficients: [f64; 3], out: &mut Chunk) {
    let [a, b, c] = columns;
    let [ca, cb, cc] = coefficients;
    for (out, ((a, b), c)) in out.iter_mut().zip(a.iter().zip(b).zip(c)) {
        *out = ca * a + cb * b + cc * c;
    }
}

#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl", "x86_64+avx2"))]
fn two(columns: [&Chunk; 2], coefficients: [f64; 2], out: &mut Chunk) {
    let [a, b] = columns;
    let [ca, cb] = coefficients;
    for (out, (a, b)) in out.iter_mut().zip(a.iter().zip(b)) {
        *out = ca * a + cb * b;
    }
}

#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl", "x86_64+avx2"))]
fn add(column: Option<&Chunk>, coefficient: f64, out: &mut Chunk) {
    match column {
        Some(column) => out.iter_mut().zip(column).for_each(|(out, value)| *out += coefficient * value),
        None => out.iter_mut().for_each(|out| *out += coefficient),
    }
}

/// Appends the scores of rows whose bit is set; those that are not finite are missing. Gives the
/// greatest, or minus infinity where there is none.
pub(in crate::eval) fn keep_passed(scores: &Chunk, passed: &Mask, kept: &mut Vec<f64>) -> f64 {
    #[cfg(target_arch = "x86_64")]
    {
        let mut packed = [0.0; super::CHUNK + super::x86::SPARE];
        if let Some(packed) = super::x86::compact(scores, passed, &mut packed).and_then(|count| packed.get(..count)) {
            kept.extend_from_slice(packed);
            return greatest(packed);
        }
    }
    let before = kept.len();
    for (bits, scores) in passed.iter().zip(scores.as_chunks::<64>().0) {
        let mut bits = *bits;
        while bits != 0 {
            let score = scores.get(bits.trailing_zeros() as usize).copied().unwrap_or(f64::NAN);
            kept.push(if score.is_finite() { score } else { f64::NAN });
            bits &= bits - 1;
        }
    }
    greatest(kept.get(before..).unwrap_or_default())
}

/// The greatest of some numbers; NaN is passed over.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl", "x86_64+avx2"))]
fn greatest(values: &[f64]) -> f64 {
    let mut most = [f64::NEG_INFINITY; 16];
    let (groups, rest) = values.as_chunks::<16>();
    for group in groups {
        most.iter_mut().zip(group).for_each(|(most, value)| *most = if *value > *most { *value } else { *most });
    }
    most.iter().chain(rest).copied().filter(|value| !value.is_nan()).fold(f64::NEG_INFINITY, f64::max)
}
