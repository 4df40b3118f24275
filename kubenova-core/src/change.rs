//! A write is a value: rows, preconditions, work and audit as one [`ChangeSet`], committed whole or not at all.

pub mod set;
pub mod work;
pub mod write;

pub use set::ChangeSet;
pub use work::{Lease, Receipt, Work, WorkRequest};
pub use write::{Require, Revoke, Write};
