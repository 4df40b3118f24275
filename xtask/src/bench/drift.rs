//! Drift: from the moment somebody changes what is ours until it is as it was.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::converge::ready;
use super::figure::{Figure, Report, load};
use crate::cluster::Cluster;
use crate::cluster::api::Api as Kube;
use crate::demo::api::{Api, Call};
use crate::demo::server::Server;
use crate::{Context as _, Failure, Result};

/// Foreign changes in all, a third of each kind.
const CHANGES: usize = 99;
const QUICK: usize = 30;
/// No repair takes as long.
const PATIENCE: Duration = Duration::from_secs(30);
const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1";
const ROLE: &str = "/apis/rbac.authorization.k8s.io/v1/clusterroles/kubenova:project:projectDev";
const TENANT: &str = "drifting";

/// A foreign change.
#[derive(Clone, Copy)]
enum Change {
    /// A RoleBinding is deleted.
    Binding,
    /// A label of the caller and one of our two marks are removed from the namespace.
    Labels,
    /// A ClusterRole gets a rule that allows everything.
    Role,
}

impl Change {
    const ALL: [Self; 3] = [Self::Binding, Self::Labels, Self::Role];
}

/// One project, and somebody who changes it behind our back.
struct Drift {
    api: Api,
    cluster: String,
    kube: Kube,
    /// What the ClusterRole allows.
    rules: Value,
}

/// Makes the changes one after the other, each after the one before was repaired and told.
///
/// # Errors
/// When one of them was not repaired.
pub(super) async fn measure(
    program: &Path,
    folder: &Path,
    cluster: &Cluster,
    quick: bool,
    report: &mut Report,
) -> Result<()> {
    let mut server = Server::launch(program, folder, "all", &[]).await?;
    let (api, uid) = ready(&server, cluster).await?;
    let kube = Kube::from_file(&cluster.kubeconfig("admin")).await?;
    let role = kube.get(ROLE).await?.context("the ClusterRole is there")?;
    let drift = Drift {
        api,
        cluster: uid,
        kube,
        rules: role["rules"].clone(),
    };
    let before = load();
    let measured = drift.all(if quick { QUICK } else { CHANGES }).await;
    let at = format!("/clusters/{}/tenants/{TENANT}?cascade=true", drift.cluster);
    let cleared = drift.api.call(Call::delete(at).wait(60).quietly()).await;
    let stopped = server.stop().await;
    let mut times = measured?;
    times.sort_unstable();
    let at = |share: usize| times.get((times.len() * share).div_ceil(100).saturating_sub(1));
    let (p50, p99) = (at(50).copied(), at(99).copied());
    let what = format!("{} foreign changes repaired, slowest", times.len());
    let slowest = times.last().copied().unwrap_or_default();
    let figure = Figure::new(what, "cluster", slowest.as_secs_f64() * 1000.0, "ms");
    let figure = figure.latency(p50.unwrap_or_default(), p99.unwrap_or_default());
    report.add(figure.under(before).wanted("p99 ≤ 300"));
    cleared.map(drop).and(stopped)
}

impl Drift {
    async fn all(&self, many: usize) -> Result<Vec<Duration>> {
        let tenants = format!("/clusters/{}/tenants", self.cluster);
        let body = json!({"name": TENANT, "owners": ["alice"]});
        let made = Call::post(tenants.as_str(), body).wait(30).quietly();
        self.api.call(made).await?;
        let projects = format!("{tenants}/{TENANT}/projects");
        let body = json!({"name": "p0", "labels": {"app": "shop"}});
        let made = Call::post(projects.as_str(), body).wait(30).quietly();
        self.api.call(made).await?;
        let members = json!({"members": [{"subject": "dev", "role": "projectDev"}]});
        let access = Call::put(format!("{projects}/p0/access"), members);
        self.api.call(access.wait(30).quietly()).await?;
        // One of each kind first: the watches may just have begun.
        for change in Change::ALL {
            self.one(change).await?;
        }
        let mut times = Vec::new();
        for change in Change::ALL.into_iter().cycle().take(many) {
            times.push(self.one(change).await?);
        }
        Ok(times)
    }

    /// Makes one change; how long until it was undone. Returns when it was told, too.
    async fn one(&self, change: Change) -> Result<Duration> {
        let told = match change {
            Change::Binding | Change::Labels => {
                format!("/clusters/{}/tenants/{TENANT}/projects/p0", self.cluster)
            }
            Change::Role => format!("/clusters/{}", self.cluster),
        };
        let (before, old) = (self.told(&told).await?, self.seen(change).await?);
        let begun = Instant::now();
        self.make(change).await?;
        loop {
            let seen = self.seen(change).await?;
            let repaired = match change {
                Change::Binding => !seen.is_null() && seen != old,
                Change::Labels | Change::Role => seen == old,
            };
            if repaired {
                break;
            }
            patient(begun, "repaired").await?;
        }
        let took = begun.elapsed();
        while self.told(&told).await? == before {
            patient(begun, "told").await?;
        }
        Ok(took)
    }

    /// What the change is about, as it is now.
    async fn seen(&self, change: Change) -> Result<Value> {
        let (path, field) = match change {
            Change::Binding => (binding(), "/metadata/uid"),
            Change::Labels => (namespace(), "/metadata/labels"),
            Change::Role => (ROLE.to_owned(), "/rules"),
        };
        let found = self.kube.get(&path).await?.unwrap_or_default();
        Ok(found.pointer(field).cloned().unwrap_or_default())
    }

    async fn make(&self, change: Change) -> Result<()> {
        match change {
            Change::Binding => self.kube.delete(&binding()).await,
            Change::Labels => {
                let gone = json!({"app": null, "kubenova.io/project-uid": null});
                let patch = json!({"metadata": {"labels": gone}});
                self.kube.merge(&namespace(), &patch).await
            }
            Change::Role => {
                let mut rules = self.rules.clone();
                let all = json!({"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]});
                rules.as_array_mut().context("rules")?.push(all);
                self.kube.merge(ROLE, &json!({"rules": rules})).await
            }
        }
    }

    /// The condition that tells of the last repair.
    async fn told(&self, path: &str) -> Result<Value> {
        let found = self.api.call(Call::get(path).quietly()).await?;
        let conditions = found["status"]["conditions"].as_array();
        let mut all = conditions.into_iter().flatten();
        let drift = all.find(|one| one["type"] == "DriftRepaired");
        Ok(drift.cloned().unwrap_or_default())
    }
}

fn namespace() -> String {
    format!("/api/v1/namespaces/{TENANT}-p0")
}

fn binding() -> String {
    format!("{RBAC}/namespaces/{TENANT}-p0/rolebindings/kubenova:projectDev")
}

async fn patient(begun: Instant, what: &str) -> Result<()> {
    if begun.elapsed() > PATIENCE {
        return Err(Failure::new(format!("a foreign change was not {what}")));
    }
    tokio::time::sleep(Duration::from_millis(2)).await;
    Ok(())
}
