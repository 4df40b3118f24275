//! A turn on a project: its namespace and role bindings.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;

use crate::access::ProjectRole;
use crate::change::{ChangeSet, Receipt, Require, Work, Write};
use crate::domain::cluster::Cluster;
use crate::domain::project::{Access, Project};
use crate::domain::service::Ports;
use crate::ports::cluster::{
    BindingSubject, ClusterError, ObservedProject, Presence, ProjectSpec, Step,
};
use crate::ports::fleet::Backends;
use crate::ports::store::Finish;
use crate::reconcile::tenant::apply_all;
use crate::reconcile::{TurnError, is_closed, plan, record, spec};
use crate::value::{Generation, Phase, ProjectId, Ref, Status};

/// How soon to look again while the cluster works.
const SOON: Duration = Duration::from_millis(500);
/// How soon to look again while somebody else has to act.
const LATER: Duration = Duration::from_secs(30);
/// So often one turn looks again because something moved while it wrote.
const ATTEMPTS: usize = 4;

pub(super) async fn turn(
    ports: &Ports,
    id: ProjectId,
    receipt: Receipt,
) -> Result<Finish, TurnError> {
    let Some(project) = ports.store.project(id).await? else {
        return Ok(Finish::Done);
    };
    let at = Ref::Id(project.cluster.uuid());
    let Some(cluster) = ports.store.cluster(&at).await? else {
        return Ok(Finish::Done);
    };
    if is_closed(&cluster) {
        return Ok(Finish::Again(LATER));
    }
    let now = ports.clock.now();
    let ended = if project.deleting.is_some() {
        remove(ports, &cluster, &project, now).await
    } else {
        converge(ports, &cluster, &project, now).await
    };
    let (status, finish) = match ended {
        Ok(None) => {
            purge(ports, &project, receipt).await?;
            return Ok(Finish::Done);
        }
        Ok(Some((status, finish))) => (status, Ok(finish)),
        Err(TurnError::Cluster(err)) => {
            let mut status = record::cluster_failed(&project.status, project.generation, &err, now);
            if project.deleting.is_some() {
                status.phase = Phase::Deleting;
            }
            (status, Err(TurnError::Cluster(err)))
        }
        Err(other) => return Err(other),
    };
    if status != project.status {
        let changes = ChangeSet::new().require(Require::Holds(receipt));
        ports
            .store
            .commit(changes.write(Write::ProjectStatus(id, status)))
            .await?;
    }
    finish
}

/// A status to record and when to look again, or `None` when nothing of the project is left on the cluster.
type Ended = Option<(Status, Finish)>;

async fn converge(
    ports: &Ports,
    cluster: &Cluster,
    project: &Project,
    now: Timestamp,
) -> Result<Ended, TurnError> {
    // Capsule refuses namespaces of a Tenant that is not there yet.
    let tenant = ports.store.tenant(project.tenant).await?;
    let ready = tenant.is_some_and(|tenant| tenant.status.observed > Generation::NONE);
    if !ready {
        let why = ("WaitingForTenant", "the tenant is not deployed yet");
        let status = record::applying(&project.status, why, now);
        return Ok(Some((status, Finish::Again(SOON))));
    }
    let backends = ports.fleet.backends(cluster).await?;
    let want = spec::project(project);
    let seen = backends.cluster.observe_project(&want).await?;
    match seen.namespace {
        Presence::Foreign => {
            let why = (
                "NameTaken",
                "a namespace of this name exists and is not ours; it is left untouched",
            );
            let status = record::failed(&project.status, project.generation, why, now);
            return Ok(Some((status, Finish::Again(LATER))));
        }
        Presence::Terminating => {
            let why = (
                "NamespaceTerminating",
                "the namespace was deleted by somebody else and is made anew once it is gone",
            );
            let mut status = record::applying(&project.status, why, now);
            status.phase = Phase::Drifted;
            return Ok(Some((status, Finish::Again(SOON))));
        }
        Presence::Absent | Presence::Current | Presence::Differs => {}
    }
    let mut steps = plan::project::namespace(&want, &seen);
    apply_all(&backends, &steps).await?;
    // Read only now: writing a namespace takes a while, and who was let in or shut out meanwhile counts.
    let access = ports.store.access(project.id).await?;
    let held = plan::project::holders(&access, now);
    steps.extend(settle_bindings(&backends, &want, &held, seen.clone()).await?);
    let mut status = record::deployed(&project.status, project.generation, now);
    if !steps.is_empty()
        && record::is_drift(&project.status, project.generation)
        && plan::project::is_foreign_change(&access, &seen, now)
    {
        let what = record::describe(&steps);
        tell_drift(&backends, project, &what).await;
        record::repaired(&mut status, &what, now);
    }
    Ok(Some((status, Finish::Done)))
}

