//! All tests that look at the project from outside, in one program: one link, one list of names.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test may fail loudly, and it may read clocks and files"
)]

mod cli;
mod corpus;
mod hashes;
mod hostile;
mod misspelt;
mod properties;
mod support;
mod tidy;
