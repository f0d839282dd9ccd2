//! One strategy against those admitted before it: correlation, exposure, cut, in this order.

use crate::eval::notes::EXAMPLES;
use crate::eval::snapshot::Correlations;
use crate::eval::strategies::Strategies;
use crate::ir::{CorrelationLimit, Cut, ExposureLimits, MissingMode, Program, Step};

/// Sums of weights may exceed their cap by this much: they are rounded.
const TOLERANCE: f64 = 1e-9;

/// A strategy as admission sees it; it may be one that the snapshot lacks.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::eval) struct Member {
    pub id: String,
    pub side: Option<String>,
    pub sector: Option<String>,
    /// Not finite where one is given that cannot be used.
    pub weight: Option<f64>,
}

impl Member {
    /// A judged strategy.
    pub fn of(strategies: &Strategies, row: usize) -> Self {
        Self {
            id: strategies.id(row).to_owned(),
            side: strategies.side(row).map(str::to_owned),
            sector: strategies.sector(row).map(str::to_owned),
            weight: strategies.weight(row),
        }
    }

    /// The weight that a state keeps: one that can be used.
    pub fn usable_weight(&self) -> Option<f64> {
        self.weight.filter(|weight| weight.is_finite())
    }
}

/// What keeps a strategy out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::eval) struct Block {
    pub step: &'static str,
    pub code: &'static str,
    pub by: Vec<String>,
    /// The test that a promotion waits for.
    pub test: Option<&'static str>,
}

impl Block {
    pub fn new(step: &'static str, code: &'static str, by: Vec<String>) -> Self {
        Self { step, code, by, test: None }
    }
}

/// The limits of a program with the correlations of a snapshot.
pub(in crate::eval) struct Admission<'a> {
    correlation: Option<&'a CorrelationLimit>,
    exposure: Option<&'a ExposureLimits>,
    cut: Option<&'a Cut>,
    matrix: Option<&'a Correlations>,
}

/// Those admitted so far, in order.
#[derive(Debug, Clone, Default)]
pub(in crate::eval) struct Book {
    members: Vec<(Member, f64)>,
    /// Whether pairs with a member are met for the first time: absent ones are counted once.
    fresh: Vec<bool>,
    /// How many pairs the matrix lacks.
    pub absent_pairs: usize,
    /// A few of them.
    pub absent_examples: Vec<String>,
}

impl<'a> Admission<'a> {
    pub fn new(program: &'a Program, matrix: Option<&'a Correlations>) -> Self {
        // No pair at all is no matrix.
        let matrix = matrix.filter(|matrix| !matrix.is_empty());
        let mut admission = Self { correlation: None, exposure: None, cut: None, matrix };
        for step in &program.steps {
            match step {
                Step::Correlation(limit) => admission.correlation = Some(limit),
                Step::Exposure(limits) => admission.exposure = Some(limits),
                Step::Cut(cut) => admission.cut = Some(cut),
                _ => {}
            }
        }
        admission
    }

    /// Whether a correlation is asked for and no matrix is given, with what that means.
    pub fn missing_matrix(&self) -> Option<MissingMode> {
        self.correlation.filter(|_| self.matrix.is_none()).map(|limit| limit.on_missing)
    }

    /// Tests a strategy against a book.
    pub fn test(&self, member: &Member, book: &mut Book) -> Option<Block> {
        self.correlation(member, book).or_else(|| self.exposure(member, book)).or_else(|| self.cut(member, book))
    }

    /// Puts a strategy into a book; `fresh` where pairs with it have not been tested before.
    pub fn admit(&self, member: Member, fresh: bool, book: &mut Book) {
        // Whoever is active with an unknown size leaves no room that could be counted on.
        let size = self.size(&member).unwrap_or(f64::INFINITY);
        book.members.push((member, size));
        book.fresh.push(fresh);
    }

