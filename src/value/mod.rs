//! Values: units, intervals, and columns with their validity.

mod column;
mod interval;
mod unit;

pub use column::{Bitmask, Column};
pub use interval::Interval;
pub use unit::{Kind, Unit};
