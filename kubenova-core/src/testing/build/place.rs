//! Builders of clusters, tenants and projects.

use std::collections::{BTreeMap, BTreeSet};

use super::{name, subject};
use crate::domain::bounds::{Bound, Bounds};
use crate::domain::cluster::{Cluster, Departure, Part, Proxy, ProxyKind};
use crate::domain::project::Project;
use crate::domain::tenant::Tenant;
use crate::testing::clock::at;
use crate::value::{
    Annotations, ClusterId, Generation, Labels, Phase, ProjectId, Status, TenantId,
};

/// Builds a [`Cluster`].
#[derive(Debug, Clone)]
pub struct ClusterBuilder(Cluster);

/// Builds a [`Tenant`].
#[derive(Debug, Clone)]
pub struct TenantBuilder(Tenant);

/// Builds a [`Project`].
#[derive(Debug, Clone)]
pub struct ProjectBuilder(Project);

/// The cluster `prod`, number 1, as it is just after its registration.
pub fn a_cluster() -> ClusterBuilder {
    ClusterBuilder(Cluster {
        id: ClusterId::nth(1),
        name: name("prod"),
        display_name: String::new(),
        labels: Labels::default(),
        created_at: at(0),
        generation: Generation::FIRST,
        identity: "identity-1".to_owned(),
        kubernetes_version: "v1.33.0".to_owned(),
        proxy: None,
        parts: BTreeSet::new(),
        deleting: None,
        status: Status::pending(),
    })
}

/// The tenant `acme`, number 1, on cluster number 1, owned by `alice`.
pub fn a_tenant() -> TenantBuilder {
    TenantBuilder(Tenant {
        id: TenantId::nth(1),
        cluster: ClusterId::nth(1),
        name: name("acme"),
        owners: BTreeSet::from([subject("alice")]),
        labels: Labels::default(),
        annotations: Annotations::default(),
        bounds: Bounds::default(),
        created_at: at(0),
        generation: Generation::FIRST,
        deleting: None,
        status: Status::pending(),
    })
}

/// The project `web`, number 1, of tenant number 1 (`acme`) on cluster number 1.
pub fn a_project() -> ProjectBuilder {
    ProjectBuilder(Project {
        id: ProjectId::nth(1),
        tenant: TenantId::nth(1),
        tenant_name: name("acme"),
        cluster: ClusterId::nth(1),
        name: name("web"),
        namespace: name("acme-web"),
        labels: Labels::default(),
        annotations: Annotations::default(),
        created_at: at(0),
        generation: Generation::FIRST,
        deleting: None,
        status: Status::pending(),
    })
}

fn with(labels: &Labels, key: &str, value: &str) -> BTreeMap<String, String> {
    let mut map = labels.as_map().clone();
    map.insert(key.to_owned(), value.to_owned());
    map
}

impl ClusterBuilder {
    /// Id, name and identity by number: `cluster-<n>`.
    #[must_use]
    pub fn nth(mut self, n: u128) -> Self {
        self.0.id = ClusterId::nth(n);
        self.0.identity = format!("identity-{n}");
        self.named(&format!("cluster-{n}"))
    }

    /// The name.
    #[must_use]
    pub fn named(mut self, text: &str) -> Self {
        self.0.name = name(text);
        self
    }

    /// The `kube-system` UID.
    #[must_use]
    pub fn identity(mut self, text: &str) -> Self {
        text.clone_into(&mut self.0.identity);
        self
    }

    /// One more label.
    #[must_use]
    pub fn label(mut self, key: &str, value: &str) -> Self {
        self.0.labels = Labels::trusted(with(&self.0.labels, key, value));
        self
    }

    /// A capsule-proxy with a CA.
    #[must_use]
    pub fn proxied(mut self, url: &str) -> Self {
        self.0.proxy = Some(Proxy {
            kind: ProxyKind::CapsuleProxy,
            url: url.to_owned(),
            ca_pem: Some("-----BEGIN CERTIFICATE-----".to_owned()),
        });
        self
    }

    /// One more part that was asked for.
    #[must_use]
    pub fn part(mut self, part: Part) -> Self {
        self.0.parts.insert(part);
        self
    }

    /// On its way out.
    #[must_use]
    pub fn deleting(mut self, seconds: i64, orphan: bool) -> Self {
        self.0.deleting = Some(Departure {
            at: at(seconds),
            orphan,
        });
        self
    }

