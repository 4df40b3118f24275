//! Issuing, reading and revoking kubeconfigs.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use kubenova_core::{access::Role, ports::cluster::ClusterError};

use crate::world::{World, project_path, request, tenant_path};

fn kubeconfig(answer: &Value) -> String {
    let bytes = STANDARD
        .decode(answer["kubeconfig"].as_str().unwrap())
        .unwrap();
    String::from_utf8(bytes).unwrap()
}

#[tokio::test]
async fn a_kubeconfig_is_issued_recorded_and_revoked() {
    let (world, home, _) = World::new().await;
    world.work();
    let owner = world
        .token(Role::TenantOwner, "owner-acme", Some(home.tenant), None)
        .await;
    let path = format!("/api/v1/tenants/{}/kubeconfig", home.tenant);
    let body = json!({"project": "web", "role": "projectDev", "ttlSeconds": 1200});
    let issued = world.post(&owner, &path, body).await.expect(200);
    assert!(!kubeconfig(&issued).is_empty());
    let grant = format!("/api/v1/grants/{}", issued["grantId"].as_str().unwrap());
    let record = world.get(&owner, &grant).await;
    assert!(!record.text.contains(issued["kubeconfig"].as_str().unwrap()));
    let record = record.expect(200);
    assert_eq!(
        (&record["role"], &record["state"]),
        (&json!("projectDev"), &json!("active"))
    );
    assert_eq!(
        (&record["subject"], &record["endpoint"]),
        (&json!("owner-acme"), &json!("direct"))
    );
    assert_eq!(record["project"], home.project.to_string());
    assert_eq!(record["expiresAt"], issued["expiresAt"]);
    assert_eq!(record["revocation"]["requestedAt"], Value::Null);

    let revoked = world.delete(&owner, &grant).await.expect(200);
    assert_eq!(revoked["state"], "revoked");
    assert!(
        revoked["revocation"]["bindingCutAt"].is_string(),
        "{revoked}"
    );
    world.delete(&owner, &grant).await.expect(200);
}

#[tokio::test]
async fn what_may_be_asked_depends_on_the_role() {
    let (world, home, _) = World::new().await;
    let tenant = Some(home.tenant);
    let owner = world
        .token(Role::TenantOwner, "owner-acme", tenant, None)
        .await;
    let dev = world
        .token(Role::ProjectDev, "dev", tenant, Some(home.project))
        .await;
    let reader = world.token(Role::ReadOnly, "reader", tenant, None).await;
    let path = format!("/api/v1/tenants/{}/kubeconfig", home.tenant);
    let ask = |role: &str, project: Option<&str>| json!({"role": role, "project": project});
    world
        .post(&owner, &path, ask("tenantOwner", None))
        .await
        .expect(200);
    assert_eq!(
        world
            .post(&owner, &path, ask("projectDev", None))
            .await
            .refused(422),
        ["project"]
    );
    world
        .post(&dev, &path, ask("projectDev", Some("web")))
        .await
        .expect(200);
    world
        .post(&dev, &path, ask("readOnly", Some("web")))
        .await
        .expect(200);
    world
        .post(&dev, &path, ask("tenantOwner", Some("web")))
        .await
        .refused(403);
    world
        .post(&dev, &path, ask("readOnly", None))
        .await
        .refused(403);
    world.post(&reader, &path, Value::Null).await.expect(200);
    world
        .post(&reader, &path, ask("projectDev", Some("web")))
        .await
        .refused(403);
}

#[tokio::test]
async fn a_body_that_cannot_be_accepted_names_its_fields() {
    let (world, home, _) = World::new().await;
    let owner = world
        .token(Role::TenantOwner, "owner-acme", Some(home.tenant), None)
        .await;
    let path = format!("/api/v1/tenants/{}/kubeconfig", home.tenant);
    for (body, field) in [
        (json!({"role": "admin"}), "role"),
        (json!({"ttlSeconds": -1}), "ttlSeconds"),
        (json!({"ttlSeconds": 315_360_001}), "ttlSeconds"),
        (json!({"ttlSeconds": "60"}), "ttlSeconds"),
        (json!({"project": "No"}), "project"),
        (json!({"project": "absent"}), "project"),
        (json!({"proxy": "x"}), "proxy"),
    ] {
        let shown = body.to_string();
        assert_eq!(
            world.post(&owner, &path, body).await.refused(422),
            [field],
            "{shown}"
        );
    }
    world.post(&owner, &path, json!({})).await.expect(200);
}

#[tokio::test]
async fn attack_40_head_issues_nothing() {
    let (world, home, other) = World::new().await;
    let owner = world
        .token(Role::TenantOwner, "owner-acme", Some(home.tenant), None)
        .await;
    let path = format!("{}/kubeconfig", project_path(&home));
    let before = world.fingerprint();
    let head = world
        .send(request("HEAD", Some(&owner), &path, &Value::Null))
        .await;
    assert_eq!((head.status, head.text.as_str()), (200, ""));
    assert_eq!(world.fingerprint(), before);
    let hidden = format!("{}/kubeconfig", project_path(&other));
    assert_eq!(
        world
            .send(request("HEAD", Some(&owner), &hidden, &Value::Null))
            .await
            .status,
        404
    );
    world.get(&owner, &path).await.expect(200);
    assert_ne!(world.fingerprint(), before);
}

#[tokio::test]
async fn attack_32_a_foreign_tenant_makes_no_account() {
    let (world, home, other) = World::new().await;
    let owner = world
        .token(Role::TenantOwner, "owner-acme", Some(home.tenant), None)
        .await;
    let before = world.fingerprint();
    let path = format!("/api/v1/tenants/{}/kubeconfig", other.tenant);
    world.post(&owner, &path, json!({})).await.refused(404);
    world
        .get(&owner, &format!("{}/kubeconfig", project_path(&other)))
        .await
        .refused(404);
    assert_eq!(world.fingerprint(), before);
}

