//! Where the strategy stands among the others: score, rank, cut, who is in the way, what room is left.

use super::case::Case;
use super::facts::{Blocker, CutFacts, ExposureFacts, Placed, ScoreFacts, Term};
use crate::eval::decision::StrategyDecision;
use crate::eval::select::{Admission, Member};
use crate::ir::{CorrelationLimit, Cut, ExposureLimits, Expr, ExprKind, Step};
use crate::syntax::ArithmeticOperator;

/// Score and place; none where nothing ranks.
pub(super) fn score(case: &Case<'_>) -> Option<ScoreFacts> {
    let expression = case.program.steps.iter().find_map(|step| match step {
        Step::Score(score) => Some(score),
        Step::TopK(top) => Some(&top.metric),
        _ => None,
    });
    let cut = cut(case);
    if expression.is_none() && cut.is_none() {
        return None;
    }
    let own = &case.admission_own;
    let value = expression.and_then(|score| case.number(score));
    let ranked = || case.admitted.strategies.iter().filter(|(_, other)| other.rank.is_some());
    let before = own.rank.and_then(|rank| ranked().find(|(_, other)| other.rank == Some(rank.saturating_sub(1))));
    let ahead = |(id, other): &&(String, StrategyDecision)| match (other.score, value) {
        (Some(other), Some(value)) => other > value || (other == value && id.as_str() < case.id()),
        _ => true,
    };
    Some(ScoreFacts {
        value,
        expression: expression.map(|score| case.writer.text(score)),
        terms: expression.map(|score| terms(case, score)).unwrap_or_default(),
        rank: own.rank,
        would_rank: value.filter(|_| own.rank.is_none()).map(|_| ranked().filter(ahead).count() + 1),
        of: ranked().count(),
        before: before.map(|(id, other)| placed(id, other)),
        cut,
    })
}

fn placed(id: &str, decision: &StrategyDecision) -> Placed {
    Placed { strategy: id.to_owned(), rank: decision.rank, score: decision.score }
}

/// What a sum is made of.
fn terms(case: &Case<'_>, score: &Expr) -> Vec<Term> {
    let ExprKind::Arithmetic(first, rest) = &score.node else { return Vec::new() };
    if rest.iter().any(|(operator, _)| operator.is_multiplicative()) {
        return Vec::new();
    }
    let first = (ArithmeticOperator::Add, &**first);
    let parts = std::iter::once(first).chain(rest.iter().map(|(operator, right)| (*operator, right)));
    let term = |(operator, part): (ArithmeticOperator, &Expr)| {
        let minus = operator == ArithmeticOperator::Subtract;
        let value = case.number(part).map(|value| if minus { -value } else { value });
        Term { expression: format!("{}{}", if minus { "-" } else { "" }, case.writer.term(part)), value }
    };
    parts.map(term).collect()
}

fn cut(case: &Case<'_>) -> Option<CutFacts> {
    case.program.steps.iter().find_map(|step| match step {
        Step::Cut(cut) => Some(native_cut(case, cut)),
        Step::TopK(top) => Some(threshold_cut(case, top.k.value)),
        _ => None,
    })
}

/// Those admitted, worst place first; of the strategy's side only, or of all.
fn admitted<'a>(case: &'a Case<'_>, same_side: bool) -> Vec<&'a (String, StrategyDecision)> {
    let side = |row: usize| case.snapshot.strategies.side(row);
    let rows = case.admitted.strategies.iter().enumerate();
    let here = rows.filter(|(row, (_, other))| other.selected && (!same_side || side(*row) == side(case.row)));
    let mut found: Vec<_> = here.map(|(_, entry)| entry).collect();
    crate::order::sort_by_key(&mut found, |(_, other)| std::cmp::Reverse(other.rank));
    found
}

fn native_cut(case: &Case<'_>, cut: &Cut) -> CutFacts {
    let (all, own_side) = (admitted(case, false), admitted(case, true));
    let sided = !cut.by_side.is_empty();
    let side = Admission::new(case.program, None).places(&member(case, case.row));
    let full = cut.total.as_ref().is_some_and(|total| all.len() as f64 >= total.value);
    let last = if sided && !full { own_side.first() } else { all.first() };
    CutFacts {
        total: cut.total.as_ref().map(|total| total.value),
        side: side.or(sided.then_some(0.0)),
        taken: all.len(),
        side_taken: own_side.len(),
        last: last.map(|(id, other)| placed(id, other)),
    }
}

