//! A tenant and a project in it.

use serde_json::{Value, json};

use super::{NAMESPACE, PATIENCE, PROJECT, TENANT, Tour, cluster, is_deployed, project, tenant};
use crate::Result;
use crate::demo::api::{Call, demand, text};
use crate::demo::kubectl::Ending;

pub(super) async fn create_tenant(tour: &mut Tour<'_>) -> Result<()> {
    let path = format!("{}/tenants", cluster());
    let body = json!({"name": TENANT, "owners": ["alice"], "labels": {"tier": "gold"}});
    let made = tour.admin.call(Call::post(path, body).wait(30)).await?;
    demand(
        is_deployed(&made),
        "the cluster followed within the wait",
        &made,
    )?;
    tour.tenant = text(&made, "/uid")?;
    seen(tour, &format!("get tenants.capsule.clastix.io {TENANT}")).await
}

pub(super) async fn read_and_change(tour: &Tour<'_>) -> Result<()> {
    let list = format!(
        "{}/tenants?labelSelector=tier%20in%20(gold,silver)",
        cluster()
    );
    let found = tour.admin.call(Call::get(list)).await?;
    demand(
        names(&found) == [TENANT],
        "the selector finds acme alone",
        &found,
    )?;
    let list = format!("{}/tenants?labelSelector=tier%3Dbronze", cluster());
    let found = tour.admin.call(Call::get(list)).await?;
    demand(
        names(&found).is_empty(),
        "the other selector finds nothing",
        &found,
    )?;
    tour.admin.call(Call::get(tenant())).await?;
    let path = format!("{}/owners", tenant());
    let body = json!({"owners": ["alice", "bob"]});
    let changed = tour.admin.call(Call::put(path, body).wait(30)).await?;
    let owners = changed["owners"] == json!(["alice", "bob"]);
    demand(owners, "both owners are there", &changed)?;
    demand(
        is_deployed(&changed),
        "the cluster followed within the wait",
        &changed,
    )
}

pub(super) async fn create_project(tour: &mut Tour<'_>) -> Result<()> {
    let path = format!("{}/projects", tenant());
    let body = json!({"name": PROJECT, "labels": {"app": "shop"}});
    let made = tour.admin.call(Call::post(path, body).wait(30)).await?;
    let placed = made["namespace"] == NAMESPACE;
    demand(placed, "its namespace is <tenant>-<project>", &made)?;
    tour.admin.until(&project(), PATIENCE, is_deployed).await?;
    tour.project = text(&made, "/uid")?;
    seen(tour, &format!("get namespace {NAMESPACE} --show-labels")).await
}

/// Quotas, limits and network policies: each its own part, and all of them on the cluster.
pub(super) async fn bound_tenant(tour: &Tour<'_>) -> Result<()> {
    for (part, body) in [
        (
            "quotas",
            json!({"pods": 20, "services.loadbalancers": 1, "namespaces": 5}),
        ),
        ("limits", json!({"memory": "1Gi"})),
        (
            "network-policies",
            json!({"items": [{"podSelector": {}, "ingress": [{"from": [{"podSelector": {}}]}]}]}),
        ),
    ] {
        let path = format!("{}/{part}", tenant());
        let changed = tour.admin.call(Call::put(path, body).wait(30)).await?;
        demand(
            is_deployed(&changed),
            "the cluster followed within the wait",
            &changed,
        )?;
    }
    let kinds = "get resourcequotas,limitranges,networkpolicies -n";
    seen(tour, &format!("{kinds} {NAMESPACE}")).await
}

/// Shows with the admin's kubectl that it is on the cluster.
async fn seen(tour: &Tour<'_>, words: &str) -> Result<()> {
    if let Some(real) = tour.ground.real() {
        real.kubectl.prove(&real.admin, words, Ending::Done).await?;
    }
    Ok(())
}

fn names(list: &Value) -> Vec<&str> {
    let entries = list.as_array().map(Vec::as_slice).unwrap_or_default();
    entries
        .iter()
        .filter_map(|entry| entry["name"].as_str())
        .collect()
}
