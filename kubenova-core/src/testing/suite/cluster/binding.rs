//! Role bindings of projects.

use std::collections::{BTreeMap, BTreeSet};

use super::Ground;
use super::kit::{Told, account, apply, discard, project, see_project, settled, tenant, user, who};
use crate::access::ProjectRole;
use crate::change::Work;
use crate::ports::cluster::{BindingSubject, ClusterError, ProjectSpec, Signal, Step};
use crate::simulation::ForeignAct;
use crate::testing::build::subject;
use crate::value::{ProjectId, SubjectKind};

const ROLE: ProjectRole = ProjectRole::ReadOnly;

fn bind(want: &ProjectSpec, role: ProjectRole, who: &BTreeSet<BindingSubject>) -> Step {
    Step::ApplyBinding(want.clone(), role, who.clone())
}

fn unbind(want: &ProjectSpec, role: ProjectRole) -> Step {
    Step::DeleteBinding(want.id, want.namespace.clone(), role)
}

type Bindings = BTreeMap<ProjectRole, Option<BTreeSet<BindingSubject>>>;

async fn see(on: &dyn Ground, want: &ProjectSpec) -> Bindings {
    see_project(on, want).await.bindings
}

/// Subjects of every kind are read back exactly, one role beside the other; fewer are fewer; removed twice is removed.
pub async fn subjects_are_exact(on: &dyn Ground) {
    let (tenant, want) = settled(on).await;
    let group = BindingSubject {
        kind: SubjectKind::Group,
        subject: subject("oidc:team/blue"),
    };
    let grant = who(account(on, &tenant));
    let all = BTreeSet::from([user("dev"), user("eve@example.com"), group, grant]);
    let one = BTreeSet::from([user("dev")]);
    let mut expected = Bindings::new();
    for role in ProjectRole::ALL {
        for subjects in [&all, &one, &all] {
            apply(on, bind(&want, role, subjects)).await;
            expected.insert(role, Some(subjects.clone()));
            assert_eq!(see(on, &want).await, expected);
        }
    }
    for role in ProjectRole::ALL {
        expected.remove(&role);
        for _ in 0..2 {
            apply(on, unbind(&want, role)).await;
            assert_eq!(see(on, &want).await, expected);
        }
    }
    discard(on, &tenant, &[&want]).await;
}

/// Another project neither sees nor removes them under the same name.
pub async fn are_their_projects_own(on: &dyn Ground) {
    let (tenant, want) = settled(on).await;
    let dev = BTreeSet::from([user("dev")]);
    apply(on, bind(&want, ROLE, &dev)).await;
    let another = ProjectSpec {
        id: ProjectId::nth(on.unique()),
        ..want.clone()
    };
    assert_eq!(see(on, &another).await, Bindings::new());
    apply(on, unbind(&another, ROLE)).await;
    assert_eq!(see(on, &want).await, Bindings::from([(ROLE, Some(dev))]));
    discard(on, &tenant, &[&want]).await;
}

/// Without its namespace there is no binding: trying again makes sense.
pub async fn need_their_namespace(on: &dyn Ground) {
    let want = project(on, &tenant(on, &[]), "web");
    let refused = on
        .cluster()
        .apply(&bind(&want, ROLE, &[user("dev")].into()))
        .await;
    assert_eq!(refused, Err(ClusterError::Conflict));
    assert_eq!(see(on, &want).await, Bindings::new());
}

/// Removed, filled with others, pointed to another role: each is seen as what it is, told of, and undone.
pub async fn show_foreign_changes(on: &dyn Ground) {
    let (tenant, want) = settled(on).await;
    let dev = BTreeSet::from([user("dev")]);
    let ours = Bindings::from([(ROLE, Some(dev.clone()))]);
    apply(on, bind(&want, ROLE, &dev)).await;
    let mut told = Told::start(on, want.cluster).await;
    let about = Signal::Changed(Work::Project(want.id));
    let place = want.namespace.clone();
    let more = BTreeSet::from([user("dev"), user("mallory")]);
    let acts = [
        (
            ForeignAct::DeleteBinding(place.clone(), ROLE),
            Bindings::new(),
        ),
        (
            ForeignAct::ReplaceSubjects(place.clone(), ROLE, more.clone()),
            Bindings::from([(ROLE, Some(more))]),
        ),
        (
            ForeignAct::ForgeRole(place, ROLE),
            Bindings::from([(ROLE, None)]),
        ),
    ];
    for (act, expected) in acts {
        on.act(act).await;
        told.next(&about).await;
        assert_eq!(see(on, &want).await, expected);
        if expected.get(&ROLE) == Some(&None) {
            apply(on, unbind(&want, ROLE)).await;
        }
        apply(on, bind(&want, ROLE, &dev)).await;
        assert_eq!(see(on, &want).await, ours);
    }
    discard(on, &tenant, &[&want]).await;
}
