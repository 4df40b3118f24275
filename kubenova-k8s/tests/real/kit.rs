//! The test cluster, clients of it, and names that no other test uses.

use std::collections::BTreeMap;
use std::future::Future;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use futures::StreamExt;
use futures::stream::BoxStream;
use tokio::sync::{RwLock, RwLockReadGuard};

use kubenova_core::domain::bounds::Bounds;
use kubenova_core::domain::tenant::Owner;
use kubenova_core::ports::cluster::{
    ClusterProbe, ClusterState, ProjectSpec, Signal, Step, TenantSpec,
};
use kubenova_core::value::{ClusterId, Name, ProjectId, Secret, Subject, TenantId};
use kubenova_k8s::client::{ClientOptions, connect};
use kubenova_k8s::kubeconfig::{AddressPolicy, parse};
use kubenova_k8s::tenancy::KubeCluster;

/// Tests that need the platform objects read this; the one that takes them away writes it.
pub(crate) static ALONE: RwLock<()> = RwLock::const_new(());

/// Whose platform objects these are: the same wherever they are applied.
pub(crate) const INSTALLATION: ClusterId = ClusterId::nth(7);

const DEADLINE: Duration = Duration::from_secs(10);

/// A variable that `cargo xtask test` sets; a test without it fails.
#[expect(
    clippy::disallowed_methods,
    reason = "tests have no configuration but these variables"
)]
pub(crate) fn variable(name: &str) -> String {
    let value = std::env::var(name);
    value.unwrap_or_else(|_| panic!("set {name}: `cargo xtask cluster env` prints it"))
}

/// The state folder of the test cluster.
fn state_dir() -> PathBuf {
    variable("KUBENOVA_TEST_CLUSTER").into()
}

pub(crate) fn options() -> ClientOptions {
    let loopback = vec![("127.0.0.0".parse().unwrap(), 8)];
    ClientOptions::new(AddressPolicy::new(loopback), DEADLINE)
}

pub(crate) fn kubeconfig(identity: &str) -> Secret {
    let path = state_dir()
        .join("kubeconfig")
        .join(format!("{identity}.yaml"));
    Secret::new(std::fs::read(path).unwrap())
}

pub(crate) fn client(kubeconfig: &Secret) -> kube::Client {
    connect(&parse(kubeconfig).unwrap(), &options()).unwrap()
}

pub(crate) fn cluster(identity: &str) -> KubeCluster {
    KubeCluster::new(client(&kubeconfig(identity)), "", DEADLINE)
}

pub(crate) fn admin() -> kube::Client {
    client(&kubeconfig("admin"))
}

/// Ids that no other test has: time and process make them unique on a shared cluster.
#[expect(
    clippy::disallowed_methods,
    reason = "tests share a cluster and need names of their own"
)]
pub(crate) fn unique() -> u128 {
    uuid::Uuid::now_v7().as_u128()
}

pub(crate) fn tenant(prefix: &str, owners: &[&str]) -> TenantSpec {
    let id = unique();
    TenantSpec {
        id: TenantId::nth(id),
        cluster: ClusterId::nth(id ^ 1),
        name: Name::parse(&format!("{prefix}-{:x}", id & 0xffff_ffff_ffff)).unwrap(),
        owners: owners
            .iter()
            .map(|one| Owner::from(&Subject::parse(one).unwrap()))
            .collect(),
        labels: BTreeMap::from([("tier".to_owned(), "gold".to_owned())]),
        annotations: BTreeMap::new(),
        bounds: Bounds::default(),
        request: None,
    }
}

pub(crate) fn project(tenant: &TenantSpec, name: &str) -> ProjectSpec {
    ProjectSpec {
        id: ProjectId::nth(unique()),
        tenant: tenant.id,
        cluster: tenant.cluster,
        tenant_name: tenant.name.clone(),
        name: Name::parse(name).unwrap(),
        namespace: Name::parse(&format!("{}-{name}", tenant.name)).unwrap(),
        labels: BTreeMap::from([("team".to_owned(), "blue".to_owned())]),
        annotations: BTreeMap::new(),
        request: None,
    }
}