#[tokio::test]
async fn attack_122_a_cluster_that_is_away_gives_no_kubeconfig() {
    let (world, home, _) = World::new().await;
    let owner = world
        .token(Role::TenantOwner, "owner-acme", Some(home.tenant), None)
        .await;
    world
        .fleet
        .cluster("c1")
        .fail(Some(ClusterError::Unreachable));
    let answer = world
        .get(&owner, &format!("{}/kubeconfig", project_path(&home)))
        .await;
    answer.refused(503);
    assert!(answer.header("retry-after").is_some());
}

#[tokio::test]
async fn a_role_above_ones_own_is_refused_before_an_unknown_project() {
    let (world, home, _) = World::new().await;
    let dev = world
        .token(
            Role::ProjectDev,
            "dev",
            Some(home.tenant),
            Some(home.project),
        )
        .await;
    let path = format!("/api/v1/tenants/{}/kubeconfig", home.tenant);
    let ask = |role: &str| json!({"role": role, "project": "nope"});
    world
        .post(&dev, &path, ask("tenantOwner"))
        .await
        .refused(403);
    let refused = world.post(&dev, &path, ask("projectDev")).await;
    assert_eq!(refused.refused(422), ["project"]);
}

#[tokio::test]
async fn grants_are_listed_by_what_the_caller_may_see() {
    let (world, home, other) = World::new().await;
    let admin = world.token(Role::Admin, "adm", None, None).await;
    let owner = world
        .token(Role::TenantOwner, "owner-acme", Some(home.tenant), None)
        .await;
    let dev = world
        .token(
            Role::ProjectDev,
            "dev",
            Some(home.tenant),
            Some(home.project),
        )
        .await;
    for token in [&admin, &owner, &dev] {
        world
            .get(token, &format!("{}/kubeconfig", project_path(&home)))
            .await
            .expect(200);
    }
    world
        .get(&admin, &format!("{}/kubeconfig", project_path(&other)))
        .await
        .expect(200);
    let count = async |token: &str, query: &str| {
        let listed = world
            .get(token, &format!("/api/v1/grants{query}"))
            .await
            .expect(200);
        listed.as_array().unwrap().len()
    };
    assert_eq!(count(&admin, "").await, 4);
    assert_eq!(count(&owner, "").await, 3);
    assert_eq!(count(&dev, "").await, 1);
    assert_eq!(count(&owner, &format!("?tenant={}", other.tenant)).await, 0);
    assert_eq!(count(&admin, "?subject=dev").await, 1);
    assert_eq!(
        count(&admin, &format!("?project={}", home.project)).await,
        3
    );
    assert_eq!(count(&admin, "?state=revoked").await, 0);
    for (query, field) in [
        ("?state=dead", "state"),
        ("?tenant=acme", "tenant"),
        ("?subject=", "subject"),
    ] {
        let answer = world.get(&admin, &format!("/api/v1/grants{query}")).await;
        assert_eq!(answer.refused(400), [field]);
    }
}

/// Invariant I12: not even a cursor tells of what its holder may not see.
#[tokio::test]
async fn pages_of_grants_tell_of_no_other() {
    let (world, home, _) = World::new().await;
    let tenant = Some(home.tenant);
    let owner = world
        .token(Role::TenantOwner, "owner-acme", tenant, None)
        .await;
    let path = format!("{}/kubeconfig", project_path(&home));
    let narrowed = world
        .token(Role::TenantOwner, "lead", tenant, Some(home.project))
        .await;
    for subject in ["a", "reader", "b", "reader", "c"] {
        let token = world.token(Role::ReadOnly, subject, tenant, None).await;
        world.get(&token, &path).await.expect(200);
    }
    let whole = format!("/api/v1/tenants/{}/kubeconfig", home.tenant);
    world.post(&owner, &whole, Value::Null).await.expect(200);
    let reader = world.token(Role::ReadOnly, "reader", tenant, None).await;
    for (token, expected) in [(&reader, 2), (&narrowed, 5), (&owner, 6)] {
        let (mut pages, mut cursor) = (0, String::new());
        loop {
            let page = format!("/api/v1/grants?limit=1{cursor}");
            let answer = world.get(token, &page).await;
            let next = answer.header("x-next-cursor").map(ToOwned::to_owned);
            assert_eq!(answer.expect(200).as_array().unwrap().len(), 1);
            pages += 1;
            match next {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(pages, expected);
    }
    let others = world.get(&reader, "/api/v1/grants?subject=a").await;
    assert_eq!(others.expect(200), json!([]));
}

#[tokio::test]
async fn attack_29_grants_end_with_what_they_hang_on() {
    let (world, home, _) = World::new().await;
    let owner = world
        .token(Role::TenantOwner, "owner-acme", Some(home.tenant), None)
        .await;
    let issued = world
        .get(&owner, &format!("{}/kubeconfig", project_path(&home)))
        .await
        .expect(200);
    let path = format!("/api/v1/grants/{}", issued["grantId"].as_str().unwrap());
    assert_eq!(
        world.get(&owner, &path).await.expect(200)["state"],
        "active"
    );
    world.delete(&owner, &project_path(&home)).await.expect(204);
    assert_eq!(
        world.get(&owner, &path).await.expect(200)["state"],
        "revoked"
    );
    world.get(&owner, &tenant_path(&home)).await.expect(200);
}
