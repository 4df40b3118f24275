//! What the suites of clusters do again and again.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::time::Duration;

use futures::future::{Either, select};
use futures::stream::{BoxStream, StreamExt};

use super::Ground;
use crate::domain::bounds::Bounds;
use crate::domain::credential::Account;
use crate::domain::tenant::Owner;
use crate::ports::cluster::{
    BindingSubject, ClusterError, ObservedProject, ObservedTenant, Presence, ProjectSpec, Signal,
    Step, TenantSpec,
};
use crate::reconcile::plan;
use crate::testing::build::{name, subject};
use crate::value::{ClusterId, GrantId, ProjectId, SubjectKind, TenantId};

/// How long anything may take that a cluster does in its own time.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK_AGAIN: Duration = Duration::from_millis(20);

#[track_caller]
#[expect(clippy::panic, reason = "a suite fails by panicking")]
pub(super) fn fail(why: &str) -> ! {
    panic!("{why}")
}

#[track_caller]
pub(super) fn ok<T>(result: Result<T, ClusterError>) -> T {
    match result {
        Ok(value) => value,
        Err(err) => fail(&format!("refused: {err:?}")),
    }
}

/// What is not ours is not taken: the step is denied for good.
pub(super) async fn never_adopted(on: &dyn Ground, step: &Step) {
    let refused = on.cluster().apply(step).await;
    assert!(
        matches!(refused, Err(ClusterError::Denied { .. })),
        "must be denied for good: {refused:?}"
    );
}

/// Waits until something is so; a minute at most.
pub(super) async fn until<F: Future<Output = bool>>(
    on: &dyn Ground,
    what: &str,
    is: impl Fn() -> F,
) {
    let mut waited = Duration::ZERO;
    while !is().await {
        assert!(waited < PATIENCE, "never so: {what}");
        on.pause(LOOK_AGAIN).await;
        waited += LOOK_AGAIN;
    }
}

/// A tenant that nobody else has, with these owners.
pub(super) fn tenant(on: &dyn Ground, owners: &[&str]) -> TenantSpec {
    let nth = on.unique();
    TenantSpec {
        id: TenantId::nth(nth),
        cluster: ClusterId::nth(nth ^ 1),
        name: name(&format!("suite-{:x}", nth & 0xffff_ffff_ffff)),
        owners: owners
            .iter()
            .map(|one| Owner::from(&subject(one)))
            .collect(),
        labels: BTreeMap::from([("tier".to_owned(), "gold".to_owned())]),
        annotations: BTreeMap::from([("note".to_owned(), "hello".to_owned())]),
        bounds: Bounds::default(),
        request: None,
    }
}

/// A project of it.
pub(super) fn project(on: &dyn Ground, tenant: &TenantSpec, called: &str) -> ProjectSpec {
    ProjectSpec {
        id: ProjectId::nth(on.unique()),
        tenant: tenant.id,
        cluster: tenant.cluster,
        tenant_name: tenant.name.clone(),
        name: name(called),
        namespace: name(&format!("{}-{called}", tenant.name)),
        labels: BTreeMap::from([("team".to_owned(), "blue".to_owned())]),
        annotations: BTreeMap::new(),
        request: None,
    }
}

/// An account of a kubeconfig of that tenant.
pub(super) fn account(on: &dyn Ground, tenant: &TenantSpec) -> Account {
    Account {
        grant: GrantId::nth(on.unique()),
        tenant: tenant.id,
    }
}

pub(super) fn user(called: &str) -> BindingSubject {
    BindingSubject {
        kind: SubjectKind::User,
        subject: subject(called),
    }
}

pub(super) fn who(account: Account) -> BindingSubject {
    BindingSubject {
        kind: SubjectKind::ServiceAccount,
        subject: subject(&account.full_name()),
    }
}

pub(super) async fn apply(on: &dyn Ground, step: Step) {
    ok(on.cluster().apply(&step).await);
}

