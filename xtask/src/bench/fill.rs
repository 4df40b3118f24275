//! The records that reads are measured on: a registered cluster with 10 000 tenants.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::json;

use crate::Result;
use crate::cluster::Cluster;
use crate::demo::api::{Api, Call, demand, text};
use crate::demo::server::Server;
use crate::host::files;

/// Tenants of the filled cluster.
const TENANTS: usize = 10_000;
/// Values of the label that lists ask for; so many tenants share one: a full page of 50, and more behind it.
const TEAMS: usize = 100;
/// Requests at a time while filling.
const AT_ONCE: usize = 64;

/// An admin of a server.
///
/// # Errors
/// When it wrote no token.
pub(super) fn admin(server: &Server) -> Result<Api> {
    let token = files::read(server.token_file())?;
    Ok(Api::new(server.url()).as_caller("admin", &token))
}

/// Registers the test cluster and answers its uid. The server must not work on it unless that is wanted.
///
/// # Errors
/// When the server refuses.
pub(super) async fn register(admin: &Api, cluster: &Cluster) -> Result<String> {
    let kubeconfig = STANDARD.encode(files::read(&cluster.kubeconfig("kubenova"))?);
    let body = json!({"name": "bench", "kubeconfig": kubeconfig});
    let made = admin.call(Call::post("/clusters", body).quietly()).await?;
    text(&made, "/uid")
}

/// Creates the tenants; answers their uids, and proves that a list by label has its 50.
///
/// # Errors
/// When the server refuses.
pub(super) async fn tenants(admin: &Api, cluster: &str) -> Result<Vec<String>> {
    let path = format!("/clusters/{cluster}/tenants");
    let create = |n: usize| {
        let body = json!({"name": format!("tenant-{n}"), "owners": [format!("owner-{}", n % 500)],
            "labels": {"tier": "gold", "team": format!("team-{}", n % TEAMS)}});
        let call = Call::post(path.as_str(), body).quietly();
        async move { text(&admin.call(call).await?, "/uid") }
    };
    let uids = stream::iter((0..TENANTS).map(create)).buffered(AT_ONCE);
    let uids: Vec<String> = uids.try_collect().await?;
    let list = format!("{path}?labelSelector=team%3Dteam-7&limit=50");
    let found = admin.call(Call::get(list).quietly()).await?;
    let many = found.as_array().map_or(0, Vec::len);
    demand(many == 50, "a list by label has 50 entries", &json!(many))?;
    Ok(uids)
}

/// The labels that lists ask for.
pub(super) fn labels() -> Vec<String> {
    (0..TEAMS).map(|n| format!("team=team-{n}")).collect()
}
