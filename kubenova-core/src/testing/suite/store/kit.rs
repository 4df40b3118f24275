//! What the suites do again and again.

use std::time::Duration;

use uuid::Uuid;

use crate::change::{ChangeSet, Lease, Receipt, Require, Work, WorkRequest, Write};
use crate::domain::cluster::Cluster;
use crate::domain::credential::{Grant, Token};
use crate::domain::project::Project;
use crate::domain::tenant::Tenant;
use crate::ports::Store;
use crate::ports::store::{Claim, ClaimRequest, CommitError};
use crate::testing::build::{a_cluster, a_project, a_tenant};
use crate::value::{ClusterId, LabelSelector, Secret};

/// Long enough for any test.
pub(super) const LONG: Duration = Duration::from_secs(600);

#[track_caller]
pub(super) fn ok<T, E: std::fmt::Debug>(result: Result<T, E>) -> T {
    match result {
        Ok(value) => value,
        Err(err) => fail(&format!("refused: {err:?}")),
    }
}

#[track_caller]
#[expect(clippy::panic, reason = "a suite fails by panicking")]
pub(super) fn fail(why: &str) -> ! {
    panic!("{why}")
}

#[track_caller]
pub(super) fn some<T>(found: Option<T>) -> T {
    found.unwrap_or_else(|| fail("found nothing"))
}

#[track_caller]
pub(super) fn refused(result: Result<(), CommitError>) -> CommitError {
    match result {
        Ok(()) => fail("committed what must be refused"),
        Err(refusal) => refusal,
    }
}

pub(super) fn writes(list: impl IntoIterator<Item = Write>) -> ChangeSet {
    let mut changes = ChangeSet::new();
    changes.writes.extend(list);
    changes
}

pub(super) async fn write(store: &dyn Store, one: Write) -> Result<(), CommitError> {
    store.commit(writes([one])).await
}

pub(super) async fn require(store: &dyn Store, one: Require) -> Result<(), CommitError> {
    store.commit(ChangeSet::new().require(one)).await
}

pub(super) fn insert_cluster(cluster: &Cluster) -> Write {
    let kubeconfig = Secret::new(format!("kubeconfig of {}", cluster.name));
    Write::InsertCluster(Box::new(cluster.clone()), kubeconfig)
}

pub(super) fn insert_tenant(tenant: &Tenant) -> Write {
    Write::InsertTenant(Box::new(tenant.clone()))
}

pub(super) fn insert_project(project: &Project) -> Write {
    Write::InsertProject(Box::new(project.clone()))
}

pub(super) fn update_tenant(tenant: &Tenant) -> Write {
    Write::UpdateTenant(Box::new(tenant.clone()))
}

pub(super) fn insert_token(token: &Token) -> Write {
    Write::InsertToken(Box::new(token.clone()))
}

pub(super) fn insert_grant(grant: &Grant) -> Write {
    Write::InsertGrant(Box::new(grant.clone()))
}

/// Cluster number 1 with tenant number 1 and project number 1.
pub(super) async fn a_place(store: &dyn Store) -> (Cluster, Tenant, Project) {
    let (cluster, tenant, project) = (a_cluster().build(), a_tenant().build(), a_project().build());
    let all = [
        insert_cluster(&cluster),
        insert_tenant(&tenant),
        insert_project(&project),
    ];
    ok(store.commit(writes(all)).await);
    (cluster, tenant, project)
}

pub(super) fn selector(text: &str) -> LabelSelector {
    ok(LabelSelector::parse(text))
}

pub(super) fn lease(n: u128) -> Lease {
    Lease(Uuid::from_u128(n))
}

pub(super) async fn ask(store: &dyn Store, item: Work) {
    ask_after(store, item, Duration::ZERO).await;
}

pub(super) async fn ask_after(store: &dyn Store, item: Work, after: Duration) {
    ask_on(store, item, ClusterId::nth(1), after).await;
}

pub(super) async fn ask_on(store: &dyn Store, item: Work, cluster: ClusterId, after: Duration) {
    ok(store
        .ask(vec![WorkRequest {
            item,
            cluster,
            after,
        }])
        .await);
}

pub(super) fn a_claim(n: u128, limit: usize) -> ClaimRequest {
    ClaimRequest {
        lease: lease(n),
        lease_for: LONG,
        limit,
        per_cluster: 1000,
        caps: Vec::new(),
    }
}

pub(super) async fn claim(store: &dyn Store, n: u128, limit: usize) -> Vec<Claim> {
    ok(store.claim(a_claim(n, limit)).await)
}

/// Claims the one item that must be due.
pub(super) async fn claim_one(store: &dyn Store, n: u128) -> Receipt {
    let claims = claim(store, n, 10).await;
    assert_eq!(claims.len(), 1, "one item must be due: {claims:?}");
    claims[0].receipt
}

/// Claims the one item that must be due, for no time at all.
pub(super) async fn claim_and_lose(store: &dyn Store, n: u128) -> Receipt {
    let want = ClaimRequest {
        lease_for: Duration::ZERO,
        ..a_claim(n, 10)
    };
    let claims = ok(store.claim(want).await);
    assert_eq!(claims.len(), 1, "one item must be due: {claims:?}");
    claims[0].receipt
}

pub(super) fn items(claims: &[Claim]) -> Vec<Work> {
    claims.iter().map(|claim| claim.receipt.item).collect()
}
