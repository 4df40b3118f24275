//! Issuing, listing and revoking API tokens.

use serde_json::{Value, json};
use uuid::Uuid;

use kubenova_core::access::Role;

use crate::world::World;

const TOKENS: &str = "/api/v1/tokens";

#[tokio::test]
async fn a_token_is_issued_used_listed_and_revoked() {
    let (world, home, _) = World::new().await;
    let admin = world.token(Role::Admin, "root", None, None).await;
    let body = json!({"subject": "alice", "roles": ["tenantOwner"], "tenant": home.tenant, "ttlSeconds": 60});
    let issued = world.post(&admin, TOKENS, body).await.expect(200);
    let (token, id) = (
        issued["token"].as_str().unwrap(),
        issued["id"].as_str().unwrap(),
    );
    let me = world.get(token, "/api/v1/me").await.expect(200);
    assert_eq!(me["subject"], "alice");
    assert_eq!(me["expiresAt"], issued["expiresAt"]);

    let list = world.get(&admin, TOKENS).await;
    assert!(
        !list.text.contains(token),
        "a list never holds a credential"
    );
    let listed = list.json();
    let row = listed
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["id"] == id)
        .unwrap();
    assert_eq!(
        (row["state"].as_str(), row["issuedBy"].as_str()),
        (Some("active"), Some("root"))
    );

    let path = format!("{TOKENS}/{id}");
    for _ in 0..2 {
        world.delete(&admin, &path).await.expect(204);
        world.get(token, "/api/v1/me").await.refused(401);
    }
    let listed = world.get(&admin, TOKENS).await.expect(200);
    let row = listed
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["id"] == id)
        .unwrap();
    assert_eq!(row["state"], "revoked");
}

#[tokio::test]
async fn attack_20_nobody_issues_more_than_he_has() {
    let (world, home, _) = World::new().await;
    let tenant = Some(home.tenant);
    let ops = world.token(Role::Ops, "ops", None, None).await;
    let owner = world
        .token(Role::TenantOwner, "owner-acme", tenant, None)
        .await;
    let dev = world
        .token(Role::ProjectDev, "dev", tenant, Some(home.project))
        .await;
    let reader = world.token(Role::ReadOnly, "reader", tenant, None).await;
    let ask = |roles: Value| json!({"subject": "eve", "roles": roles, "tenant": home.tenant});
    let unscoped = |roles: Value| json!({"subject": "eve", "roles": roles});
    world
        .post(&ops, TOKENS, unscoped(json!(["admin"])))
        .await
        .refused(403);
    world
        .post(&ops, TOKENS, unscoped(json!(["ops"])))
        .await
        .expect(200);
    world
        .post(&owner, TOKENS, unscoped(json!(["ops"])))
        .await
        .refused(403);
    world
        .post(&owner, TOKENS, ask(json!(["tenantOwner"])))
        .await
        .expect(200);
    for token in [&dev, &reader] {
        for role in ["readOnly", "projectDev", "tenantOwner", "admin"] {
            world
                .post(token, TOKENS, ask(json!([role])))
                .await
                .refused(403);
        }
        world
            .post(token, TOKENS, json!({"nonsense": 1}))
            .await
            .refused(403);
    }
}

#[tokio::test]
async fn attack_23_a_life_outside_the_bounds_is_refused_by_its_field() {
    let world = World::empty();
    let admin = world.token(Role::Admin, "root", None, None).await;
    for ttl in [
        json!(0),
        json!(59),
        json!(-1),
        json!(2_592_001),
        json!(2_147_483_648_i64),
        json!(1.5),
        json!("60"),
    ] {
        let body = json!({"subject": "s", "roles": ["ops"], "ttlSeconds": ttl});
        assert_eq!(
            world.post(&admin, TOKENS, body).await.refused(422),
            ["ttlSeconds"],
            "{ttl}"
        );
    }
    for ttl in [60, 2_592_000] {
        let body = json!({"subject": "s", "roles": ["ops"], "ttlSeconds": ttl});
        world.post(&admin, TOKENS, body).await.expect(200);
    }
}

#[tokio::test]
async fn a_body_that_cannot_be_accepted_names_its_fields() {
    let (world, home, _) = World::new().await;
    let admin = world.token(Role::Admin, "root", None, None).await;
    for (body, field) in [
        (json!({"roles": ["ops"]}), "subject"),
        (json!({"subject": "", "roles": ["ops"]}), "subject"),
        (json!({"subject": "a\nb", "roles": ["ops"]}), "subject"),
        (json!({"subject": "s", "roles": []}), "roles"),
        (json!({"subject": "s", "roles": "ops"}), "roles"),
        (json!({"subject": "s", "roles": ["Admin"]}), "roles[0]"),
        (
            json!({"subject": "s", "roles": ["ops"], "role": "ops"}),
            "role",
        ),
        (json!({"subject": "s"}), "tenant"),
        (json!({"subject": "s", "tenant": "acme"}), "tenant"),
        (
            json!({"subject": "s", "tenant": Uuid::from_u128(7)}),
            "tenant",
        ),
        (
            json!({"subject": "s", "roles": ["ops"], "tenant": home.tenant}),
            "tenant",
        ),
        (
            json!({"subject": "s", "tenant": home.tenant, "projects": ["web"]}),
            "projects[0]",
        ),
        (
            json!({"subject": "s", "tenant": home.tenant, "projects": [Uuid::from_u128(7)]}),
            "projects[0]",
        ),
        (
            json!({"subject": "s", "tenant": home.tenant, "projects": []}),
            "projects",
        ),
    ] {
        let shown = body.to_string();
        assert_eq!(
            world.post(&admin, TOKENS, body).await.refused(422),
            [field],
            "{shown}"
        );
    }
}

#[tokio::test]
async fn an_owner_sees_and_revokes_the_tokens_of_his_tenant_only() {
    let (world, home, other) = World::new().await;
    let owner = world
        .token(Role::TenantOwner, "owner-acme", Some(home.tenant), None)
        .await;
    let (mine, _) = world
        .issued(Role::ReadOnly, "r", Some(home.tenant), None)
        .await;
    let (theirs, _) = world
        .issued(Role::ReadOnly, "r", Some(other.tenant), None)
        .await;
    let (root, _) = world.issued(Role::Admin, "r", None, None).await;
    let listed = world.get(&owner, TOKENS).await.expect(200);
    let tenants: Vec<_> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["tenant"].clone())
        .collect();
    assert!(
        tenants
            .iter()
            .all(|tenant| *tenant == home.tenant.to_string()),
        "{tenants:?}"
    );
    for hidden in [theirs, root] {
        world
            .delete(&owner, &format!("{TOKENS}/{hidden}"))
            .await
            .refused(404);
    }
    world
        .delete(&owner, &format!("{TOKENS}/{mine}"))
        .await
        .expect(204);
}

#[tokio::test]
async fn attack_96_tokens_of_a_tenant_end_with_it() {
    let (world, home, _) = World::new().await;
    let admin = world.token(Role::Admin, "root", None, None).await;
    let owner = world
        .token(Role::TenantOwner, "owner-acme", Some(home.tenant), None)
        .await;
    world.registry.poll().await.unwrap();
    world.get(&owner, "/api/v1/me").await.expect(200);
    let path = format!("{}?cascade=true", crate::world::tenant_path(&home));
    world.delete(&admin, &path).await.expect(204);
    world.registry.poll().await.unwrap();
    world.get(&owner, "/api/v1/me").await.refused(401);
}
