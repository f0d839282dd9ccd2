//! Sorting of lists of any type through one copy of the sorting code: each further one is 4 KB of a module.
//!
//! Places are sorted, then the items are moved to them, which for wide items is no slower.

use std::cmp::Ordering;

/// Sorts like [`slice::sort_by`].
pub fn sort_by<T>(items: &mut [T], order: impl Fn(&T, &T) -> Ordering) {
    let mut sources: Vec<usize> = (0..items.len()).collect();
    sort_places(&mut sources, &|left, right| match (items.get(left), items.get(right)) {
        (Some(left), Some(right)) => order(left, right),
        _ => Ordering::Equal,
    });
    // Each cycle of the permutation is walked once; a place that has its item is its own source.
    for first in 0..sources.len() {
        let mut place = first;
        while let Some(source) = sources.get_mut(place) {
            let from = std::mem::replace(source, place);
            if from == first || from == place {
                break;
            }
            items.swap(place, from);
            place = from;
        }
    }
}

/// Sorts like [`slice::sort_by_key`].
pub fn sort_by_key<T, K: Ord>(items: &mut [T], key: impl Fn(&T) -> K) {
    sort_by(items, |left, right| key(left).cmp(&key(right)));
}

fn sort_places(places: &mut [usize], order: &dyn Fn(usize, usize) -> Ordering) {
    places.sort_by(|left, right| order(*left, *right));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{sort_by, sort_by_key};

    proptest! {
        #[test]
        fn sorts_as_slices_do(items in prop::collection::vec((0_u8..8, any::<u8>()), 0..200)) {
            let (mut own, mut expected) = (items.clone(), items.clone());
            let order = |left: &(u8, u8), right: &(u8, u8)| (right.0 / 2).cmp(&(left.0 / 2));
            sort_by(&mut own, order);
            expected.sort_by(order);
            prop_assert_eq!(&own, &expected);
            sort_by_key(&mut own, |item| item.0);
            expected.sort_by_key(|item| item.0);
            prop_assert_eq!(own, expected);
        }
    }
}
