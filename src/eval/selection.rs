//! Which strategies the steps leave: rank, admission and hysteresis, in either dialect.

use std::collections::HashMap;

use super::decision::{Action, Funnel};
use super::engine::Engine;
use super::frame::Frame;
use super::notes::Notes;
use super::select::{Admission, Block, Book, Entry, Hysteresis, Levels, Member, Outcome, threshold_selection};
use super::state::StrategyState;
use crate::ir::{Expr, MissingMode, Program, Step, Streaks};
use crate::order::sort_by;
use crate::value::Bitmask;

/// What the rules leave.
pub(super) struct Ruled {
    /// Rows that meet every blocking rule.
    pub passed: Bitmask,
    /// Scores by row, NaN where there is none; empty where the policy has no score.
    pub scores: Vec<f64>,
    /// Rows for which a blocking rule of layer `risk` is false.
    pub risky: Bitmask,
}

/// What the steps leave, whatever the dialect. Lists are by row.
pub(super) struct Selection {
    pub funnel: Vec<Funnel>,
    /// NaN where there is none; empty where nothing scores.
    pub scores: Vec<f64>,
    /// From 1; 0 where there is none.
    pub ranks: Vec<u32>,
    pub blocks: Vec<Option<Box<Block>>>,
    pub actions: Vec<Action>,
    pub selected: Vec<bool>,
    /// The active set in its order.
    pub order: Vec<String>,
    pub next: Vec<(String, StrategyState)>,
}

/// The score of a policy.
pub(super) fn score(program: &Program) -> Option<&Expr> {
    program.steps.iter().find_map(|step| match step {
        Step::Score(score) => Some(score),
        _ => None,
    })
}

/// Puts a block where none is.
fn block(blocks: &mut [Option<Box<Block>>], row: usize, found: Block) {
    if let Some(slot) = blocks.get_mut(row) {
        *slot = Some(Box::new(found));
    }
}