    /// As reconcilers left it.
    #[must_use]
    pub fn status(mut self, status: Status) -> Self {
        self.0.status = status;
        self
    }

    /// The cluster.
    pub fn build(self) -> Cluster {
        self.0
    }
}

impl TenantBuilder {
    /// One part of what bounds it.
    #[must_use]
    pub fn bound(mut self, part: Bound) -> Self {
        self.0.bounds = self.0.bounds.with(part);
        self
    }

    /// Id and name by number: `tenant-<n>`.
    #[must_use]
    pub fn nth(mut self, n: u128) -> Self {
        self.0.id = TenantId::nth(n);
        self.named(&format!("tenant-{n}"))
    }

    /// The name.
    #[must_use]
    pub fn named(mut self, text: &str) -> Self {
        self.0.name = name(text);
        self
    }

    /// Where it lives.
    #[must_use]
    pub const fn on(mut self, cluster: ClusterId) -> Self {
        self.0.cluster = cluster;
        self
    }

    /// All its owners.
    #[must_use]
    pub fn owners<const N: usize>(mut self, who: [&str; N]) -> Self {
        self.0.owners = who.into_iter().map(subject).collect();
        self
    }

    /// One more label.
    #[must_use]
    pub fn label(mut self, key: &str, value: &str) -> Self {
        self.0.labels = Labels::trusted(with(&self.0.labels, key, value));
        self
    }

    /// All its annotations.
    #[must_use]
    pub fn annotations<const N: usize>(mut self, pairs: [(&str, &str); N]) -> Self {
        self.0.annotations = super::annotations(pairs);
        self
    }

    /// On its way out.
    #[must_use]
    pub fn deleting(mut self, seconds: i64) -> Self {
        self.0.deleting = Some(at(seconds));
        self
    }

    /// The version of its intent.
    #[must_use]
    pub const fn generation(mut self, n: u64) -> Self {
        self.0.generation = Generation::new(n);
        self
    }

    /// As reconcilers left it: deployed, as asked in this generation.
    #[must_use]
    pub fn deployed(mut self, observed: u64) -> Self {
        self.0.status = super::a_status(observed, Phase::Deployed);
        self
    }

    /// The tenant.
    pub fn build(self) -> Tenant {
        self.0
    }
}

impl ProjectBuilder {
    /// Id and name by number: `project-<n>`, with its namespace.
    #[must_use]
    pub fn nth(mut self, n: u128) -> Self {
        self.0.id = ProjectId::nth(n);
        self.named(&format!("project-{n}"))
    }

    /// The name; the namespace follows.
    #[must_use]
    pub fn named(mut self, text: &str) -> Self {
        self.0.name = name(text);
        self.0.namespace = name(&format!("{}-{text}", self.0.tenant_name));
        self
    }

    /// Whose it is; cluster and namespace follow.
    #[must_use]
    pub fn of(mut self, tenant: &Tenant) -> Self {
        self.0.tenant = tenant.id;
        self.0.tenant_name = tenant.name.clone();
        self.0.cluster = tenant.cluster;
        self.0.namespace = name(&format!("{}-{}", tenant.name, self.0.name));
        self
    }

    /// One more label.
    #[must_use]
    pub fn label(mut self, key: &str, value: &str) -> Self {
        self.0.labels = Labels::trusted(with(&self.0.labels, key, value));
        self
    }

    /// All its annotations.
    #[must_use]
    pub fn annotations<const N: usize>(mut self, pairs: [(&str, &str); N]) -> Self {
        self.0.annotations = super::annotations(pairs);
        self
    }

    /// On its way out.
    #[must_use]
    pub fn deleting(mut self, seconds: i64) -> Self {
        self.0.deleting = Some(at(seconds));
        self
    }

    /// The version of its intent.
    #[must_use]
    pub const fn generation(mut self, n: u64) -> Self {
        self.0.generation = Generation::new(n);
        self
    }

    /// As reconcilers left it: deployed, as asked in this generation.
    #[must_use]
    pub fn deployed(mut self, observed: u64) -> Self {
        self.0.status = super::a_status(observed, Phase::Deployed);
        self
    }

    /// The project.
    pub fn build(self) -> Project {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_follows_tenant_and_name() {
        let tenant = a_tenant().nth(2).named("beta").build();
        let project = a_project().of(&tenant).named("shop").build();
        assert_eq!(project.namespace, name("beta-shop"));
    }
}
