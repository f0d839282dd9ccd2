//! Three-valued conditions of a chunk, 64 rows at a time.

use super::{Mask, WORDS};

/// Where a condition is true and where it is false; in neither it is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::eval) struct TruthWords {
    pub yes: Mask,
    pub no: Mask,
}

#[inline(always)]
fn each(operation: impl Fn(usize) -> u64) -> Mask {
    std::array::from_fn(operation)
}

/// Word `index`; masks have the same length everywhere.
#[inline(always)]
fn at(mask: &Mask, index: usize) -> u64 {
    mask.get(index).copied().unwrap_or(0)
}

impl TruthWords {
    /// The same in every row.
    pub fn constant(value: Option<bool>) -> Self {
        let all = |set: bool| if set { [u64::MAX; WORDS] } else { [0; WORDS] };
        Self { yes: all(value == Some(true)), no: all(value == Some(false)) }
    }

    pub fn not(self) -> Self {
        Self { yes: self.no, no: self.yes }
    }

    pub fn and(&self, other: &Self) -> Self {
        Self { yes: each(|i| at(&self.yes, i) & at(&other.yes, i)), no: each(|i| at(&self.no, i) | at(&other.no, i)) }
    }

    pub fn or(&self, other: &Self) -> Self {
        Self { yes: each(|i| at(&self.yes, i) | at(&other.yes, i)), no: each(|i| at(&self.no, i) & at(&other.no, i)) }
    }

    /// Whether both are the same; with `equal` false whether they differ.
    pub fn same(&self, other: &Self, equal: bool) -> Self {
        let same = each(|i| at(&self.yes, i) & at(&other.yes, i) | at(&self.no, i) & at(&other.no, i));
        let apart = each(|i| at(&self.yes, i) & at(&other.no, i) | at(&self.no, i) & at(&other.yes, i));
        if equal { Self { yes: same, no: apart } } else { Self { yes: apart, no: same } }
    }

    /// Whether it is missing: never missing itself.
    pub fn missing(&self) -> Self {
        let known = each(|i| at(&self.yes, i) | at(&self.no, i));
        Self { yes: each(|i| !at(&known, i)), no: known }
    }

    /// Itself where it is known, the other elsewhere.
    pub fn coalesce(&self, other: &Self) -> Self {
        let open = self.missing().yes;
        Self {
            yes: each(|i| at(&self.yes, i) | at(&other.yes, i) & at(&open, i)),
            no: each(|i| at(&self.no, i) | at(&other.no, i) & at(&open, i)),
        }
    }

    /// The first where this is true, the second where it is false, missing elsewhere.
    pub fn choose(&self, first: &Self, second: &Self) -> Self {
        let pick =
            |first: &Mask, second: &Mask| each(|i| at(first, i) & at(&self.yes, i) | at(second, i) & at(&self.no, i));
        Self { yes: pick(&first.yes, &second.yes), no: pick(&first.no, &second.no) }
    }
}
