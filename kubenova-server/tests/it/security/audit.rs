//! Every refusal leaves an entry, and no caller's text is in it.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use kubenova_core::{
    access::Role,
    domain::audit::{AuditEntry, Outcome},
    ports::Store,
};
use kubenova_server::worker::{Refusals, record_refusals};

use crate::world::{Place, World, project_path, request, tenant_path};

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

/// Writes of every kind, and the action that each is called in its entry.
fn writes(home: &Place) -> Vec<(&'static str, String, Value, &'static str)> {
    let (tenant, project) = (tenant_path(home), project_path(home));
    let cluster = format!("/api/v1/clusters/{}", home.cluster);
    let members = json!({"members": [{"subject": "dev", "role": "projectDev"}]});
    let fresh = json!({"name": "fresh"});
    vec![
        (
            "PUT",
            format!("{tenant}/owners"),
            json!({"owners": ["olga"]}),
            "tenant.owners",
        ),
        (
            "POST",
            format!("{cluster}/tenants"),
            fresh.clone(),
            "tenant.create",
        ),
        (
            "POST",
            format!("{tenant}/projects"),
            fresh,
            "project.create",
        ),
        (
            "PUT",
            project.clone(),
            json!({"labels": {"a": "b"}}),
            "project.update",
        ),
        (
            "PUT",
            format!("{project}/access"),
            members,
            "project.access",
        ),
        (
            "POST",
            format!("{cluster}/bootstrap/tenancy"),
            Value::Null,
            "cluster.bootstrap",
        ),
        (
            "GET",
            format!("{project}/kubeconfig"),
            Value::Null,
            "grant.issue",
        ),
        ("DELETE", project, Value::Null, "project.delete"),
        (
            "DELETE",
            format!("{tenant}?cascade=true"),
            Value::Null,
            "tenant.delete",
        ),
    ]
}

#[tokio::test]
async fn attack_167_every_write_that_was_done_has_exactly_one_entry() {
    let (world, home, _) = World::new().await;
    let ops = world.token(Role::Ops, "ops", None, None).await;
    for (method, path, body, action) in writes(&home) {
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