async fn tell_drift(backends: &Backends, project: &Project, what: &str) {
    let namespace = Some(project.namespace.clone());
    let event = Step::RecordDrift {
        namespace,
        what: what.to_owned(),
    };
    if let Err(failure) = backends.cluster.apply(&event).await {
        tracing::debug!(error = %failure, "Could not write the Event of a repaired drift");
    }
}

/// Carries out what is due of the role bindings. A kubeconfig's turn, or the request that revokes it, may write the same
/// binding at the same moment: then it is looked at again.
async fn settle_bindings(
    backends: &Backends,
    want: &ProjectSpec,
    held: &BTreeMap<ProjectRole, BTreeSet<BindingSubject>>,
    mut seen: ObservedProject,
) -> Result<Vec<Step>, ClusterError> {
    let mut tried = 0;
    loop {
        tried += 1;
        let steps = plan::project::bindings(want, held, &seen);
        match apply_all(backends, &steps).await {
            Err(ClusterError::Conflict) if tried < ATTEMPTS => {
                seen = backends.cluster.observe_project(want).await?;
            }
            done => return done.map(|()| steps),
        }
    }
}

/// Makes the role bindings of a project equal the access list, and nothing else: what a kubeconfig needs at once.
pub(crate) async fn bind(
    project: &Project,
    access: &Access,
    backends: &Backends,
    now: Timestamp,
) -> Result<(), ClusterError> {
    let want = spec::project(project);
    let seen = backends.cluster.observe_project(&want).await?;
    // Without its namespace there is nothing to bind yet: the project's own turn does it.
    if seen.namespace == Presence::Absent {
        return Ok(());
    }
    let held = plan::project::holders(access, now);
    settle_bindings(backends, &want, &held, seen)
        .await
        .map(drop)
}

/// Whether nothing binds an account in a project any more. Only looks: in a project that is being deleted every binding
/// goes by the project's own turn, and whoever writes one there would bring it back.
pub(crate) async fn is_unbound(
    project: &Project,
    account: &str,
    backends: &Backends,
) -> Result<bool, ClusterError> {
    let want = spec::project(project);
    let seen = backends.cluster.observe_project(&want).await?;
    let binds =
        |there: &BTreeSet<BindingSubject>| there.iter().any(|who| who.subject.as_str() == account);
    Ok(!seen.bindings.values().flatten().any(binds))
}

async fn remove(
    ports: &Ports,
    cluster: &Cluster,
    project: &Project,
    now: Timestamp,
) -> Result<Ended, TurnError> {
    let backends = ports.fleet.backends(cluster).await?;
    let want = spec::project(project);
    let mut seen = backends.cluster.observe_project(&want).await?;
    let mut tried = 0;
    loop {
        if matches!(seen.namespace, Presence::Absent | Presence::Foreign) {
            return Ok(None);
        }
        tried += 1;
        match apply_all(&backends, &plan::project::remove(&want, &seen)).await {
            Err(ClusterError::Conflict) if tried < ATTEMPTS => {
                seen = backends.cluster.observe_project(&want).await?;
            }
            done => break done?,
        }
    }
    let message = match &seen.stuck {
        Some(why) => format!("the namespace is stuck: {why}"),
        None => "the namespace is being deleted".to_owned(),
    };
    let reason = if seen.stuck.is_some() {
        "NamespaceStuck"
    } else {
        "NamespaceTerminating"
    };
    let status = record::deleting(&project.status, project.generation, (reason, &message), now);
    Ok(Some((status, Finish::Again(SOON))))
}

async fn purge(ports: &Ports, project: &Project, receipt: Receipt) -> Result<(), TurnError> {
    let changes = ChangeSet::new()
        .require(Require::Holds(receipt))
        .write(Write::PurgeProject(project.id, ports.clock.now()))
        .ask(Work::Tenant(project.tenant), project.cluster);
    ports.store.commit(changes).await?;
    Ok(())
}
