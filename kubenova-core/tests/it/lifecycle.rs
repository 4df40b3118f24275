//! From a tenant to nothing left behind.

use std::collections::BTreeSet;

use kubenova_core::access::ProjectRole;
use kubenova_core::domain::cluster::conditions::DRIFT;
use kubenova_core::domain::project::Member;
use kubenova_core::error::{Conflict, Error, Noun};
use kubenova_core::value::{Phase, Ref, Subject, SubjectKind};

use crate::world::{World, at_project, at_tenant, wish};

fn dev() -> Member {
    let subject = Subject::parse("dev").unwrap();
    Member {
        role: ProjectRole::ProjectDev,
        kind: SubjectKind::User,
        subject,
    }
}

#[tokio::test(start_paused = true)]
async fn a_tenant_and_its_project_come_and_go() {
    let world = World::new().await;
    let before = world.sim.inventory();
    let tenant = world.tenant("acme").await;
    let project = world.project(&tenant, "web").await;
    world.settled(&project).await;
    assert!(world.sim.inventory().contains("namespace/acme-web"));
    let members = BTreeSet::from([dev()]);
    world
        .projects()
        .set_access(&world.me, &at_project(&project), members, None)
        .await
        .unwrap();
    let bound = || async {
        world
            .sim
            .inventory()
            .contains("binding/acme-web/projectDev")
    };
    world.work_until("the binding is there", bound).await;

    let refused = world
        .tenants()
        .delete(&world.me, &at_tenant(&tenant), false, None)
        .await;
    assert!(
        matches!(refused, Err(Error::Conflict(Conflict::HasProjects))),
        "{refused:?}"
    );
    world
        .tenants()
        .delete(&world.me, &at_tenant(&tenant), true, None)
        .await
        .unwrap();
    let gone = || async { world.ports.store.tenant(tenant.id).await.unwrap().is_none() };
    world.work_until("the tenant is gone", gone).await;
    assert_eq!(world.sim.inventory(), before);
    assert!(world.look(&project).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_second_turn_writes_nothing() {
    let world = World::new().await;
    let tenant = world.tenant("acme").await;
    let project = world.project(&tenant, "web").await;
    world.settled(&project).await;
    let writes = world.sim.writes();
    world
        .ports
        .store
        .ask_everything(None, std::time::Duration::ZERO)
        .await
        .unwrap();
    while world.work().await > 0 {}
    assert_eq!(
        world.sim.writes(),
        writes,
        "I5: reconciling twice changes nothing"
    );
}

#[tokio::test(start_paused = true)]
async fn a_foreign_change_is_repaired_and_recorded() {
    let world = World::new().await;
    let tenant = world.tenant("acme").await;
    let project = world.project(&tenant, "web").await;
    let members = BTreeSet::from([dev()]);
    world
        .projects()
        .set_access(&world.me, &at_project(&project), members, None)
        .await
        .unwrap();
    let bound = || async {
        world
            .sim
            .inventory()
            .contains("binding/acme-web/projectDev")
    };
    world.work_until("the binding is there", bound).await;
    world.settled(&project).await;
    assert!(
        world
            .look(&project)
            .await
            .unwrap()
            .status
            .condition(DRIFT)
            .is_none()
    );
    world.sim.tamper(project.id);
    world
        .ports
        .store
        .ask_everything(None, std::time::Duration::ZERO)
        .await
        .unwrap();
    world.work_until("the binding is back", bound).await;
    let status = world.look(&project).await.unwrap().status;
    assert!(status.condition(DRIFT).is_some(), "{status:?}");
}

#[tokio::test(start_paused = true)]
async fn attack_78_a_foreign_namespace_is_named_and_left() {
    let world = World::new().await;
    world
        .sim
        .add_foreign_namespace(&crate::world::name("acme-web"));
    let tenant = world.tenant("acme").await;
    let project = world.project(&tenant, "web").await;
    let told = || async {
        let status = world.look(&project).await.unwrap().status;
        status
            .condition("Ready")
            .is_some_and(|ready| ready.reason == "NameTaken")
    };
    world.work_until("the condition says so", told).await;
    assert_eq!(
        world.look(&project).await.unwrap().status.phase,
        Phase::Error
    );
    world
        .projects()
        .delete(&world.me, &at_project(&project), None)
        .await
        .unwrap();
    let gone = || async { world.look(&project).await.is_none() };
    world.work_until("the project is gone", gone).await;
    assert!(
        world.sim.inventory().contains("namespace/acme-web"),
        "not ours, not touched"
    );
}

#[tokio::test(start_paused = true)]
async fn attack_79_two_projects_never_share_a_namespace() {
    let world = World::new().await;
    let (short, long) = (world.tenant("a").await, world.tenant("a-b").await);
    world.project(&short, "b-c").await;
    let refused = world.projects().create(&world.me, wish(&long, "c")).await;
    assert!(
        matches!(refused, Err(Error::Conflict(Conflict::NamespaceTaken))),
        "{refused:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn attack_77_a_cluster_leaves_without_or_with_its_tenants() {
    let world = World::new().await;
    let tenant = world.tenant("acme").await;
    let project = world.project(&tenant, "web").await;
    world.settled(&project).await;
    let at = Ref::Id(world.cluster.id.uuid());
    let refused = world.clusters().delete(&world.me, &at, false, None).await;
    assert!(
        matches!(refused, Err(Error::Conflict(Conflict::HasTenants))),
        "{refused:?}"
    );
    world
        .clusters()
        .delete(&world.me, &at, true, None)
        .await
        .unwrap();
    let late = world
        .projects()
        .create(&world.me, wish(&tenant, "late"))
        .await;
    drop(late);
    let gone = || async { world.ports.store.cluster(&at).await.unwrap().is_none() };
    world.work_until("the cluster is gone", gone).await;
    let kept = world.sim.inventory();
    assert!(
        kept.contains("namespace/acme-web") && kept.contains("tenant/acme"),
        "{kept:?}"
    );
    let answer = world.clusters().get(&world.me, &at).await;
    assert!(matches!(answer, Err(Error::NotFound(Noun::Cluster))));
}
