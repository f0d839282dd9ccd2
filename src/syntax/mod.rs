//! From the YAML tree and the text of expressions to syntax trees, nothing resolved.

pub mod document;
mod expr;
mod name;
mod number;
mod parse;
mod print;
mod scan;

pub use expr::{ArithmeticOperator, Comparison, Expr, ExprKind, LiteralUnit};
pub use name::is_name;
pub use number::{parse_duration, parse_quantity};
pub use parse::{ExpressionError, Parsed, parse_expression};
pub use print::print_expression;
