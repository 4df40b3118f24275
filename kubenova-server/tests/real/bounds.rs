//! What bounds a tenant is true on the cluster: in any order, alone, and for namespaces that come later.

use http::Method;
use serde_json::{Value, json};

use crate::api::{Api, deployed};
use crate::eyes::{Eyes, until};
use crate::place;
use crate::server::Site;

const PROJECTS: [&str; 2] = ["web", "api"];

/// A tenant, and somebody beside KubeNova who looks at it.
struct Bounded<'a> {
    api: &'a Api,
    admin: &'a Eyes,
    name: String,
    /// Path of the tenant.
    path: String,
}

#[tokio::test(flavor = "multi_thread")]
async fn bounds_hold_in_every_namespace_and_each_part_is_its_own() {
    let _alone = place::alone().await;
    let admin = Eyes::of("admin").await;
    admin.clean().await;
    let site = Site::memory();
    let server = site.start("all").await;
    server.register("bounds").await;
    let name = format!("b-{}", place::unique());
    let path = format!("/clusters/bounds/tenants/{name}");
    let on = Bounded {
        api: &server.api,
        admin: &admin,
        name,
        path,
    };
    on.create().await;
    on.follows().await;
    on.refuses().await;
    on.each_part_goes_alone().await;
    on.api.delete(&format!("{}?cascade=true", on.path)).await;
    on.api.delete("/clusters/bounds").await;
    server.stop().await;
}

impl Bounded<'_> {
    /// Some parts before a project, some after one, some between two.
    async fn create(&self) {
        let (api, path) = (self.api, &self.path);
        let deny = json!({"defaultDeny": true});
        let new = json!({"name": self.name, "owners": ["alice"], "networkPolicies": deny});
        api.post("/clusters/bounds/tenants", new).await;
        let projects = format!("{path}/projects");
        api.post(&projects, json!({"name": PROJECTS[0]})).await;
        let quotas = json!({"limits.cpu": "1", "pods": 3, "namespaces": 2});
        let answer = api.put(&format!("{path}/quotas"), quotas).await;
        assert!(deployed(&answer), "{answer}");
        let limits = json!({"cpu": "800m"});
        api.put(&format!("{path}/limits"), limits).await;
        api.post(&projects, json!({"name": PROJECTS[1]})).await;
    }

    fn below(&self, project: &str, group: &str, kind: &str) -> String {
        format!("{group}/namespaces/{}-{project}/{kind}", self.name)
    }

    async fn specs(&self, project: &str, group: &str, kind: &str) -> Vec<Value> {
        let list = self.admin.list(&self.below(project, group, kind)).await;
        list.into_iter().map(|one| one["spec"].clone()).collect()
    }

    async fn policies(&self, project: &str) -> Vec<Value> {
        let group = "/apis/networking.k8s.io/v1";
        self.specs(project, group, "networkpolicies").await
    }

    async fn limits(&self, project: &str) -> Vec<Value> {
        self.specs(project, "/api/v1", "limitranges").await
    }

    async fn quotas(&self, project: &str) -> Vec<Value> {
        self.specs(project, "/api/v1", "resourcequotas").await
    }

    async fn follows(&self) {
        let deny = json!({"podSelector": {}, "policyTypes": ["Ingress", "Egress"]});
        for project in PROJECTS {
            until("every namespace has its objects", async || {
                self.policies(project).await == [deny.clone()]
                    && self.limits(project).await == [limit()]
                    && self.quotas(project).await.len() == 1
            })
            .await;
        }
        let tenant = format!("/apis/capsule.clastix.io/v1beta2/tenants/{}", self.name);
        let object = self.admin.get(&tenant).await;
        let told = &object["metadata"]["annotations"]["kubenova.io/quotas"];
        let told: Value = serde_json::from_str(told.as_str().unwrap()).unwrap();
        let quotas = json!({"limits.cpu": "1", "pods": "3", "namespaces": "2"});
        assert_eq!(told, quotas);
        assert_eq!(object["spec"]["namespaceOptions"]["quota"], 2);
    }

    /// A third project finds no room; a container above the limit and a pod above the quota neither.
    async fn refuses(&self) {
        let projects = format!("{}/projects", self.path);
        let third = json!({"name": "more"});
        let third = self
            .api
            .send(Method::POST, &projects, Some(&third), 0)
            .await;
        assert_eq!(third.unwrap().0, 409);
        let grant = format!("/tenants/{}/kubeconfig", self.name);
        let grant = self.api.post(&grant, json!({"role": "tenantOwner"})).await;
        let owner = Eyes::issued(&grant).await;
        let make = async |project: &str, named: &str, cpu: &str| {
            let pods = self.below(project, "/api/v1", "pods");
            owner.send(Method::POST, &pods, pod(named, cpu)).await.0
        };
        assert_eq!(make("web", "large", "900m").await, 403, "above the limit");
        assert_eq!(make("web", "first", "700m").await, 200);
        until(
            "what one namespace uses is taken from the other",
            async || {
                let quotas = self.quotas("api").await;
                quotas.iter().any(|one| one["hard"]["limits.cpu"] == "300m")
            },
        )
        .await;
        assert_eq!(make("api", "second", "400m").await, 403, "above the rest");
        assert_eq!(make("api", "second", "200m").await, 200);
    }

    async fn each_part_goes_alone(&self) {
        let networks = format!("{}/network-policies", self.path);
        self.api.put(&networks, json!({})).await;
        until("the policies are gone", async || {
            self.policies("web").await.is_empty()
        })
        .await;
        assert_eq!(self.limits("web").await, [limit()]);
        let quotas = format!("{}/quotas", self.path);
        let answer = self.api.put(&quotas, json!({})).await;
        assert!(deployed(&answer), "{answer}");
        until("the quotas are gone", async || {
            self.quotas("web").await.is_empty()
        })
        .await;
        assert_eq!(self.limits("web").await, [limit()]);
    }
}

/// A LimitRange with a `max`, after the API server's defaults.
fn limit() -> Value {
    let cpu = json!({"cpu": "800m"});
    json!({"limits": [{"type": "Container", "max": cpu, "default": cpu, "defaultRequest": cpu}]})
}

/// A pod that Pod Security lets through.
fn pod(name: &str, cpu: &str) -> Value {
    let amounts = json!({"cpu": cpu, "memory": "32Mi"});
    let container = json!({
        "name": "main", "image": "registry.invalid/pause:3",
        "resources": {"requests": amounts, "limits": amounts},
        "securityContext": {"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}},
    });
    let secure = json!({"runAsNonRoot": true, "runAsUser": 1000, "seccompProfile": {"type": "RuntimeDefault"}});
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name},
        "spec": {"containers": [container], "securityContext": secure}})
}
