//! Namespaces of projects.

use std::collections::BTreeMap;

use super::Ground;
use super::kit::{
    Told, apply, discard, never_adopted, project, see_project, see_tenant, settled, settled_tenant,
    tenant, until, user,
};
use crate::access::ProjectRole;
use crate::change::Work;
use crate::ports::cluster::{
    ClusterError, ObservedProject, Presence, ProjectSpec, Signal, Step, TenantSpec,
};
use crate::reconcile::plan;
use crate::simulation::{ForeignAct, Thing};
use crate::value::ProjectId;

fn only(namespace: Presence) -> ObservedProject {
    ObservedProject {
        namespace,
        bindings: BTreeMap::new(),
        stuck: None,
    }
}

fn rests(want: &ProjectSpec, seen: &ObservedProject) -> bool {
    plan::project::converge(want, &BTreeMap::new(), seen).is_empty()
}

/// What is not there is not there, and removing it is no fault.
pub async fn absent_is_absent(on: &dyn Ground) {
    let want = project(on, &tenant(on, &[]), "web");
    assert_eq!(see_project(on, &want).await, only(Presence::Absent));
    apply(on, Step::DeleteNamespace(want.id, want.namespace.clone())).await;
    let role = ProjectRole::ReadOnly;
    apply(
        on,
        Step::DeleteBinding(want.id, want.namespace.clone(), role),
    )
    .await;
    assert_eq!(see_project(on, &want).await, only(Presence::Absent));
}

/// Once applied it is a member of its tenant, and a second turn has nothing to write; another request's name is no change.
pub async fn converges_and_rests(on: &dyn Ground) {
    let (tenant, want) = settled(on).await;
    for _ in 0..2 {
        let seen = see_project(on, &want).await;
        assert_eq!(seen, only(Presence::Current));
        assert!(rests(&want, &seen));
        let inside = see_tenant(on, &tenant).await.namespaces;
        assert_eq!(inside, [want.namespace.to_string()].into());
        apply(on, Step::ApplyNamespace(want.clone())).await;
    }
    let later = ProjectSpec {
        request: crate::access::RequestId::parse("request-2"),
        ..want.clone()
    };
    assert!(rests(&later, &see_project(on, &later).await));
    discard(on, &tenant, &[&want]).await;
}

/// Another label, one less, an annotation: each differs until it is applied.
pub async fn follows_its_intent(on: &dyn Ground) {
    let (tenant, first) = settled(on).await;
    let relabelled = ProjectSpec {
        labels: BTreeMap::from([("team".to_owned(), "red".to_owned())]),
        ..first.clone()
    };
    let fewer = ProjectSpec {
        labels: BTreeMap::new(),
        ..first.clone()
    };
    let annotated = ProjectSpec {
        annotations: BTreeMap::from([("note".to_owned(), "hello".to_owned())]),
        ..fewer.clone()
    };
    for want in [&relabelled, &fewer, &annotated] {
        assert_eq!(see_project(on, want).await.namespace, Presence::Differs);
        apply(on, Step::ApplyNamespace(want.clone())).await;
        assert_eq!(see_project(on, want).await.namespace, Presence::Current);
    }
    discard(on, &tenant, &[&annotated]).await;
}

/// A namespace that is not ours is taken: never adopted, never changed, never removed (attack 78).
pub async fn a_foreign_name_is_taken(on: &dyn Ground) {
    let tenant = settled_tenant(on, &[]).await;
    let want = project(on, &tenant, "web");
    let thing = || Thing::Namespace(want.namespace.clone());
    on.act(ForeignAct::CreateNamespace(want.namespace.clone()))
        .await;
    let before = on.fingerprint(thing()).await;
    assert_eq!(see_project(on, &want).await, only(Presence::Foreign));
    never_adopted(on, &Step::ApplyNamespace(want.clone())).await;
    apply(on, Step::DeleteNamespace(want.id, want.namespace.clone())).await;
    assert!(before.is_some());
    assert_eq!(on.fingerprint(thing()).await, before, "untouched");
    assert!(see_tenant(on, &tenant).await.namespaces.is_empty());
    on.act(ForeignAct::DeleteNamespace(want.namespace.clone()))
        .await;
    discard(on, &tenant, &[]).await;
}