/// A tenant that Capsule calls ready, with one project.
pub(crate) async fn settled(on: &KubeCluster, prefix: &str) -> (TenantSpec, ProjectSpec) {
    let tenant = tenant(prefix, &["alice"]);
    let project = project(&tenant, "web");
    on.apply(&Step::ApplyTenant(tenant.clone())).await.unwrap();
    for owner in &tenant.owners {
        on.apply(&Step::ApplyOwner(tenant.clone(), owner.clone()))
            .await
            .unwrap();
    }
    until("the tenant is usable", || async {
        on.observe_tenant(&tenant).await.unwrap().usable
    })
    .await;
    on.apply(&Step::ApplyNamespace(project.clone()))
        .await
        .unwrap();
    (tenant, project)
}

/// Removes both, and waits until they are gone.
pub(crate) async fn remove(on: &KubeCluster, tenant: &TenantSpec, project: &ProjectSpec) {
    use kubenova_core::ports::cluster::Presence;
    on.apply(&Step::DeleteNamespace(
        project.id,
        project.namespace.clone(),
    ))
    .await
    .unwrap();
    until("the namespace is gone", || async {
        on.observe_project(project).await.unwrap().namespace == Presence::Absent
    })
    .await;
    for name in on
        .observe_tenant(&TenantSpec {
            owners: [].into(),
            ..tenant.clone()
        })
        .await
        .unwrap()
        .stray_owners
    {
        on.apply(&Step::DeleteOwner(tenant.id, name)).await.unwrap();
    }
    on.apply(&Step::DeleteTenant(tenant.id, tenant.name.clone()))
        .await
        .unwrap();
    until("the tenant is gone", || async {
        on.observe_tenant(tenant).await.unwrap().tenant == Presence::Absent
    })
    .await;
}

/// Waits until something is so, and says how long it took; a minute at most.
pub(crate) async fn until<F: Future<Output = bool>>(what: &str, is: impl Fn() -> F) -> Duration {
    let start = Instant::now();
    while !is().await {
        assert!(
            start.elapsed() < Duration::from_secs(60),
            "waited a minute: {what}"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    start.elapsed()
}

/// The platform objects, which all tests of this cluster share, until the guard is dropped.
pub(crate) async fn platform(on: &KubeCluster) -> RwLockReadGuard<'static, ()> {
    let guard = ALONE.read().await;
    // A namespace that is just going away must be gone before it can be made again.
    let deadline = Instant::now() + Duration::from_secs(60);
    while on.apply(&Step::ApplyPlatform(INSTALLATION)).await.is_err() {
        assert!(Instant::now() < deadline, "the platform cannot be applied");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    guard
}

/// The signals of a watch that has read its first lists.
pub(crate) struct Told(BoxStream<'static, Signal>);

impl Told {
    /// The lists are read while the stream is polled; two seconds are many times what they need.
    pub(crate) async fn start(on: &KubeCluster, cluster: ClusterId) -> Self {
        let mut told = Self(on.watch(cluster));
        told.read_for(Duration::from_secs(2)).await;
        told
    }

    /// What is told within a while.
    pub(crate) async fn read_for(&mut self, while_: Duration) -> Vec<Signal> {
        let mut all = Vec::new();
        let reading = tokio::time::timeout(while_, async {
            while let Some(signal) = self.0.next().await {
                all.push(signal);
            }
        });
        assert!(reading.await.is_err(), "a watch never ends");
        all
    }

    /// How long after `start` this was told; others share the cluster. Five seconds at most.
    pub(crate) async fn next(&mut self, wanted: &Signal, start: Instant) -> Duration {
        let found = async {
            while let Some(signal) = self.0.next().await {
                if signal == *wanted {
                    return;
                }
            }
        };
        let found = tokio::time::timeout(Duration::from_secs(5), found).await;
        found.unwrap_or_else(|_| panic!("{wanted:?} was not told"));
        start.elapsed()
    }
}
