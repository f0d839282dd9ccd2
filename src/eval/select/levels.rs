//! The steps of threshold documents: the best by a metric, correlation after the cut, levels.

use crate::eval::snapshot::Correlations;
use crate::ir::{Program, Step};
use crate::order::sort_by;

use super::super::frame::Frame;
use super::Block;

/// What the steps leave, and why others were left out.
pub(in crate::eval) struct Levels {
    /// Rows that are selected, in order.
    pub selected: Vec<usize>,
    /// Why a row is out.
    pub blocks: Vec<Option<Box<Block>>>,
    /// Place among those that met the thresholds, from 1, where there is a cut; 0 elsewhere.
    pub ranks: Vec<u32>,
    /// What ranks, where there is a cut; NaN elsewhere.
    pub scores: Vec<f64>,
    /// How many each step left.
    pub funnel: Vec<(&'static str, usize)>,
}

/// Runs the steps over the rows that met every threshold, given in input order.
pub(in crate::eval) fn threshold_selection(
    program: &Program,
    frame: &Frame<'_>,
    ids: &[&str],
    passed: Vec<usize>,
    active: &dyn Fn(usize) -> bool,
    matrix: Option<&Correlations>,
) -> Levels {
    let rows = frame.rows();
    let mut levels = Levels {
        selected: passed,
        blocks: vec![None; rows],
        ranks: vec![0; rows],
        scores: vec![f64::NAN; rows],
        funnel: Vec::new(),
    };
    let id = |row: usize| ids.get(row).copied().unwrap_or_default().to_owned();
    for step in &program.steps {
        match step {
            Step::TopK(top) => {
                let values = frame.numbers(&top.metric);
                levels.cut(&values, top.k.value, &id);
                levels.funnel.push(("cut", levels.selected.len()));
            }
            Step::PostCorrelation(limit) => {
                if let Some(matrix) = matrix.filter(|matrix| !matrix.is_empty()) {
                    levels.separate(matrix, limit.value, &id);
                }
                levels.funnel.push(("post_correlation", levels.selected.len()));
            }
            Step::MetricHysteresis(hysteresis) => {
                let values = frame.numbers(&hysteresis.metric);
                levels.hold(&values, hysteresis.enter.value, hysteresis.exit.value, active);
                levels.funnel.push(("hysteresis", levels.selected.len()));
            }
            _ => {}
        }
    }
    levels
}

impl Levels {
    fn block(&mut self, row: usize, block: Block) {
        if let Some(slot) = self.blocks.get_mut(row) {
            *slot = Some(Box::new(block));
        }
    }

    /// Descending, ties in input order, missing last.
    fn cut(&mut self, values: &[f64], k: f64, id: &dyn Fn(usize) -> String) {
        let value = |row: usize| values.get(row).copied().filter(|value| !value.is_nan());
        let key = |row: usize| value(row).unwrap_or(f64::NEG_INFINITY);
        let mut order = std::mem::take(&mut self.selected);
        sort_by(&mut order, |&left, &right| key(right).partial_cmp(&key(left)).unwrap_or(std::cmp::Ordering::Equal));
        for (place, &row) in order.iter().enumerate() {
            if let (Some(rank), Some(score)) = (self.ranks.get_mut(row), self.scores.get_mut(row)) {
                (*rank, *score) = (place as u32 + 1, value(row).unwrap_or(f64::NAN));
            }
        }
        let rest = order.split_off(order.len().min(k.max(0.0) as usize));
        let by: Vec<String> = order.last().map(|&row| id(row)).into_iter().collect();
        for row in rest {
            self.block(row, Block::new("cut", "performance_rank_outside_top_k", by.clone()));
        }
        self.selected = order;
    }

    /// Greedy, without refill.
    fn separate(&mut self, matrix: &Correlations, limit: f64, id: &dyn Fn(usize) -> String) {
        let mut kept: Vec<usize> = Vec::new();
        for row in std::mem::take(&mut self.selected) {
            let own = id(row);
            let near = |other: &usize| libm::fabs(matrix.get(&own, &id(*other)).unwrap_or(0.0)) > limit;
            let by: Vec<String> = kept.iter().filter(|other| near(other)).map(|&other| id(other)).collect();
            if by.is_empty() {
                kept.push(row);
            } else {
                self.block(row, Block::new("post_correlation", "correlation_constraint_failed", by));
            }
        }
        self.selected = kept;
    }

    fn hold(&mut self, values: &[f64], enter: f64, exit: f64, active: &dyn Fn(usize) -> bool) {
        let mut kept = Vec::new();
        for row in std::mem::take(&mut self.selected) {
            let value = values.get(row).copied().unwrap_or(f64::NAN);
            let was_active = active(row);
            // A missing level is below both.
            if value >= if was_active { exit } else { enter } {
                kept.push(row);
                continue;
            }
            let code = if was_active { "hysteresis_exit" } else { "hysteresis_not_entered" };
            self.block(row, Block::new("hysteresis", code, Vec::new()));
        }
        self.selected = kept;
    }
}