impl Engine<'_> {
    pub(super) fn threshold(&self, frame: &Frame<'_>, ruled: Ruled, downgrades: &[Option<&'static str>]) -> Selection {
        let rows = frame.rows();
        let passed: Vec<usize> = ruled.passed.ones().collect();
        let mut funnel = vec![Funnel { step: "submitted", count: rows }, Funnel { step: "rules", count: passed.len() }];
        let ids: Vec<&str> = (0..rows).map(|row| self.id(row)).collect();
        let levels = threshold_selection(self.program, frame, &ids, passed, &|row| self.was_active(row), self.matrix);
        funnel.extend(levels.funnel.iter().map(|&(step, count)| Funnel { step, count }));
        let mut admitted = Bitmask::filled(rows, false);
        levels.selected.iter().for_each(|&row| admitted.set(row, true));
        let Levels { selected, blocks, ranks, scores, .. } = levels;
        let risky = ruled.risky;
        self.without_hysteresis(Found { funnel, scores, ranks, blocks, admitted, risky }, selected, downgrades)
    }

    fn member(&self, row: usize) -> Member {
        Member::of(&self.snapshot.strategies, row)
    }

    pub(super) fn native(
        &self,
        rows: usize,
        ruled: Ruled,
        downgrades: &[Option<&'static str>],
        notes: &mut Notes,
    ) -> Selection {
        let mut blocks: Vec<Option<Box<Block>>> = vec![None; rows];
        let Ruled { passed, scores, risky } = ruled;
        let mut funnel =
            vec![Funnel { step: "submitted", count: rows }, Funnel { step: "rules", count: passed.count() }];
        let order = self.ranked(&passed, &scores, &mut blocks);
        if score(self.program).is_some() {
            funnel.push(Funnel { step: "score", count: order.len() });
        }
        let mut ranks = vec![0; rows];
        for (place, &row) in order.iter().enumerate() {
            if let Some(rank) = ranks.get_mut(row) {
                *rank = place as u32 + 1;
            }
        }
        let admission = Admission::new(self.program, self.matrix);
        let admitted = self.admit(&admission, &order, &scores, &mut blocks, notes);
        self.admission_funnel(&mut funnel, &order, &blocks);
        let streaks = self.program.steps.iter().find_map(|step| match step {
            Step::Streaks(streaks) => Some(streaks),
            _ => None,
        });
        match streaks.filter(|_| !self.options.alone) {
            Some(streaks) => {
                let found = Found { funnel, scores, ranks, blocks, admitted, risky };
                self.with_hysteresis(streaks, &admission, downgrades, found, notes)
            }
            None => {
                let order = order.into_iter().filter(|&row| admitted.get(row)).collect();
                self.without_hysteresis(Found { funnel, scores, ranks, blocks, admitted, risky }, order, downgrades)
            }
        }
    }

    /// Rows with a score, best first; ties by id. A missing score rejects.
    fn ranked(&self, passed: &Bitmask, scores: &[f64], blocks: &mut [Option<Box<Block>>]) -> Vec<usize> {
        if score(self.program).is_none() {
            let mut order: Vec<usize> = passed.ones().collect();
            sort_by(&mut order, |&left, &right| self.id(left).cmp(self.id(right)));
            return order;
        }
        let score = |row: usize| scores.get(row).copied().unwrap_or(f64::NAN);
        let (mut order, without): (Vec<_>, Vec<_>) = passed.ones().partition(|&row| !score(row).is_nan());
        for row in without {
            block(blocks, row, Block::new("score", "score_missing", Vec::new()));
        }
        order.sort_unstable_by(|&left, &right| {
            let by_score = score(right).partial_cmp(&score(left)).unwrap_or(std::cmp::Ordering::Equal);
            by_score.then_with(|| self.id(left).cmp(self.id(right)))
        });
        order
    }

    fn admit(
        &self,
        admission: &Admission<'_>,
        order: &[usize],
        scores: &[f64],
        blocks: &mut [Option<Box<Block>>],
        notes: &mut Notes,
    ) -> Bitmask {
        let mut admitted = Bitmask::filled(blocks.len(), false);
        let mut book = Book::default();
        let score = |row: usize| scores.get(row).copied().unwrap_or(0.0);
        let mut rows: HashMap<String, usize> = HashMap::new();
        for &row in order {
            let member = self.member(row);
            let Some(found) = admission.test(&member, &mut book) else {
                rows.insert(member.id.clone(), row);
                admission.admit(member, true, &mut book);
                admitted.set(row, true);
                continue;
            };
            let before =
                found.by.iter().filter_map(|id| rows.get(id).copied()).find(|&before| score(before) == score(row));
            if let Some(before) = before {
                let message = "strategies have the same score: their ids decided which one stays";
                notes.add("tie_at_cut", message, format!("{}/{}", self.id(before), self.id(row)));
            }
            block(blocks, row, found);
        }
        note_absent_pairs(book, notes);
        match admission.missing_matrix() {
            Some(MissingMode::Warn) => {
                notes.add("correlation_missing", "no correlations are given: the limit is not tested", "warn");
            }
            Some(MissingMode::Fail) => {
                notes.add("correlation_missing", "no correlations are given: nobody is admitted", "fail");
            }
            _ => {}
        }
        admitted
    }

    fn admission_funnel(&self, funnel: &mut Vec<Funnel>, order: &[usize], blocks: &[Option<Box<Block>>]) {
        let mut left = order.len();
        let out = |step: &str| {
            order
                .iter()
                .filter(|&&row| blocks.get(row).and_then(Option::as_ref).is_some_and(|block| block.step == step))
                .count()
        };
        for step in &self.program.steps {
            let name = match step {
                Step::Correlation(_) => "correlation",
                Step::Exposure(_) => "exposure",
                Step::Cut(_) => "cut",
                _ => continue,
            };
            left -= out(name);
            funnel.push(Funnel { step: name, count: left });
        }
    }

    /// The admitted set is the active set, but for strategies that old data or a halt keeps from entering.
    fn without_hysteresis(&self, found: Found, order: Vec<usize>, downgrades: &[Option<&'static str>]) -> Selection {
        let Found { mut funnel, scores, ranks, mut blocks, admitted, .. } = found;
        let as_of = self.snapshot.as_of;
        let rows = blocks.len();
        let (mut actions, mut selected) = (Vec::with_capacity(rows), Vec::with_capacity(rows));
        let mut next = Vec::with_capacity(rows);
        for row in 0..rows {
            let before = self.before.state.get(self.id(row)).map(|before| (before.active, before.since));
            let (was_active, since) = before.unwrap_or((false, None));
            let stale = downgrades.get(row).copied().flatten().map(|reason| ("data_currency", reason));
            let halted = self.options.halted.then_some(("halt", "world_halted"));
            let waits = stale.or(halted).filter(|_| !was_active && admitted.get(row));
            if let Some((step, reason)) = waits {
                block(&mut blocks, row, Block::new(step, reason, Vec::new()));
            }
            let now = admitted.get(row) && waits.is_none();
            actions.push(match (was_active, now) {
                (false, true) => Action::Promote,
                (true, false) => Action::Demote,
                _ => Action::Hold,
            });
            selected.push(now);
            let since = if was_active == now { since } else { as_of };
            // Nothing is known of a strategy that never was active: the state need not say so.
            if !now && since.is_none() {
                continue;
            }
            let member = self.member(row);
            let weight = member.usable_weight();
            let Member { id, side, sector, .. } = member;
            let state = StrategyState { active: now, since, pass_streak: 0, fail_streak: 0, side, sector, weight };
            next.push((id, state));
        }
        sort_by(&mut next, |left, right| left.0.cmp(&right.0));
        let is_selected = |row: &usize| selected.get(*row).copied().unwrap_or(false);
        let order: Vec<_> = order.into_iter().filter(is_selected).map(|row| self.id(row).to_owned()).collect();
        funnel.push(Funnel { step: "selected", count: order.len() });
        Selection { funnel, scores, ranks, blocks, actions, selected, order, next }
    }

    fn with_hysteresis(
        &self,
        settings: &Streaks,
        admission: &Admission<'_>,
        downgrades: &[Option<&'static str>],
        found: Found,
        notes: &mut Notes,
    ) -> Selection {
        let rows = found.blocks.len();
        let mut entries: Vec<Entry> = (0..rows).map(|row| self.entry(row, downgrades, &found)).collect();
        let known = &self.before.state.strategies;
        let present = self.before.present((0..rows).map(|row| self.id(row)));
        let absent = known.iter().enumerate().filter(|(place, _)| !present.get(*place)).map(|(_, entry)| entry);
        for (id, state) in absent.filter(|(_, state)| state.active || state.since.is_some()) {
            if state.active {
                notes.add("absent", "active strategies that the snapshot lacks are not qualified", id.clone());
            }
            entries.push(absent_entry(id, state));
        }
        let incomplete = self.is_incomplete(&present, notes);
        let hysteresis = Hysteresis {
            settings,
            as_of: self.snapshot.as_of,
            streaks_move: self.before.streaks_move,
            incomplete,
            streaks_known: self.before.streaks_known,
            halted: self.options.halted,
        };
        let (outcomes, book) = hysteresis.run(&entries, admission);
        note_absent_pairs(book, notes);
        self.finish(&entries, outcomes, found, rows)
    }

    fn entry(&self, row: usize, downgrades: &[Option<&'static str>], found: &Found) -> Entry {
        let mut member = self.member(row);
        let mut state = self.before.state.get(&member.id).cloned().unwrap_or_default();
        // What the snapshot leaves out of an active strategy is as it was.
        if state.active {
            member.side = member.side.or_else(|| state.side.clone());
            member.sector = member.sector.or_else(|| state.sector.clone());
            member.weight = member.weight.or(state.weight);
        }
        (state.side, state.sector) = (member.side.clone(), member.sector.clone());
        state.weight = member.usable_weight().or(state.weight.filter(|_| member.weight.is_some()));
        Entry {
            state,
            qualified: found.admitted.get(row),
            risk_exit: found.risky.get(row),
            frozen: downgrades.get(row).copied().flatten().is_some(),
            rank: found.ranks.get(row).copied().filter(|rank| *rank > 0).map(|rank| rank as usize),
            member,
        }
    }

    /// Whether fewer of the active strategies are present than the policy asks for.
    fn is_incomplete(&self, present: &Bitmask, notes: &mut Notes) -> bool {
        let Some(coverage) = &self.program.currency.min_coverage else { return false };
        let known = self.before.state.strategies.iter().enumerate();
        let active: Vec<_> = known.filter(|(_, (_, state))| state.active).map(|(place, _)| place).collect();
        let here = active.iter().filter(|place| present.get(**place)).count();
        let incomplete = !active.is_empty() && (here as f64) < coverage.value * active.len() as f64;
        if incomplete {
            let message = "too few of the active strategies are in the snapshot: only risk exits happen";
            notes.add("incomplete_snapshot", message, format!("{here} of {}", active.len()));
        }
        incomplete
    }

    fn finish(&self, entries: &[Entry], outcomes: Vec<Outcome>, found: Found, rows: usize) -> Selection {
        let Found { mut funnel, scores, ranks, mut blocks, .. } = found;
        let mut actions = Vec::with_capacity(rows);
        let mut selected = Vec::with_capacity(rows);
        let mut order: Vec<(usize, String)> = Vec::new();
        let mut next = Vec::with_capacity(entries.len());
        for (index, (entry, outcome)) in entries.iter().zip(outcomes).enumerate() {
            let is_active = outcome.state.active;
            if is_active {
                order.push((entry.rank.unwrap_or(usize::MAX), entry.member.id.clone()));
            }
            if index < rows {
                actions.push(outcome.action);
                selected.push(is_active);
                // What kept a strategy from qualifying comes first; hysteresis says what it made of it.
                if let (Some(slot @ None), Some(block)) = (blocks.get_mut(index), outcome.block) {
                    *slot = Some(Box::new(block));
                }
            }
            if is_active || index < rows || outcome.state.since.is_some() {
                next.push((entry.member.id.clone(), outcome.state));
            }
        }
        sort_by(&mut order, Ord::cmp);
        sort_by(&mut next, |left, right| left.0.cmp(&right.0));
        funnel.push(Funnel { step: "hysteresis", count: order.len() });
        funnel.push(Funnel { step: "selected", count: order.len() });
        let order = order.into_iter().map(|(_, id)| id).collect();
        Selection { funnel, scores, ranks, blocks, actions, selected, order, next }
    }
}

/// What the steps before hysteresis give.
struct Found {
    funnel: Vec<Funnel>,
    scores: Vec<f64>,
    ranks: Vec<u32>,
    blocks: Vec<Option<Box<Block>>>,
    admitted: Bitmask,
    risky: Bitmask,
}

fn note_absent_pairs(book: Book, notes: &mut Notes) {
    let message = "the correlations lack some pairs of compared strategies; they count as 0";
    notes.add_many("correlation_absent", message, book.absent_pairs, book.absent_examples);
}

fn absent_entry(id: &str, state: &StrategyState) -> Entry {
    Entry {
        member: Member {
            id: id.to_owned(),
            side: state.side.clone(),
            sector: state.sector.clone(),
            weight: state.weight,
        },
        state: state.clone(),
        qualified: false,
        risk_exit: false,
        frozen: false,
        rank: None,
    }
}
