//! The only ways into a handler: each turns part of a request into something that can be relied on.

mod body;
mod caller;
mod page;
mod path;
mod query;
mod write_options;

pub use body::{Body, OptionalBody};
pub use caller::Caller;
pub use page::ListQuery;
pub use path::{ClusterPath, IdPath, PartPath, ProjectPath, TenantPath};
pub use query::{Limit, Query};
pub use write_options::WriteOptions;
