//! One simulated cluster.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt;
use futures::channel::mpsc;
use futures::stream::BoxStream;
use jiff::SignedDuration;

use crate::change::Work;
use crate::domain::credential::Account;
use crate::ports::Clock;
use crate::ports::cluster::{
    Capabilities, ClusterError, ClusterProbe, ClusterState, Inspection, IssuedToken,
    ObservedAccount, ObservedProject, ObservedTenant, Presence, ProjectSpec, Report, Signal, Step,
    TenantSpec,
};
use crate::simulation::foreign::{ForeignAct, Knock, Thing};
use crate::simulation::state::Objects;
use crate::value::{ClusterId, Name, ProjectId, Secret};

/// What it says its version is.
const VERSION: &str = "v0.0.0-simulated";

/// A cluster in memory. Clones are the same cluster.
#[derive(Clone)]
pub struct SimCluster {
    inner: Arc<Inner>,
}

struct Inner {
    identity: String,
    clock: Arc<dyn Clock>,
    world: Mutex<World>,
}

#[derive(Default)]
struct World {
    objects: Objects,
    fault: Option<ClusterError>,
    /// Identity of the cluster that answers in its place.
    successor: Option<String>,
    watchers: Vec<mpsc::Sender<Signal>>,
}

impl std::fmt::Debug for SimCluster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SimCluster")
            .field("identity", &self.inner.identity)
            .finish_non_exhaustive()
    }
}

impl World {
    fn tell(&mut self, signal: &Signal) {
        self.watchers
            .retain_mut(|watcher| watcher.try_send(signal.clone()).is_ok());
    }
}

impl SimCluster {
    /// A fresh cluster with this `kube-system` UID.
    pub fn new(identity: &str, clock: Arc<dyn Clock>) -> Self {
        let world = Mutex::new(World::default());
        Self {
            inner: Arc::new(Inner {
                identity: identity.to_owned(),
                clock,
                world,
            }),
        }
    }

    /// UID of its `kube-system`.
    pub fn identity(&self) -> &str {
        &self.inner.identity
    }

    /// From now on every call fails with this; `None` heals it.
    pub fn fail(&self, fault: Option<ClusterError>) {
        self.world().fault = fault;
    }

    /// Somebody else does something; watchers are told of what concerns us.
    pub fn suffer(&self, act: &ForeignAct) {
        let mut world = self.world();
        if let Some(signal) = world.objects.suffer(act) {
            world.tell(&signal);
        }
    }

    /// Puts a namespace there that is not ours.
    pub fn add_foreign_namespace(&self, name: &Name) {
        self.suffer(&ForeignAct::CreateNamespace(name.clone()));
    }

    /// Somebody removes every role binding of a project: a drift, which watchers see.
    pub fn tamper(&self, project: ProjectId) {
        let mut world = self.world();
        for namespace in world.objects.namespaces.values_mut() {
            let spec = namespace.spec.as_ref();
            if spec.is_some_and(|spec| spec.id == project) {
                namespace.bindings.clear();
            }
        }
        world.tell(&Signal::Changed(Work::Project(project)));
    }

    /// Changes with every change of the thing; `None` while it is absent.
    pub fn fingerprint(&self, thing: &Thing) -> Option<String> {
        self.world().objects.fingerprint(thing)
    }

    /// How the cluster answers whoever shows this token and asks for a namespace's pods.
    pub fn knock(&self, token: &Secret, namespace: &Name) -> Knock {
        self.world().objects.knock(token, namespace)
    }

    /// Whether it answers; the fault that it has been given otherwise.
    pub(super) fn reachable(&self) -> Result<(), ClusterError> {
        self.reach().map(drop)
    }

