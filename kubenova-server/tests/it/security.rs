//! Who may do what, and what must never happen.

mod attacks;
mod audit;
mod bodies;
mod canary;
mod hidden;
mod matrix;
mod subjects;
