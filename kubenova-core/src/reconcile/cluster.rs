//! A turn on a cluster: is it there, is it the same, do its platform parts work; and its departure.

use std::time::Duration;

use jiff::Timestamp;

use crate::change::{ChangeSet, Receipt, Require, Write};
use crate::domain::cluster::conditions::{
    ADDONS_READY, AGENT_READY, DELIVERY_READY, PROXY_READY, REACHABLE, READY, TENANCY_READY,
};
use crate::domain::cluster::{Cluster, Departure, Part};
use crate::domain::service::Ports;
use crate::domain::service::cluster::describe_reach;
use crate::ports::cluster::{ClusterError, Presence, Report, Step};
use crate::ports::fleet::Backends;
use crate::ports::store::Finish;
use crate::reconcile::{TurnError, record};
use crate::value::{ClusterId, ConditionStatus, Phase, Ref, Status};

/// How often each cluster is looked at: an outage and its end are noticed within this.
const PROBE: Duration = Duration::from_secs(5);
/// Everything of a cluster that came back is looked at within this.
const SPREAD: Duration = Duration::from_secs(10);
/// An orphaned cluster that does not answer is let go of after this long.
const GIVE_UP: jiff::SignedDuration = jiff::SignedDuration::from_secs(60);

pub(super) async fn turn(
    ports: &Ports,
    id: ClusterId,
    receipt: Receipt,
) -> Result<Finish, TurnError> {
    let Some(cluster) = ports.store.cluster(&Ref::Id(id.uuid())).await? else {
        ports.fleet.forget(id);
        return Ok(Finish::Done);
    };
    if let Some(departure) = cluster.deleting {
        return leave(ports, &cluster, departure, receipt).await;
    }
    let now = ports.clock.now();
    let was_away = is_false(&cluster.status, REACHABLE);
    let (status, version, outcome) = match look(ports, &cluster, now).await {
        Ok((status, version)) => (status, version, Ok(Finish::Again(PROBE))),
        Err(err) => {
            let status = away(&cluster, &err, now);
            (status, cluster.kubernetes_version.clone(), Err(err))
        }
    };
    if status != cluster.status || version != cluster.kubernetes_version {
        let changes = ChangeSet::new().require(Require::Holds(receipt));
        let write = Write::ClusterStatus(id, status, version);
        ports.store.commit(changes.write(write)).await?;
    }
    if was_away && outcome.is_ok() {
        ports.store.ask_everything(Some(id), SPREAD).await?;
    }
    match outcome {
        Ok(finish) => Ok(finish),
        // Probing goes on at its own pace: backing off would hide the return.
        Err(err) if err.is_away() => Ok(Finish::Again(PROBE)),
        Err(err) => Err(err.into()),
    }
}

fn is_false(status: &Status, kind: &str) -> bool {
    status
        .condition(kind)
        .is_some_and(|c| c.status == ConditionStatus::False)
}

async fn look(
    ports: &Ports,
    cluster: &Cluster,
    now: Timestamp,
) -> Result<(Status, String), ClusterError> {
    let backends = ports.fleet.backends(cluster).await?;
    let seen = backends.cluster.inspect().await?;
    if seen.identity != cluster.identity {
        return Err(ClusterError::IdentityChanged);
    }
    let mut status = cluster.status.clone();
    describe_reach(&mut status, &seen, now);
    let platform = backends.cluster.observe_platform(cluster.id).await?;
    if platform != Presence::Current {
        let drift = record::is_drift(&status, cluster.generation);
        backends
            .cluster
            .apply(&Step::ApplyPlatform(cluster.id))
            .await?;
        if drift {
            record::repaired(
                &mut status,
                "a platform object had been changed by somebody else and was restored",
                now,
            );
        }
    }
    parts(cluster, &backends, &mut status, now).await?;
    let status = record::deployed(&status, cluster.generation, now);
    Ok((status, seen.version))
}

