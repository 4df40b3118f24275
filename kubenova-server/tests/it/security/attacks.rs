//! Forged identity, rights that are not there, and what nobody may see.

use serde_json::{Value, json};
use uuid::Uuid;

use kubenova_core::access::Role;
use kubenova_server::http::router::OPERATIONS;

use crate::world::{Place, World, registration, request, tenant_path};

fn concrete(template: &str) -> String {
    let id = Uuid::from_u128(7).to_string();
    ["{c}", "{t}", "{p}", "{id}"]
        .iter()
        .fold(template.to_owned(), |path, name| path.replace(name, &id))
        .replace("{component}", "tenancy")
}

#[tokio::test]
async fn attack_01_nothing_answers_without_a_token() {
    let world = World::empty();
    for one in OPERATIONS {
        let path = concrete(one.path);
        for authorization in [
            None,
            Some(""),
            Some("Bearer"),
            Some("Bearer x"),
            Some("Basic YTpi"),
        ] {
            let mut request = request(one.method, None, &path, &Value::Null);
            if let Some(value) = authorization {
                request
                    .headers_mut()
                    .insert("authorization", value.parse().unwrap());
            }
            let answer = world.send(request).await;
            if one.action.is_some() {
                assert_eq!(answer.refused(401), Vec::<String>::new());
                assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
            } else {
                assert_eq!(answer.status, 200, "{path}");
            }
        }
        for method in ["PATCH", "TRACE", "OPTIONS", "CONNECT"] {
            let answer = world.send(request(method, None, &path, &Value::Null)).await;
            answer.refused(405);
        }
    }
}

#[tokio::test]
async fn attack_02_headers_give_no_rights() {
    let (world, home, _) = World::new().await;
    let owner = world
        .token(Role::TenantOwner, "owner-acme", Some(home.tenant), None)
        .await;
    for (name, value) in [
        ("x-kn-roles", "admin"),
        ("x-remote-user", "root"),
        ("x-forwarded-user", "root"),
        ("impersonate-user", "system:admin"),
        ("x-http-method-override", "DELETE"),
        ("cookie", "token=abc"),
    ] {
        let with = |token: Option<&str>, path: &str| {
            let mut request = request("GET", token, path, &Value::Null);
            request.headers_mut().insert(name, value.parse().unwrap());
            request
        };
        world.send(with(None, "/api/v1/me")).await.refused(401);
        let me = world
            .send(with(Some(&owner), "/api/v1/me"))
            .await
            .expect(200);
        assert_eq!(
            (&me["subject"], &me["roles"]),
            (&json!("owner-acme"), &json!(["tenantOwner"]))
        );
        world
            .send(with(Some(&owner), &tenant_path(&home)))
            .await
            .expect(200);
    }
    let mut twice = request("GET", Some(&owner), "/api/v1/me", &Value::Null);
    twice
        .headers_mut()
        .append("authorization", format!("Bearer {owner}").parse().unwrap());
    world.send(twice).await.refused(401);
}

#[tokio::test]
async fn a_token_of_another_installation_is_none() {
    let (world, home, _) = World::new().await;
    let (other, _, _) = World::new().await;
    let foreign = other.token(Role::Admin, "root", None, None).await;
    world.get(&foreign, "/api/v1/me").await.refused(401);
    world.get(&foreign, &tenant_path(&home)).await.refused(401);
    other.get(&foreign, "/api/v1/me").await.expect(200);
}

#[tokio::test]
async fn attack_19_nobody_gets_a_token_without_one() {
    let world = World::empty();
    let body = json!({"subject": "s", "roles": ["readOnly"]});
    world
        .send(request("POST", None, "/api/v1/tokens", &body))
        .await
        .refused(401);
    let admin = world.token(Role::Admin, "root", None, None).await;
    let body = json!({"subject": "s", "roles": ["ops"]});
    world.post(&admin, "/api/v1/tokens", body).await.expect(200);
}

#[tokio::test]
async fn attack_33_a_reader_changes_no_owners_anywhere() {
    let (world, home, other) = World::new().await;
    let reader = world
        .token(Role::ReadOnly, "reader", Some(home.tenant), None)
        .await;
    let owners = json!({"owners": ["eve"]});
    let path = |place: &Place| format!("{}/owners", tenant_path(place));
    world
        .put(&reader, &path(&home), owners.clone())
        .await
        .refused(403);
    world
        .put(&reader, &path(&other), owners.clone())
        .await
        .refused(404);
    let ops = world.token(Role::Ops, "ops", None, None).await;
    world.put(&ops, &path(&home), owners).await.expect(200);
}

