//! A slow, obviously correct decision procedure to compare the solver with.
//!
//! Expands to disjunctive normal form, then eliminates one variable after the
//! other by Fourier–Motzkin. Reals only.

use num_traits::{Signed, Zero};

use super::{Atom, BooleanVariable, Formula, Linear, Rational, Relation, Variable};

#[derive(Clone, Default)]
struct Conjunction {
    atoms: Vec<Atom>,
    booleans: Vec<(BooleanVariable, bool)>,
}

/// Whether the formula holds for some reals and booleans.
pub(super) fn is_satisfiable(formula: &Formula) -> bool {
    expand(&formula.to_negation_normal_form()).into_iter().any(|part| part.is_satisfiable())
}

fn expand(formula: &Formula) -> Vec<Conjunction> {
    let boolean = |variable, value| vec![Conjunction { booleans: vec![(variable, value)], ..Conjunction::default() }];
    match formula {
        Formula::True => vec![Conjunction::default()],
        Formula::False => Vec::new(),
        Formula::Atom(atom) => vec![Conjunction { atoms: vec![atom.clone()], ..Conjunction::default() }],
        Formula::Boolean(variable) => boolean(*variable, true),
        Formula::Not(inner) => match **inner {
            Formula::Boolean(variable) => boolean(variable, false),
            _ => unreachable!("negation normal form"),
        },
        Formula::Opaque(_) => unreachable!("no opaque parts here"),
        Formula::Or(parts) => parts.iter().flat_map(expand).collect(),
        Formula::And(parts) => parts.iter().fold(vec![Conjunction::default()], |left, part| {
            let right = expand(part);
            let pairs = left.iter().flat_map(|one| right.iter().map(move |two| one.join(two)));
            pairs.collect()
        }),
    }
}

impl Conjunction {
    fn join(&self, other: &Self) -> Self {
        let mut joined = self.clone();
        joined.atoms.extend(other.atoms.iter().cloned());
        joined.booleans.extend(&other.booleans);
        joined
    }

    fn is_satisfiable(&self) -> bool {
        let clash = self.booleans.iter().any(|(variable, value)| self.booleans.contains(&(*variable, !value)));
        let mut rows: Vec<(Linear, bool)> = Vec::new();
        for atom in &self.atoms {
            rows.push((atom.linear.clone(), atom.relation == Relation::Less));
            if atom.relation == Relation::Equal {
                rows.push((atom.linear.negate(), false));
            }
        }
        while let Some((variable, _)) = rows.iter().find_map(|row| row.0.terms().first().cloned()) {
            rows = eliminate(&rows, variable);
        }
        !clash
            && rows.iter().all(|(linear, strict)| match strict {
                true => linear.constant().is_negative(),
                false => !linear.constant().is_positive(),
            })
    }
}

fn coefficient(linear: &Linear, variable: Variable) -> Rational {
    let found = linear.terms().iter().find(|term| term.0 == variable);
    found.map_or_else(Rational::zero, |term| term.1.clone())
}

fn eliminate(rows: &[(Linear, bool)], variable: Variable) -> Vec<(Linear, bool)> {
    let sign = |row: &(Linear, bool)| coefficient(&row.0, variable).signum();
    let mut kept: Vec<_> = rows.iter().filter(|row| sign(row).is_zero()).cloned().collect();
    for upper in rows.iter().filter(|row| sign(row).is_positive()) {
        for lower in rows.iter().filter(|row| sign(row).is_negative()) {
            let scaled = upper.0.scale(&-coefficient(&lower.0, variable));
            let other = lower.0.scale(&coefficient(&upper.0, variable));
            let row = (scaled.add(&other), upper.1 || lower.1);
            if !kept.contains(&row) {
                kept.push(row);
            }
        }
    }
    kept
}
