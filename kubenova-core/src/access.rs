//! Who may do what: one pure decision, `decide(actor, action, target)`, behind every use case.

pub mod action;
pub mod actor;
pub mod guard;
pub mod policy;
pub mod role;

pub use action::Action;
pub use actor::{Actor, RequestId, Scope};
pub use policy::{Decision, Target, decide};
pub use role::{ProjectRole, Role, Roles};
