//! What somebody else does in the middle of a use case.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;

use kubenova_core::access::ProjectRole;
use kubenova_core::change::{ChangeSet, Revoke, Write};
use kubenova_core::domain::cluster::{Cluster, ProxyKind};
use kubenova_core::domain::service::Grants;
use kubenova_core::domain::service::grant::{GrantAt, IssueGrant};
use kubenova_core::error::{Conflict, Error};
use kubenova_core::ports::cluster::{ClusterError, Report};
use kubenova_core::ports::fleet::{Admitted, Backends, Candidate, Refusal};
use kubenova_core::ports::proxy::{KubeconfigParts, ProxyBackend};
use kubenova_core::ports::store::GrantFilter;
use kubenova_core::ports::{Fleet, Store};
use kubenova_core::value::{ClusterId, Page, Secret, TenantId};

use crate::world::{World, at_project};

/// A fleet in which everything of a tenant is revoked just before a kubeconfig is put together.
struct Revoking {
    inner: Arc<dyn Fleet>,
    store: Arc<dyn Store>,
    tenant: TenantId,
    now: Timestamp,
}

struct RevokingProxy {
    inner: Arc<dyn ProxyBackend>,
    store: Arc<dyn Store>,
    which: Revoke,
    now: Timestamp,
}

#[async_trait]
impl Fleet for Revoking {
    async fn admit(&self, candidate: Candidate) -> Result<Admitted, Refusal> {
        self.inner.admit(candidate).await
    }

    async fn backends(&self, cluster: &Cluster) -> Result<Backends, ClusterError> {
        let backends = self.inner.backends(cluster).await?;
        let proxy = RevokingProxy {
            inner: backends.proxy,
            store: Arc::clone(&self.store),
            which: Revoke::Tenant(self.tenant),
            now: self.now,
        };
        Ok(Backends {
            proxy: Arc::new(proxy),
            ..backends
        })
    }

    fn forget(&self, cluster: ClusterId) {
        self.inner.forget(cluster);
    }
}

#[async_trait]
impl ProxyBackend for RevokingProxy {
    fn kind(&self) -> ProxyKind {
        self.inner.kind()
    }

    async fn kubeconfig(&self, parts: KubeconfigParts) -> Result<Secret, ClusterError> {
        let revoke = Write::RevokeGrants(self.which.clone(), self.now);
        let done = self.store.commit(ChangeSet::new().write(revoke)).await;
        done.map_err(|_| ClusterError::Conflict)?;
        self.inner.kubeconfig(parts).await
    }

    async fn verify(&self) -> Result<Report, ClusterError> {
        self.inner.verify().await
    }
}

#[tokio::test(start_paused = true)]
async fn attack_29_a_kubeconfig_that_is_revoked_while_it_is_made_is_not_handed_out() {
    let world = World::new().await;
    let tenant = world.tenant("acme").await;
    let project = world.project(&tenant, "web").await;
    world.settled(&project).await;
    let before = world.sim.inventory();
    let mut ports = world.ports.clone();
    ports.fleet = Arc::new(Revoking {
        inner: Arc::clone(&ports.fleet),
        store: Arc::clone(&ports.store),
        tenant: tenant.id,
        now: ports.clock.now(),
    });
    let ask = IssueGrant {
        at: GrantAt::Project(at_project(&project)),
        role: ProjectRole::ReadOnly,
        ttl: 0,
    };
    let refused = Grants::new(ports).issue(&world.me, ask.clone()).await;
    assert!(
        matches!(refused, Err(Error::Conflict(Conflict::Contended))),
        "{refused:?}"
    );
    let all = world
        .ports
        .store
        .grants(GrantFilter::default(), Page::first(9));
    let all = all.await.unwrap().items;
    assert!(all.iter().all(|grant| !grant.issued), "{all:?}");
    let accounts = |one: &String| one.starts_with("account/");
    assert!(!world.sim.inventory().iter().any(accounts));
    let cut = || async { world.sim.inventory() == before };
    world.work_until("the binding is cut", cut).await;
    world.grants().issue(&world.me, ask).await.unwrap();
}
