//! Contents of the crate.
