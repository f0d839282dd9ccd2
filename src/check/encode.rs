//! Conditions as formulas for the solver.
//!
//! Linear terms over metrics go over exactly, in the decimals that the author wrote. Every other
//! numeric term becomes a variable of its own with the bounds that interval analysis gives it; every
//! condition that cannot be told becomes opaque. Both only weaken what is known, so a proof of
//! unsatisfiability still holds. It holds for missing values, too: a Kleene formula that is true
//! while some metrics are missing is true for any values in their place.

use std::collections::HashMap;

use super::Facts;
use super::logic::{
    BooleanVariable, Domain, Formula, Limit, Linear, Rational, Variable, Witness, rational_from_decimal,
};
use crate::ir::{Expr, ExprKind, MetricId, canonical_expression};
use crate::syntax::{ArithmeticOperator, Comparison};
use crate::value::{Interval, Kind};

/// Builds formulas over one set of variables.
pub struct Encoder<'f, 'a> {
    facts: &'f Facts<'a>,
    domains: Vec<Domain>,
    metrics: HashMap<MetricId, Variable>,
    terms: HashMap<String, Variable>,
    booleans: HashMap<MetricId, BooleanVariable>,
    texts: HashMap<String, i64>,
    opaque: HashMap<String, u32>,
}

impl<'f, 'a> Encoder<'f, 'a> {
    /// No variables yet.
    #[must_use]
    pub fn new(facts: &'f Facts<'a>) -> Self {
        Self {
            facts,
            domains: Vec::new(),
            metrics: HashMap::new(),
            terms: HashMap::new(),
            booleans: HashMap::new(),
            texts: HashMap::new(),
            opaque: HashMap::new(),
        }
    }

    /// The bounds of all variables so far.
    #[must_use]
    pub fn domains(&self) -> &[Domain] {
        &self.domains
    }

    /// The values that a witness gives to metrics, in the order of their ids.
    #[must_use]
    pub fn metric_values(&self, witness: &Witness) -> Vec<(MetricId, Rational)> {
        let mut values: Vec<_> =
            self.metrics.iter().filter_map(|(id, variable)| Some((*id, witness.number(*variable)?.clone()))).collect();
        crate::order::sort_by_key(&mut values, |(id, _)| *id);
        values
    }

    /// A condition as a formula.
    pub fn formula(&mut self, condition: &Expr) -> Formula {
        match &condition.node {
            ExprKind::Boolean(value) => Formula::truth(*value),
            ExprKind::Metric(id) => {
                let next = BooleanVariable(self.booleans.len() as u32);
                Formula::Boolean(*self.booleans.entry(*id).or_insert(next))
            }
            ExprKind::Not(inner) => Formula::not(self.formula(inner)),
            ExprKind::And(items) => Formula::and(items.iter().map(|item| self.formula(item)).collect()),
            ExprKind::Or(items) => Formula::or(items.iter().map(|item| self.formula(item)).collect()),
            ExprKind::Compare(first, rest) => self.comparison(first, rest),
            _ => self.opaque(condition),
        }
    }

    fn opaque(&mut self, condition: &Expr) -> Formula {
        let next = self.opaque.len() as u32;
        let key = canonical_expression(self.facts.program, condition);
        Formula::Opaque(*self.opaque.entry(key).or_insert(next))
    }

    fn comparison(&mut self, first: &Expr, rest: &[(Comparison, Expr)]) -> Formula {
        if first.kind == Kind::Boolean {
            return self.equality_of_conditions(first, rest);
        }
        let mut left = self.linear(first);
        let mut links = Vec::with_capacity(rest.len());
        for (operator, right) in rest {
            let right = self.linear(right);
            links.push(match operator {
                Comparison::Less => Formula::less(&left, &right),
                Comparison::LessEqual => Formula::less_equal(&left, &right),
                Comparison::Greater => Formula::less(&right, &left),
                Comparison::GreaterEqual => Formula::less_equal(&right, &left),
                Comparison::Equal => Formula::equal(&left, &right),
                Comparison::NotEqual => Formula::not(Formula::equal(&left, &right)),
            });
            left = right;
        }
        Formula::and(links)
    }

    fn equality_of_conditions(&mut self, first: &Expr, rest: &[(Comparison, Expr)]) -> Formula {
        let mut left = self.formula(first);
        let mut links = Vec::with_capacity(rest.len());
        for (operator, right) in rest {
            let right = self.formula(right);
            let both = Formula::and(vec![left.clone(), right.clone()]);
            let neither = Formula::and(vec![Formula::not(left), Formula::not(right.clone())]);
            let same = Formula::or(vec![both, neither]);
            links.push(if *operator == Comparison::Equal { same } else { Formula::not(same) });
            left = right;
        }
        Formula::and(links)
    }

    /// A number or a text as a linear term. Equal texts get the same number, others different ones.
    fn linear(&mut self, expression: &Expr) -> Linear {
        match &expression.node {
            ExprKind::Number(value) => match rational_from_decimal(*value) {
                Some(value) => Linear::from_constant(value),
                None => self.term(expression),
            },
            ExprKind::Text(text) => {
                let next = self.texts.len() as i64;
                let code = *self.texts.entry(text.to_string()).or_insert(next);
                Linear::from_constant(Rational::from_integer(code.into()))
            }
            ExprKind::Metric(id) => self.metric(*id),
            ExprKind::Negate(inner) => self.linear(inner).negate(),
            ExprKind::Arithmetic(first, rest) => self.arithmetic(expression, first, rest),
            _ => self.term(expression),
        }
    }

    fn arithmetic(&mut self, whole: &Expr, first: &Expr, rest: &[(ArithmeticOperator, Expr)]) -> Linear {
        let mut left = self.linear(first);
        for (operator, right) in rest {
            let right = self.linear(right);
            left = match operator {
                ArithmeticOperator::Add => left.add(&right),
                ArithmeticOperator::Subtract => left.subtract(&right),
                ArithmeticOperator::Multiply => match (left.as_constant(), right.as_constant()) {
                    (_, Some(factor)) => left.scale(factor),
                    (Some(factor), None) => right.scale(factor),
                    (None, None) => return self.term(whole),
                },
                ArithmeticOperator::Divide => match right.as_constant() {
                    Some(divisor) if *divisor != zero() => left.scale(&divisor.recip()),
                    _ => return self.term(whole),
                },
            };
        }
        left
    }

    fn metric(&mut self, id: MetricId) -> Linear {
        let metric = self.facts.program.metric(id);
        // Threshold documents do not hold values against their declared range.
        let ranged = metric.filter(|_| self.facts.program.dialect.is_native());
        let domain = ranged.map_or(Domain::default(), |metric| domain(metric.range));
        let next = Variable(self.domains.len() as u32);
        let variable = *self.metrics.entry(id).or_insert(next);
        if variable == next {
            self.domains.push(domain);
        }
        Linear::from_variable(variable)
    }

    fn term(&mut self, expression: &Expr) -> Linear {
        let key = canonical_expression(self.facts.program, expression);
        let next = Variable(self.domains.len() as u32);
        let variable = *self.terms.entry(key).or_insert(next);
        if variable == next {
            self.domains.push(domain(self.facts.interval(expression)));
        }
        Linear::from_variable(variable)
    }
}

fn zero() -> Rational {
    Rational::from_integer(0.into())
}

fn domain(interval: Interval) -> Domain {
    let limit = |end: f64| rational_from_decimal(end).map(|value| Limit { value, inclusive: true });
    Domain { lower: limit(interval.low), upper: limit(interval.high), integer: false }
}
