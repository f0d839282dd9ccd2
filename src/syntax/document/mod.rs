//! The form of documents as data: which keys there are and what they take.
//!
//! One table serves the check for unknown keys and wrong kinds, the suggestions, the JSON Schema
//! and the key reference; no reader needs to report such defects again.

mod json_schema;
mod read;
mod shape;
mod tables;
mod walk;

pub use json_schema::json_schema;
pub use read::{boolean, duration, number, quantity, text, words};
pub use shape::{Field, Shape, Take};
pub use tables::{SectionShape, bound_shape, library_shape, policy_shape};
pub use walk::{Walk, check_document};