    /// Names of all objects, for comparing before and after: `kind/name`.
    pub fn inventory(&self) -> BTreeSet<String> {
        let world = self.world();
        let objects = &world.objects;
        let tenants = objects.tenants.keys().map(|name| format!("tenant/{name}"));
        let namespaces = objects
            .namespaces
            .keys()
            .map(|name| format!("namespace/{name}"));
        let owners = objects.owners.keys().map(|name| format!("owner/{name}"));
        let accounts = objects
            .accounts
            .keys()
            .map(|account| format!("account/{}", account.name()));
        let bindings = objects.namespaces.iter().flat_map(|(name, namespace)| {
            let roles = namespace.bindings.keys();
            roles.map(move |role| format!("binding/{name}/{}", role.as_str()))
        });
        tenants
            .chain(owners)
            .chain(namespaces)
            .chain(accounts)
            .chain(bindings)
            .collect()
    }

    /// How many steps were carried out so far.
    pub fn writes(&self) -> usize {
        self.world().objects.writes
    }

    /// From now on another cluster answers in its place: nothing is read from it or written to it any more.
    pub(super) fn replace_by(&self, identity: &str) {
        self.world().successor = Some(identity.to_owned());
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.inner
            .world
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn reach(&self) -> Result<MutexGuard<'_, World>, ClusterError> {
        let world = self.world();
        match (&world.fault, &world.successor) {
            (Some(fault), _) => Err(fault.clone()),
            (None, Some(_)) => Err(ClusterError::IdentityChanged),
            (None, None) => Ok(world),
        }
    }
}

#[async_trait]
impl ClusterProbe for SimCluster {
    async fn inspect(&self) -> Result<Inspection, ClusterError> {
        let world = self.world();
        if let Some(fault) = &world.fault {
            return Err(fault.clone());
        }
        let identity = world.successor.as_ref().unwrap_or(&self.inner.identity);
        Ok(Inspection {
            identity: identity.clone(),
            version: VERSION.to_owned(),
            missing_rights: Vec::new(),
            all_powerful: false,
        })
    }

    async fn capabilities(&self) -> Result<Capabilities, ClusterError> {
        drop(self.reach()?);
        let versions = [("kubernetes", VERSION), ("capsule.clastix.io", "v1beta2")];
        let versions = versions.map(|(part, version)| (part.to_owned(), version.to_owned()));
        Ok(Capabilities {
            tenancy: true,
            vela: false,
            proxy: false,
            versions: BTreeMap::from(versions),
        })
    }

    async fn tenancy(&self, _repair: bool) -> Result<Report, ClusterError> {
        drop(self.reach()?);
        let message = "tenancy is simulated in memory".to_owned();
        Ok(Report {
            ready: true,
            reason: "Simulated",
            message,
        })
    }

    async fn observe_platform(&self, cluster: ClusterId) -> Result<Presence, ClusterError> {
        Ok(self.reach()?.objects.observe_platform(cluster))
    }

    fn watch(&self, _cluster: ClusterId) -> BoxStream<'static, Signal> {
        let (sender, receiver) = mpsc::channel(1024);
        self.world().watchers.push(sender);
        receiver.boxed()
    }
}

#[async_trait]
impl ClusterState for SimCluster {
    async fn observe_tenant(&self, want: &TenantSpec) -> Result<ObservedTenant, ClusterError> {
        Ok(self.reach()?.objects.observe_tenant(want))
    }

    async fn observe_project(&self, want: &ProjectSpec) -> Result<ObservedProject, ClusterError> {
        Ok(self.reach()?.objects.observe_project(want))
    }

    async fn observe_account(&self, account: Account) -> Result<ObservedAccount, ClusterError> {
        Ok(self.reach()?.objects.observe_account(account))
    }

    async fn apply(&self, step: &Step) -> Result<(), ClusterError> {
        self.reach()?.objects.apply(step)
    }

    async fn issue(&self, account: Account, ttl: Duration) -> Result<IssuedToken, ClusterError> {
        let token = self.reach()?.objects.token(account);
        let token = token.ok_or(ClusterError::Conflict)?;
        let life = SignedDuration::try_from(ttl).unwrap_or(SignedDuration::MAX);
        let now = self.inner.clock.now();
        let expires_at = now.checked_add(life).unwrap_or(now);
        Ok(IssuedToken { token, expires_at })
    }
}
