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
use crate::simulation::state::{Objects, SimNamespace};
use crate::value::{ClusterId, Name, ProjectId, Secret};

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
    watchers: Vec<mpsc::Sender<Signal>>,
}

impl std::fmt::Debug for SimCluster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SimCluster")
            .field("identity", &self.inner.identity)
            .finish_non_exhaustive()
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

    /// From now on every call fails with this; `None` heals it.
    pub fn fail(&self, fault: Option<ClusterError>) {
        self.world().fault = fault;
    }

    /// Puts a namespace there that is not ours.
    pub fn add_foreign_namespace(&self, name: &Name) {
        let foreign = SimNamespace {
            spec: None,
            bindings: BTreeMap::new(),
            terminating: None,
        };
        self.world()
            .objects
            .namespaces
            .insert(name.clone(), foreign);
    }

    /// Somebody removes every role binding of a project: a drift, which watchers see.
    pub fn tamper(&self, project: ProjectId) {
        let mut world = self.world();
        for namespace in world.objects.namespaces.values_mut() {
            if namespace
                .spec
                .as_ref()
                .is_some_and(|spec| spec.id == project)
            {
                namespace.bindings.clear();
            }
        }
        let signal = Signal::Changed(Work::Project(project));
        world
            .watchers
            .retain_mut(|watcher| watcher.try_send(signal.clone()).is_ok());
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
        let accounts = objects
            .accounts
            .iter()
            .map(|account| format!("account/{}", account.name()));
        let bindings = objects.namespaces.iter().flat_map(|(name, namespace)| {
            let roles = namespace.bindings.keys();
            roles.map(move |role| format!("binding/{name}/{}", role.as_str()))
        });
        tenants
            .chain(namespaces)
            .chain(accounts)
            .chain(bindings)
            .collect()
    }

    /// How many steps were carried out so far.
    pub fn writes(&self) -> usize {
        self.world().objects.writes
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.inner
            .world
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn reach(&self) -> Result<MutexGuard<'_, World>, ClusterError> {
        let world = self.world();
        match &world.fault {
            Some(fault) => Err(fault.clone()),
            None => Ok(world),
        }
    }
}

#[async_trait]
impl ClusterProbe for SimCluster {
    async fn inspect(&self) -> Result<Inspection, ClusterError> {
        drop(self.reach()?);
        Ok(Inspection {
            identity: self.inner.identity.clone(),
            version: "v0.0.0-simulated".to_owned(),
            missing_rights: Vec::new(),
            all_powerful: false,
        })
    }

    async fn capabilities(&self) -> Result<Capabilities, ClusterError> {
        drop(self.reach()?);
        let versions = BTreeMap::from([("kubernetes".to_owned(), "v0.0.0-simulated".to_owned())]);
        Ok(Capabilities {
            tenancy: true,
            vela: false,
            proxy: false,
            versions,
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

    async fn observe_platform(&self, _cluster: ClusterId) -> Result<Presence, ClusterError> {
        let world = self.reach()?;
        Ok(if world.objects.platform {
            Presence::Current
        } else {
            Presence::Absent
        })
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
        let world = self.reach()?;
        let objects = &world.objects;
        let tenant = objects.tenant(want);
        let there = match tenant {
            Presence::Current | Presence::Differs => objects.tenants.get(&want.name),
            Presence::Absent | Presence::Foreign | Presence::Terminating => None,
        };
        let owners = there
            .map(|tenant| tenant.owners.clone())
            .unwrap_or_default();
        let strays = owners
            .difference(&want.owners)
            .map(|owner| owner.subject.to_string());
        let inside = objects.namespaces.iter().filter(|(_, namespace)| {
            namespace
                .spec
                .as_ref()
                .is_some_and(|spec| spec.tenant == want.id)
        });
        Ok(ObservedTenant {
            tenant,
            usable: tenant == Presence::Current,
            stray_owners: strays.collect(),
            namespaces: inside.map(|(name, _)| name.to_string()).collect(),
            owners: owners.intersection(&want.owners).cloned().collect(),
        })
    }

    async fn observe_project(&self, want: &ProjectSpec) -> Result<ObservedProject, ClusterError> {
        let mut world = self.reach()?;
        let namespace = world.objects.namespace(want);
        let bindings = match namespace {
            Presence::Current | Presence::Differs => world
                .objects
                .namespaces
                .get(&want.namespace)
                .map(|n| n.bindings.clone()),
            Presence::Absent | Presence::Foreign | Presence::Terminating => None,
        };
        let bindings = bindings
            .unwrap_or_default()
            .into_iter()
            .map(|(role, who)| (role, Some(who)));
        Ok(ObservedProject {
            namespace,
            bindings: bindings.collect(),
            stuck: None,
        })
    }

    async fn observe_account(&self, account: Account) -> Result<ObservedAccount, ClusterError> {
        let there = self.reach()?.objects.accounts.contains(&account);
        Ok(ObservedAccount {
            account: there,
            secret: there,
        })
    }

    async fn apply(&self, step: &Step) -> Result<(), ClusterError> {
        self.reach()?.objects.apply(step)
    }

    async fn issue(&self, account: Account, ttl: Duration) -> Result<IssuedToken, ClusterError> {
        if !self.reach()?.objects.accounts.contains(&account) {
            return Err(ClusterError::Denied {
                what: "token of an unknown account".to_owned(),
            });
        }
        let life = SignedDuration::try_from(ttl).unwrap_or(SignedDuration::MAX);
        let now = self.inner.clock.now();
        let expires_at = now.checked_add(life).unwrap_or(now);
        Ok(IssuedToken {
            token: Secret::new(format!("simulated-{}", account.name())),
            expires_at,
        })
    }
}
