//! Bodies of tenants.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use kubenova_core::{
    domain::{
        bounds::Bounds,
        service::CreateTenant,
        tenant::{self, parse_name, parse_owners},
    },
    error::FieldError,
    value::{Ref, Subject},
};

use super::bounds::{self, Amounts, NetworkPolicies};
use super::common::{Faults, ReadOnly, Status, annotations, labels, status};
use crate::http::Problem;

/// `POST /clusters/{c}/tenants`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct NewTenant {
    name: String,
    #[serde(default)]
    owners: Option<Vec<String>>,
    #[serde(default)]
    labels: Option<BTreeMap<String, String>>,
    #[serde(default)]
    annotations: Option<BTreeMap<String, String>>,
    #[serde(default)]
    quotas: Option<Amounts>,
    #[serde(default)]
    limits: Option<Amounts>,
    #[serde(default)]
    network_policies: Option<NetworkPolicies>,
    #[serde(default, rename = "uid")]
    #[schema(ignore)]
    _uid: ReadOnly,
    #[serde(default, rename = "createdAt")]
    #[schema(ignore)]
    _created_at: ReadOnly,
    #[serde(default, rename = "cluster")]
    #[schema(ignore)]
    _cluster: ReadOnly,
    #[serde(default, rename = "resourceVersion")]
    #[schema(ignore)]
    _resource_version: ReadOnly,
    #[serde(default, rename = "status")]
    #[schema(ignore)]
    _status: ReadOnly,
}

impl NewTenant {
    /// The command, on the cluster of the path.
    ///
    /// # Errors
    /// 422 with every unusable field.
    pub(crate) fn below(self, cluster: Ref) -> Result<CreateTenant, Problem> {
        let mut faults = Faults::default();
        let named = parse_name(&self.name);
        let name = faults.take(named.map_err(|why| FieldError::new("name", why.to_string())));
        let owners = faults.take_all(parse_owners(&self.owners.unwrap_or_default(), 0));
        let labels = faults.take(labels(self.labels.unwrap_or_default()));
        let annotations = faults.take(annotations(self.annotations.unwrap_or_default()));
        let quotas = bounds::quotas(self.quotas.unwrap_or_default(), "quotas");
        let limits = bounds::limits(self.limits.unwrap_or_default(), "limits");
        let network = self.network_policies.unwrap_or_default();
        let network = bounds::network(network, "networkPolicies");
        let bounds = Bounds {
            quotas: faults.take_all(quotas).unwrap_or_default(),
            limits: faults.take_all(limits).unwrap_or_default(),
            network: faults.take_all(network).unwrap_or_default(),
        };
        let whole = name.zip(owners).zip(labels).zip(annotations);
        let whole = whole.map(|(((name, owners), labels), annotations)| CreateTenant {
            cluster,
            name,
            owners,
            labels,
            annotations,
            bounds,
        });
        faults.whole(whole)
    }
}

/// `PUT …/owners`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Owners {
    /// At least one.
    pub(crate) owners: Vec<String>,
}

impl TryFrom<Owners> for std::collections::BTreeSet<Subject> {
    type Error = Problem;

    fn try_from(body: Owners) -> Result<Self, Problem> {
        parse_owners(&body.owners, 1).map_err(|bad| kubenova_core::Error::Invalid(bad).into())
    }
}

/// A tenant.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Tenant {
    /// Its id.
    pub(crate) uid: Uuid,
    /// Unique per cluster.
    pub(crate) name: String,
    /// Uid of the cluster it lives on.
    pub(crate) cluster: Uuid,
    /// Who runs it.
    pub(crate) owners: Vec<String>,
    /// The caller's labels, and `kubenova.cluster` with the uid of its primary cluster.
    pub(crate) labels: BTreeMap<String, String>,
    /// The caller's annotations.
    pub(crate) annotations: BTreeMap<String, String>,
    /// What it may use over all its namespaces together.
    pub(crate) quotas: Amounts,
    /// The most that one container of it may be given.
    pub(crate) limits: Amounts,
    /// What holds in each of its namespaces.
    pub(crate) network_policies: NetworkPolicies,
    /// When it was created.
    pub(crate) created_at: Timestamp,
    /// Moves with intent.
    pub(crate) resource_version: String,
    /// How far the cluster follows.
    pub(crate) status: Status,
}

/// The label that names a tenant's primary cluster.
const CLUSTER_LABEL: &str = "kubenova.cluster";

impl From<&tenant::Tenant> for Tenant {
    fn from(tenant: &tenant::Tenant) -> Self {
        let mut labels = tenant.labels.as_map().clone();
        labels.insert(CLUSTER_LABEL.to_owned(), tenant.cluster.to_string());
        Self {
            uid: tenant.id.uuid(),
            name: tenant.name.as_str().to_owned(),
            cluster: tenant.cluster.uuid(),
            owners: tenant
                .owners
                .iter()
                .map(|owner| owner.as_str().to_owned())
                .collect(),
            labels,
            annotations: tenant.annotations.as_map().clone(),
            quotas: bounds::amounts(tenant.bounds.quotas.as_map()),
            limits: bounds::amounts(tenant.bounds.limits.as_map()),
            network_policies: bounds::policies(&tenant.bounds),
            created_at: tenant.created_at,
            resource_version: tenant.generation.to_string(),
            status: status(&tenant.status, tenant.deleting.is_some()),
        }
    }
}
