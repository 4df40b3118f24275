//! Proof that a cluster works, by doing: a Tenant gets ready, a pod runs, a controller repairs something.
//!
//! A seeded cluster holds the *records* of an earlier working one, so only what happens now counts.

use std::time::Duration;

use serde_json::{Value, json};

use super::api::{Api, until};
use crate::Result;

const PATIENCE: Duration = Duration::from_secs(90);
const NAME: &str = "kubenova-probe";

/// All three proofs at once.
///
/// # Errors
/// What did not happen in time, or what `alive` says.
pub async fn everything(admin: &Api, kubenova: &Api, alive: impl Fn() -> Result<()>) -> Result<()> {
    let (tenancy, nodes, control) = (
        tenancy(kubenova, &alive),
        nodes(admin, &alive),
        controllers(admin, &alive),
    );
    futures::try_join!(tenancy, nodes, control).map(drop)
}

/// Capsule: a Tenant written as our own identity becomes ready, and goes again.
///
/// # Errors
/// When that did not happen in time, or what `alive` says.
pub async fn tenancy(kubenova: &Api, alive: impl Fn() -> Result<()>) -> Result<()> {
    let path = format!("/apis/capsule.clastix.io/v1beta2/tenants/{NAME}");
    let tenant = json!({
        "apiVersion": "capsule.clastix.io/v1beta2",
        "kind": "Tenant",
        "metadata": {"name": NAME},
        "spec": {"owners": [{"kind": "User", "name": NAME}]},
    });
    until("Capsule", PATIENCE, &alive, async || {
        kubenova.apply(&tenant).await.ok()
    })
    .await?;
    let ready = async || {
        kubenova
            .get(&path)
            .await
            .ok()
            .flatten()
            .filter(tenant_is_ready)
    };
    until("a probe Tenant to become ready", PATIENCE, &alive, ready).await?;
    let gone = async || {
        kubenova.delete(&path).await.ok()?;
        kubenova.get(&path).await.ok()?.is_none().then_some(())
    };
    until("the probe Tenant to go", PATIENCE, &alive, gone).await
}

/// Scheduler and simulated nodes: a pod gets a node and runs, and goes again.
///
/// # Errors
/// When that did not happen in time, or what `alive` says.
pub async fn nodes(admin: &Api, alive: impl Fn() -> Result<()>) -> Result<()> {
    let path = format!("/api/v1/namespaces/default/pods/{NAME}");
    let pod = json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": NAME, "namespace": "default"},
        "spec": {"containers": [{"name": "probe", "image": "none"}]},
    });
    until("a pod to be accepted", PATIENCE, &alive, async || {
        admin.apply(&pod).await.ok()
    })
    .await?;
    let running = async || {
        let pod = admin.get(&path).await.ok().flatten()?;
        (pod["status"]["phase"] == "Running").then_some(())
    };
    until("a probe pod to run", PATIENCE, &alive, running).await?;
    admin.delete(&format!("{path}?gracePeriodSeconds=0")).await
}

/// Controller manager: the `ConfigMap` that it publishes in every namespace comes back after removal.
///
/// # Errors
/// When that did not happen in time, or what `alive` says.
pub async fn controllers(admin: &Api, alive: impl Fn() -> Result<()>) -> Result<()> {
    let path = "/api/v1/namespaces/default/configmaps/kube-root-ca.crt";
    let old = admin
        .get(path)
        .await?
        .map(|found| found["metadata"]["uid"].clone());
    admin.delete(path).await?;
    let again = async || {
        let found = admin.get(path).await.ok().flatten()?;
        (Some(&found["metadata"]["uid"]) != old.as_ref()).then_some(())
    };
    until("the controller manager to work", PATIENCE, &alive, again).await
}

fn tenant_is_ready(tenant: &Value) -> bool {
    let seen = tenant["status"]["observedGeneration"] == tenant["metadata"]["generation"];
    let conditions = tenant["status"]["conditions"].as_array();
    let is_ready =
        |condition: &Value| condition["type"] == "Ready" && condition["status"] == "True";
    seen && conditions.is_some_and(|all| all.iter().any(is_ready))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readiness_of_an_older_generation_does_not_count() {
        let mut tenant = json!({"metadata": {"generation": 2}, "status": {"observedGeneration": 1,
            "conditions": [{"type": "Ready", "status": "True"}]}});
        assert!(!tenant_is_ready(&tenant));
        tenant["status"]["observedGeneration"] = json!(2);
        assert!(tenant_is_ready(&tenant));
    }
}
