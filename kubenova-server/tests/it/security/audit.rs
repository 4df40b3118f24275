//! Every refusal leaves an entry, and no caller's text is in it.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use kubenova_core::{
    access::{Action, Role},
    domain::audit::{AuditEntry, Outcome},
    ports::{Store, cluster::ClusterError},
};
use kubenova_server::{
    http::router::{OPERATIONS, Operation},
    worker::{Refusals, record_refusals},
};

use crate::world::{Place, World, project_path, registration, request, tenant_path};

/// Writes what the world was told of, as the process does.
async fn recorded(world: &World) -> Vec<AuditEntry> {
    let (refusals, noted) = Refusals::channel();
    let refused = std::mem::take(&mut *world.refused.lock().unwrap());
    let before = world.store.audit().len();
    for one in &refused {
        refusals.note(one, world.ports.clock.now());
    }
    drop(refusals);
    let store: Arc<dyn Store> = world.store.clone();
    record_refusals(store, noted, CancellationToken::new()).await;
    world
        .store
        .audit()
        .into_iter()
        .skip(before)
        .map(|record| record.entry)
        .collect()
}

#[tokio::test]
async fn attack_169_refusals_leave_entries_without_tokens() {
    let (world, home, other) = World::new().await;
    let reader = world
        .token(Role::ReadOnly, "reader", Some(home.tenant), None)
        .await;
    world
        .get("forged.token.text", &tenant_path(&home))
        .await
        .refused(401);
    world.get(&reader, &project_path(&other)).await.refused(404);
    world
        .delete(&reader, &project_path(&home))
        .await
        .refused(403);
    world
        .post(&reader, "/api/v1/clusters", json!({"name": "x"}))
        .await
        .refused(403);
    // No entry: nothing was asked of anything that exists, or a reader mistyped a parameter.
    world.get(&reader, "/api/v1/nothing").await.refused(404);
    world
        .get(&reader, "/api/v1/clusters?limit=0")
        .await
        .refused(400);
    let entries = recorded(&world).await;
    let told: Vec<_> = entries
        .iter()
        .map(|e| (e.action, e.code, e.outcome))
        .collect();
    let refused = Outcome::Refused;
    assert_eq!(
        told,
        [
            ("tenant.read", "KN-401", refused),
            ("project.read", "KN-404", refused),
            ("project.delete", "KN-403", refused),
            ("cluster.create", "KN-403", refused),
        ]
    );
    assert!(entries[0].subject.is_none());
    assert_eq!(entries[1].subject.as_ref().unwrap().as_str(), "reader");
    assert_eq!(entries[1].target.uid, Some(other.project));
    assert_eq!(entries[1].tenant.unwrap().uuid(), home.tenant);
    let text = format!("{entries:?}");
    assert!(!text.contains("forged.token.text") && !text.contains(&reader));
}

