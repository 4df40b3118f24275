//! Registering, reading, bootstrapping and letting go of clusters.

use crate::access::{Action, Actor, guard};
use crate::change::{Require, Work, Write};
use crate::domain::cluster::{Cluster, Departure, Part, conditions};
use crate::domain::service::{ATTEMPTS, BasedOn, Ports, about, check_version, settle};
use crate::error::{Conflict, Error, FieldError, Noun};
use crate::ports::cluster::{Capabilities, Inspection};
use crate::ports::fleet::Candidate;
use crate::ports::store::ClusterFilter;
use crate::value::{
    ClusterId, ConditionStatus, Generation, LabelSelector, Labels, Name, Page, Paged, Ref, Status,
};

/// Registers a cluster.
#[derive(Debug, Clone)]
pub struct RegisterCluster {
    /// Unique in the installation.
    pub name: Name,
    /// For people.
    pub display_name: String,
    /// The caller's labels.
    pub labels: Labels,
    /// Kubeconfig and access proxy, as sent.
    pub candidate: Candidate,
}

/// Use cases of clusters.
#[derive(Debug, Clone)]
pub struct Clusters {
    ports: Ports,
}

impl Clusters {
    /// Wires them to the ports.
    pub const fn new(ports: Ports) -> Self {
        Self { ports }
    }

    /// Parses, reaches and checks a cluster, then stores it with its kubeconfig sealed.
    ///
    /// # Errors
    /// [`Error::Forbidden`]; [`Error::Conflict`] for a name or cluster that is registered; [`Error::Invalid`] with the
    /// reason class for a kubeconfig that cannot be used.
    pub async fn register(&self, actor: &Actor, cmd: RegisterCluster) -> Result<Cluster, Error> {
        guard::require_system(actor, Action::CreateCluster)?;
        if self
            .ports
            .store
            .cluster(&Ref::Name(cmd.name.clone()))
            .await?
            .is_some()
        {
            return Err(Conflict::NameTaken(Noun::Cluster).into());
        }
        let fleet = &self.ports.fleet;
        let admitted = fleet
            .admit(cmd.candidate)
            .await
            .map_err(|no| Error::Invalid(no.0))?;
        if !admitted.inspection.missing_rights.is_empty() {
            let missing = admitted.inspection.missing_rights.join(", ");
            let reason = format!("rights: the credential may not {missing}");
            return Err(Error::Invalid(vec![FieldError::new("kubeconfig", reason)]));
        }
        let now = self.ports.clock.now();
        let mut cluster = Cluster {
            id: ClusterId::new(self.ports.ids.next()),
            name: cmd.name,
            display_name: cmd.display_name,
            labels: cmd.labels,
            created_at: now,
            generation: Generation::FIRST,
            identity: admitted.inspection.identity.clone(),
            kubernetes_version: admitted.inspection.version.clone(),
            proxy: admitted.proxy,
            parts: std::collections::BTreeSet::new(),
            deleting: None,
            status: Status::pending(),
        };
        describe_reach(&mut cluster.status, &admitted.inspection, now);
        let target = about("cluster", cluster.id.uuid(), &cluster.name);
        let changes = self
            .ports
            .change(actor, Action::CreateCluster, target, None)
            .write(Write::InsertCluster(
                Box::new(cluster.clone()),
                admitted.kubeconfig,
            ))
            .ask(Work::Cluster(cluster.id), cluster.id);
        self.ports.store.commit(changes).await?;
        Ok(cluster)
    }

    /// One page of the clusters the caller may see.
    ///
    /// # Errors
    /// [`Error`] of the store.
    pub async fn list(
        &self,
        actor: &Actor,
        selector: LabelSelector,
        page: Page,
    ) -> Result<Paged<Cluster>, Error> {
        guard::require_system(actor, Action::ReadCluster)?;
        let only = match (&actor.scope, actor.is_unscoped()) {
            (_, true) => None,
            (Some(scope), false) => Some(scope.cluster),
            (None, false) => {
                return Ok(Paged {
                    items: Vec::new(),
                    next: None,
                });
            }
        };
        let found = self
            .ports
            .store
            .clusters(ClusterFilter { only, selector }, page)
            .await?;
        Ok(found.map(|cluster| shown(actor, cluster)))
    }

