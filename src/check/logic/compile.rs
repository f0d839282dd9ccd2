//! Flattens formulas into one graph of nodes over numbered columns.
//!
//! Negations are pushed to the leaves. A comparison of one variable becomes a
//! limit on that variable's column; one of several variables becomes a limit
//! on a column of its own, shared by every comparison of the same sum.

use std::collections::HashMap;

use super::domain::Domain;
use super::formula::{Atom, BooleanVariable, Formula, Relation};
use super::interval::{Interval, Side, round_inward};
use super::linear::Variable;
use super::number::Number;
use super::outcome::{Budget, Exhausted};

/// Deeper parts count as opaque, so that no input can exhaust the stack.
const DEPTH_LIMIT: usize = 400;

/// One node of the graph.
#[derive(Debug)]
pub(super) enum Node {
    Constant(bool),
    /// The column is at least (`Lower`) or at most (`Upper`) the value.
    Limit {
        column: usize,
        side: Side,
        value: Number,
        strict: bool,
    },
    Boolean {
        index: usize,
        value: bool,
    },
    And(Vec<usize>),
    Or(Vec<usize>),
}

/// What a column stands for.
#[derive(Debug)]
pub(super) enum Meaning {
    Variable(Variable),
    /// A sum of coefficient × variable column.
    Row(Vec<(usize, Number)>),
}

/// A quantity that has a range.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) meaning: Meaning,
    pub(super) integer: bool,
    pub(super) interval: Interval,
    /// Row columns whose sum includes this column.
    pub(super) rows: Vec<usize>,
    /// Disjunctions that mention this column.
    pub(super) disjunctions: Vec<usize>,
}

/// A free truth value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum BooleanMeaning {
    Variable(BooleanVariable),
    Opaque(u32),
    TooDeep(usize),
}

/// A truth value and the disjunctions that mention it.
#[derive(Debug)]
pub(super) struct BooleanColumn {
    pub(super) meaning: BooleanMeaning,
    pub(super) disjunctions: Vec<usize>,
}

/// The compiled conjunction of the given formulas.
#[derive(Debug, Default)]
pub(super) struct Problem {
    pub(super) nodes: Vec<Node>,
    /// The node of each formula, in the order given.
    pub(super) roots: Vec<usize>,
    pub(super) columns: Vec<Column>,
    /// The columns that are rows.
    pub(super) rows: Vec<usize>,
    pub(super) booleans: Vec<BooleanColumn>,
    /// Whether any part is opaque.
    pub(super) opaque: bool,
}

impl Problem {
    pub(super) fn compile(domains: &[Domain], formulas: &[&Formula], budget: &mut Budget) -> Result<Self, Exhausted> {
        let mut compiler = Compiler {
            domains,
            budget,
            problem: Self::default(),
            variables: HashMap::new(),
            rows: HashMap::new(),
            booleans: HashMap::new(),
            enclosing: Vec::new(),
        };
        for formula in formulas {
            let root = compiler.node(formula, true, 0)?;
            compiler.problem.roots.push(root);
        }
        Ok(compiler.problem)
    }
}

struct Compiler<'input> {
    domains: &'input [Domain],
    budget: &'input mut Budget,
    problem: Problem,
    variables: HashMap<Variable, usize>,
    rows: HashMap<Vec<(usize, Number)>, usize>,
    booleans: HashMap<BooleanMeaning, usize>,
    /// The disjunctions around the part being compiled.
    enclosing: Vec<usize>,
}

