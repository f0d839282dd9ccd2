//! The catalogues are whole.
