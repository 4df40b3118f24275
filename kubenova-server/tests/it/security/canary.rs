//! No credential leaves by any door: answers, headers, log lines at the finest level, audit entries.

use serde_json::{Value, json};

use kubenova_core::access::Role;
use kubenova_server::http::router::OPERATIONS;

use crate::log;
use crate::world::{World, encoded, project_path, request, tenant_path};

const CANARY: &str = "canary7f3a9";

/// Bodies that carry the canary where a credential stands, most of them refused.
async fn register(world: &World, admin: &str, out: &mut Vec<String>) {
    let kubeconfig = |text: &str| {
        encoded(&format!(
            "server: https://c9.invalid\ntoken: {text}\n# {text}\n"
        ))
    };
    for body in [
        json!({"name": "c9", "kubeconfig": kubeconfig(CANARY)}),
        json!({"name": "c9", "kubeconfig": kubeconfig(CANARY)}),
        json!({"name": "Bad", "kubeconfig": kubeconfig(CANARY)}),
        json!({"name": "c8", "kubeconfig": encoded(CANARY)}),
        json!({"name": "c8", "kubeconfig": {CANARY: CANARY}}),
        json!({"name": "c8", "kubeconfig": [CANARY]}),
    ] {
        let answer = world.post(admin, "/api/v1/clusters", body).await;
        out.push(format!("{answer:?}"));
    }
}

/// Every route that tells no credential by design, by everybody who holds one.
async fn drive(world: &World, tokens: [&String; 2], grant: &str, out: &mut Vec<String>) {
    let fill = |path: &str| {
        let path = path
            .replace("{c}", "c9")
            .replace("{t}", "acme")
            .replace("{p}", "web");
        path.replace("{id}", grant).replace("{component}", "proxy")
    };
    let told = |path: &str| path.ends_with("/kubeconfig");
    for one in OPERATIONS
        .iter()
        .filter(|one| !told(one.path) && one.method != "POST")
    {
        for token in tokens {
            let body = if one.method == "PUT" {
                json!({"owners": [CANARY.repeat(99)]})
            } else {
                Value::Null
            };
            let answer = world
                .send(request(one.method, Some(token), &fill(one.path), &body))
                .await;
            out.push(format!("{answer:?}"));
        }
    }
}

#[tokio::test]
async fn attack_124_no_canary_comes_out_anywhere() {
    let (world, home, _) = World::new().await;
    world.work();
    let mut out = Vec::new();
    let admin = world.token(Role::Admin, "root", None, None).await;
    let owner = world
        .token(Role::TenantOwner, "owner-acme", Some(home.tenant), None)
        .await;
    register(&world, &admin, &mut out).await;
    let path = format!("{}/kubeconfig", project_path(&home));
    let issued = world.get(&owner, &path).await.expect(200);
    let body = json!({"subject": "s", "roles": ["ops"]});
    let token = world.post(&admin, "/api/v1/tokens", body).await.expect(200);
    drive(
        &world,
        [&admin, &owner],
        issued["grantId"].as_str().unwrap(),
        &mut out,
    )
    .await;
    let forged = format!("{}aaaa", &admin[..admin.len() - 4]);
    out.push(format!(
        "{:?}",
        world.get(&forged, &tenant_path(&home)).await
    ));
    world.rest().await;
    out.push(format!("{:?}", world.store.audit()));
    out.push(format!("{:?}", world.refused.lock().unwrap()));
    let logged = log::written();
    assert!(logged.contains("\"request.id\""), "the log was looked at");
    out.push(logged);
    let secrets = [&issued["kubeconfig"], &token["token"]].map(|secret| secret.as_str().unwrap());
    for secret in secrets.into_iter().chain([admin.as_str(), &owner]) {
        // The end is what makes a token: half of it in a log would be half a leak.
        let end = &secret[secret.len() - 40..];
        assert!(
            out.iter().all(|text| !text.contains(end)),
            "a credential came out"
        );
    }
    for text in out {
        let lines = text
            .lines()
            .filter(|line| line.contains(CANARY))
            .collect::<Vec<_>>();
        assert!(lines.is_empty(), "a canary came out: {lines:?}");
    }
}
