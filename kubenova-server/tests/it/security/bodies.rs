//! Hostile bodies and strings, and which refusal comes first.

use axum::body::Body;
use http::Request;
use serde_json::json;

use kubenova_core::access::Role;

use crate::world::{World, tenant_path};

fn raw(token: &str, path: &str, media: &str, body: impl Into<Body>) -> Request<Body> {
    let request = Request::post(path).header("authorization", format!("Bearer {token}"));
    request
        .header("content-type", media)
        .body(body.into())
        .unwrap()
}

#[tokio::test]
async fn attack_134_hostile_bodies_are_refused_on_every_route_that_reads_one() {
    let (world, home, _) = World::new().await;
    let admin = world.token(Role::Admin, "root", None, None).await;
    let deep = format!("{}{}", "{\"a\":".repeat(65), "}".repeat(65));
    let tenants = format!("/api/v1/clusters/{}/tenants", home.cluster);
    let projects = format!("{}/projects", tenant_path(&home));
    let kubeconfig = format!("/api/v1/tenants/{}/kubeconfig", home.tenant);
    for path in [
        "/api/v1/tokens",
        "/api/v1/clusters",
        &tenants,
        &projects,
        &kubeconfig,
    ] {
        let json = "application/json";
        for text in [
            "{",
            "",
            "null",
            "[]",
            "7",
            "\u{feff}{}",
            "{\"a\":1,\"a\":2}",
            &deep,
        ] {
            if text.is_empty() && path == kubeconfig {
                continue;
            }
            world
                .send(raw(&admin, path, json, text.to_owned()))
                .await
                .refused(422);
        }
        world
            .send(raw(&admin, path, json, vec![b' '; 1 << 21]))
            .await
            .refused(413);
        world
            .send(raw(&admin, path, "text/plain", "{}"))
            .await
            .refused(415);
        world
            .send(raw(&admin, path, json, vec![b'"', 0xff, b'"']))
            .await
            .refused(422);
    }
}

#[tokio::test]
async fn the_right_comes_before_the_body_and_the_path_before_the_right() {
    let (world, home, other) = World::new().await;
    let reader = world
        .token(Role::ReadOnly, "reader", Some(home.tenant), None)
        .await;
    let owners = format!("{}/owners", tenant_path(&home));
    let nonsense = |path: &str, token: &str| {
        let mut request = raw(token, path, "text/plain", "nonsense");
        *request.method_mut() = http::Method::PUT;
        request
    };
    world.send(nonsense(&owners, &reader)).await.refused(403);
    world
        .send(nonsense(
            &format!("{}/owners", tenant_path(&other)),
            &reader,
        ))
        .await
        .refused(404);
    let path = format!(
        "/api/v1/clusters/{}/tenants/Bad%20Name/owners",
        home.cluster
    );
    world.send(nonsense(&path, &reader)).await.refused(400);
    world.send(nonsense(&path, "forged")).await.refused(401);
    let admin = world.token(Role::Admin, "root", None, None).await;
    world.send(nonsense(&owners, &admin)).await.refused(415);
}

const HOSTILE: [&str; 8] = [
    "'; drop table tenants; --",
    "{{7*7}}",
    "$(id)",
    "\u{0}",
    "a\u{0}b",
    "<script>",
    "../../x",
    "%00",
];

#[tokio::test]
async fn attack_157_hostile_strings_in_bodies_are_refused_or_kept_as_they_are() {
    let (world, home, _) = World::new().await;
    let admin = world.token(Role::Admin, "root", None, None).await;
    let tenants = format!("/api/v1/clusters/{}/tenants", home.cluster);
    for (n, text) in HOSTILE.into_iter().enumerate() {
        for refused in [
            json!({"name": text}),
            json!({"name": "x", "labels": {text: "v"}}),
            json!({"name": "x", "labels": {"k": text}}),
        ] {
            world.post(&admin, &tenants, refused).await.refused(422);
        }
        let noted = json!({"name": format!("noted-{n}"), "annotations": {"note": text}});
        let answer = world.post(&admin, &tenants, noted).await;
        if answer.status == 200 {
            assert_eq!(answer.json()["annotations"]["note"], text);
        } else {
            answer.refused(422);
        }
    }
}

#[tokio::test]
async fn attack_157_hostile_strings_in_addresses_are_refused() {
    let (world, home, _) = World::new().await;
    let admin = world.token(Role::Admin, "root", None, None).await;
    let tenants = format!("/api/v1/clusters/{}/tenants", home.cluster);
    for text in HOSTILE {
        let hex: String = text.bytes().map(|byte| format!("%{byte:02x}")).collect();
        for path in ["/", "?labelSelector==", "?cursor="] {
            world
                .get(&admin, &format!("{tenants}{path}{hex}"))
                .await
                .refused(400);
        }
        let listed = world.get(&admin, &format!("{tenants}?owner={hex}")).await;
        // A strange subject that could exist is no error: nobody owns anything under it.
        let empty = listed.status == 200 && listed.text == "[]";
        assert!(empty || listed.status == 400, "{}", listed.text);
    }
}
