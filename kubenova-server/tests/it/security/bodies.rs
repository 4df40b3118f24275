//! Hostile bodies and strings, and which refusal comes first.

use axum::body::Body;
use http::Request;
use serde_json::json;

use kubenova_core::access::Role;
use kubenova_server::http::router::{OPERATIONS, Operation};

use crate::world::{Place, World, project_path, tenant_path};

fn raw(token: &str, path: &str, media: &str, body: impl Into<Body>) -> Request<Body> {
    let request = Request::post(path).header("authorization", format!("Bearer {token}"));
    request
        .header("content-type", media)
        .body(body.into())
        .unwrap()
}

/// Every route that reads a body, at a place that is there.
fn readers(home: &Place) -> Vec<(&'static str, String)> {
    let reads = |one: &&Operation| matches!(one.method, "POST" | "PUT");
    let fill = |one: &Operation| {
        let path = one.path.replace("{c}", &home.cluster.to_string());
        let path = path.replace("{t}", &home.tenant.to_string());
        let path = path.replace("{p}", &home.project.to_string());
        (one.method, path.replace("{component}", "tenancy"))
    };
    OPERATIONS.iter().filter(reads).map(fill).collect()
}

#[tokio::test]
async fn attack_134_hostile_bodies_are_refused_on_every_route_that_reads_one() {
    let (world, home, _) = World::new().await;
    let admin = world.token(Role::Admin, "root", None, None).await;
    let deep = format!("{}{}", "{\"a\":".repeat(65), "}".repeat(65));
    let many = format!("[{}{{}}]", "{\"a\":0},".repeat(110_000));
    let before = world.fingerprint();
    for (method, path) in readers(&home) {
        let send = async |media: &str, body: Vec<u8>| {
            let mut request = raw(&admin, &path, media, body);
            *request.method_mut() = method.parse().unwrap();
            world.send(request).await
        };
        let json = "application/json";
        for text in [
            "{",
            "null",
            "[]",
            "7",
            "\u{feff}{}",
            "{\"a\":1,\"a\":2}",
            "{\"nonsense\":1}",
            &deep,
            &many,
        ] {
            let answer = send(json, text.as_bytes().to_vec()).await;
            assert_eq!(answer.refused(422).len(), 1, "{method} {path}");
        }
        send(json, vec![b'"', 0xff, b'"']).await.refused(422);
        send(json, vec![b' '; 1 << 21]).await.refused(413);
        send("text/plain", b"{}".to_vec()).await.refused(415);
        // A form, as another site's page may send it with the browser's help.
        let form = "application/x-www-form-urlencoded";
        send(form, b"name=x".to_vec()).await.refused(415);
    }
    assert_eq!(world.fingerprint(), before, "nothing was written anywhere");
}

#[tokio::test]
async fn a_trial_is_refused_as_long_as_there_are_none() {
    let (world, home, _) = World::new().await;
    let admin = world.token(Role::Admin, "root", None, None).await;
    let before = world.fingerprint();
    for (method, path) in readers(&home) {
        let path = format!("{path}?dryRun=All");
        let answer = world.call(method, &admin, &path, &json!({})).await;
        assert_eq!(answer.refused(400), ["dryRun"]);
    }
    for path in [tenant_path(&home), project_path(&home)] {
        let refused = world.delete(&admin, &format!("{path}?dryRun=All")).await;
        assert_eq!(refused.refused(400), ["dryRun"]);
    }
    let issue = format!("{}/kubeconfig?dryRun=All", project_path(&home));
    assert_eq!(world.get(&admin, &issue).await.refused(400), ["dryRun"]);
    assert_eq!(world.fingerprint(), before);
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
        if text.contains('\0') {
            // No database keeps it.
            assert_eq!(answer.refused(422), ["annotations.note"]);
        } else {
            assert_eq!(answer.expect(200)["annotations"]["note"], text);
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
