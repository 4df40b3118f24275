//! Contents of the examples.