/// So is one of ours that another project has.
pub async fn another_projects_name_is_taken(on: &dyn Ground) {
    let (tenant, first) = settled(on).await;
    let second = ProjectSpec {
        id: ProjectId::nth(on.unique()),
        ..first.clone()
    };
    assert_eq!(see_project(on, &second).await, only(Presence::Foreign));
    never_adopted(on, &Step::ApplyNamespace(second.clone())).await;
    apply(
        on,
        Step::DeleteNamespace(second.id, second.namespace.clone()),
    )
    .await;
    assert_eq!(see_project(on, &first).await, only(Presence::Current));
    discard(on, &tenant, &[&first]).await;
}

/// Without its tenant there is no namespace.
pub async fn needs_its_tenant(on: &dyn Ground) {
    let want = project(on, &tenant(on, &[]), "web");
    never_adopted(on, &Step::ApplyNamespace(want.clone())).await;
    assert_eq!(see_project(on, &want).await, only(Presence::Absent));
}

/// What somebody else changed differs, is told of, and one step restores it; what he added beside it does not matter.
pub async fn shows_foreign_changes(on: &dyn Ground) {
    let (tenant, want) = settled(on).await;
    let mut told = Told::start(on, want.cluster).await;
    on.act(ForeignAct::AddLabel(want.namespace.clone())).await;
    assert!(rests(&want, &see_project(on, &want).await));
    let about = Signal::Changed(Work::Project(want.id));
    on.act(ForeignAct::EditNamespace(want.namespace.clone()))
        .await;
    told.next(&about).await;
    assert_eq!(see_project(on, &want).await.namespace, Presence::Differs);
    apply(on, Step::ApplyNamespace(want.clone())).await;
    assert_eq!(see_project(on, &want).await.namespace, Presence::Current);
    discard(on, &tenant, &[&want]).await;
}

/// Removed, it is never current again: on its way out for a while, in which nothing can be added or saved, then absent;
/// and its tenant outlives it.
pub async fn goes_in_its_own_time(on: &dyn Ground) {
    let (tenant, want) = settled(on).await;
    apply(on, Step::DeleteNamespace(want.id, want.namespace.clone())).await;
    let seen = see_project(on, &want).await.namespace;
    assert!(
        matches!(seen, Presence::Terminating | Presence::Absent),
        "{seen:?}"
    );
    let bind = Step::ApplyBinding(want.clone(), ProjectRole::ReadOnly, [user("dev")].into());
    let refused = on.cluster().apply(&bind).await;
    assert_eq!(refused, Err(ClusterError::Conflict));
    apply(on, Step::DeleteNamespace(want.id, want.namespace.clone())).await;
    until(on, "the namespace is gone", || async {
        see_project(on, &want).await.namespace == Presence::Absent
    })
    .await;
    until(on, "the tenant is empty", || async {
        see_tenant(on, &tenant).await.namespaces.is_empty()
    })
    .await;
    assert_eq!(see_tenant(on, &tenant).await.tenant, Presence::Current);
    let again = ProjectSpec {
        id: ProjectId::nth(on.unique()),
        ..want.clone()
    };
    apply(on, Step::ApplyNamespace(again.clone())).await;
    assert_eq!(
        see_project(on, &again).await,
        only(Presence::Current),
        "the name is free again"
    );
    discard(on, &tenant, &[&again]).await;
}

/// Deleted by somebody else, it is told of and made anew under the same id once it is gone.
pub async fn is_made_anew(on: &dyn Ground) {
    let (tenant, want): (TenantSpec, ProjectSpec) = settled(on).await;
    let mut told = Told::start(on, want.cluster).await;
    on.act(ForeignAct::DeleteNamespace(want.namespace.clone()))
        .await;
    told.next(&Signal::Changed(Work::Project(want.id))).await;
    until(on, "the namespace is gone", || async {
        see_project(on, &want).await.namespace == Presence::Absent
    })
    .await;
    apply(on, Step::ApplyNamespace(want.clone())).await;
    assert_eq!(see_project(on, &want).await, only(Presence::Current));
    discard(on, &tenant, &[&want]).await;
}
