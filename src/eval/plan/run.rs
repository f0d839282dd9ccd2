//! Runs a plan over columns, in chunks, on one thread or several.

use std::cmp::Ordering;

use super::{Plan, Scratch};
use crate::eval::kernels::{CHUNK, MASK_BITS, MOST_ROWS, Scores, WORDS};
use crate::eval::window::{Input, Window};
use crate::value::Ones;

/// Rows that make a thread of its own worth while.
const ROWS_PER_THREAD: usize = 1 << 16;

/// How many rows beyond the wanted ones are gathered, at least, before they are thinned out.
const LEAST_KEPT: usize = 16;

/// Bytes of scores that no second-level cache holds.
const STREAMED: usize = 4 << 20;

/// Which rows to look for beside what passes.
#[derive(Clone, Copy)]
pub(in crate::eval) struct Wanted<'i> {
    /// How many of the best rows.
    pub best: usize,
    /// Ids that decide between equal scores; rows in their order where there are none.
    pub ids: Option<&'i (dyn Fn(usize) -> &'i str + Sync)>,
}

/// What a plan finds: bits of the rows that pass, and, where there is a score, that of each row, NaN
/// where it does not pass or has none. Memory is used again.
#[derive(Debug, Clone, Default)]
pub(in crate::eval) struct Found {
    pub passed: Vec<u64>,
    pub scores: Vec<f64>,
    scratch: Vec<Scratch>,
}

impl Plan {
    /// Runs over so many rows of the inputs of its slots; gives the best rows, best first.
    pub fn run(
        &self,
        inputs: &[Input<'_>],
        rows: usize,
        threads: usize,
        wanted: Wanted<'_>,
        found: &mut Found,
    ) -> Vec<u32> {
        let chunks = rows.div_ceil(CHUNK);
        found.passed.resize(chunks * WORDS, 0);
        found.scores.resize(if self.score.is_some() { rows } else { 0 }, f64::NAN);
        let is_streamed = size_of_val(found.scores.as_slice()) > STREAMED;
        let threads = threads.min(rows / ROWS_PER_THREAD).max(1);
        // No pass reaches from one share into the next.
        let share = chunks.div_ceil(threads).max(1).next_multiple_of(MOST_ROWS / CHUNK);
        found.scratch.resize_with(found.scratch.len().max(threads), Scratch::default);
        let mut parts = Vec::with_capacity(threads);
        let mut scores = found.scores.chunks_mut(share * CHUNK);
        for ((index, passed), scratch) in found.passed.chunks_mut(share * WORDS).enumerate().zip(&mut found.scratch) {
            let (from, scores) = (index * share * CHUNK, scores.next().unwrap_or_default());
            parts.push(Part { plan: self, inputs, rows, from, passed, scores, is_streamed, wanted, scratch });
        }
        let mut best = Best::new(wanted);
        for kept in run_all(parts) {
            best.kept.extend(kept);
        }
        best.finish()
    }
}

/// Rows that one thread works on.
struct Part<'p, 'i> {
    plan: &'p Plan,
    inputs: &'p [Input<'p>],
    rows: usize,
    from: usize,
    passed: &'p mut [u64],
    scores: &'p mut [f64],
    is_streamed: bool,
    wanted: Wanted<'i>,
    scratch: &'p mut Scratch,
}

#[cfg(not(target_family = "wasm"))]
fn run_all(mut parts: Vec<Part<'_, '_>>) -> Vec<Vec<(f64, u32)>> {
    let Some(last) = parts.pop() else { return Vec::new() };
    if parts.is_empty() {
        return vec![last.run()];
    }
    std::thread::scope(|scope| {
        let threads: Vec<_> = parts.into_iter().map(|part| scope.spawn(|| part.run())).collect();
        let own = last.run();
        // A thread that panics would have lost rows: its panic goes on here.
        let join = |thread: std::thread::ScopedJoinHandle<'_, _>| {
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        threads.into_iter().map(join).chain([own]).collect()
    })
}

#[cfg(target_family = "wasm")]
fn run_all(parts: Vec<Part<'_, '_>>) -> Vec<Vec<(f64, u32)>> {
    parts.into_iter().map(Part::run).collect()
}

