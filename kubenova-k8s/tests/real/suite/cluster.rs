//! The real cluster against the suites of every cluster.

use std::any::Any;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use k8s_openapi::api::core::v1::{Namespace, Pod};
use kube::Api;
use kube::api::{DynamicObject, ListParams, ObjectMeta};

use kubenova_core::ports::ClusterClient;
use kubenova_core::simulation::{ForeignAct, Knock, Thing};
use kubenova_core::testing::suite::cluster::Ground;
use kubenova_core::value::{ClusterId, Name, Secret};
use kubenova_k8s::tenancy::KubeCluster;

use super::somebody;
use crate::access::{code, handed_out};
use crate::kit::{ALONE, INSTALLATION, admin, client, cluster, platform, unique};

kubenova_core::cluster_conformance!(conformance, real());

/// Capsule's controllers have their say about anything within this time, and a watch has read its lists.
const ECHO: Duration = Duration::from_secs(3);

struct RealGround {
    cluster: KubeCluster,
    admin: kube::Client,
    /// Who knocked last, and as what client.
    visitor: Mutex<Option<(Secret, kube::Client)>>,
}

async fn real() -> Box<RealGround> {
    Box::new(RealGround {
        cluster: cluster("kubenova"),
        admin: admin(),
        visitor: Mutex::default(),
    })
}

impl RealGround {
    async fn visitor(&self, token: &Secret, namespace: &Name) -> kube::Client {
        if let Some((known, client)) = &*self.visitor.lock().unwrap_or_else(PoisonError::into_inner)
            && known.expose() == token.expose()
        {
            return client.clone();
        }
        let fresh = client(&handed_out(token.clone(), namespace).await);
        let mut last = self.visitor.lock().unwrap_or_else(PoisonError::into_inner);
        *last = Some((token.clone(), fresh.clone()));
        fresh
    }
}

/// What somebody could have changed; not the version, which Kubernetes moves by itself.
fn print(metadata: &ObjectMeta, spec: &serde_json::Value) -> String {
    let ObjectMeta {
        uid,
        labels,
        annotations,
        owner_references,
        finalizers,
        deletion_timestamp,
        ..
    } = metadata;
    format!(
        "{uid:?} {labels:?} {annotations:?} {owner_references:?} {finalizers:?} {deletion_timestamp:?} {spec}"
    )
}

#[async_trait]
impl Ground for RealGround {
    fn cluster(&self) -> &dyn ClusterClient {
        &self.cluster
    }

    fn unique(&self) -> u128 {
        unique()
    }

    async fn act(&self, act: ForeignAct) {
        somebody::acts(&self.admin, act).await;
    }

    async fn fingerprint(&self, thing: Thing) -> Option<String> {
        match thing {
            Thing::Namespace(name) => {
                let api: Api<Namespace> = Api::all(self.admin.clone());
                let there = api.get_opt(name.as_str()).await.unwrap()?;
                Some(print(&there.metadata, &serde_json::Value::Null))
            }
            Thing::Tenant(name) => {
                let api: Api<DynamicObject> = somebody::tenants(&self.admin);
                let there = api.get_opt(name.as_str()).await.unwrap()?;
                Some(print(&there.metadata, &there.data["spec"]))
            }
        }
    }

    async fn knock(&self, token: &Secret, namespace: &Name) -> Knock {
        let visitor = self.visitor(token, namespace).await;
        let pods: Api<Pod> = Api::namespaced(visitor, namespace.as_str());
        match code(pods.list(&ListParams::default().limit(1)).await) {
            200 => Knock::Open,
            403 => Knock::Forbidden,
            401 => Knock::Unauthorized,
            other => panic!("neither open nor refused: {other}"),
        }
    }

    fn installation(&self) -> ClusterId {
        INSTALLATION
    }

    async fn platform(&self) -> Box<dyn Any + Send> {
        Box::new(platform(&self.cluster).await)
    }

    async fn alone(&self) -> Box<dyn Any + Send> {
        Box::new(ALONE.write().await)
    }

    async fn pause(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    fn echo(&self) -> Duration {
        ECHO
    }
}
