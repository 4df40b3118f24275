//! A whole KubeNova without server and network: ports, one registered cluster, and a worker that a test turns by hand.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;

use kubenova_core::access::{Actor, RequestId};
use kubenova_core::change::Lease;
use kubenova_core::domain::bounds::Bounds;
use kubenova_core::domain::cluster::Cluster;
use kubenova_core::domain::project::{Project, ProjectAt};
use kubenova_core::domain::service::{
    Clusters, CreateProject, CreateTenant, Grants, Ports, Projects, RegisterCluster, Tenants,
    Tokens,
};
use kubenova_core::domain::tenant::{Tenant, TenantAt};
use kubenova_core::ports::fleet::Candidate;
use kubenova_core::ports::store::ClaimRequest;
use kubenova_core::reconcile::Reconciler;
use kubenova_core::simulation::{SimCluster, SimFleet};
use kubenova_core::testing::clock::{SequentialIds, TestClock};
use kubenova_core::value::{Annotations, Labels, Name, Phase, Ref, Secret, Subject};
use kubenova_store::memory::MemoryStore;

pub(crate) struct World {
    pub(crate) ports: Ports,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) sim: SimCluster,
    pub(crate) cluster: Cluster,
    pub(crate) me: Actor,
    fleet: Arc<SimFleet>,
}

pub(crate) fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

impl World {
    /// With one cluster registered.
    pub(crate) async fn new() -> Self {
        let clock = Arc::new(TestClock::new());
        let fleet = Arc::new(SimFleet::new(clock.clone()));
        let ports = Ports {
            store: Arc::new(MemoryStore::new(clock.clone())),
            fleet: fleet.clone(),
            clock: clock.clone(),
            ids: Arc::new(SequentialIds::default()),
        };
        let me = Actor::system(RequestId::of(ports.ids.next()));
        let register = candidate("one");
        let cluster = Clusters::new(ports.clone())
            .register(&me, register)
            .await
            .unwrap();
        Self {
            ports,
            clock,
            sim: fleet.cluster("one"),
            cluster,
            me,
            fleet,
        }
    }

    pub(crate) fn clusters(&self) -> Clusters {
        Clusters::new(self.ports.clone())
    }

    pub(crate) fn tenants(&self) -> Tenants {
        Tenants::new(self.ports.clone())
    }

    pub(crate) fn projects(&self) -> Projects {
        Projects::new(self.ports.clone())
    }

    pub(crate) fn grants(&self) -> Grants {
        Grants::new(self.ports.clone())
    }

    pub(crate) fn tokens(&self) -> Tokens {
        Tokens::new(self.ports.clone())
    }

    pub(crate) fn sim_of(&self, name: &str) -> SimCluster {
        self.fleet.cluster(name)
    }

    pub(crate) async fn tenant(&self, called: &str) -> Tenant {
        let cmd = CreateTenant {
            cluster: Ref::Id(self.cluster.id.uuid()),
            name: name(called),
            owners: [Subject::parse("alice").unwrap()].into(),
            labels: Labels::default(),
            annotations: Annotations::default(),
            bounds: Bounds::default(),
        };
        self.tenants().create(&self.me, cmd).await.unwrap()
    }

    pub(crate) async fn project(&self, tenant: &Tenant, called: &str) -> Project {
        self.projects()
            .create(&self.me, wish(tenant, called))
            .await
            .unwrap()
    }

    pub(crate) async fn look(&self, project: &Project) -> Option<Project> {
        self.ports.store.project(project.id).await.unwrap()
    }

    /// Works until something is so. Time passes only while nothing is due.
    pub(crate) async fn work_until<F: Future<Output = bool>>(
        &self,
        what: &str,
        is: impl Fn() -> F,
    ) {
        for _ in 0..2_000 {
            if is().await {
                return;
            }
            if self.work().await == 0 {
                let pause = self.ports.store.next_due().await.unwrap();
                self.pass(pause.unwrap_or(Duration::from_secs(1))).await;
            }
        }
        panic!("never so: {what}");
    }

    /// Lets time pass, for leases and for the calendar.
    pub(crate) async fn pass(&self, time: Duration) {
        tokio::time::sleep(time).await;
        self.clock.advance(SignedDuration::try_from(time).unwrap());
    }

    /// One round of everything that is due, as a pool would.
    pub(crate) async fn work(&self) -> usize {
        let want = ClaimRequest {
            lease: Lease(self.ports.ids.next()),
            lease_for: Duration::from_secs(60),
            limit: 32,
            per_cluster: 32,
            caps: Vec::new(),
        };
        let claims = self.ports.store.claim(want).await.unwrap();
        let reconciler = Reconciler::new(self.ports.clone());
        for claim in &claims {
            let turn = reconciler.run(claim).await;
            self.ports
                .store
                .finish(claim.receipt, turn.finish)
                .await
                .unwrap();
        }
        claims.len()
    }

    /// Claims without finishing: what a process that dies leaves behind.
    pub(crate) async fn work_and_die(&self) {
        let want = ClaimRequest {
            lease: Lease(self.ports.ids.next()),
            lease_for: Duration::from_secs(60),
            limit: 32,
            per_cluster: 32,
            caps: Vec::new(),
        };
        let claims = self.ports.store.claim(want).await.unwrap();
        assert!(!claims.is_empty());
    }

    pub(crate) async fn settled(&self, project: &Project) {
        let deployed = || async {
            self.look(project)
                .await
                .is_some_and(|now| now.status.phase == Phase::Deployed)
        };
        self.work_until("the project is deployed", deployed).await;
    }
}

pub(crate) fn candidate(called: &str) -> RegisterCluster {
    let kubeconfig = Secret::new(SimFleet::kubeconfig_of(called));
    RegisterCluster {
        name: name(called),
        display_name: String::new(),
        labels: Labels::default(),
        candidate: Candidate {
            kubeconfig,
            proxy_url: None,
            proxy_ca: None,
            proxy_kind: None,
        },
    }
}

pub(crate) fn wish(tenant: &Tenant, called: &str) -> CreateProject {
    CreateProject {
        tenant: at_tenant(tenant),
        name: name(called),
        labels: Labels::default(),
        annotations: Annotations::default(),
        said_tenant: None,
    }
}

pub(crate) fn at_tenant(tenant: &Tenant) -> TenantAt {
    TenantAt {
        cluster: Some(Ref::Id(tenant.cluster.uuid())),
        tenant: Ref::Id(tenant.id.uuid()),
    }
}

pub(crate) fn at_project(project: &Project) -> ProjectAt {
    ProjectAt {
        cluster: None,
        tenant: Some(Ref::Id(project.tenant.uuid())),
        project: Ref::Id(project.id.uuid()),
    }
}
