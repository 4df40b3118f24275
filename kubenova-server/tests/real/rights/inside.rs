//! What people try inside a cluster with the kubeconfigs they were issued, and what the cluster says.

use http::Method;
use serde_json::{Value, json};

use super::stage::{Tenancy, clear, object, stage, with};
use crate::eyes::Eyes;
use crate::place;
use crate::server::Site;

fn pod(name: &str, spec: Value) -> Value {
    let plain = json!({"containers": [{"name": "c", "image": "registry.example/x:1"}]});
    object("v1", "Pod", name, json!({"spec": with(plain, spec)}))
}

fn service(name: &str, spec: Value) -> Value {
    let plain = json!({"ports": [{"port": 80}], "selector": {"a": "b"}});
    object("v1", "Service", name, json!({"spec": with(plain, spec)}))
}

/// Attacks 83, 85, 87, 88: out of the tenant, and over what bounds it.
async fn owner_stays_inside(admin: &Eyes, owner: &Eyes, home: &Tenancy) {
    let before = admin.get("/api/v1/namespaces/kube-system").await;
    let mark = json!({"metadata": {"labels": {"capsule.clastix.io/tenant": home.name}}});
    let unmark = json!({"metadata": {"labels": {"capsule.clastix.io/tenant": null}, "ownerReferences": null}});
    for (path, change) in [
        ("/api/v1/namespaces/kube-system".to_owned(), mark),
        (format!("/api/v1/namespaces/{}", home.namespace), unmark),
    ] {
        let (status, _) = owner.send(Method::PATCH, &path, change).await;
        assert_eq!(status, 403, "PATCH {path}");
    }
    let after = admin.get("/api/v1/namespaces/kube-system").await;
    assert_eq!(before["metadata"]["labels"], after["metadata"]["labels"]);

    let role = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"});
    let raw = json!({"spec": {"resyncPeriod": "60s", "resources": [{"rawItems": [object(
        "rbac.authorization.k8s.io/v1", "ClusterRole", "x", json!({"rules": []}))]}]}});
    let allow = json!({"spec": {"podSelector": {}, "ingress": [{}]}});
    let quota = json!({"spec": {"hard": {"pods": "999"}}});
    for (path, body) in [
        (
            home.of("capsule.clastix.io/v1beta2", "tenantresources"),
            object("capsule.clastix.io/v1beta2", "TenantResource", "x", raw),
        ),
        (
            home.at("resourcequotas"),
            object("v1", "ResourceQuota", "x", quota),
        ),
        (
            home.at("limitranges"),
            object("v1", "LimitRange", "x", json!({"spec": {"limits": []}})),
        ),
        (
            home.of("networking.k8s.io/v1", "networkpolicies"),
            object("networking.k8s.io/v1", "NetworkPolicy", "x", allow),
        ),
        (
            home.of("rbac.authorization.k8s.io/v1", "rolebindings"),
            object(
                "rbac.authorization.k8s.io/v1",
                "RoleBinding",
                "x",
                json!({"roleRef": role}),
            ),
        ),
    ] {
        let (status, _) = owner.send(Method::POST, &path, body).await;
        assert_eq!(status, 403, "POST {path}");
    }
    let bindings = home.of("rbac.authorization.k8s.io/v1", "rolebindings");
    for one in admin.list(&bindings).await {
        let path = format!("{bindings}/{}", one["metadata"]["name"].as_str().unwrap());
        let (status, _) = owner.send(Method::DELETE, &path, Value::Null).await;
        assert_eq!(status, 403, "DELETE {path}");
    }
    let map = object("v1", "ConfigMap", "mine", json!({"data": {"a": "b"}}));
    let (status, _) = owner.send(Method::POST, &home.at("configmaps"), map).await;
    assert_eq!(status, 200, "what is his he may");
}

/// Attacks 91, 95: pods that leave their node's bounds, services that take what is others'.
async fn workloads_stay_inside(owner: &Eyes, home: &Tenancy) {
    let privileged = json!({"containers": [{"name": "c", "image": "registry.example/x:1",
        "securityContext": {"privileged": true}}]});
    let host_path = json!({"volumes": [{"name": "v", "hostPath": {"path": "/"}}]});
    let pods = home.at("pods");
    for (name, spec, wanted) in [
        ("host-network", json!({"hostNetwork": true}), 403),
        ("host-pid", json!({"hostPID": true}), 403),
        ("host-path", host_path, 403),
        ("privileged", privileged, 403),
        ("plain", json!({}), 200),
    ] {
        let (status, _) = owner.send(Method::POST, &pods, pod(name, spec)).await;
        assert_eq!(status, wanted, "pod {name}");
    }
    let services = home.at("services");
    for (name, spec, refused) in [
        ("taken", json!({"externalIPs": ["203.0.113.7"]}), true),
        (
            "own",
            json!({"externalIPs": ["10.0.0.1", "203.0.113.7"]}),
            true,
        ),
        ("node-port", json!({"type": "NodePort"}), true),
        ("plain", json!({}), false),
    ] {
        let (status, _) = owner
            .send(Method::POST, &services, service(name, spec))
            .await;
        assert_eq!(status >= 400, refused, "service {name}: {status}");
    }
    let plain = format!("{services}/plain");
    let change = json!({"spec": {"externalIPs": ["203.0.113.7"]}});
    let (status, _) = owner.send(Method::PATCH, &plain, change).await;
    assert!(status >= 400, "nor afterwards: {status}");
}

/// Attack 92: what a reader does not read, and does not run.
async fn reader_only_reads(reader: &Eyes, home: &Tenancy) {
    let secrets = home.at("secrets");
    for path in [&secrets, "/api/v1/secrets", &format!("{secrets}/x")] {
        assert_eq!(reader.status(path).await, 403, "GET {path}");
    }
    for path in [
        "pods/plain/exec?command=id",
        "pods/plain/portforward",
        "pods/plain/attach",
    ] {
        let path = home.at(path);
        for method in [Method::GET, Method::POST] {
            let (status, _) = reader.send(method, &path, Value::Null).await;
            assert_eq!(status, 403, "{path}");
        }
    }
    let token = home.at("serviceaccounts/default/token");
    let ask = object(
        "authentication.k8s.io/v1",
        "TokenRequest",
        "x",
        json!({"spec": {"audiences": []}}),
    );
    assert_eq!(reader.send(Method::POST, &token, ask).await.0, 403);
    let map = object("v1", "ConfigMap", "x", json!({}));
    assert_eq!(
        reader
            .send(Method::POST, &home.at("configmaps"), map)
            .await
            .0,
        403
    );
    assert_eq!(reader.status(&home.at("configmaps")).await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_83_85_87_88_91_92_95_nobody_leaves_what_he_was_given() {
    let _alone = place::alone().await;
    let site = Site::memory();
    let (admin, server, home, other) = stage(&site).await;
    let owner = home.eyes(&server.api, "tenantOwner").await;
    let reader = home.eyes(&server.api, "readOnly").await;
    owner_stays_inside(&admin, &owner, &home).await;
    workloads_stay_inside(&owner, &home).await;
    reader_only_reads(&reader, &home).await;
    for path in ["pods", "secrets", "configmaps"] {
        let path = other.at(path);
        assert_eq!(owner.status(&path).await, 403, "the neighbour's {path}");
    }
    clear(server, [&home, &other]).await;
}