    /// One cluster.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn get(&self, actor: &Actor, at: &Ref) -> Result<Cluster, Error> {
        let cluster = self.find(actor, Action::ReadCluster, at).await?;
        Ok(shown(actor, cluster))
    }

    /// What the cluster's discovery tells now.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Away`] when the cluster is.
    pub async fn capabilities(&self, actor: &Actor, at: &Ref) -> Result<Capabilities, Error> {
        let cluster = self.find(actor, Action::ReadCluster, at).await?;
        let backends = self
            .ports
            .fleet
            .backends(&cluster)
            .await
            .map_err(Error::away)?;
        let mut found = backends.cluster.capabilities().await.map_err(Error::away)?;
        found.proxy |= cluster.proxy.is_some();
        Ok(found)
    }

    /// Asks for a platform part: verified (and where possible repaired) by the reconciler, reported by conditions.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Forbidden`], [`Error::Conflict`] while it is deleted.
    pub async fn bootstrap(&self, actor: &Actor, at: &Ref, part: Part) -> Result<Cluster, Error> {
        for attempt in 0..ATTEMPTS {
            let mut cluster = self.find(actor, Action::BootstrapCluster, at).await?;
            if cluster.deleting.is_some() {
                return Err(Conflict::Deleting(Noun::Cluster).into());
            }
            cluster.parts.insert(part);
            cluster.generation = cluster.generation.next();
            let target = about("cluster", cluster.id.uuid(), &cluster.name);
            let changes = self
                .ports
                .change(actor, Action::BootstrapCluster, target, None)
                .require(Require::ClusterAccepts(cluster.id))
                .write(Write::UpdateCluster(Box::new(cluster.clone())))
                .ask(Work::Cluster(cluster.id), cluster.id);
            match self.ports.store.commit(changes).await {
                Ok(()) => return Ok(cluster),
                Err(refusal) => settle(refusal, attempt, None)?,
            }
        }
        Err(Conflict::Contended.into())
    }

    /// Lets a cluster go. With `orphan` its tenants stay on it, without ours in them.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Forbidden`], [`Error::Stale`]; [`Error::Conflict`] while it has tenants.
    pub async fn delete(
        &self,
        actor: &Actor,
        at: &Ref,
        orphan: bool,
        based_on: BasedOn,
    ) -> Result<Cluster, Error> {
        for attempt in 0..ATTEMPTS {
            let mut cluster = self.find(actor, Action::DeleteCluster, at).await?;
            if cluster.deleting.is_some_and(|was| was.orphan || !orphan) {
                return Ok(cluster);
            }
            check_version(cluster.generation, based_on)?;
            cluster.deleting = Some(Departure {
                at: self.ports.clock.now(),
                orphan,
            });
            cluster.generation = cluster.generation.next();
            let target = about("cluster", cluster.id.uuid(), &cluster.name);
            let mut changes = self
                .ports
                .change(actor, Action::DeleteCluster, target, None)
                .write(Write::UpdateCluster(Box::new(cluster.clone())))
                .ask(Work::Cluster(cluster.id), cluster.id);
            if !orphan {
                changes = changes.require(Require::NoTenants(cluster.id));
            }
            match self.ports.store.commit(changes).await {
                Ok(()) => return Ok(cluster),
                Err(refusal) => settle(refusal, attempt, based_on)?,
            }
        }
        Err(Conflict::Contended.into())
    }

    async fn find(&self, actor: &Actor, action: Action, at: &Ref) -> Result<Cluster, Error> {
        guard::require(actor, action, self.ports.store.cluster(at).await?)
    }
}

/// What a caller may see of a cluster: tenants' people get no messages about the platform.
fn shown(actor: &Actor, mut cluster: Cluster) -> Cluster {
    if !actor.is_unscoped() {
        for condition in &mut cluster.status.conditions {
            condition.message.clear();
        }
    }
    cluster
}

/// Records what a look at the cluster told: reachable, and whether our rights suffice.
pub(crate) fn describe_reach(status: &mut Status, seen: &Inspection, now: jiff::Timestamp) {
    let yes = ConditionStatus::True;
    status.set(
        conditions::REACHABLE,
        yes,
        ("Answering", "the API server answers"),
        now,
    );
    if !seen.missing_rights.is_empty() {
        let message = format!("our credential may not {}", seen.missing_rights.join(", "));
        let why = ("RightsMissing", message.as_str());
        status.set(conditions::AGENT_READY, ConditionStatus::False, why, now);
        return;
    }
    let why = if seen.all_powerful {
        (
            "AllPowerful",
            "our credential may do everything; give it the narrower role that the documentation lists",
        )
    } else {
        (
            "RightsSufficient",
            "our credential may do all that is needed",
        )
    };
    status.set(conditions::AGENT_READY, yes, why, now);
}
