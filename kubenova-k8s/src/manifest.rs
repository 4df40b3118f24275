//! From the domain to objects: pure builders. Equal input, equal bytes; only fields that KubeNova owns.

pub mod account;
pub mod bounds;
pub mod digest;
pub mod labels;
pub mod namespace;
pub mod rbac;
pub mod tenant;
