//! Why columns do not fit.

/// Why a policy cannot be prepared for some columns.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PrepareError {
    /// There is no such profile.
    #[error("there is no profile `{0}`")]
    UnknownProfile(String),
    /// A metric that the policy reads has no column.
    #[error("no column is `{metric}`{}", .near.as_ref().map(|near| format!(": did you mean it by `{near}`?")).unwrap_or_default())]
    NoColumn {
        /// The metric.
        metric: String,
        /// The column that was probably meant.
        near: Option<String>,
    },
    /// Two columns have the same name, or stand for the same metric.
    #[error("the columns `{first}` and `{second}` both stand for `{metric}`: hand over one of them")]
    DoubleColumn {
        /// The metric.
        metric: String,
        /// A column.
        first: String,
        /// The other.
        second: String,
    },
    /// A rule compares texts.
    #[error("`{metric}` is a text: rules over texts need a snapshot and `Policy::evaluate`")]
    Text {
        /// The metric.
        metric: String,
    },
}

/// Why columns cannot be judged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ColumnsError {
    /// More or fewer columns than prepared for.
    #[error("prepared for {wanted} columns, not {found}")]
    Count {
        /// Prepared for.
        wanted: usize,
        /// Given.
        found: usize,
    },
    /// Columns or validity of other lengths.
    #[error("column {column} has {found} rows where the first has {wanted}")]
    Length {
        /// Its position from 0.
        column: usize,
        /// The rows of the first.
        wanted: usize,
        /// Its rows.
        found: usize,
    },
    /// Numbers where truth values are read, or the reverse.
    #[error("column {column} must hold {wanted}")]
    Kind {
        /// Its position from 0.
        column: usize,
        /// What it must hold.
        wanted: &'static str,
    },
    /// More rows than positions can tell.
    #[error("{0} rows are too many for one call: hand them over in parts")]
    TooMany(usize),
}
