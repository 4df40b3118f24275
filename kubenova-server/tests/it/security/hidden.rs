//! What is hidden looks like what is absent, byte for byte.

use serde_json::{Value, json};
use uuid::Uuid;

use kubenova_core::access::Role;
use kubenova_server::http::router::OPERATIONS;

use crate::world::{Answer, Place, World, request};

async fn ask(world: &World, token: &str, method: &str, path: &str, body: &Value) -> Answer {
    let mut request = request(method, Some(token), path, body);
    request
        .headers_mut()
        .insert("x-request-id", "same".parse().unwrap());
    world.send(request).await
}

fn same(hidden: &Answer, absent: &Answer, what: &str) {
    assert_eq!(hidden.status, absent.status, "{what}");
    assert_eq!(hidden.text, absent.text, "{what}");
    assert_eq!(hidden.headers, absent.headers, "{what}");
}

/// Home above, hidden or absent below: every level of the path in turn.
fn pairs(home: &Place, other: &Place) -> [(Place, Place); 3] {
    let nowhere = Place {
        cluster: Uuid::from_u128(1),
        tenant: Uuid::from_u128(2),
        project: Uuid::from_u128(3),
    };
    let below = |place: &Place| Place {
        cluster: home.cluster,
        ..place.clone()
    };
    let inside = |place: &Place| Place {
        project: place.project,
        ..home.clone()
    };
    [
        (other.clone(), nowhere.clone()),
        (below(other), below(&nowhere)),
        (inside(other), inside(&nowhere)),
    ]
}

fn fill(template: &str, place: &Place) -> String {
    let path = template.replace("{c}", &place.cluster.to_string());
    let path = path.replace("{t}", &place.tenant.to_string());
    path.replace("{p}", &place.project.to_string())
        .replace("{component}", "tenancy")
}

#[tokio::test]
async fn attack_39_hidden_and_absent_are_the_same_bytes_on_every_route() {
    let (world, home, other) = World::new().await;
    let owner = world
        .token(Role::TenantOwner, "owner-acme", Some(home.tenant), None)
        .await;
    let body =
        json!({"name": "x", "owners": ["o"], "members": [], "role": "readOnly", "subject": "s"});
    let named = |path: &str| path.contains("{c}") || path.contains("{t}");
    let mut seen = 0;
    for one in OPERATIONS.iter().filter(|one| named(one.path)) {
        for (hidden, absent) in pairs(&home, &other) {
            let (hidden, absent) = (fill(one.path, &hidden), fill(one.path, &absent));
            if hidden == absent {
                continue;
            }
            let body = if one.method == "GET" {
                Value::Null
            } else {
                body.clone()
            };
            let there = ask(&world, &owner, one.method, &hidden, &body).await;
            let none = ask(&world, &owner, one.method, &absent, &body).await;
            assert_eq!(there.status, 404, "{} {hidden}: {}", one.method, there.text);
            same(&there, &none, one.path);
            seen += 1;
        }
    }
    assert!(seen > 30, "{seen}");
}

#[tokio::test]
async fn attack_34_every_level_of_a_path_belongs_to_the_one_before() {
    let (world, home, other) = World::new().await;
    let admin = world.token(Role::Admin, "adm", None, None).await;
    for (c, t, p) in [
        (other.cluster, home.tenant, home.project),
        (home.cluster, other.tenant, home.project),
        (home.cluster, home.tenant, other.project),
        (other.cluster, other.tenant, home.project),
    ] {
        let path = format!("/api/v1/clusters/{c}/tenants/{t}/projects/{p}");
        for method in ["GET", "PUT", "DELETE"] {
            let body = if method == "PUT" {
                json!({})
            } else {
                Value::Null
            };
            world.call(method, &admin, &path, &body).await.refused(404);
        }
        for below in ["access", "kubeconfig"] {
            world
                .get(&admin, &format!("{path}/{below}"))
                .await
                .refused(404);
        }
    }
    let path = crate::world::project_path(&home);
    world.get(&admin, &path).await.expect(200);
}

#[tokio::test]
async fn attack_21_a_hidden_tenant_in_a_body_looks_like_an_unknown_one() {
    let (world, home, other) = World::new().await;
    let owner = world
        .token(Role::TenantOwner, "owner-acme", Some(home.tenant), None)
        .await;
    let body = |tenant: Uuid| json!({"subject": "s", "roles": ["readOnly"], "tenant": tenant});
    let hidden = ask(
        &world,
        &owner,
        "POST",
        "/api/v1/tokens",
        &body(other.tenant),
    )
    .await;
    let absent = ask(
        &world,
        &owner,
        "POST",
        "/api/v1/tokens",
        &body(Uuid::from_u128(9)),
    )
    .await;
    assert_eq!(hidden.refused(422), ["tenant"]);
    same(&hidden, &absent, "tenant of a token");
    ask(&world, &owner, "POST", "/api/v1/tokens", &body(home.tenant))
        .await
        .expect(200);
}
