//! Who may do what, and what must never happen.

mod attacks;
mod audit;
mod bodies;
mod canary;
mod core_file;
mod hidden;
mod matrix;
mod subjects;
