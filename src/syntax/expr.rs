//! The syntax tree of expressions.
//!
//! Chains of one precedence level are flat lists, so the depth of a tree is bounded by the nesting
//! its author wrote, not by its length.

use crate::source::Span;

/// An expression and its place in the file.
#[derive(Debug, Clone, PartialEq)]
pub struct Expr {
    /// The place.
    pub span: Span,
    /// What it is.
    pub kind: ExprKind,
}

/// The kinds of expressions.
#[derive(Debug, Clone, PartialEq)]
pub enum ExprKind {
    /// `0.6`, `25%`, `5bp`, `3h`: the value in base units (fraction, seconds) and the text as written.
    Number {
        /// In base units.
        value: f64,
        /// What the suffix says.
        unit: LiteralUnit,
        /// As written.
        text: Box<str>,
    },
    /// `true`, `false`.
    Boolean(bool),
    /// `"tech"`.
    Text(Box<str>),
    /// `a.b["c d"]`.
    Path(Vec<Box<str>>),
    /// `$name`, in layer templates.
    Parameter(Box<str>),
    /// `name(arguments)`.
    Call {
        /// The function.
        name: Box<str>,
        /// Where its name stands.
        name_span: Span,
        /// In order.
        arguments: Vec<Expr>,
    },
    /// `not x`.
    Not(Box<Expr>),
    /// `-x`.
    Negate(Box<Expr>),
    /// `a and b and …`.
    And(Vec<Expr>),
    /// `a or b or …`.
    Or(Vec<Expr>),
    /// `a + b - c` or `a * b / c`: one level, left to right.
    Arithmetic {
        /// The leftmost operand.
        first: Box<Expr>,
        /// Operators with their right operands.
        rest: Vec<(ArithmeticOperator, Expr)>,
    },
    /// `a ^ b`.
    Power(Box<Expr>, Box<Expr>),
    /// `a < b <= c`.
    Compare {
        /// The leftmost operand.
        first: Box<Expr>,
        /// Operators with their right operands.
        rest: Vec<(Comparison, Expr)>,
    },
    /// `x in [a, b)`.
    Within {
        /// What is tested.
        value: Box<Expr>,
        /// Lower end and whether it belongs.
        low: (Box<Expr>, bool),
        /// Upper end and whether it belongs.
        high: (Box<Expr>, bool),
    },
    /// `( … )`.
    Group(Box<Expr>),
}

/// What the suffix of a number says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LiteralUnit {
    /// No suffix: fits any unit but duration.
    Bare,
    /// `%` or `bp`.
    Ratio,
    /// `s m h d w`, in seconds.
    Duration,
}

/// `+ - * /`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ArithmeticOperator {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
}

impl ArithmeticOperator {
    /// As written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
        }
    }

    /// Whether it is `*` or `/`.
    #[must_use]
    pub fn is_multiplicative(self) -> bool {
        matches!(self, Self::Multiply | Self::Divide)
    }
}

/// `< <= > >= == !=`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
}

impl Comparison {
    /// As written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Less => "<",
            Self::LessEqual => "<=",
            Self::Greater => ">",
            Self::GreaterEqual => ">=",
            Self::Equal => "==",
            Self::NotEqual => "!=",
        }
    }

    /// The same comparison with its sides swapped.
    #[must_use]
    pub fn mirrored(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::LessEqual => Self::GreaterEqual,
            Self::Greater => Self::Less,
            Self::GreaterEqual => Self::LessEqual,
            Self::Equal | Self::NotEqual => self,
        }
    }

    /// Whether two numbers stand in this relation. -0 equals 0; nothing holds for a NaN but `!=`.
    #[must_use]
    pub fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Self::Less => left < right,
            Self::LessEqual => left <= right,
            Self::Greater => left > right,
            Self::GreaterEqual => left >= right,
            Self::Equal => left == right,
            Self::NotEqual => left != right,
        }
    }
}

impl Expr {
    /// Calls `visit` on it and on everything below, parents first.
    pub fn walk<'a>(&'a self, visit: &mut impl FnMut(&'a Self)) {
        visit(self);
        match &self.kind {
            ExprKind::Number { .. } | ExprKind::Boolean(_) | ExprKind::Text(_) => {}
            ExprKind::Path(_) | ExprKind::Parameter(_) => {}
            ExprKind::Call { arguments: items, .. } | ExprKind::And(items) | ExprKind::Or(items) => {
                items.iter().for_each(|item| item.walk(visit));
            }
            ExprKind::Not(inner) | ExprKind::Negate(inner) | ExprKind::Group(inner) => inner.walk(visit),
            ExprKind::Power(base, exponent) => {
                base.walk(visit);
                exponent.walk(visit);
            }
            ExprKind::Arithmetic { first, rest } => {
                first.walk(visit);
                rest.iter().for_each(|(_, right)| right.walk(visit));
            }
            ExprKind::Compare { first, rest } => {
                first.walk(visit);
                rest.iter().for_each(|(_, right)| right.walk(visit));
            }
            ExprKind::Within { value, low, high } => {
                value.walk(visit);
                low.0.walk(visit);
                high.0.walk(visit);
            }
        }
    }

    /// The expression without the parentheses around it.
    #[must_use]
    pub fn ungrouped(&self) -> &Self {
        match &self.kind {
            ExprKind::Group(inner) => inner.ungrouped(),
            _ => self,
        }
    }
}
