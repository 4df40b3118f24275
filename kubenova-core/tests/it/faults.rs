//! Clusters that are away, processes that die, clusters that are exchanged.

use std::time::Duration;

use kubenova_core::domain::cluster::conditions::REACHABLE;
use kubenova_core::ports::cluster::ClusterError;
use kubenova_core::value::{ConditionStatus, Phase, Ref};

use crate::world::{World, candidate};

#[tokio::test(start_paused = true)]
async fn an_outage_is_told_within_ten_seconds_and_made_up_for_afterwards() {
    let world = World::new().await;
    while world.work().await > 0 {}
    world.sim.fail(Some(ClusterError::Unreachable));
    let tenant = world.tenant("acme").await;
    let project = world.project(&tenant, "web").await;
    let at = Ref::Id(world.cluster.id.uuid());
    let reachable = |wanted: ConditionStatus| {
        let (world, at) = (&world, &at);
        move || async move {
            let cluster = world.ports.store.cluster(at).await.unwrap().unwrap();
            cluster
                .status
                .condition(REACHABLE)
                .is_some_and(|c| c.status == wanted)
        }
    };
    let start = tokio::time::Instant::now();
    world
        .work_until("the outage is told", reachable(ConditionStatus::False))
        .await;
    assert!(
        start.elapsed() <= Duration::from_secs(10),
        "{:?}",
        start.elapsed()
    );
    assert_ne!(
        world.look(&project).await.unwrap().status.phase,
        Phase::Deployed
    );
    world.sim.fail(None);
    let start = tokio::time::Instant::now();
    world
        .work_until("the return is told", reachable(ConditionStatus::True))
        .await;
    assert!(
        start.elapsed() <= Duration::from_secs(5),
        "{:?}",
        start.elapsed()
    );
    world.settled(&project).await;
}

#[tokio::test(start_paused = true)]
async fn work_of_a_process_that_died_is_taken_over() {
    let world = World::new().await;
    let tenant = world.tenant("acme").await;
    let project = world.project(&tenant, "web").await;
    world.work_and_die().await;
    assert_eq!(world.work().await, 0, "held by the dead one's lease");
    let start = tokio::time::Instant::now();
    world.settled(&project).await;
    assert!(
        start.elapsed() >= Duration::from_secs(59),
        "only after the lease ran out"
    );
}

#[tokio::test(start_paused = true)]
async fn attack_156_what_came_and_went_during_an_outage_leaves_nothing() {
    let world = World::new().await;
    while world.work().await > 0 {}
    let before = world.sim.inventory();
    world.sim.fail(Some(ClusterError::Unreachable));
    let tenant = world.tenant("acme").await;
    world.work().await;
    let at = crate::world::at_tenant(&tenant);
    world
        .tenants()
        .delete(&world.me, &at, true, None)
        .await
        .unwrap();
    world.pass(Duration::from_secs(30)).await;
    world.sim.fail(None);
    let gone = || async { world.ports.store.tenant(tenant.id).await.unwrap().is_none() };
    world.work_until("the tenant is gone", gone).await;
    assert_eq!(world.sim.inventory(), before);
}

#[tokio::test(start_paused = true)]
async fn attack_73_the_same_cluster_is_registered_once() {
    let world = World::new().await;
    let mut again = candidate("one");
    again.name = crate::world::name("two");
    let refused = world.clusters().register(&world.me, again).await;
    assert!(refused.is_err());
    assert_eq!(
        world.sim_of("one").writes(),
        0,
        "nothing was written to it yet"
    );
}