    fn correlation(&self, member: &Member, book: &mut Book) -> Option<Block> {
        let limit = self.correlation?;
        let block = |code, by| Some(Block::new("correlation", code, by));
        let Some(matrix) = self.matrix else {
            return if limit.on_missing == MissingMode::Fail { block("correlation_missing", Vec::new()) } else { None };
        };
        let mut by = Vec::new();
        for ((other, _), fresh) in book.members.iter().zip(&book.fresh) {
            match matrix.get(&member.id, &other.id) {
                Some(rho) if libm::fabs(rho) > limit.max_pairwise.value => by.push(other.id.clone()),
                Some(_) => {}
                None if !fresh => {}
                None => {
                    book.absent_pairs += 1;
                    if book.absent_examples.len() < EXAMPLES {
                        book.absent_examples.push(format!("{}/{}", member.id, other.id));
                    }
                }
            }
        }
        if by.is_empty() { None } else { block("correlation_constraint_failed", by) }
    }

    fn exposure(&self, member: &Member, book: &Book) -> Option<Block> {
        let limits = self.exposure?;
        let block = |code, by| Some(Block::new("exposure", code, by));
        let needs_side = !limits.gross_budget.is_empty();
        if needs_side && member.side.is_none() {
            return block("side_missing", Vec::new());
        }
        if limits.per_sector.is_some() && member.sector.is_none() {
            return block("sector_missing", Vec::new());
        }
        let Some(size) = self.size(member) else {
            // Nothing is no share of a budget that could be taken.
            let nothing_to_share = member.weight.is_none() && self.budget(member) == Some(0.0);
            return block(if nothing_to_share { "exposure_gross_budget" } else { "weight_missing" }, Vec::new());
        };
        let sum = |in_group: &dyn Fn(&Member) -> bool| {
            let group = book.members.iter().filter(|(other, _)| in_group(other));
            let (total, ids) = group.fold((0.0, Vec::new()), |(total, mut ids), (other, size)| {
                ids.push(other.id.clone());
                (total + size, ids)
            });
            (total + size, ids)
        };
        if needs_side {
            let (gross, by) = sum(&|other| other.side == member.side);
            // A side without a budget has none.
            if gross > self.budget(member).unwrap_or(0.0) + TOLERANCE {
                return block("exposure_gross_budget", by);
            }
        }
        if let Some(cap) = limits.per_sector {
            let (gross, by) = sum(&|other| other.sector == member.sector);
            if gross > cap + TOLERANCE {
                return block("exposure_sector_cap", by);
            }
        }
        if let Some(cap) = limits.max_leverage {
            let (gross, by) = sum(&|_| true);
            if gross > cap + TOLERANCE {
                return block("exposure_max_leverage", by);
            }
        }
        None
    }

    fn budget(&self, member: &Member) -> Option<f64> {
        let side = member.side.as_deref()?;
        let budgets = &self.exposure?.gross_budget;
        budgets.iter().find(|(name, _)| name == side).map(|(_, budget)| *budget)
    }

    /// |weight|, else an equal share of the side's budget, if there is any. No share stands for a weight
    /// that is given and cannot be used.
    pub fn size(&self, member: &Member) -> Option<f64> {
        if let Some(weight) = member.weight {
            return weight.is_finite().then(|| libm::fabs(weight));
        }
        let places = self.places(member).or_else(|| self.cut?.total.as_ref().map(|total| total.value))?;
        let share = self.budget(member)? / places;
        (share.is_finite() && share > 0.0).then_some(share)
    }

    pub fn places(&self, member: &Member) -> Option<f64> {
        let side = member.side.as_deref()?;
        self.cut?.by_side.iter().find(|(name, _)| name == side).map(|(_, places)| places.value)
    }

    fn cut(&self, member: &Member, book: &Book) -> Option<Block> {
        let cut = self.cut?;
        let last = |in_group: &dyn Fn(&Member) -> bool| {
            book.members.iter().rev().find(|(other, _)| in_group(other)).map(|(other, _)| other.id.clone())
        };
        let block = |code, by: Option<String>| Some(Block::new("cut", code, by.into_iter().collect()));
        if cut.total.as_ref().is_some_and(|total| book.members.len() as f64 >= total.value) {
            return block("rank_outside_topk", last(&|_| true));
        }
        if !cut.by_side.is_empty() {
            if member.side.is_none() {
                return block("side_missing", None);
            }
            let taken = book.members.iter().filter(|(other, _)| other.side == member.side).count();
            if taken as f64 >= self.places(member).unwrap_or(0.0) {
                return block("rank_outside_topk", last(&|other| other.side == member.side));
            }
        }
        None
    }
}
