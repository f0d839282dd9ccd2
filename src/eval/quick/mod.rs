//! The short way from the text of a snapshot to what is selected: numbers go straight into slots.
//!
//! It knows the commonest form of snapshots only: flat metrics of numbers, without escapes, for a
//! policy of rules, score and a total. Whatever else stands in a text or a policy makes it give up,
//! and the long way answers, which also finds what is wrong.

mod keys;
mod reader;

use std::cmp::Ordering;

use super::code::{Row, RowStack, Slot};
use super::plan::Plan;
use super::prepared::further_steps;
use super::selection::score;
use super::time::parse_instant;
use super::window::within;
use crate::ir::{Program, Step, normalized_name};
use crate::value::{Interval, Kind};
use keys::Keys;
use reader::{Reader, Value};

/// Most keys of a snapshot.
const MOST_KEYS: usize = 8;
/// Most metrics that a policy may read.
const MOST_SLOTS: usize = 64;
/// Most keys of one strategy that the policy does not read.
const MOST_OTHERS: usize = 64;

/// A policy ready for the short way.
#[derive(Debug, Clone)]
pub struct Quick {
    plan: Plan,
    keys: Keys,
    ranges: Vec<Interval>,
    total: usize,
    world: Option<String>,
}

/// A selected strategy: its id and its score, where the policy has one.
pub type Chosen = (String, Option<f64>);

impl Quick {
    /// Prepares a policy; none where it needs more than rules, score and a total.
    #[must_use]
    pub fn new(program: &Program) -> Option<Self> {
        let simple = program.dialect.is_native() && program.profiles.is_empty() && further_steps(program).is_empty();
        if !simple {
            return None;
        }
        let plan = Plan::new(&program.rules, score(program));
        let (mut keys, mut ranges) = (Keys::default(), Vec::new());
        for slot in &plan.slots {
            let Slot::Metric(id) = slot else { return None };
            let metric = program.metric(*id).filter(|metric| matches!(metric.kind, Kind::Number(_)))?;
            let number = ranges.len() as u32;
            keys.add(&metric.name, number, 1.0)?;
            for (alias, factor) in &metric.aliases {
                keys.add(alias, number, *factor)?;
            }
            ranges.push(metric.range);
        }
        // Attributes of a strategy stand elsewhere, and so do durations as texts.
        let attributes = ["side", "sector", "weight"].iter().any(|name| keys.get(name.as_bytes()).is_some());
        let total = program.steps.iter().find_map(|step| match step {
            Step::Cut(cut) => cut.total.as_ref().map(|total| total.value as usize),
            _ => None,
        });
        let fits = ranges.len() <= MOST_SLOTS && !attributes;
        let total = total.unwrap_or(usize::MAX);
        fits.then(|| Self { plan, keys, ranges, total, world: program.world.clone() })
    }

    /// What is selected, best first; none where the text must go the long way.
    #[must_use]
    pub fn select(&self, text: &str) -> Option<Vec<Chosen>> {
        let mut reader = Reader::new(text);
        let mut chosen = Vec::new();
        let (mut seen, mut count) = ([""; MOST_KEYS], 0);
        reader.open(b'{')?;
        let mut more = !reader.close(b'}');
        while more {
            let key = reader.key()?;
            if seen.get(..count)?.contains(&key) {
                return None;
            }
            *seen.get_mut(count)? = key;
            count += 1;
            match key {
                "metrics" => self.strategies(&mut reader, &mut chosen)?,
                _ => self.about(key, reader.value()?)?,
            }
            more = reader.next(b'}')?;
        }
        reader.end()?;
        Some(self.best(chosen))
    }

    /// What a snapshot says of itself, where it cannot change the selection.
    fn about(&self, key: &str, value: Value<'_>) -> Option<()> {
        match (key, value) {
            ("as_of" | "stage" | "profile" | "world", Value::Null) => Some(()),
            ("as_of", Value::Text(time)) => (is_plain_instant(time) || parse_instant(time).is_some()).then_some(()),
            ("stage", Value::Text(stage)) => {
                crate::compile::STAGES.contains(&normalized_name(stage).as_str()).then_some(())
            }
            ("world", Value::Text(world)) => (self.world.as_deref() == Some(world)).then_some(()),
            _ => None,
        }
    }

