//! World policies: which trading strategies may be trusted with money, and why.
pub mod builtin;
pub mod check;
pub mod compile;
pub mod diag;
pub mod format;
pub mod ir;
pub mod source;
pub mod stdlib;
pub mod syntax;
pub mod value;
