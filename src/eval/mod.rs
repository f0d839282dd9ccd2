//! Judges a snapshot by a program: pure, deterministic, the same for one strategy and for many.

mod before;
mod currency;
mod decision;
mod engine;
mod evaluate;
mod explain;
mod frame;
mod judge;
mod notes;
mod profile;
mod results;
mod select;
mod selection;
mod snapshot;
mod state;
mod table;
mod time;
mod value;
mod what_if;

pub use decision::{Action, Check, Decision, Funnel, Rejection, RuleResult, Status, StrategyDecision};
pub use engine::{EvaluateError, Options, evaluate};
pub use evaluate::Truth;
pub use explain::{
    Amount, Blocker, Change, ChangeOutcome, CutFacts, DataFacts, ExplainError, Explanation, ExposureFacts,
    HysteresisFacts, Placed, Quantity, Reading, Room, RuleFacts, ScoreFacts, Term, explain,
};
pub use frame::{Data, Frame, Values};
pub use notes::{Note, Notes};
pub use snapshot::{Correlations, Leaf, Snapshot, SnapshotError, Strategy};
pub use state::{Previous, State, StrategyState, read_previous};
pub use table::{Cell, Grouping, TableError};
pub use time::{later, parse_instant, seconds_between};
pub use value::{ReadError, Value, read_json, read_yaml};
