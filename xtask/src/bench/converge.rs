//! Convergence: projects through the server, beside a plain client that creates the same objects on the same cluster.

use std::path::Path;
use std::time::{Duration, Instant};

use futures::{StreamExt as _, TryStreamExt as _, stream};
use http::StatusCode;
use serde_json::{Value, json};

use super::figure::{Figure, load, median};
use super::{figure::Report, fill};
use crate::cluster::Cluster;
use crate::cluster::api::Api as Kube;
use crate::demo::api::{Api, Call};
use crate::demo::server::Server;
use crate::{Context as _, Failure, Result};

/// Measurements of each side, in turn.
const ROUNDS: usize = 3;
/// Projects at a time, on both sides; the server's own share of one cluster is as large.
const AT_ONCE: usize = 8;
/// The tenant whose objects the plain client copies.
const MODEL: &str = "bench-model";
const PATIENCE: Duration = Duration::from_secs(300);
const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1";
const TENANTS: &str = "/apis/capsule.clastix.io/v1beta2/tenants";

/// Both sides.
struct Race {
    admin: Api,
    cluster: String,
    kube: Kube,
    projects: usize,
}

/// Measures both, in turn, and leaves nothing on the cluster.
///
/// # Errors
/// When something did not converge.
pub(super) async fn measure(
    program: &Path,
    folder: &Path,
    cluster: &Cluster,
    quick: bool,
    report: &mut Report,
) -> Result<()> {
    let mut server = Server::launch(program, folder, "all", &[]).await?;
    let raced = race(&server, cluster, quick, report).await;
    let stopped = server.stop().await;
    raced.and(stopped)
}

/// An admin of the server, and the uid of the cluster there, ready for tenants.
///
/// # Errors
/// When the server refuses.
pub(super) async fn ready(server: &Server, cluster: &Cluster) -> Result<(Api, String)> {
    let admin = fill::admin(server)?;
    let uid = fill::register(&admin, cluster).await?;
    let bootstrap = Call::post(format!("/clusters/{uid}/bootstrap/tenancy"), Value::Null);
    admin
        .call(bootstrap.want(StatusCode::ACCEPTED).wait(30).quietly())
        .await?;
    Ok((admin, uid))
}

async fn race(server: &Server, cluster: &Cluster, quick: bool, report: &mut Report) -> Result<()> {
    let (admin, uid) = ready(server, cluster).await?;
    let race = Race {
        admin,
        cluster: uid,
        kube: Kube::from_file(&cluster.kubeconfig("kubenova")).await?,
        projects: if quick { 30 } else { 100 },
    };
    let ran = race.rounds(report).await;
    let cleared = race.clear().await;
    ran.and(cleared)
}

impl Race {
    async fn rounds(&self, report: &mut Report) -> Result<()> {
        let before = load();
        let (mut ours, mut plain) = (Vec::new(), Vec::new());
        self.tenant(MODEL).await?;
        self.project(MODEL, 0).await?;
        self.followed(MODEL, 0, Instant::now()).await?;
        for round in 0..ROUNDS {
            // Who comes first finds the cluster quieter: it is each side in turn.
            for side in [round % 2, (round + 1) % 2] {
                if side == 0 {
                    let tenant = format!("bench-{round}");
                    ours.push(self.through_us(&tenant).await?);
                    self.settled(&tenant).await?;
                } else {
                    let tenant = format!("plain-{round}");
                    plain.push(self.plainly(&tenant).await?);
                    self.settled(&tenant).await?;
                }
            }
        }
        let (ours, plain) = (median(ours), median(plain));
        let many = self.projects;
        let rate = |what: String, value| Figure::new(what, "cluster", value, "/s").under(before);
        report.add(rate(format!("{many} projects by a plain client"), plain));
        report.add(rate(format!("{many} projects through the server"), ours));
        let share = Figure::new(
            "share of the plain client's speed",
            "cluster",
            100.0 * ours / plain,
            "%",
        );
        report.add(share.under(before).wanted("≥ 90"));
        Ok(())
    }