#[tokio::test]
async fn attack_75_an_owner_registers_and_changes_no_cluster() {
    let (world, home, _) = World::new().await;
    let owner = world
        .token(Role::TenantOwner, "owner-acme", Some(home.tenant), None)
        .await;
    world
        .post(&owner, "/api/v1/clusters", registration("c9"))
        .await
        .refused(403);
    world.delete(&owner, &tenant_path(&home)).await.refused(403);
    let path = format!("/api/v1/clusters/{}", home.cluster);
    world.delete(&owner, &path).await.refused(403);
    for method in ["PATCH", "PUT"] {
        world
            .call(method, &owner, &path, &registration("c1"))
            .await
            .refused(405);
    }
    let ops = world.token(Role::Ops, "ops", None, None).await;
    let before = world.get(&ops, &path).await.expect(200);
    world
        .post(&ops, "/api/v1/clusters", registration("c1"))
        .await
        .refused(409);
    assert_eq!(world.get(&ops, &path).await.expect(200), before);
    world
        .post(&ops, "/api/v1/clusters", registration("c9"))
        .await
        .expect(200);
}

#[tokio::test]
async fn attack_46_the_stored_kubeconfig_is_returned_by_nothing() {
    let (world, home, _) = World::new().await;
    let sent = registration("c1")["kubeconfig"]
        .as_str()
        .unwrap()
        .to_owned();
    for role in [Role::Admin, Role::Ops] {
        let token = world.token(role, "somebody", None, None).await;
        for one in OPERATIONS.iter().filter(|one| one.method == "GET") {
            let path = one.path.replace("{c}", &home.cluster.to_string());
            let path = path
                .replace("{t}", "acme")
                .replace("{p}", "web")
                .replace("{id}", "x");
            let answer = world
                .get(&token, &format!("{path}?fields=kubeconfig&expand=all"))
                .await;
            assert!(!answer.text.contains(&sent), "{path}");
            assert!(
                !answer.text.contains("c1.invalid") || path.ends_with("/kubeconfig"),
                "{path}"
            );
        }
    }
}

#[tokio::test]
async fn attack_82_reserved_keys_are_refused_by_name() {
    let (world, home, _) = World::new().await;
    let ops = world.token(Role::Ops, "ops", None, None).await;
    let tenants = format!("/api/v1/clusters/{}/tenants", home.cluster);
    let projects = format!("{}/projects", tenant_path(&home));
    for key in [
        "pod-security.kubernetes.io/enforce",
        "capsule.clastix.io/tenant",
        "projectcapsule.dev/x",
        "kubernetes.io/metadata.name",
        "kubenova.io/tenant-uid",
        "app.oam.dev/username",
        "kubenova.cluster",
        "kubenova.tenant",
        "kubenova.project",
    ] {
        for path in [&tenants, &projects] {
            for map in ["labels", "annotations"] {
                let body = json!({"name": "x", map: {key: "y"}});
                assert_eq!(
                    world.post(&ops, path, body).await.refused(422),
                    [format!("{map}.{key}")]
                );
            }
        }
    }
    world
        .post(
            &ops,
            &tenants,
            json!({"name": "x", "labels": {"example.com/a": "y"}}),
        )
        .await
        .expect(200);
}

#[tokio::test]
async fn attack_142_routes_that_machines_call_are_closed_and_log_no_text() {
    let (world, home, _) = World::new().await;
    let marker = "fuzzed91c4";
    let bootstrap = format!("/api/v1/clusters/{}/bootstrap/{marker}", home.cluster);
    let body = json!({marker: marker});
    world
        .send(request("POST", None, &bootstrap, &body))
        .await
        .refused(401);
    world
        .send(request("POST", None, "/api/v1/telemetry/events", &body))
        .await
        .refused(404);
    let ops = world.token(Role::Ops, "ops", None, None).await;
    world.post(&ops, &bootstrap, body).await.refused(404);
    assert!(!crate::log::written().contains(marker));
}

#[tokio::test]
async fn attack_161_script_comes_back_as_json_that_is_not_sniffed() {
    let (world, home, _) = World::new().await;
    let ops = world.token(Role::Ops, "ops", None, None).await;
    let script = "<script>alert(1)</script>";
    let path = crate::world::project_path(&home);
    let answer = world
        .put(&ops, &path, json!({"annotations": {"note": script}}))
        .await;
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(answer.expect(200)["annotations"]["note"], script);
}
