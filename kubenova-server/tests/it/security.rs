//! Who may do what, and what must never happen.

mod attacks;
mod canary;
mod hidden;
mod matrix;
