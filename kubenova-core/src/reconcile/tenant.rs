//! A turn on a tenant: the Capsule Tenant and its owners.

use std::time::Duration;

use jiff::Timestamp;

use crate::change::{ChangeSet, Receipt, Require, Work, Write};
use crate::domain::cluster::Cluster;
use crate::domain::service::Ports;
use crate::domain::tenant::Tenant;
use crate::ports::cluster::{ClusterError, ObservedTenant, Presence, Step, TenantSpec};
use crate::ports::fleet::Backends;
use crate::ports::store::{Finish, ProjectFilter};
use crate::reconcile::{TurnError, is_closed, plan, record, spec};
use crate::value::{LabelSelector, Page, Ref, Status, TenantId};

/// How soon to look again while Capsule works.
const SOON: Duration = Duration::from_millis(400);
/// How soon to look again while somebody else has to act.
const LATER: Duration = Duration::from_secs(30);

pub(super) async fn turn(
    ports: &Ports,
    id: TenantId,
    receipt: Receipt,
) -> Result<Finish, TurnError> {
    let Some(tenant) = ports.store.tenant(id).await? else {
        return Ok(Finish::Done);
    };
    let at = Ref::Id(tenant.cluster.uuid());
    let Some(cluster) = ports.store.cluster(&at).await? else {
        return Ok(Finish::Done);
    };
    if is_closed(&cluster) {
        return Ok(Finish::Again(LATER));
    }
    let now = ports.clock.now();
    let ended = if tenant.deleting.is_some() {
        remove(ports, &cluster, &tenant, now).await
    } else {
        converge(ports, &cluster, &tenant, now).await
    };
    let (status, finish) = match ended {
        Ok(Ended::Gone) => {
            purge(ports, &cluster, &tenant, receipt).await?;
            return Ok(Finish::Done);
        }
        Ok(Ended::Status(status, finish)) => (status, Ok(finish)),
        Err(TurnError::Cluster(err)) => {
            let status = record::cluster_failed(&tenant.status, tenant.generation, &err, now);
            (keep_deleting(&tenant, status), Err(TurnError::Cluster(err)))
        }
        Err(other) => return Err(other),
    };
    if status != tenant.status {
        let changes = ChangeSet::new().require(Require::Holds(receipt));
        ports
            .store
            .commit(changes.write(Write::TenantStatus(id, status)))
            .await?;
    }
    finish
}

enum Ended {
    /// Nothing of it is left on the cluster.
    Gone,
    /// Record this, then look again or be done.
    Status(Status, Finish),
}

fn keep_deleting(tenant: &Tenant, mut status: Status) -> Status {
    if tenant.deleting.is_some() {
        status.phase = crate::value::Phase::Deleting;
    }
    status
}

async fn converge(
    ports: &Ports,
    cluster: &Cluster,
    tenant: &Tenant,
    now: Timestamp,
) -> Result<Ended, TurnError> {
    let backends = ports.fleet.backends(cluster).await?;
    let want = spec::tenant(tenant);
    let seen = backends.cluster.observe_tenant(&want).await?;
    if seen.tenant == Presence::Foreign {
        let why = (
            "NameTaken",
            "a Capsule Tenant of this name exists and is not ours; it is left untouched",
        );
        let status = record::failed(&tenant.status, tenant.generation, why, now);
        return Ok(Ended::Status(status, Finish::Again(LATER)));
    }
    let steps = plan::tenant::converge(&want, &seen);
    let drift = !steps.is_empty() && record::is_drift(&tenant.status, tenant.generation);
    apply_all(&backends, &steps).await?;
    let after = if steps.is_empty() {
        seen
    } else {
        backends.cluster.observe_tenant(&want).await?
    };
    if after.tenant != Presence::Current || !after.usable {
        let why = (
            "WaitingForCapsule",
            "Capsule has not reconciled the Tenant yet",
        );
        let status = record::applying(&tenant.status, why, now);
        return Ok(Ended::Status(status, Finish::Again(SOON)));
    }
    let mut status = record::deployed(&tenant.status, tenant.generation, now);
    if drift {
        let what = record::describe(&steps);
        tell_drift(&backends, &what).await;
        record::repaired(&mut status, &what, now);
    }
    Ok(Ended::Status(status, Finish::Done))
}

/// The Event is for people and may be missing; the condition is the record.
async fn tell_drift(backends: &Backends, what: &str) {
    let event = Step::RecordDrift {
        namespace: None,
        what: what.to_owned(),
    };
    if let Err(failure) = backends.cluster.apply(&event).await {
        tracing::debug!(error = %failure, "Could not write the Event of a repaired drift");
    }
}

async fn remove(
    ports: &Ports,
    cluster: &Cluster,
    tenant: &Tenant,
    now: Timestamp,
) -> Result<Ended, TurnError> {
    let all = ProjectFilter {
        tenant: tenant.id,
        only: None,
        selector: LabelSelector::default(),
    };
    let deleting = |why, finish| {
        let status = record::deleting(&tenant.status, tenant.generation, why, now);
        Ok(Ended::Status(status, finish))
    };
    if !ports
        .store
        .projects(all, Page::first(1))
        .await?
        .items
        .is_empty()
    {
        // The last project that goes asks for this tenant again; the wait is for a lost signal only.
        return deleting(
            ("WaitingForProjects", "projects are being deleted first"),
            Finish::Again(LATER),
        );
    }
    let backends = ports.fleet.backends(cluster).await?;
    let want = TenantSpec {
        owners: std::collections::BTreeSet::new(),
        ..spec::tenant(tenant)
    };
    let seen = backends.cluster.observe_tenant(&want).await?;
    if is_gone(&seen) {
        return Ok(Ended::Gone);
    }
    let ours = matches!(seen.tenant, Presence::Current | Presence::Differs);
    if ours && !seen.namespaces.is_empty() {
        let names: Vec<&str> = seen.namespaces.iter().take(5).map(String::as_str).collect();
        let message = format!(
            "namespaces that KubeNova does not manage are in the Tenant and would be deleted with it: {}; remove or detach them",
            names.join(", ")
        );
        return deleting(
            ("UnmanagedNamespaces", message.as_str()),
            Finish::Again(LATER),
        );
    }
    let owners: Vec<String> = seen.stray_owners.iter().cloned().collect();
    apply_all(&backends, &plan::tenant::remove(&want, &seen, &owners)).await?;
    if is_gone(&backends.cluster.observe_tenant(&want).await?) {
        return Ok(Ended::Gone);
    }
    deleting(
        ("WaitingForCapsule", "the Capsule Tenant is being deleted"),
        Finish::Again(SOON),
    )
}

fn is_gone(seen: &ObservedTenant) -> bool {
    matches!(seen.tenant, Presence::Absent | Presence::Foreign) && seen.stray_owners.is_empty()
}

async fn purge(
    ports: &Ports,
    cluster: &Cluster,
    tenant: &Tenant,
    receipt: Receipt,
) -> Result<(), TurnError> {
    let now = ports.clock.now();
    let changes = ChangeSet::new()
        .require(Require::Holds(receipt))
        .require(Require::NoProjects(tenant.id))
        .write(Write::PurgeTenant(tenant.id, now))
        .ask(Work::Cluster(cluster.id), cluster.id);
    ports.store.commit(changes).await?;
    Ok(())
}

pub(super) async fn apply_all(backends: &Backends, steps: &[Step]) -> Result<(), ClusterError> {
    for step in steps {
        backends.cluster.apply(step).await?;
    }
    Ok(())
}