    fn projects_of(&self, tenant: &str) -> String {
        format!("/clusters/{}/tenants/{tenant}/projects", self.cluster)
    }

    async fn tenant(&self, name: &str) -> Result<()> {
        let body = json!({"name": name, "owners": ["alice"]});
        let tenants = format!("/clusters/{}/tenants", self.cluster);
        let made = self
            .admin
            .call(Call::post(tenants, body).wait(30).quietly());
        made.await.map(drop)
    }

    /// A project and its member.
    async fn project(&self, tenant: &str, n: usize) -> Result<()> {
        let (at, name) = (self.projects_of(tenant), format!("p{n}"));
        let access = format!("{at}/{name}/access");
        let body = json!({"name": name, "labels": {"app": "shop"}});
        self.admin.call(Call::post(at, body).quietly()).await?;
        let members = json!({"members": [{"subject": "dev", "role": "projectDev"}]});
        let put = self.admin.call(Call::put(access, members).quietly());
        put.await.map(drop)
    }

    /// Waits until the cluster equals a project's newest intent.
    async fn followed(&self, tenant: &str, n: usize, begun: Instant) -> Result<()> {
        let path = format!("{}/p{n}", self.projects_of(tenant));
        while !is_followed(&self.admin.call(Call::get(path.as_str()).quietly()).await?) {
            if begun.elapsed() > PATIENCE {
                return Err(Failure::new(format!("{path} is not deployed")));
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Ok(())
    }

    /// Projects with a member each, from the first request until the last is deployed; per second.
    async fn through_us(&self, tenant: &str) -> Result<f64> {
        self.tenant(tenant).await?;
        let begun = Instant::now();
        stream::iter((0..self.projects).map(|n| self.project(tenant, n)))
            .buffer_unordered(AT_ONCE)
            .try_collect::<Vec<_>>()
            .await?;
        for n in 0..self.projects {
            self.followed(tenant, n, begun).await?;
        }
        Ok(self.projects as f64 / begun.elapsed().as_secs_f64())
    }

    /// Waits until Capsule knows all namespaces of a Tenant: what it still has to do would slow the next measurement.
    async fn settled(&self, tenant: &str) -> Result<()> {
        let path = format!("{TENANTS}/{tenant}");
        let all = async || {
            let found = self.kube.get(&path).await.ok().flatten()?;
            let size = found["status"]["size"].as_u64()?;
            (usize::try_from(size).ok()? == self.projects).then_some(())
        };
        crate::cluster::api::until("all of a Tenant", PATIENCE, || Ok(()), all).await
    }

    /// The objects of the model's project, as many times, in a Tenant of their own; per second.
    async fn plainly(&self, tenant: &str) -> Result<f64> {
        let namespace = self
            .found(&format!("/api/v1/namespaces/{MODEL}-p0"))
            .await?;
        let binding = format!("{RBAC}/namespaces/{MODEL}-p0/rolebindings/kubenova:projectDev");
        let binding = self.found(&binding).await?;
        let mut owner = self.found(&format!("{TENANTS}/{MODEL}")).await?;
        bare(&mut owner, tenant, tenant);
        self.kube.create(TENANTS, &owner).await?;
        self.until_ready(tenant).await?;
        let create = |n: usize| {
            let name = format!("{tenant}-p{n}");
            let (mut namespace, mut binding) = (namespace.clone(), binding.clone());
            bare(&mut namespace, &name, tenant);
            bare(&mut binding, "kubenova:projectDev", tenant);
            binding["metadata"]["namespace"] = json!(name);
            async move {
                self.kube.create("/api/v1/namespaces", &namespace).await?;
                self.kube
                    .create(&format!("{RBAC}/namespaces/{name}/rolebindings"), &binding)
                    .await
            }
        };
        let begun = Instant::now();
        stream::iter((0..self.projects).map(create))
            .buffer_unordered(AT_ONCE)
            .try_collect::<Vec<_>>()
            .await?;
        Ok(self.projects as f64 / begun.elapsed().as_secs_f64())
    }

    async fn found(&self, path: &str) -> Result<Value> {
        self.kube
            .get(path)
            .await?
            .context(format!("{path} is not there"))
    }

    async fn until_ready(&self, tenant: &str) -> Result<()> {
        let path = format!("{TENANTS}/{tenant}");
        let ready = async || {
            let found = self.kube.get(&path).await.ok().flatten()?;
            found["status"]["conditions"]
                .as_array()
                .is_some_and(|all| !all.is_empty())
                .then_some(())
        };
        crate::cluster::api::until("a Tenant", Duration::from_secs(30), || Ok(()), ready).await
    }

    /// Deletes what both sides made.
    async fn clear(&self) -> Result<()> {
        let ours = (0..ROUNDS).map(|round| format!("bench-{round}"));
        for tenant in ours.chain([MODEL.to_owned()]) {
            let tenants = format!("/clusters/{}/tenants", self.cluster);
            let ours = format!("{tenants}/{tenant}?cascade=true");
            let _ = self.admin.call(Call::delete(ours).wait(60).quietly()).await;
        }
        for round in 0..ROUNDS {
            for n in 0..self.projects {
                self.kube
                    .delete(&format!("/api/v1/namespaces/plain-{round}-p{n}"))
                    .await?;
            }
            self.kube
                .delete(&format!("{TENANTS}/plain-{round}"))
                .await?;
        }
        Ok(())
    }
}

/// Whether the cluster equals the newest intent.
fn is_followed(project: &Value) -> bool {
    let status = &project["status"];
    let seen = status["observedGeneration"]
        .as_u64()
        .map(|version| version.to_string());
    status["phase"] == "Deployed" && seen.as_deref() == project["resourceVersion"].as_str()
}

/// Makes a new object of one that was read: without what the API server adds, and with marks under other keys, so that
/// the server, which watches its own, does not take it for its work.
fn bare(object: &mut Value, name: &str, tenant: &str) {
    object["status"].take();
    let read = object["metadata"].take();
    let renamed = |part: &str| -> serde_json::Map<String, Value> {
        let all = read[part].as_object().into_iter().flatten();
        let rename = |key: &str| {
            key.replace("kubenova", "plainbench")
                .replace("app.kubernetes.io/", "plainbench.io/")
        };
        all.map(|(key, value)| match key.as_str() {
            "capsule.clastix.io/tenant" => (key.clone(), json!(tenant)),
            "kubernetes.io/metadata.name" => (key.clone(), json!(name)),
            key => (rename(key), value.clone()),
        })
        .collect()
    };
    object["metadata"] =
        json!({"name": name, "labels": renamed("labels"), "annotations": renamed("annotations")});
    if let Some(fields) = object.as_object_mut() {
        fields.remove("status");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_has_the_same_marks_under_keys_that_are_not_ours() {
        let mut object = json!({"kind": "Namespace", "metadata": {"name": "a-p0", "uid": "x", "managedFields": [],
            "labels": {"kubenova.io/project-uid": "u", "app.kubernetes.io/managed-by": "kubenova",
                "capsule.clastix.io/tenant": "a"}}, "status": {"phase": "Active"}});
        bare(&mut object, "b-p1", "b");
        assert_eq!(
            object,
            json!({"kind": "Namespace", "metadata": {"name": "b-p1", "annotations": {}, "labels": {
                "plainbench.io/project-uid": "u", "plainbench.io/managed-by": "kubenova",
                "capsule.clastix.io/tenant": "b"}}})
        );
    }

    #[test]
    fn a_project_counts_when_its_newest_version_was_seen() {
        let mut project = json!({"resourceVersion": "2", "status": {"phase": "Deployed", "observedGeneration": 1}});
        assert!(!is_followed(&project));
        project["status"]["observedGeneration"] = json!(2);
        assert!(is_followed(&project));
    }
}
