//! [`KubeCluster`]: the cluster ports on a real Kubernetes with Capsule.

mod account;
pub(crate) mod call;
mod capsule;
mod drift_event;
mod identity;
mod observe;
mod platform;
mod probe;
mod project;
mod release;
pub mod rights;
mod tenant;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::BoxStream;
use kube::runtime::events::Recorder;

use kubenova_core::domain::credential::Account;
use kubenova_core::ports::cluster::{
    Capabilities, ClusterError, ClusterProbe, ClusterState, Inspection, IssuedToken,
    ObservedAccount, ObservedProject, ObservedTenant, Presence, ProjectSpec, Report, Signal, Step,
    TenantSpec,
};
use kubenova_core::value::ClusterId;

use crate::watch::{self, Echo};
use call::Calls;
use identity::Identity;
use rights::RightsCache;

/// A cluster behind one client. Clones share the client, its limits and its memory of own writes.
#[derive(Clone)]
pub struct KubeCluster {
    calls: Calls,
    echo: Arc<Echo>,
    events: Recorder,
    rights: Arc<RightsCache>,
    identity: Arc<Identity>,
}

impl std::fmt::Debug for KubeCluster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KubeCluster")
            .field("identity", &self.identity.wanted())
            .finish_non_exhaustive()
    }
}

impl KubeCluster {
    /// `identity` is the UID of `kube-system` that was registered; `deadline` bounds every call but watches.
    pub fn new(client: kube::Client, identity: &str, deadline: Duration) -> Self {
        let echo = Arc::new(Echo::default());
        let events = drift_event::recorder(client.clone());
        let calls = Calls::new(client, deadline, Arc::clone(&echo));
        Self {
            calls,
            echo,
            events,
            rights: Arc::default(),
            identity: Arc::new(Identity::new(identity)),
        }
    }

    pub(crate) const fn calls(&self) -> &Calls {
        &self.calls
    }

    /// For everything that writes, or believes that something is absent.
    async fn verified(&self) -> Result<&Calls, ClusterError> {
        self.identity.verify(&self.calls).await?;
        Ok(&self.calls)
    }
}

#[async_trait]
impl ClusterProbe for KubeCluster {
    async fn inspect(&self) -> Result<Inspection, ClusterError> {
        let seen = probe::inspect(&self.calls, &self.rights).await?;
        self.identity.found(&seen.identity);
        Ok(seen)
    }

    async fn capabilities(&self) -> Result<Capabilities, ClusterError> {
        probe::capabilities(&self.calls).await
    }

    async fn tenancy(&self, repair: bool) -> Result<Report, ClusterError> {
        capsule::report(self.verified().await?, repair).await
    }

    async fn observe_platform(&self, cluster: ClusterId) -> Result<Presence, ClusterError> {
        platform::observe(self.verified().await?, cluster).await
    }

    fn watch(&self, _cluster: ClusterId) -> BoxStream<'static, Signal> {
        watch::signals(&self.calls.client(), &self.echo)
    }
}

#[async_trait]
impl ClusterState for KubeCluster {
    async fn observe_tenant(&self, want: &TenantSpec) -> Result<ObservedTenant, ClusterError> {
        tenant::observe(self.verified().await?, want).await
    }

    async fn observe_project(&self, want: &ProjectSpec) -> Result<ObservedProject, ClusterError> {
        project::observe(self.verified().await?, want).await
    }

    async fn observe_account(&self, account: Account) -> Result<ObservedAccount, ClusterError> {
        account::observe(self.verified().await?, account).await
    }

    async fn apply(&self, step: &Step) -> Result<(), ClusterError> {
        let calls = self.verified().await?;
        match step {
            Step::ApplyPlatform(cluster) => platform::apply(calls, *cluster).await,
            Step::DeletePlatform(cluster) => platform::delete(calls, *cluster).await,
            Step::ReleaseAll(cluster) => release::all(calls, *cluster).await,
            Step::ApplyTenant(want) => tenant::apply(calls, want).await,
            Step::ApplyOwner(want, owner) => tenant::apply_owner(calls, want, owner).await,
            Step::DeleteOwner(id, name) => tenant::delete_owner(calls, *id, name).await,
            Step::DeleteTenant(id, name) => tenant::delete(calls, *id, name).await,
            Step::ApplyNamespace(want) => project::apply(calls, want).await,
            Step::CreateNamespace(want) => project::create(calls, want).await,
            Step::DeleteNamespace(id, name) => project::delete(calls, *id, name).await,
            Step::ApplyBinding(want, role, subjects) => {
                project::apply_binding(calls, want, *role, subjects).await
            }
            Step::DeleteBinding(id, namespace, role) => {
                project::delete_binding(calls, *id, namespace, *role).await
            }
            Step::ApplyAccount(account, cluster) => account::apply(calls, *account, *cluster).await,
            Step::DeleteAccount(account) => account::delete(calls, *account).await,
            Step::RecordDrift { namespace, what } => {
                drift_event::record(calls, &self.events, namespace.as_ref(), what).await
            }
        }
    }

    async fn issue(&self, account: Account, ttl: Duration) -> Result<IssuedToken, ClusterError> {
        account::issue(self.verified().await?, account, ttl).await
    }
}
