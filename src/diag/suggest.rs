//! The name a user probably meant.

/// The candidate nearest to a misspelt name, if one is near enough to be worth naming.
///
/// Distance counts inserted, lost, replaced and swapped neighbouring letters (optimal string
/// alignment). One slip is allowed for each three letters, at least one. Of equal distances the one that
/// begins and ends most alike wins, then the one that sorts first.
#[must_use]
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    nearest_few(name, candidates, 1).into_iter().next()
}

/// The nearest of all candidates that [`nearest`] would name, best first, at most so many.
#[must_use]
pub fn nearest_few<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>, most: usize) -> Vec<&'a str> {
    let wanted: Vec<char> = name.to_lowercase().chars().collect();
    let allowed = (wanted.len() / 3).max(1);
    let mut near: Vec<_> = candidates
        .into_iter()
        .filter(|candidate| candidate.chars().count().abs_diff(wanted.len()) <= allowed)
        .map(|candidate| {
            let letters: Vec<char> = candidate.to_lowercase().chars().collect();
            (distance(&wanted, &letters), std::cmp::Reverse(alike(&wanted, &letters)), candidate)
        })
        .filter(|&(distance, ..)| distance <= allowed)
        .collect();
    crate::order::sort_by(&mut near, Ord::cmp);
    near.into_iter().take(most).map(|(.., candidate)| candidate).collect()
}

/// How many letters two words share at their beginning and their end.
fn alike(left: &[char], right: &[char]) -> usize {
    let same = |(left, right): &(&char, &char)| left == right;
    left.iter().zip(right).take_while(same).count() + left.iter().rev().zip(right.iter().rev()).take_while(same).count()
}

/// The reserved name that a name which may be anything almost surely misspells.
///
/// They are the same but for case, `-` and `_`, or one letter is added, lost or swapped with its
/// neighbour. Another letter in its place makes a name of its own: `size` is not `side`.
#[must_use]
pub fn misspelt<'a>(name: &str, reserved: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let written = letters(name);
    reserved.into_iter().find(|known| *known != name && is_slip(&written, &letters(known)))
}

/// What counts of a name that may be written in another convention.
fn letters(name: &str) -> Vec<char> {
    name.to_lowercase().chars().filter(|letter| !matches!(letter, '-' | '_')).collect()
}

fn is_slip(left: &[char], right: &[char]) -> bool {
    let (short, long) = if left.len() < right.len() { (left, right) } else { (right, left) };
    let start = short.iter().zip(long).take_while(|(one, other)| one == other).count();
    let (short, long) = (short.get(start..).unwrap_or_default(), long.get(start..).unwrap_or_default());
    match (short, long) {
        ([], []) => true,
        ([first, second, rest @ ..], [third, fourth, other @ ..]) if short.len() == long.len() => {
            first == fourth && second == third && rest == other
        }
        (rest, [_, other @ ..]) => rest == other && short.len() < long.len(),
        _ => false,
    }
}

fn distance(left: &[char], right: &[char]) -> usize {
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=right.len()).collect();
    for (row, from) in left.iter().enumerate() {
        let mut current = Vec::with_capacity(right.len() + 1);
        current.push(row + 1);
        for (column, to) in right.iter().enumerate() {
            let at = |line: &[usize], index: usize| line.get(index).copied().unwrap_or(usize::MAX / 2);
            let mut best = (at(&last, column) + usize::from(from != to))
                .min(at(&last, column + 1) + 1)
                .min(at(&current, column) + 1);
            let swapped = row > 0 && column > 0 && left.get(row - 1) == Some(to) && right.get(column - 1) == Some(from);
            if swapped {
                best = best.min(at(&before_last, column - 1) + 1);
            }
            current.push(best);
        }
        before_last = std::mem::replace(&mut last, current);
    }
    last.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn reserved_names_are_known_by_one_slip_and_not_by_another_letter() {
        let reserved = ["side", "sector", "weight", "data_end", "as_of", "strategy_id"];
        let meant = |name: &str| super::misspelt(name, reserved);
        for (name, known) in [
            ("Side", "side"),
            ("sied", "side"),
            ("sides", "side"),
            ("wieght", "weight"),
            ("weigth", "weight"),
            ("weigh", "weight"),
            ("data-end", "data_end"),
            ("dataEnd", "data_end"),
            ("AsOf", "as_of"),
            ("Strategy-Id", "strategy_id"),
            ("strategy_ids", "strategy_id"),
        ] {
            assert_eq!(meant(name), Some(known), "{name}");
        }
        for name in ["side", "size", "sized", "height", "vector", "date_end", "id", "s", "", "weighted"] {
            assert_eq!(meant(name), None, "{name}");
        }
    }

    #[test]
    fn finds_slips_and_leaves_strangers() {
        let names = ["sharpe", "sharpe_mid", "max_dd", "gates"];
        assert_eq!(nearest("shrape", names), Some("sharpe"));
        assert_eq!(nearest("sharp_mid", names), Some("sharpe_mid"));
        assert_eq!(nearest("gatess", names), Some("gates"));
        assert_eq!(nearest("toppk", ["top_k", "topk"]), Some("topk"));
        assert_eq!(nearest("elephant", names), None);
        assert_eq!(nearest("", names), None);
    }
}
