//! One tenant with one project, as intent and as paths.

use std::collections::BTreeMap;

use kubenova_core::domain::bounds::Bounds;
use kubenova_core::domain::credential::Account;
use kubenova_core::domain::tenant::Owner;
use kubenova_core::ports::cluster::{ProjectSpec, TenantSpec};
use kubenova_core::value::{ClusterId, GrantId, Name, ProjectId, Subject, TenantId};

pub(crate) const NAMESPACE: &str = "/api/v1/namespaces/acme-web";
pub(crate) const TENANT: &str = "/apis/capsule.clastix.io/v1beta2/tenants/acme";
pub(crate) const OWNERS: &str = "/apis/capsule.clastix.io/v1beta2/tenantowners";
pub(crate) const BINDINGS: &str =
    "/apis/rbac.authorization.k8s.io/v1/namespaces/acme-web/rolebindings";

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

pub(crate) fn tenant() -> TenantSpec {
    TenantSpec {
        id: TenantId::nth(2),
        cluster: ClusterId::nth(1),
        name: name("acme"),
        owners: [Owner::from(&Subject::parse("alice").unwrap())].into(),
        labels: BTreeMap::new(),
        annotations: BTreeMap::new(),
        bounds: Bounds::default(),
        request: None,
    }
}

pub(crate) fn project() -> ProjectSpec {
    ProjectSpec {
        id: ProjectId::nth(3),
        tenant: TenantId::nth(2),
        cluster: ClusterId::nth(1),
        tenant_name: name("acme"),
        name: name("web"),
        namespace: name("acme-web"),
        labels: BTreeMap::new(),
        annotations: BTreeMap::new(),
        request: None,
    }
}

pub(crate) const fn account() -> Account {
    Account {
        grant: GrantId::nth(4),
        tenant: TenantId::nth(2),
    }
}
