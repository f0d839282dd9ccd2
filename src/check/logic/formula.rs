//! Formulas: boolean combinations of linear comparisons.
//!
//! Functions here recurse on the nesting of the formula, as dropping one does.

use num_traits::Zero;
use std::cmp::Ordering;

use super::linear::{Linear, Rational};
use super::outcome::Witness;

/// How a linear expression compares to zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Relation {
    /// At most zero.
    LessEqual,
    /// Below zero.
    Less,
    /// Exactly zero.
    Equal,
}

impl Relation {
    fn holds(self, value: &Rational) -> bool {
        match (self, value.cmp(&Rational::zero())) {
            (Self::LessEqual, order) => order != Ordering::Greater,
            (Self::Less, order) => order == Ordering::Less,
            (Self::Equal, order) => order == Ordering::Equal,
        }
    }
}

/// The constraint `linear ⋈ 0`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Atom {
    /// The expression compared to zero.
    pub linear: Linear,
    /// The comparison.
    pub relation: Relation,
}

impl Atom {
    /// The constraint that holds exactly where this one does not.
    pub fn negate(&self) -> Formula {
        match self.relation {
            Relation::LessEqual => Formula::atom(self.linear.negate(), Relation::Less),
            Relation::Less => Formula::atom(self.linear.negate(), Relation::LessEqual),
            Relation::Equal => Formula::or(vec![
                Formula::atom(self.linear.clone(), Relation::Less),
                Formula::atom(self.linear.negate(), Relation::Less),
            ]),
        }
    }

    fn evaluate(&self, witness: &Witness) -> Option<bool> {
        let mut sum = self.linear.constant().clone();
        for (variable, coefficient) in self.linear.terms() {
            sum += coefficient * witness.number(*variable)?;
        }
        Some(self.relation.holds(&sum))
    }
}

/// Index of a free boolean variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BooleanVariable(pub u32);

/// A boolean combination of constraints.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Formula {
    /// Always holds.
    True,
    /// Never holds.
    False,
    /// A linear constraint.
    Atom(Atom),
    /// A free boolean variable.
    Boolean(BooleanVariable),
    /// A part nothing is known about; equal ids have the same truth value.
    ///
    /// A query with an opaque part is never reported satisfiable, because the
    /// part may be unable to take the truth value an assignment needs.
    Opaque(u32),
    /// Holds where the inner formula does not.
    Not(Box<Formula>),
    /// Holds where every part holds.
    And(Vec<Formula>),
    /// Holds where some part holds.
    Or(Vec<Formula>),
}

impl Formula {
    /// `linear ⋈ 0`, decided at once when no variable occurs.
    pub fn atom(linear: Linear, relation: Relation) -> Self {
        match linear.as_constant() {
            Some(value) => Self::truth(relation.holds(value)),
            None => Self::Atom(Atom { linear, relation }),
        }
    }

    /// `left ≤ right`.
    pub fn less_equal(left: &Linear, right: &Linear) -> Self {
        Self::atom(left.subtract(right), Relation::LessEqual)
    }

    /// `left < right`.
    pub fn less(left: &Linear, right: &Linear) -> Self {
        Self::atom(left.subtract(right), Relation::Less)
    }

    /// `left = right`.
    pub fn equal(left: &Linear, right: &Linear) -> Self {
        Self::atom(left.subtract(right), Relation::Equal)
    }

    /// The constant formula with this truth value.
    pub fn truth(value: bool) -> Self {
        if value { Self::True } else { Self::False }
    }

    /// Negation; constants, double negations and inequalities are resolved.
    #[allow(clippy::should_implement_trait, reason = "formulas read better as `Formula::not(x)` than as `!x`")]
    pub fn not(inner: Self) -> Self {
        match inner {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::Not(inner) => *inner,
            Self::Atom(atom) if atom.relation != Relation::Equal => atom.negate(),
            other => Self::Not(Box::new(other)),
        }
    }

    /// Conjunction; constants are absorbed and nested conjunctions flattened.
    pub fn and(parts: Vec<Self>) -> Self {
        let mut kept = Vec::with_capacity(parts.len());
        for part in parts {
            match part {
                Self::True => {}
                Self::False => return Self::False,
                Self::And(inner) => kept.extend(inner),
                other => kept.push(other),
            }
        }
        match kept.pop() {
            None => Self::True,
            Some(only) if kept.is_empty() => only,
            Some(last) => {
                kept.push(last);
                Self::And(kept)
            }
        }
    }

    /// Disjunction; constants are absorbed and nested disjunctions flattened.
    pub fn or(parts: Vec<Self>) -> Self {
        let mut kept = Vec::with_capacity(parts.len());
        for part in parts {
            match part {
                Self::False => {}
                Self::True => return Self::True,
                Self::Or(inner) => kept.extend(inner),
                other => kept.push(other),
            }
        }
        match kept.pop() {
            None => Self::False,
            Some(only) if kept.is_empty() => only,
            Some(last) => {
                kept.push(last);
                Self::Or(kept)
            }
        }
    }

    /// The equivalent formula with negation only on booleans and opaque parts.
    pub fn to_negation_normal_form(&self) -> Self {
        self.normal_form(true)
    }

    /// The negation of this formula, in negation normal form.
    pub fn negated(&self) -> Self {
        self.normal_form(false)
    }

    fn normal_form(&self, positive: bool) -> Self {
        let each = |parts: &[Self]| parts.iter().map(|part| part.normal_form(positive)).collect();
        match (self, positive) {
            (Self::Not(inner), _) => inner.normal_form(!positive),
            (Self::And(parts), true) | (Self::Or(parts), false) => Self::and(each(parts)),
            (Self::Or(parts), true) | (Self::And(parts), false) => Self::or(each(parts)),
            (Self::Atom(atom), false) => atom.negate(),
            (Self::Atom(atom), true) => Self::atom(atom.linear.clone(), atom.relation),
            (leaf, true) => leaf.clone(),
            (leaf, false) => Self::not(leaf.clone()),
        }
    }

    /// The truth value under an assignment, as far as it determines one.
    pub fn evaluate(&self, witness: &Witness) -> Option<bool> {
        match self {
            Self::True => Some(true),
            Self::False => Some(false),
            Self::Atom(atom) => atom.evaluate(witness),
            Self::Boolean(variable) => witness.boolean(*variable),
            Self::Opaque(_) => None,
            Self::Not(inner) => inner.evaluate(witness).map(|value| !value),
            Self::And(parts) => decisive(parts, false, witness),
            Self::Or(parts) => decisive(parts, true, witness),
        }
    }
}

/// `decisive` if any part has that value, its opposite if all have that one.
fn decisive(parts: &[Formula], decisive: bool, witness: &Witness) -> Option<bool> {
    let mut result = Some(!decisive);
    for part in parts {
        match part.evaluate(witness) {
            Some(value) if value == decisive => return Some(decisive),
            Some(_) => {}
            None => result = None,
        }
    }
    result
}
