//! Streak hysteresis: promotions and demotions over time, within the limits of admission.

use jiff::Timestamp;

use super::{Admission, Block, Book, Member};
use crate::eval::decision::Action;
use crate::eval::state::StrategyState;
use crate::eval::time::seconds_between;
use crate::ir::{RiskExit, Streaks};

/// A strategy as hysteresis sees it: judged now, or only in the state.
pub(in crate::eval) struct Entry {
    pub member: Member,
    /// Its state before.
    pub state: StrategyState,
    /// Whether admission took it.
    pub qualified: bool,
    /// Whether a blocking rule of layer `risk` is false.
    pub risk_exit: bool,
    /// Whether its data is too old to count.
    pub frozen: bool,
    /// Its place, where it has one.
    pub rank: Option<usize>,
}

/// What becomes of it.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::eval) struct Outcome {
    pub action: Action,
    pub state: StrategyState,
    /// What holds it back, or throws it out.
    pub block: Option<Block>,
}

/// The circumstances of an evaluation.
pub(in crate::eval) struct Hysteresis<'a> {
    pub settings: &'a Streaks,
    pub as_of: Option<Timestamp>,
    /// Whether streaks move: not at the state's own instant, and not without one.
    pub streaks_move: bool,
    /// Whether too few of the active strategies are present: then only risk exits happen.
    pub incomplete: bool,
    /// Whether streaks are known; from a bare list of ids the first failure demotes.
    pub streaks_known: bool,
    /// Whether the world is halted: then nobody is promoted.
    pub halted: bool,
}

fn waits(code: &'static str) -> Option<Block> {
    Some(Block::new("hysteresis", code, Vec::new()))
}

impl Hysteresis<'_> {
    /// Demotions first, then promotions in rank order against the set active by then.
    pub fn run(&self, entries: &[Entry], admission: &Admission<'_>) -> (Vec<Outcome>, Book) {
        let mut outcomes: Vec<Outcome> = entries.iter().map(|entry| self.without_promotion(entry)).collect();
        let mut book = Book::default();
        for (entry, outcome) in entries.iter().zip(&outcomes) {
            if outcome.state.active {
                admission.admit(entry.member.clone(), !entry.qualified, &mut book);
            }
        }
        let mut waiting: Vec<usize> = (0..entries.len())
            .filter(|&index| entries.get(index).is_some_and(|entry| !entry.state.active && entry.qualified))
            .collect();
        let key = |index: usize| entries.get(index).map(|entry| (entry.rank, &entry.member.id));
        crate::order::sort_by(&mut waiting, |left, right| key(*left).cmp(&key(*right)));
        for index in waiting {
            if let (Some(entry), Some(outcome)) = (entries.get(index), outcomes.get_mut(index)) {
                self.promote(entry, outcome, admission, &mut book);
            }
        }
        (outcomes, book)
    }

    fn without_promotion(&self, entry: &Entry) -> Outcome {
        let mut state = entry.state.clone();
        if self.streaks_move && !self.incomplete && !entry.frozen {
            if entry.qualified {
                (state.pass_streak, state.fail_streak) = (state.pass_streak.saturating_add(1), 0);
            } else {
                (state.pass_streak, state.fail_streak) = (0, state.fail_streak.saturating_add(1));
            }
        }
        if !entry.state.active || entry.qualified && !entry.risk_exit {
            return Outcome { action: Action::Hold, state, block: None };
        }
        if entry.risk_exit && self.settings.risk_exit == RiskExit::Immediate {
            return self.demoted(state, "risk_exit");
        }
        let needed = if self.streaks_known { self.settings.demote_after.value } else { 1.0 };
        let still = entry.frozen || self.incomplete || entry.qualified;
        let block = if still || f64::from(state.fail_streak) < needed {
            waits("hysteresis_pending")
        } else if !self.dwelt(&state) {
            waits("hysteresis_dwell")
        } else {
            return self.demoted(state, "demoted");
        };
        Outcome { action: Action::Hold, state, block }
    }

    fn demoted(&self, mut state: StrategyState, code: &'static str) -> Outcome {
        // Without an instant the last known change keeps counting.
        (state.active, state.since) = (false, self.as_of.or(state.since));
        let block = (code == "risk_exit").then(|| Block::new("hysteresis", code, Vec::new()));
        Outcome { action: Action::Demote, state, block }
    }

    fn promote(&self, entry: &Entry, outcome: &mut Outcome, admission: &Admission<'_>, book: &mut Book) {
        let due = f64::from(outcome.state.pass_streak) >= self.settings.promote_after.value;
        outcome.block = if self.as_of.is_none() || self.incomplete || entry.frozen || entry.risk_exit || !due {
            waits("hysteresis_pending")
        } else if self.halted {
            waits("world_halted")
        } else if !self.dwelt(&outcome.state) {
            waits("hysteresis_dwell")
        } else if let Some(block) = admission.test(&entry.member, book) {
            let code = if block.step == "cut" { "hysteresis_capacity" } else { "hysteresis_constraint" };
            Some(Block { test: Some(block.code), ..Block::new("hysteresis", code, block.by) })
        } else {
            outcome.action = Action::Promote;
            (outcome.state.active, outcome.state.since) = (true, self.as_of);
            admission.admit(entry.member.clone(), false, book);
            None
        };
    }

    fn dwelt(&self, state: &StrategyState) -> bool {
        match (state.since, self.as_of) {
            (Some(since), Some(as_of)) => seconds_between(since, as_of) >= self.settings.min_dwell.value,
            (Some(_), None) => false,
            (None, _) => true,
        }
    }
}