/// The cut of threshold documents comes before correlation and hysteresis.
fn threshold_cut(case: &Case<'_>, k: f64) -> CutFacts {
    let within = |other: &StrategyDecision| other.rank.is_some_and(|rank| rank as f64 <= k);
    let kept = || case.admitted.strategies.iter().filter(|(_, other)| within(other));
    let last = kept().max_by_key(|(_, other)| other.rank);
    let taken = kept().count();
    CutFacts { total: Some(k), side: None, taken, side_taken: taken, last: last.map(|(id, other)| placed(id, other)) }
}

fn member(case: &Case<'_>, row: usize) -> Member {
    Member::of(&case.snapshot.strategies, row)
}

/// Who stands in the way, of admission or of becoming active.
pub(super) fn blockers(case: &Case<'_>) -> Vec<Blocker> {
    let limit = case.program.steps.iter().find_map(|step| match step {
        Step::Correlation(CorrelationLimit { max_pairwise, .. }) => Some(max_pairwise.value),
        Step::PostCorrelation(limit) => Some(limit.value),
        _ => None,
    });
    let rejections = [case.admission_own.rejected_by.as_ref(), case.own.rejected_by.as_ref()];
    let mut found: Vec<Blocker> = Vec::new();
    for rejection in rejections.into_iter().flatten() {
        for id in &rejection.by {
            if found.iter().any(|known| known.strategy == *id) {
                continue;
            }
            let decision = case.admitted.strategies.iter().find(|(known, _)| known == id).map(|(_, other)| other);
            let rho = case.snapshot.correlations.as_ref().and_then(|matrix| matrix.get(case.id(), id));
            found.push(Blocker {
                strategy: id.clone(),
                step: rejection.step,
                rho,
                max_pairwise: limit,
                rank: decision.and_then(|other| other.rank),
                score: decision.and_then(|other| other.score),
            });
        }
    }
    found
}

/// The budgets that the strategy needs room in, as far as those admitted before it left any.
pub(super) fn exposure(case: &Case<'_>) -> Vec<ExposureFacts> {
    let limits = case.program.steps.iter().find_map(|step| match step {
        Step::Exposure(limits) => Some(limits),
        _ => None,
    });
    limits.map(|limits| budgets(case, limits)).unwrap_or_default()
}

fn budgets(case: &Case<'_>, limits: &ExposureLimits) -> Vec<ExposureFacts> {
    let admission = Admission::new(case.program, None);
    let own = member(case, case.row);
    let rank = case.admission_own.rank.unwrap_or(usize::MAX);
    let mut before: Vec<(usize, Member)> = Vec::new();
    for (row, (_, other)) in case.admitted.strategies.iter().enumerate() {
        if let Some(place) = other.rank.filter(|place| other.selected && *place < rank && row != case.row) {
            before.push((place, member(case, row)));
        }
    }
    crate::order::sort_by_key(&mut before, |(place, _)| *place);
    let facts = |limit, group: Option<&String>, cap: f64, counts: &dyn Fn(&Member) -> bool| {
        let group_members = before.iter().filter(|(_, other)| counts(other));
        let by: Vec<_> =
            group_members.map(|(_, other)| (other.id.clone(), admission.size(other).unwrap_or(0.0))).collect();
        let used = by.iter().map(|(_, size)| size).sum();
        ExposureFacts { limit, group: group.cloned(), cap, own: admission.size(&own), used, by }
    };
    let mut found = Vec::new();
    if let Some(side) = own.side.as_ref().filter(|_| !limits.gross_budget.is_empty()) {
        let cap = limits.gross_budget.iter().find(|(name, _)| name == side).map_or(0.0, |(_, cap)| *cap);
        found.push(facts("gross_budget", Some(side), cap, &|other| other.side == own.side));
    }
    if let (Some(cap), Some(sector)) = (limits.per_sector, &own.sector) {
        found.push(facts("per_sector", Some(sector), cap, &|other| other.sector == own.sector));
    }
    if let Some(cap) = limits.max_leverage {
        found.push(facts("max_leverage", None, cap, &|_| true));
    }
    found
}
