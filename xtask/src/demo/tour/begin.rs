//! The first steps: who calls, what the server is, which cluster it manages.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use serde_json::json;

use super::{CLUSTER, PATIENCE, Tour, cluster, is_true};
use crate::Result;
use crate::demo::api::{Call, demand};
use crate::demo::print;

pub(super) async fn who(tour: &Tour<'_>) -> Result<()> {
    let me = tour.admin.call(Call::get("/me")).await?;
    demand(
        me["roles"] == json!(["admin"]),
        "the token is an admin's",
        &me,
    )?;
    tour.admin.call(Call::get("/version")).await?;
    let features = tour.admin.call(Call::get("/features")).await?;
    demand(features["tenancy"] == true, "tenancy is offered", &features)?;
    let later = features["appDelivery"] == false;
    demand(later, "apps are not offered yet", &features)
}

pub(super) async fn register(tour: &Tour<'_>) -> Result<()> {
    let kubeconfig = STANDARD.encode(tour.ground.kubeconfig()?);
    let labels = json!({"environment": "demo"});
    let body = json!({"name": CLUSTER, "kubeconfig": kubeconfig, "labels": labels});
    let made = tour
        .admin
        .call(Call::post("/clusters", body).wait(30))
        .await?;
    let silent = !made.to_string().contains(&kubeconfig);
    demand(
        silent,
        "no answer holds the cluster's credential",
        &json!("…"),
    )?;
    let reached = |object: &_| is_true(object, "Reachable");
    tour.admin
        .until(&cluster(), PATIENCE, reached)
        .await
        .map(drop)
}

pub(super) async fn capabilities(tour: &Tour<'_>) -> Result<()> {
    let path = format!("{}/capabilities", cluster());
    let found = tour.admin.call(Call::get(path)).await?;
    demand(found["tenancy"] == true, "Capsule is found", &found)
}

pub(super) async fn bootstrap(tour: &Tour<'_>) -> Result<()> {
    let path = format!("{}/bootstrap/tenancy", cluster());
    let call = Call::post(path, json!(null)).want(StatusCode::ACCEPTED);
    tour.admin.call(call.wait(30)).await?;
    let ready = |object: &_| is_true(object, "TenancyReady");
    tour.admin.until(&cluster(), PATIENCE, ready).await?;
    print::note("TenancyReady");
    Ok(())
}