pub(super) async fn see_tenant(on: &dyn Ground, want: &TenantSpec) -> ObservedTenant {
    ok(on.cluster().observe_tenant(want).await)
}

pub(super) async fn see_project(on: &dyn Ground, want: &ProjectSpec) -> ObservedProject {
    ok(on.cluster().observe_project(want).await)
}

/// Whether a turn on the tenant would write nothing.
pub(super) fn rests(want: &TenantSpec, seen: &ObservedTenant) -> bool {
    plan::tenant::converge(want, seen).is_empty()
}

/// A tenant that is usable, with its owners.
pub(super) async fn settled_tenant(on: &dyn Ground, owners: &[&str]) -> TenantSpec {
    let want = tenant(on, owners);
    apply(on, Step::ApplyTenant(want.clone())).await;
    for owner in &want.owners {
        apply(on, Step::ApplyOwner(want.clone(), owner.clone())).await;
    }
    until(on, "the tenant is usable", || async {
        see_tenant(on, &want).await.usable
    })
    .await;
    want
}

/// A tenant that is usable, with one project.
pub(super) async fn settled(on: &dyn Ground) -> (TenantSpec, ProjectSpec) {
    let tenant = settled_tenant(on, &["alice"]).await;
    let project = project(on, &tenant, "web");
    apply(on, Step::ApplyNamespace(project.clone())).await;
    (tenant, project)
}

/// Asks for the removal of everything of the tenant, in the order of a reconciler, and leaves the cluster to it.
pub(super) async fn discard(on: &dyn Ground, tenant: &TenantSpec, projects: &[&ProjectSpec]) {
    for project in projects {
        let (id, namespace) = (project.id, project.namespace.clone());
        apply(on, Step::DeleteNamespace(id, namespace)).await;
    }
    let nobody = TenantSpec {
        owners: BTreeSet::new(),
        ..tenant.clone()
    };
    for stray in see_tenant(on, &nobody).await.stray_owners {
        apply(on, Step::DeleteOwner(tenant.id, stray)).await;
    }
    apply(on, Step::DeleteTenant(tenant.id, tenant.name.clone())).await;
}

/// Waits until nothing of the tenant is there.
pub(super) async fn until_gone(on: &dyn Ground, tenant: &TenantSpec) {
    until(on, "the tenant is gone", || async {
        let seen = see_tenant(on, tenant).await;
        seen.tenant == Presence::Absent && seen.namespaces.is_empty()
    })
    .await;
}

/// A watch that has told all it has to say about the start.
pub(super) struct Told<'a> {
    on: &'a dyn Ground,
    stream: BoxStream<'static, Signal>,
}

impl<'a> Told<'a> {
    pub(super) async fn start(on: &'a dyn Ground, cluster: ClusterId) -> Self {
        let stream = on.cluster().watch(cluster);
        let mut told = Self { on, stream };
        told.read_for(on.echo()).await;
        told
    }

    /// What is told within a while.
    pub(super) async fn read_for(&mut self, time: Duration) -> Vec<Signal> {
        let mut all = Vec::new();
        let mut pause = self.on.pause(time);
        loop {
            match select(self.stream.next(), pause).await {
                Either::Left((Some(signal), rest)) => {
                    all.push(signal);
                    pause = rest;
                }
                Either::Left((None, _)) => fail("a watch never ends"),
                Either::Right(_) => return all,
            }
        }
    }

    /// Waits until this is told; others share the cluster. Five seconds at most.
    pub(super) async fn next(&mut self, wanted: &Signal) {
        let mut pause = self.on.pause(Duration::from_secs(5));
        loop {
            match select(self.stream.next(), pause).await {
                Either::Left((Some(signal), _)) if signal == *wanted => return,
                Either::Left((Some(_), rest)) => pause = rest,
                Either::Left((None, _)) => fail("a watch never ends"),
                Either::Right(_) => fail(&format!("was not told: {wanted:?}")),
            }
        }
    }
}
