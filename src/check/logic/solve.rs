//! The queries: satisfiability and unsatisfiable cores.

use super::compile::Problem;
use super::domain::Domain;
use super::formula::Formula;
use super::linear::Variable;
use super::outcome::{Budget, Outcome, Witness};
use super::search::{Model, Verdict, search};

/// Decides whether `formula` can hold within the domains.
///
/// A variable's domain is the one at its index; without one it is any real.
/// Only the domains of variables that occur matter.
pub fn solve(domains: &[Domain], formula: &Formula, budget: &mut Budget) -> Outcome {
    solve_all(domains, &[formula], budget)
}

/// Decides whether the formulas can hold together within the domains.
pub fn solve_all(domains: &[Domain], formulas: &[&Formula], budget: &mut Budget) -> Outcome {
    match verdict(domains, formulas, budget) {
        Verdict::Undecided => Outcome::Undecided,
        Verdict::Conflict(_) => Outcome::Unsatisfiable,
        Verdict::Model(model) => confirm(domains, formulas, model),
    }
}

/// Finds formulas that cannot hold together, by index, in ascending order.
///
/// Every one of them is needed: without it the rest was not shown to be
/// unsatisfiable (so minimality is only as strong as the budget allows). The
/// list is empty when a variable that occurs has an empty domain. `None` when
/// the formulas were not shown to be unsatisfiable.
pub fn unsatisfiable_core(domains: &[Domain], formulas: &[&Formula], budget: &mut Budget) -> Option<Vec<usize>> {
    let mut core = conflicting(domains, formulas, budget)?;
    let mut kept = 0;
    // Everything before `kept` is needed; try to do without the one after.
    while kept < core.len() {
        let mut smaller = core.clone();
        smaller.remove(kept);
        let chosen: Vec<&Formula> = smaller.iter().filter_map(|index| formulas.get(*index).copied()).collect();
        match conflicting(domains, &chosen, budget) {
            Some(conflict) => {
                let indices = conflict.iter().filter_map(|position| smaller.get(*position));
                // A formula shown to be needed is in every conflict, so the
                // first `kept` entries stay where they are.
                core = indices.copied().collect();
            }
            None => kept += 1,
        }
    }
    Some(core)
}

fn conflicting(domains: &[Domain], formulas: &[&Formula], budget: &mut Budget) -> Option<Vec<usize>> {
    match verdict(domains, formulas, budget) {
        Verdict::Conflict(conflict) => Some(conflict.formulas.into_iter().collect()),
        _ => None,
    }
}

fn verdict(domains: &[Domain], formulas: &[&Formula], budget: &mut Budget) -> Verdict {
    match Problem::compile(domains, formulas, budget) {
        Ok(problem) => search(&problem, budget),
        Err(_) => Verdict::Undecided,
    }
}

/// Reports a model only after checking it against the formulas as given.
fn confirm(domains: &[Domain], formulas: &[&Formula], model: Model) -> Outcome {
    let numbers = model.numbers.iter();
    let witness = Witness {
        numbers: numbers.map(|(variable, value)| (*variable, value.to_rational())).collect(),
        booleans: model.booleans,
    };
    let within = |variable: Variable, value| {
        let position = usize::try_from(variable.0).unwrap_or(usize::MAX);
        domains.get(position).is_none_or(|domain| domain.contains(value))
    };
    let in_domains = witness.numbers.iter().all(|(variable, value)| within(*variable, value));
    let holds = |formula: &&Formula| formula.evaluate(&witness) == Some(true);
    if in_domains && formulas.iter().all(holds) { Outcome::Satisfiable(witness) } else { Outcome::Undecided }
}