/// Conditions of the platform parts.
async fn parts(
    cluster: &Cluster,
    backends: &Backends,
    status: &mut Status,
    now: Timestamp,
) -> Result<(), ClusterError> {
    let tenancy = backends
        .cluster
        .tenancy(cluster.parts.contains(&Part::Tenancy))
        .await?;
    report(status, TENANCY_READY, &tenancy, now);
    let mut all = tenancy.ready || !cluster.parts.contains(&Part::Tenancy);
    if cluster.proxy.is_some() || cluster.parts.contains(&Part::Proxy) {
        let proxy = backends.proxy.verify().await?;
        report(status, PROXY_READY, &proxy, now);
        all &= proxy.ready;
    } else {
        let why = (
            "NotRequested",
            "no access proxy is registered; kubeconfigs use the cluster's own address",
        );
        status.set(PROXY_READY, ConditionStatus::Unknown, why, now);
    }
    let why = ("NotOffered", "this version delivers no apps");
    status.set(DELIVERY_READY, ConditionStatus::Unknown, why, now);
    let (is, why) = if all {
        (
            ConditionStatus::True,
            ("AllReady", "every part that was asked for is ready"),
        )
    } else {
        (
            ConditionStatus::False,
            ("PartsNotReady", "a part that was asked for is not ready"),
        )
    };
    status.set(ADDONS_READY, is, why, now);
    Ok(())
}

fn report(status: &mut Status, kind: &str, report: &Report, now: Timestamp) {
    let is = if report.ready {
        ConditionStatus::True
    } else {
        ConditionStatus::False
    };
    status.set(kind, is, (report.reason, &report.message), now);
}

/// A cluster that does not answer: what hung on it is unknown, not false.
fn away(cluster: &Cluster, err: &ClusterError, now: Timestamp) -> Status {
    let message = err.to_string();
    let why = (err.reason(), message.as_str());
    let mut status = record::failed(&cluster.status, cluster.generation, why, now);
    if err.is_away() {
        status.set(REACHABLE, ConditionStatus::False, why, now);
        for kind in [
            AGENT_READY,
            TENANCY_READY,
            PROXY_READY,
            DELIVERY_READY,
            ADDONS_READY,
        ] {
            status.set(kind, ConditionStatus::Unknown, why, now);
        }
    }
    status
}

async fn leave(
    ports: &Ports,
    cluster: &Cluster,
    departure: Departure,
    receipt: Receipt,
) -> Result<Finish, TurnError> {
    let now = ports.clock.now();
    let step = if departure.orphan {
        Step::ReleaseAll(cluster.id)
    } else {
        Step::DeletePlatform(cluster.id)
    };
    if let Err(err) = release(ports, cluster, &step).await {
        let patience_left = now.duration_since(departure.at) < GIVE_UP;
        if patience_left || !departure.orphan || !err.is_away() {
            let mut status = record::cluster_failed(&cluster.status, cluster.generation, &err, now);
            status.phase = Phase::Deleting;
            status.set(
                READY,
                ConditionStatus::False,
                (err.reason(), &err.to_string()),
                now,
            );
            let changes = ChangeSet::new().require(Require::Holds(receipt));
            let version = cluster.kubernetes_version.clone();
            ports
                .store
                .commit(changes.write(Write::ClusterStatus(cluster.id, status, version)))
                .await?;
            return Err(err.into());
        }
        tracing::warn!(cluster.id = %cluster.id, error = %err, "Let go of a cluster that does not answer; what is on it stays");
    }
    let changes = ChangeSet::new()
        .require(Require::Holds(receipt))
        .write(Write::PurgeCluster(cluster.id, now));
    ports.store.commit(changes).await?;
    ports.fleet.forget(cluster.id);
    Ok(Finish::Done)
}

async fn release(ports: &Ports, cluster: &Cluster, step: &Step) -> Result<(), ClusterError> {
    let backends = ports.fleet.backends(cluster).await?;
    if backends.cluster.inspect().await?.identity != cluster.identity {
        return Err(ClusterError::IdentityChanged);
    }
    backends.cluster.apply(step).await
}
