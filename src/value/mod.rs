//! Values: units, intervals, and bits of rows.

mod column;
mod interval;
mod unit;

pub use column::{Bitmask, Bits, Ones};
pub use interval::Interval;
pub use unit::{Kind, Unit};
