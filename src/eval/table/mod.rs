//! Tables in long form: a row for each strategy and instant, held in columns, one instant at a time.

mod cells;
mod columns;
mod error;
mod grouping;

pub use cells::Cell;
pub(in crate::eval) use cells::Cells;
pub use columns::Table;
pub(in crate::eval) use columns::TableColumn;
pub use error::TableError;
pub use grouping::{BatchColumn, Grouping};