    fn strategies<'t>(&self, reader: &mut Reader<'t>, chosen: &mut Vec<(&'t str, f64)>) -> Option<()> {
        let mut hashes: Vec<u64> = Vec::new();
        let mut stack = RowStack::default();
        reader.open(b'{')?;
        let mut more = !reader.close(b'}');
        while more {
            let id = reader.key()?;
            let values = self.metrics(reader)?;
            let row = Values(&values);
            if self.plan.passes(&row, &mut stack) {
                let score = self.plan.score.as_ref().map_or(0.0, |_| self.plan.score_of(&row, &mut stack));
                if !score.is_nan() {
                    chosen.push((id, score));
                }
            }
            more = reader.next(b'}')?;
            if more || !hashes.is_empty() {
                hashes.push(keys::hash(id.as_bytes()));
            }
        }
        // The same id twice is an error, which the long way reports.
        hashes.sort_unstable();
        let pairs = hashes.iter().zip(hashes.iter().skip(1));
        (!pairs.into_iter().any(|(left, right)| left == right)).then_some(())
    }

    /// The metrics of one strategy by slot.
    fn metrics(&self, reader: &mut Reader<'_>) -> Option<[f64; MOST_SLOTS]> {
        let mut values = [f64::NAN; MOST_SLOTS];
        let (mut seen, mut others, mut count) = (0_u64, [0_u64; MOST_OTHERS], 0);
        reader.open(b'{')?;
        let mut more = !reader.close(b'}');
        while more {
            let key = reader.key()?;
            match (self.keys.get(key.as_bytes()), reader.value()?) {
                (Some((slot, factor)), value) => {
                    let bit = 1_u64 << slot;
                    // One metric twice: a double key, or a name and an alias of it.
                    if seen & bit != 0 {
                        return None;
                    }
                    seen |= bit;
                    let range = self.ranges.get(slot as usize)?;
                    *values.get_mut(slot as usize)? = match value {
                        Value::Number(number) => within(number * factor, *range),
                        Value::Null => f64::NAN,
                        _ => return None,
                    };
                }
                (None, _) => {
                    // Paths say which block a metric stands in.
                    let hash = keys::hash(key.as_bytes());
                    if key.contains('.') || others.get(..count)?.contains(&hash) {
                        return None;
                    }
                    *others.get_mut(count)? = hash;
                    count += 1;
                }
            }
            more = reader.next(b'}')?;
        }
        Some(values)
    }

    fn best(&self, mut chosen: Vec<(&str, f64)>) -> Vec<Chosen> {
        chosen.sort_unstable_by(|left, right| {
            right.1.partial_cmp(&left.1).unwrap_or(Ordering::Equal).then_with(|| left.0.cmp(right.0))
        });
        chosen.truncate(self.total);
        let scored = self.plan.score.is_some();
        chosen.into_iter().map(|(id, score)| (id.to_owned(), scored.then_some(score))).collect()
    }
}

/// Whether a text is an instant in the commonest form, on a day that its month has in every year. Asking first saves
/// 20 ns, a twentieth of a snapshot of one strategy.
fn is_plain_instant(text: &str) -> bool {
    let Some([y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1, b'T', h0, h1, b':', n0, n1, b':', s0, s1, b'Z']) =
        text.as_bytes().first_chunk::<20>()
    else {
        return false;
    };
    let pair = |tens: &u8, ones: &u8| (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    let within = |tens: &u8, ones: &u8, low: u8, high: u8| {
        let (tens, ones) = pair(tens, ones);
        tens < 10 && ones < 10 && (low..=high).contains(&(tens * 10 + ones))
    };
    let year = [y0, y1, y2, y3].iter().all(|digit| digit.is_ascii_digit());
    let days = match (m0, m1) {
        (b'0', b'2') => 28,
        (b'0', b'4' | b'6' | b'9') | (b'1', b'1') => 30,
        _ => 31,
    };
    let date = year && within(m0, m1, 1, 12) && within(d0, d1, 1, days);
    text.len() == 20 && date && within(h0, h1, 0, 23) && within(n0, n1, 0, 59) && within(s0, s1, 0, 59)
}

struct Values<'v>(&'v [f64; MOST_SLOTS]);

impl Row for Values<'_> {
    #[inline(always)]
    fn number(&self, slot: u32) -> f64 {
        self.0.get(slot as usize).copied().unwrap_or(f64::NAN)
    }

    fn flag(&self, _slot: u32) -> Option<bool> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::{is_plain_instant, parse_instant};

    #[test]
    fn plain_instants_are_instants() {
        let mut plain = 0;
        for (month, day) in (0..=13).flat_map(|month| (0..=32).map(move |day| (month, day))) {
            let text = format!("2025-{month:02}-{day:02}T23:59:59Z");
            let found = is_plain_instant(&text);
            assert!(!found || parse_instant(&text).is_some(), "{text}");
            plain += u32::from(found);
        }
        assert_eq!(plain, 365);
        for text in ["2024-02-29T00:00:00Z", "2025-01-01T24:00:00Z", "2025-01-01T00:00:00", "2025-1-01T00:00:00Z", ""] {
            assert!(!is_plain_instant(text), "{text}");
        }
    }
}
