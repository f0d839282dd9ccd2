//! Why a table cannot be judged.

/// Why a table cannot be judged. Rows count from 1, a header not counted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TableError {
    /// No column `strategy_id`.
    #[error("the table has no column `strategy_id`{}", .near.as_ref().map(|near| format!(": rename `{near}`, if that is it")).unwrap_or_default())]
    NoStrategyColumn {
        /// The column that was probably meant.
        near: Option<String>,
    },
    /// A column that is probably meant as another one.
    #[error(
        "the column `{column}` is probably meant as `{near}`: write it so, or rename it if it is a metric or an attribute"
    )]
    MisspeltColumn {
        /// The column.
        column: String,
        /// The column that was probably meant.
        near: &'static str,
    },
    /// Two columns of one name.
    #[error("the table has two columns `{0}`")]
    DoubleColumn(String),
    /// A row without id.
    #[error("row {row}: `strategy_id` is empty")]
    NoStrategy {
        /// The row.
        row: usize,
    },
    /// The same strategy twice at one instant.
    #[error("row {row}: `{id}` stands twice at one `as_of`")]
    DoubleStrategy {
        /// The row.
        row: usize,
        /// The strategy.
        id: String,
    },
    /// Rows not in the order of time.
    #[error("row {row}: `as_of` goes back or is empty in some rows; sort the table by `as_of`")]
    NotAscending {
        /// The row.
        row: usize,
    },
    /// A column of another kind.
    #[error("row {row}: `{column}` must be {wanted}, not `{found}`")]
    Kind {
        /// The row.
        row: usize,
        /// The column.
        column: String,
        /// What it takes.
        wanted: &'static str,
        /// What stands there.
        found: String,
    },
    /// Stages that differ at one instant.
    #[error("row {row}: the stages at one `as_of` differ")]
    Stages {
        /// The row.
        row: usize,
    },
}
