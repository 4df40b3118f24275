//! Tenants.

mod bounds;
mod create;
mod delete;
mod get;
mod kubeconfig;
mod list;
mod owners;

pub(crate) use bounds::*;
pub(crate) use create::*;
pub(crate) use delete::*;
pub(crate) use get::*;
pub(crate) use kubeconfig::*;
pub(crate) use list::*;
pub(crate) use owners::*;

use kubenova_core::{
    domain::tenant::{Tenant, TenantAt},
    value::Ref,
};

/// The tenant itself, whatever it was called in the path.
fn exactly(tenant: &Tenant) -> TenantAt {
    TenantAt {
        cluster: None,
        tenant: Ref::Id(tenant.id.uuid()),
    }
}
