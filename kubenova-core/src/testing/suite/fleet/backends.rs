//! Backends: one set per cluster, until it is forgotten or its proxy replaced; never another cluster's.

use std::sync::Arc;

use super::FleetGround;
use super::kit::{backends, behind, ok, registered};
use crate::domain::cluster::{Cluster, ProxyKind};
use crate::ports::cluster::{ClusterError, Step};
use crate::testing::build::a_cluster;

/// A cluster that was never registered cannot be reached, and forgetting it is no fault.
pub async fn strangers_are_unreachable(on: &dyn FleetGround) {
    let stranger = a_cluster()
        .nth(9)
        .named("stranger")
        .identity("nobodys-identity")
        .build();
    let found = backends(on, &stranger).await;
    assert_eq!(found.err(), Some(ClusterError::Unreachable));
    on.fleet().forget(stranger.id);
}

/// Asked twice it is the same; forgotten, it is built anew.
pub async fn are_kept_until_forgotten(on: &dyn FleetGround) {
    let cluster = registered(on, None).await;
    let first = ok(backends(on, &cluster).await);
    let again = ok(backends(on, &cluster).await);
    assert!(Arc::ptr_eq(&first.cluster, &again.cluster));
    assert!(Arc::ptr_eq(&first.proxy, &again.proxy));
    let seen = ok(first.cluster.inspect().await);
    assert_eq!(seen.identity, cluster.identity);
    on.fleet().forget(cluster.id);
    let fresh = ok(backends(on, &cluster).await);
    assert!(!Arc::ptr_eq(&first.cluster, &fresh.cluster));
    assert_eq!(ok(fresh.cluster.inspect().await), seen);
}

/// A proxy that was registered later, or taken away, is what counts at once.
pub async fn follow_the_registered_proxy(on: &dyn FleetGround) {
    let direct = registered(on, None).await;
    let front = |kind| Cluster {
        proxy: Some(behind(on.front(), kind)),
        ..direct.clone()
    };
    for (cluster, kind) in [
        (direct.clone(), ProxyKind::Direct),
        (front(ProxyKind::Custom), ProxyKind::Custom),
        (front(ProxyKind::CapsuleProxy), ProxyKind::CapsuleProxy),
        (direct.clone(), ProxyKind::Direct),
    ] {
        let found = ok(backends(on, &cluster).await);
        assert_eq!(found.proxy.kind(), kind);
    }
}

/// Where another cluster answers nothing is written, and nothing is believed to be absent (attack 74).
pub async fn refuse_another_cluster(on: &dyn FleetGround) {
    let cluster = on.exchanged().await;
    let found = ok(backends(on, &cluster).await);
    // A look tells which cluster it is, or is refused where not even a connection is kept to it.
    match found.cluster.inspect().await {
        Ok(seen) => assert_ne!(seen.identity, cluster.identity),
        Err(why) => assert_eq!(why, ClusterError::IdentityChanged),
    }
    let wrote = found.cluster.apply(&Step::ApplyPlatform(cluster.id)).await;
    assert_eq!(wrote, Err(ClusterError::IdentityChanged));
    let looked = found.cluster.observe_platform(cluster.id).await;
    assert_eq!(looked, Err(ClusterError::IdentityChanged));
}
