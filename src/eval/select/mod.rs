//! Selection steps: admission in rank order, hysteresis, and the steps of threshold documents.

mod admission;
mod levels;
mod streaks;

pub(super) use admission::{Admission, Block, Book, Member};
pub(super) use levels::{Levels, threshold_selection};
pub(super) use streaks::{Entry, Hysteresis, Outcome};