impl Compiler<'_> {
    fn push(&mut self, node: Node) -> usize {
        self.problem.nodes.push(node);
        self.problem.nodes.len() - 1
    }

    fn node(&mut self, formula: &Formula, positive: bool, depth: usize) -> Result<usize, Exhausted> {
        self.budget.spend(1)?;
        if depth >= DEPTH_LIMIT {
            let id = self.problem.nodes.len();
            return self.boolean(BooleanMeaning::TooDeep(id), true);
        }
        match (formula, positive) {
            (Formula::True, _) => Ok(self.push(Node::Constant(positive))),
            (Formula::False, _) => Ok(self.push(Node::Constant(!positive))),
            (Formula::Atom(atom), _) => self.atom(atom, positive),
            (Formula::Boolean(id), _) => self.boolean(BooleanMeaning::Variable(*id), positive),
            (Formula::Opaque(id), _) => self.boolean(BooleanMeaning::Opaque(*id), positive),
            (Formula::Not(inner), _) => self.node(inner, !positive, depth + 1),
            (Formula::And(parts), true) | (Formula::Or(parts), false) => {
                let children = self.nodes(parts, positive, depth)?;
                Ok(self.push(Node::And(children)))
            }
            (Formula::Or(parts), true) | (Formula::And(parts), false) => {
                self.disjunction(|compiler| compiler.nodes(parts, positive, depth))
            }
        }
    }

    fn nodes(&mut self, parts: &[Formula], positive: bool, depth: usize) -> Result<Vec<usize>, Exhausted> {
        let each = parts.iter();
        each.map(|part| self.node(part, positive, depth + 1)).collect()
    }

    fn disjunction(
        &mut self,
        children: impl FnOnce(&mut Self) -> Result<Vec<usize>, Exhausted>,
    ) -> Result<usize, Exhausted> {
        // The place comes first: parts note which disjunctions watch them.
        let place = self.push(Node::Constant(false));
        self.enclosing.push(place);
        let children = children(self)?;
        self.enclosing.pop();
        if let Some(node) = self.problem.nodes.get_mut(place) {
            *node = Node::Or(children);
        }
        Ok(place)
    }

    fn boolean(&mut self, meaning: BooleanMeaning, value: bool) -> Result<usize, Exhausted> {
        self.budget.spend(1 + self.enclosing.len() as u64)?;
        self.problem.opaque |= !matches!(meaning, BooleanMeaning::Variable(_));
        let booleans = &mut self.problem.booleans;
        let index = *self.booleans.entry(meaning).or_insert_with(|| {
            booleans.push(BooleanColumn { meaning, disjunctions: Vec::new() });
            booleans.len() - 1
        });
        if let Some(boolean) = booleans.get_mut(index) {
            boolean.disjunctions.extend(&self.enclosing);
        }
        Ok(self.push(Node::Boolean { index, value }))
    }

    fn atom(&mut self, atom: &Atom, positive: bool) -> Result<usize, Exhausted> {
        let terms = atom.linear.terms();
        self.budget.spend(1 + terms.len() as u64)?;
        let constant = Number::from_rational(atom.linear.constant());
        let Some((_, leading)) = terms.first() else {
            let holds = match atom.relation {
                Relation::LessEqual => !constant.is_positive(),
                Relation::Less => !constant.is_positive() && !constant.is_zero(),
                Relation::Equal => constant.is_zero(),
            };
            return Ok(self.push(Node::Constant(holds == positive)));
        };
        // Dividing by the leading coefficient makes equal sums share a column.
        let leading = Number::from_rational(leading);
        let value = -&constant.divide(&leading).unwrap_or(Number::ZERO);
        let upper = Side::Upper.times(leading.is_positive());
        let column = self.column(atom, &leading)?;
        match (atom.relation, positive) {
            (Relation::LessEqual, true) => self.limit(column, upper, value, false),
            (Relation::LessEqual, false) => self.limit(column, upper.opposite(), value, true),
            (Relation::Less, true) => self.limit(column, upper, value, true),
            (Relation::Less, false) => self.limit(column, upper.opposite(), value, false),
            (Relation::Equal, true) => {
                let lower = self.limit(column, Side::Lower, value.clone(), false)?;
                let upper = self.limit(column, Side::Upper, value, false)?;
                Ok(self.push(Node::And(vec![lower, upper])))
            }
            (Relation::Equal, false) => self.disjunction(|compiler| {
                let below = compiler.limit(column, Side::Upper, value.clone(), true)?;
                let above = compiler.limit(column, Side::Lower, value, true)?;
                Ok(vec![below, above])
            }),
        }
    }

    fn limit(&mut self, column: usize, side: Side, mut value: Number, mut strict: bool) -> Result<usize, Exhausted> {
        self.budget.spend(self.enclosing.len() as u64)?;
        if let Some(found) = self.problem.columns.get_mut(column) {
            found.disjunctions.extend(&self.enclosing);
            if found.integer {
                (value, strict) = (round_inward(side, &value, strict), false);
            }
        }
        Ok(self.push(Node::Limit { column, side, value, strict }))
    }

    /// The column holding the atom's sum divided by its leading coefficient.
    fn column(&mut self, atom: &Atom, leading: &Number) -> Result<usize, Exhausted> {
        let terms = match atom.linear.terms() {
            [(variable, _)] => return Ok(self.variable(*variable)),
            terms => terms,
        };
        let mut scaled = Vec::with_capacity(terms.len());
        for (variable, coefficient) in terms {
            let coefficient = Number::from_rational(coefficient);
            self.budget.spend(coefficient.cost())?;
            let coefficient = coefficient.divide(leading).unwrap_or(Number::ZERO);
            scaled.push((self.variable(*variable), coefficient));
        }
        if let Some(column) = self.rows.get(&scaled) {
            return Ok(*column);
        }
        let row = self.problem.columns.len();
        for (column, _) in &scaled {
            if let Some(column) = self.problem.columns.get_mut(*column) {
                column.rows.push(row);
            }
        }
        self.rows.insert(scaled.clone(), row);
        self.problem.rows.push(row);
        self.problem.columns.push(Column {
            meaning: Meaning::Row(scaled),
            integer: false,
            interval: Interval::default(),
            rows: Vec::new(),
            disjunctions: Vec::new(),
        });
        Ok(row)
    }

    fn variable(&mut self, variable: Variable) -> usize {
        let columns = &mut self.problem.columns;
        *self.variables.entry(variable).or_insert_with(|| {
            let position = usize::try_from(variable.0).unwrap_or(usize::MAX);
            let domain = self.domains.get(position);
            columns.push(Column {
                meaning: Meaning::Variable(variable),
                integer: domain.is_some_and(|domain| domain.integer),
                interval: domain.map(Domain::interval).unwrap_or_default(),
                rows: Vec::new(),
                disjunctions: Vec::new(),
            });
            columns.len() - 1
        })
    }
}