/// A write: method, template of its route, real path, body, and the action that its entry names.
type Wrote = (&'static str, &'static str, String, Value, &'static str);

/// Every write of the document. What an answer tells (a new token, a new grant) is asked for before.
async fn writes(world: &World, home: &Place, ops: &str) -> Vec<Wrote> {
    let (tenant, project) = (tenant_path(home), project_path(home));
    let cluster = format!("/api/v1/clusters/{}", home.cluster);
    let members = json!({"members": [{"subject": "dev", "role": "projectDev"}]});
    let token = json!({"subject": "s", "roles": ["ops"]});
    let fresh = json!({"name": "fresh"});
    let issued = world.post(ops, "/api/v1/tokens", token.clone()).await;
    let revoked = format!("/api/v1/tokens/{}", text(&issued.expect(200), "id"));
    let issued = world.get(ops, &format!("{project}/kubeconfig")).await;
    let cut = format!("/api/v1/grants/{}", text(&issued.expect(200), "grantId"));
    let kubeconfig = format!("/api/v1/tenants/{}/kubeconfig", home.tenant);
    let none = || Value::Null;
    const C: &str = "/api/v1/clusters/{c}";
    const T: &str = "/api/v1/clusters/{c}/tenants/{t}";
    const P: &str = "/api/v1/clusters/{c}/tenants/{t}/projects/{p}";
    let below = |path: &str, last: &str| format!("{path}/{last}");
    #[rustfmt::skip]
    let list = vec![
        ("POST", "/api/v1/tokens", "/api/v1/tokens".to_owned(), token, "token.issue"),
        ("DELETE", "/api/v1/tokens/{id}", revoked, none(), "token.revoke"),
        ("POST", "/api/v1/clusters", "/api/v1/clusters".to_owned(), registration("c9"), "cluster.create"),
        ("PUT", "/api/v1/clusters/{c}/tenants/{t}/owners", below(&tenant, "owners"), json!({"owners": ["olga"]}), "tenant.owners"),
        ("PUT", "/api/v1/clusters/{c}/tenants/{t}/quotas", below(&tenant, "quotas"), json!({"pods": 5}), "tenant.quotas"),
        ("PUT", "/api/v1/clusters/{c}/tenants/{t}/limits", below(&tenant, "limits"), json!({"cpu": "1"}), "tenant.limits"),
        ("PUT", "/api/v1/clusters/{c}/tenants/{t}/network-policies", below(&tenant, "network-policies"), json!({"defaultDeny": true}), "tenant.networkPolicies"),
        ("POST", "/api/v1/clusters/{c}/tenants", below(&cluster, "tenants"), fresh.clone(), "tenant.create"),
        ("POST", "/api/v1/clusters/{c}/tenants/{t}/projects", below(&tenant, "projects"), fresh, "project.create"),
        ("PUT", P, project.clone(), json!({"labels": {"a": "b"}}), "project.update"),
        ("PUT", "/api/v1/clusters/{c}/tenants/{t}/projects/{p}/access", below(&project, "access"), members, "project.access"),
        ("POST", "/api/v1/clusters/{c}/bootstrap/{component}", below(&cluster, "bootstrap/tenancy"), none(), "cluster.bootstrap"),
        ("POST", "/api/v1/tenants/{t}/kubeconfig", kubeconfig, none(), "grant.issue"),
        ("GET", "/api/v1/clusters/{c}/tenants/{t}/projects/{p}/kubeconfig", below(&project, "kubeconfig"), none(), "grant.issue"),
        ("DELETE", "/api/v1/grants/{id}", cut, none(), "grant.revoke"),
        ("DELETE", P, project, none(), "project.delete"),
        ("DELETE", T, format!("{tenant}?cascade=true"), none(), "tenant.delete"),
        ("DELETE", C, format!("{cluster}?orphan=true"), none(), "cluster.delete"),
    ];
    list
}

fn text<'a>(object: &'a Value, field: &str) -> &'a str {
    object[field].as_str().unwrap()
}

/// A route that changes something and has no row above fails here.
fn all_are_there(list: &[Wrote]) {
    let writes = |one: &&Operation| one.method != "GET" || one.action == Some(Action::IssueGrant);
    for one in OPERATIONS.iter().filter(writes) {
        let there = list
            .iter()
            .any(|row| (row.0, row.1) == (one.method, one.path));
        assert!(there, "{} {}", one.method, one.path);
    }
}

#[tokio::test]
async fn attack_167_every_write_that_was_done_has_exactly_one_entry() {
    let (world, home, _) = World::new().await;
    let ops = world.token(Role::Ops, "ops", None, None).await;
    let list = writes(&world, &home, &ops).await;
    all_are_there(&list);
    for (method, _, path, body, action) in list {
        let before = world.store.audit().len();
        let mut request = request(method, Some(&ops), &path, &body);
        request
            .headers_mut()
            .insert("x-request-id", "audited".parse().unwrap());
        let answer = world.send(request).await;
        assert!(answer.status < 300, "{method} {path}: {}", answer.text);
        let entries = world.store.audit().split_off(before);
        assert_eq!(entries.len(), 1, "{action}");
        let entry = &entries[0].entry;
        assert_eq!(
            (entry.action, entry.outcome, entry.code),
            (action, Outcome::Done, "")
        );
        assert_eq!(entry.request.as_str(), "audited");
        assert_eq!(entry.subject.as_ref().unwrap().as_str(), "ops");
        assert!(entry.token.is_some() && entry.target.uid.is_some());
    }
}

/// Invariant I11: no entry "done" without the effect, and none missing.
#[tokio::test]
async fn attack_167_a_kubeconfig_that_was_not_issued_has_no_entry_that_says_so() {
    let (world, home, _) = World::new().await;
    let ops = world.token(Role::Ops, "ops", None, None).await;
    let cluster = world.fleet.cluster("c1");
    cluster.fail(Some(ClusterError::Unreachable));
    let before = world.store.audit().len();
    let by_project = format!("{}/kubeconfig", project_path(&home));
    let by_tenant = format!("/api/v1/tenants/{}/kubeconfig", home.tenant);
    world.get(&ops, &by_project).await.refused(503);
    world.post(&ops, &by_tenant, Value::Null).await.refused(503);
    assert_eq!(world.store.audit().len(), before);
    let told: Vec<_> = recorded(&world).await;
    let told: Vec<_> = told.iter().map(|e| (e.action, e.code, e.outcome)).collect();
    assert_eq!(told, [("grant.issue", "KN-503", Outcome::Failed); 2]);
    cluster.fail(None);
    world.get(&ops, &by_project).await.expect(200);
}
