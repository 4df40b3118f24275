//! Probes, version, features, me.

use serde_json::{Value, json};

use kubenova_core::access::Role;

use crate::world::{World, request};

#[tokio::test]
async fn probes_answer_without_a_token_at_both_places() {
    let world = World::empty();
    for path in ["/healthz", "/api/v1/healthz"] {
        let answer = world.send(request("GET", None, path, &Value::Null)).await;
        assert_eq!((answer.status, answer.text.as_str()), (200, "ok"));
        assert!(
            answer
                .header("content-type")
                .unwrap()
                .starts_with("text/plain")
        );
    }
    for path in ["/readyz", "/api/v1/readyz"] {
        let ready = world
            .send(request("GET", None, path, &Value::Null))
            .await
            .expect(200);
        assert_eq!(ready["ready"], true);
        let checks = ready["checks"].as_array().unwrap();
        let names: Vec<_> = checks
            .iter()
            .map(|check| check["name"].as_str().unwrap())
            .collect();
        assert_eq!(names, ["database", "migrations", "signingKey"]);
    }
}

#[tokio::test]
async fn version_and_features_tell_what_is_there() {
    let world = World::empty();
    let get = |path: &'static str| world.send(request("GET", None, path, &Value::Null));
    let version = get("/api/v1/version").await.expect(200);
    assert_eq!(version["version"], env!("CARGO_PKG_VERSION"));
    assert!(version["commit"].is_string() && version["buildDate"].is_string());
    let features = get("/api/v1/features").await.expect(200);
    let expected = json!({"tenancy": true, "proxy": true, "appDelivery": false, "vela": false});
    assert_eq!(features, expected);
}

#[tokio::test]
async fn me_tells_exactly_the_rights_of_the_token() {
    let (world, home, _) = World::new().await;
    let token = world
        .token(
            Role::ProjectDev,
            "dev",
            Some(home.tenant),
            Some(home.project),
        )
        .await;
    let me = world.get(&token, "/api/v1/me").await.expect(200);
    assert_eq!(me["subject"], "dev");
    assert_eq!(me["roles"], json!(["projectDev"]));
    assert_eq!(me["tenant"], home.tenant.to_string());
    assert_eq!(me["projects"], json!([home.project.to_string()]));
    assert_eq!(me["groups"], json!(["tenant-maintainers"]));
    assert!(me["expiresAt"].is_string());
    let admin = world.token(Role::Admin, "root", None, None).await;
    let me = world.get(&admin, "/api/v1/me").await.expect(200);
    assert_eq!(me["groups"], json!(["tenant-admins"]));
    assert!(me.get("tenant").is_none());
}

#[tokio::test]
async fn what_later_versions_offer_does_not_exist_yet() {
    let (world, home, _) = World::new().await;
    let admin = world.token(Role::Admin, "root", None, None).await;
    let tenant = crate::world::tenant_path(&home);
    for path in [
        "/api/v1/plans",
        "/api/v1/audit",
        "/docs",
        "/metrics",
        "/api/v1/catalog/components",
    ] {
        world.get(&admin, path).await.refused(404);
    }
    for below in ["summary", "policysets", "plan"] {
        world
            .put(&admin, &format!("{tenant}/{below}"), json!({}))
            .await
            .refused(404);
    }
}

#[tokio::test]
async fn a_stop_releases_whoever_waits() {
    let (world, home, _) = World::new().await;
    let admin = world.token(Role::Admin, "root", None, None).await;
    let path = format!("/api/v1/clusters/{}/tenants", home.cluster);
    let mut waiting = request("POST", Some(&admin), &path, &json!({"name": "late"}));
    waiting
        .headers_mut()
        .insert("prefer", "wait=60".parse().unwrap());
    // Nobody works, so nothing follows; the stop comes while the answer is held.
    let (answer, ()) = tokio::join!(world.send(waiting), async { world.stop() });
    let made = answer.expect(200);
    assert_eq!(made["status"]["phase"], "Pending");
}
