//! Clusters in memory against the suites of every cluster.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;

use kubenova_core::ports::ClusterClient;
use kubenova_core::ports::cluster::{ClusterState, Step};
use kubenova_core::simulation::{ForeignAct, Knock, SimCluster, Thing};
use kubenova_core::testing::clock::TestClock;
use kubenova_core::testing::suite::cluster::Ground;
use kubenova_core::value::{ClusterId, Name, Secret};

kubenova_core::cluster_conformance!(conformance, sim());

struct SimGround {
    cluster: SimCluster,
    last: AtomicU64,
}

async fn sim() -> Box<SimGround> {
    Box::new(SimGround {
        cluster: SimCluster::new("simulated-ground", Arc::new(TestClock::new())),
        last: AtomicU64::new(100),
    })
}

#[async_trait]
impl Ground for SimGround {
    fn cluster(&self) -> &dyn ClusterClient {
        &self.cluster
    }

    fn unique(&self) -> u128 {
        // Even: the suites make a second id of it by its lowest bit.
        u128::from(self.last.fetch_add(2, Ordering::SeqCst))
    }

    async fn act(&self, act: ForeignAct) {
        self.cluster.suffer(&act);
    }

    async fn fingerprint(&self, thing: Thing) -> Option<String> {
        self.cluster.fingerprint(&thing)
    }

    async fn knock(&self, token: &Secret, namespace: &Name) -> Knock {
        self.cluster.knock(token, namespace)
    }

    fn installation(&self) -> ClusterId {
        ClusterId::nth(7)
    }

    async fn platform(&self) -> Box<dyn Any + Send> {
        let step = Step::ApplyPlatform(self.installation());
        self.cluster.apply(&step).await.unwrap();
        Box::new(())
    }

    async fn alone(&self) -> Box<dyn Any + Send> {
        Box::new(())
    }

    async fn pause(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    fn echo(&self) -> Duration {
        Duration::from_millis(20)
    }
}
