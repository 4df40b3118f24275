//! What the suites of fleets do again and again.

use super::{Address, FleetGround};
use crate::domain::cluster::{Cluster, Proxy, ProxyKind};
use crate::ports::cluster::ClusterError;
use crate::ports::fleet::{Admitted, Backends, Candidate, Refusal};
use crate::testing::build::a_cluster;
use crate::value::Secret;

#[track_caller]
#[expect(clippy::panic, reason = "a suite fails by panicking")]
pub(super) fn ok<T, E: std::fmt::Debug>(result: Result<T, E>) -> T {
    match result {
        Ok(value) => value,
        Err(err) => panic!("refused: {err:?}"),
    }
}

/// Without a proxy.
pub(super) fn plain(kubeconfig: Secret) -> Candidate {
    Candidate {
        kubeconfig,
        proxy_url: None,
        proxy_ca: None,
        proxy_kind: None,
    }
}

/// Admission refuses it for one reason: this field, this class, and nothing quoted.
pub(super) async fn refused(on: &dyn FleetGround, candidate: Candidate, field: &str, class: &str) {
    let shown = candidate.proxy_url.clone();
    let Err(Refusal(faults)) = on.fleet().admit(candidate).await else {
        fail(&format!("admitted what must be refused: {field} {shown:?}"));
    };
    let told: Vec<_> = faults.iter().map(|one| one.field.as_str()).collect();
    assert_eq!(told, [field], "{faults:?} {shown:?}");
    let reason = &faults[0].reason;
    assert!(
        reason.starts_with(&format!("{class}: ")),
        "{reason} {shown:?}"
    );
    assert!(!reason.contains("canary"), "{reason}");
}

#[track_caller]
#[expect(clippy::panic, reason = "a suite fails by panicking")]
pub(super) fn fail(why: &str) -> ! {
    panic!("{why}")
}

pub(super) async fn admitted(on: &dyn FleetGround, kubeconfig: Secret) -> Admitted {
    ok(on.fleet().admit(plain(kubeconfig)).await)
}

/// The good cluster, registered behind this.
pub(super) async fn registered(on: &dyn FleetGround, proxy: Option<Proxy>) -> Cluster {
    let identity = admitted(on, on.good()).await.inspection.identity;
    let cluster = Cluster {
        proxy,
        ..a_cluster().identity(&identity).build()
    };
    on.register(&cluster).await;
    cluster
}

pub(super) fn behind(address: Address, kind: ProxyKind) -> Proxy {
    Proxy {
        kind,
        url: address.url,
        ca_pem: address.ca_pem,
    }
}

pub(super) async fn backends(
    on: &dyn FleetGround,
    cluster: &Cluster,
) -> Result<Backends, ClusterError> {
    on.fleet().backends(cluster).await
}
