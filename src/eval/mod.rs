//! Judges a snapshot by a program: pure, deterministic, the same for one strategy and for many.

mod before;
mod code;
mod compute;
mod currency;
mod decision;
mod engine;
mod error;
mod explain;
mod fill;
mod frame;
mod given;
mod judge;
mod kernels;
mod metric_column;
mod notes;
mod plan;
mod prepared;
mod profile;
mod quick;
mod results;
mod select;
mod selection;
mod snapshot;
mod state;
mod strategies;
mod table;
mod texts;
mod time;
mod value;
mod what_if;
mod window;

pub use crate::ir::Metric;
pub use currency::lacks_history;
pub use decision::{Action, Check, Decision, Funnel, Rejection, RuleResult, Status, StrategyDecision};
pub use engine::{Detail, Options, Plans, evaluate};
pub use error::EvaluateError;
pub use explain::{
    Amount, Blocker, Change, ChangeOutcome, Compared, CutFacts, DataFacts, ExplainError, Explanation, ExposureFacts,
    HysteresisFacts, Placed, Quantity, Reading, Room, RuleFacts, ScoreFacts, Term, compared, explain,
};
pub(crate) use metric_column::metric_columns;
pub use metric_column::{MetricColumn, TruthBits};
pub use notes::{Note, Notes};
pub use prepared::{Batch, BatchOptions, Column, ColumnsError, PrepareError, PrepareOptions, Prepared, RowOutcome};
pub use quick::Quick;
pub use snapshot::{Correlations, Leaf, Snapshot, SnapshotError, Strategy};
pub use state::{Previous, State, StrategyState, read_previous};
pub use strategies::Strategies;
pub use table::{BatchColumn, Cell, Grouping, Table, TableError};
pub(crate) use time::deserialize_instant;
pub use time::{later, parse_instant, seconds_between};
pub use value::{ReadError, Value, read_json, read_json_items, read_yaml};
