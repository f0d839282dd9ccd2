//! Runs a plan over columns, in chunks, on one thread or several.

use std::cmp::Ordering;

use super::{Plan, Scratch};
use crate::eval::kernels::{CHUNK, WORDS, keep_passed};
use crate::eval::window::{Input, Window};
use crate::value::Ones;

/// Rows that make a thread of its own worth while.
const ROWS_PER_THREAD: usize = 1 << 16;

/// Rows that are kept beside the best ones before they are thinned out.
const MOST_SPARE: usize = 64;

/// Which rows to look for beside what passes.
#[derive(Clone, Copy)]
pub(in crate::eval) struct Wanted<'i> {
    /// How many of the best rows.
    pub best: usize,
    /// Ids that decide between equal scores; rows in their order where there are none.
    pub ids: Option<&'i (dyn Fn(usize) -> &'i str + Sync)>,
}

/// What a plan finds: bits of the rows that pass, and the scores of those in their order, NaN where
/// there is none. Memory is used again.
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
        let threads = threads.min(rows / ROWS_PER_THREAD).max(1);
        let share = chunks.div_ceil(threads).max(1);
        let mut parts = Vec::with_capacity(threads);
        found.scratch.resize_with(found.scratch.len().max(threads), Scratch::default);
        found.scratch.iter_mut().for_each(|scratch| scratch.kept.clear());
        for ((index, passed), scratch) in found.passed.chunks_mut(share * WORDS).enumerate().zip(&mut found.scratch) {
            let from = index * share * CHUNK;
            parts.push(Part { plan: self, inputs, rows, from, passed, wanted, scratch });
        }
        let mut best = Best::new(wanted);
        for kept in run_all(parts) {
            best.kept.extend(kept);
        }
        // The first thread's scores are already where they belong.
        let (first, others) = found.scratch.split_first_mut().map_or((None, [].as_mut_slice()), |(a, b)| (Some(a), b));
        if let Some(first) = first {
            std::mem::swap(&mut found.scores, &mut first.kept);
        }
        let used = threads.saturating_sub(1);
        others.iter().take(used).for_each(|scratch| found.scores.extend_from_slice(&scratch.kept));
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
    wanted: Wanted<'i>,
    scratch: &'p mut Scratch,
}

#[cfg(not(target_family = "wasm"))]
fn run_all(mut parts: Vec<Part<'_, '_>>) -> Vec<Vec<(f64, u32)>> {
    let Some(last) = parts.pop() else { return Vec::new() };
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
        let mut window = Window::with(self.inputs, self.rows, std::mem::take(&mut scratch.copies));
        let mut kept = std::mem::take(&mut scratch.kept);
        let mut best = Best::new(self.wanted);
        let (words, _) = self.passed.as_chunks_mut::<WORDS>();
        let scored = self.plan.score.is_some();
        for (index, passed) in words.iter_mut().enumerate() {
            let from = self.from + index * CHUNK;
            window.move_to(from);
            let scores = self.plan.chunk(&window, scratch, passed);
            let before = kept.len();
            let top = if scored { keep_passed(scores, passed, &mut kept) } else { 0.0 };
            if self.wanted.best > 0 && top >= best.floor {
                let own = kept.get(before..).filter(|_| scored);
                best.take(from, passed, own);
            }
        }
        scratch.kept = kept;
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
        Self { wanted, kept: Vec::new(), floor: f64::NEG_INFINITY }
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

    /// Takes the rows of a chunk that may be among the best; without scores all are alike.
    fn take(&mut self, from: usize, passed: &[u64; WORDS], scores: Option<&[f64]>) {
        let rows = passed.iter().enumerate().flat_map(|(word, bits)| Ones(*bits).map(move |row| word * 64 + row));
        for (index, row) in rows.enumerate() {
            let score = scores.map_or(0.0, |scores| scores.get(index).copied().unwrap_or(f64::NAN));
            if score >= self.floor {
                self.kept.push((score, (from + row) as u32));
            }
        }
        if self.kept.len() >= self.wanted.best.saturating_mul(2).max(MOST_SPARE) {
            self.thin();
        }
    }

    fn thin(&mut self) {
        let (order, best) = (Self::order(self.wanted), self.wanted.best);
        if self.kept.len() > best {
            let (_, last, _) = self.kept.select_nth_unstable_by(best.saturating_sub(1), order);
            self.floor = last.0;
            self.kept.truncate(best);
        }
    }

    fn finish(mut self) -> Vec<u32> {
        self.thin();
        self.kept.sort_unstable_by(Self::order(self.wanted));
        self.kept.into_iter().map(|(_, row)| row).collect()
    }
}
