//! Two tenants on the real cluster whose projects have one name, and their people's kubeconfigs.

use serde_json::{Value, json};

use crate::api::{Api, deployed};
use crate::eyes::{Eyes, until};
use crate::place;
use crate::server::{Server, Site};

/// A tenant with one project, and what its people hold.
pub(super) struct Tenancy {
    pub(super) name: String,
    pub(super) uid: String,
    pub(super) namespace: String,
}

impl Tenancy {
    pub(super) async fn new(api: &Api, name: &str) -> Self {
        let body = json!({"name": name, "owners": ["alice"]});
        let made = api.post("/clusters/inside/tenants", body).await;
        let projects = format!("/clusters/inside/tenants/{name}/projects");
        api.post(&projects, json!({"name": "web"})).await;
        let path = format!("{projects}/web");
        let patience = std::time::Duration::from_secs(60);
        api.until(&path, "the project is deployed", patience, deployed)
            .await;
        Self {
            name: name.to_owned(),
            uid: made["uid"].as_str().unwrap().to_owned(),
            namespace: format!("{name}-web"),
        }
    }

    /// A kubeconfig for its project, as the server answers it.
    pub(super) async fn kubeconfig(&self, api: &Api, role: &str) -> Value {
        let path = format!("/tenants/{}/kubeconfig", self.uid);
        let body = json!({"role": role, "project": "web"});
        api.post(&path, body).await
    }

    pub(super) async fn eyes(&self, api: &Api, role: &str) -> Eyes {
        let eyes = Eyes::issued(&self.kubeconfig(api, role).await).await;
        let pods = self.at("pods");
        until("the kubeconfig works", || async {
            eyes.status(&pods).await == 200
        })
        .await;
        eyes
    }

    /// Path of a kind of the core group in its namespace.
    pub(super) fn at(&self, plural: &str) -> String {
        format!("/api/v1/namespaces/{}/{plural}", self.namespace)
    }

    /// Path of a kind of another group in its namespace.
    pub(super) fn of(&self, group: &str, plural: &str) -> String {
        format!("/apis/{group}/namespaces/{}/{plural}", self.namespace)
    }
}

/// A server with the test cluster, and two tenants whose projects have one name.
pub(super) async fn stage(site: &Site) -> (Eyes, Server, Tenancy, Tenancy) {
    let admin = Eyes::of("admin").await;
    admin.clean().await;
    let server = site.start("all").await;
    server.register("inside").await;
    let unique = place::unique();
    let one = Tenancy::new(&server.api, &format!("i-{unique}")).await;
    let two = Tenancy::new(&server.api, &format!("j-{unique}")).await;
    (admin, server, one, two)
}

pub(super) async fn clear(server: Server, tenants: [&Tenancy; 2]) {
    for tenancy in tenants {
        let path = format!("/clusters/inside/tenants/{}?cascade=true", tenancy.name);
        server.api.delete(&path).await;
    }
    server.api.delete("/clusters/inside").await;
    server.stop().await;
}

/// An object with fields on top of others.
pub(super) fn with(mut whole: Value, more: Value) -> Value {
    if let (Value::Object(fields), Value::Object(more)) = (&mut whole, more) {
        fields.extend(more);
    }
    whole
}

pub(super) fn object(api: &str, kind: &str, name: &str, rest: Value) -> Value {
    let head = json!({"apiVersion": api, "kind": kind, "metadata": {"name": name}});
    with(head, rest)
}