impl Part<'_, '_> {
    fn run(self) -> Vec<(f64, u32)> {
        let scratch = self.scratch;
        let copies = std::mem::take(&mut scratch.copies);
        let mut window = Window::with(self.inputs, self.plan.whole(), self.rows, copies);
        let mut best = Best::new(self.wanted);
        let span = window.span();
        let is_scored = self.plan.score.is_some();
        let (mut scores, mut hits) = (self.scores.chunks_mut(span), [false; MOST_ROWS / MASK_BITS]);
        for (index, passed) in self.passed.chunks_mut(span / CHUNK * WORDS).enumerate() {
            let from = self.from + index * span;
            window.move_to(from);
            let scores = scores.next().unwrap_or_default();
            let out = Scores { out: &mut *scores, hits: &mut hits, floor: best.floor, is_streamed: self.is_streamed };
            self.plan.judge(&window, scratch, passed, out);
            if is_scored {
                best.take_scored(from, scores, &hits);
            } else if self.wanted.best > 0 {
                best.take(from, passed);
            }
        }
        scratch.copies = window.into_copies();
        best.kept
    }
}

/// The best rows so far: a few more than wanted, thinned out now and then.
struct Best<'i> {
    wanted: Wanted<'i>,
    kept: Vec<(f64, u32)>,
    /// No row below can be among the best.
    floor: f64,
}

impl<'i> Best<'i> {
    fn new(wanted: Wanted<'i>) -> Self {
        let floor = if wanted.best == 0 { f64::INFINITY } else { f64::NEG_INFINITY };
        Self { wanted, kept: Vec::with_capacity(wanted.best.min(LEAST_KEPT) * 2), floor }
    }

    fn order(wanted: Wanted<'i>) -> impl Fn(&(f64, u32), &(f64, u32)) -> Ordering + use<'i> {
        let ids = wanted.ids;
        move |left, right| {
            let by_score = right.0.partial_cmp(&left.0).unwrap_or(Ordering::Equal);
            by_score
                .then_with(|| ids.map_or(Ordering::Equal, |id| id(left.1 as usize).cmp(id(right.1 as usize))))
                .then(left.1.cmp(&right.1))
        }
    }

    /// Takes rows from one on that pass, where there are no scores: all are alike.
    fn take(&mut self, from: usize, passed: &[u64]) {
        let rows = passed.iter().enumerate().flat_map(|(word, bits)| Ones(*bits).map(move |row| word * 64 + row));
        self.kept.extend(rows.map(|row| (0.0, (from + row) as u32)));
        self.thin();
    }

    /// Takes those rows from one on, of words that have some, whose scores may be among the best.
    fn take_scored(&mut self, from: usize, scores: &[f64], hits: &[bool]) {
        for (word, (scores, _)) in scores.chunks(MASK_BITS).zip(hits).enumerate().filter(|(_, (_, hit))| **hit) {
            // The floor may have risen since; one comparison of all is faster than a branch on each.
            if !scores.iter().fold(false, |any, score| any | (*score >= self.floor)) {
                continue;
            }
            let rows = (from + word * MASK_BITS..).zip(scores).filter(|(_, score)| **score >= self.floor);
            self.kept.extend(rows.map(|(row, score)| (*score, row as u32)));
            self.thin();
        }
    }

    /// Drops what is not among the best, once there is enough of it.
    fn thin(&mut self) {
        if self.kept.len() >= self.wanted.best.saturating_add(self.wanted.best.max(LEAST_KEPT)) {
            self.cut();
        }
    }

    fn cut(&mut self) {
        let (order, best) = (Self::order(self.wanted), self.wanted.best);
        if self.kept.len() > best {
            let (_, last, _) = self.kept.select_nth_unstable_by(best.saturating_sub(1), order);
            self.floor = last.0;
            self.kept.truncate(best);
        }
    }

    fn finish(mut self) -> Vec<u32> {
        self.cut();
        self.kept.sort_unstable_by(Self::order(self.wanted));
        self.kept.into_iter().map(|(_, row)| row).collect()
    }
}
