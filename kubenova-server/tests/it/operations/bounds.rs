//! Quotas, limits and network policies of a tenant.

use serde_json::{Value, json};

use kubenova_core::access::Role;

use crate::world::{World, tenant_path};

#[tokio::test]
async fn each_part_replaces_itself_and_is_answered_canonically() {
    let (world, home, _) = World::new().await;
    world.work();
    let ops = world.token(Role::Ops, "ops", None, None).await;
    let tenant = tenant_path(&home);
    let put = async |part: &str, body: Value| {
        let answer = world.put(&ops, &format!("{tenant}/{part}"), body).await;
        answer.expect(200)
    };
    let quotas = json!({"cpu": "2000m", "requests.storage": "20Gi", "pods": 50, "namespaces": "3"});
    let limits = json!({"memory": "1024Mi", "cpu": "500m"});
    let items = json!([{"podSelector": {}, "ingress": [{"from": [{"podSelector": {}}]}]}]);
    put("network-policies", json!({"items": items})).await;
    put("quotas", quotas).await;
    let answer = put("limits", limits).await;
    let (quotas, limits) = (
        json!({"cpu": "2", "requests.storage": "20Gi", "pods": "50", "namespaces": "3"}),
        json!({"memory": "1Gi", "cpu": "500m"}),
    );
    assert_eq!(answer["quotas"], quotas);
    assert_eq!(answer["limits"], limits);
    assert_eq!(answer["networkPolicies"], json!({"items": items}));
    let answer = put("network-policies", json!({"defaultDeny": true})).await;
    assert_eq!(answer["networkPolicies"], json!({"defaultDeny": true}));
    let answer = put("network-policies", json!({})).await;
    assert_eq!(answer["networkPolicies"], json!({}));
    let version = answer["resourceVersion"].clone();
    let answer = put(
        "quotas",
        json!({"pods": "50", "cpu": "2", "namespaces": 3, "requests.storage": "20480Mi"}),
    )
    .await;
    assert_eq!(
        answer["resourceVersion"], version,
        "equal by value is no change"
    );
    assert_eq!(put("quotas", json!({})).await["quotas"], json!({}));
    let read = world.get(&ops, &tenant).await.expect(200);
    assert_eq!((&read["quotas"], &read["limits"]), (&json!({}), &limits));
}

#[tokio::test]
async fn what_cannot_be_a_bound_is_named() {
    let (world, home, _) = World::new().await;
    let ops = world.token(Role::Ops, "ops", None, None).await;
    let tenant = tenant_path(&home);
    for (part, body, fields) in [
        (
            "quotas",
            json!({"storage": "1Gi", "cpu": "-1"}),
            vec!["cpu", "storage"],
        ),
        ("quotas", json!({"pods": "1.5"}), vec!["pods"]),
        ("quotas", json!({"cpu": true}), vec!["cpu"]),
        ("quotas", json!({"namespaces": 0}), vec!["namespaces"]),
        ("quotas", json!([]), vec!["body"]),
        ("limits", json!({"pods": "1"}), vec!["pods"]),
        (
            "limits",
            json!({"cpu": "1", "services": "1"}),
            vec!["services"],
        ),
        (
            "network-policies",
            json!({"defaultDeny": "yes"}),
            vec!["defaultDeny"],
        ),
        (
            "network-policies",
            json!({"defaultDeny": true, "items": []}),
            vec!["items"],
        ),
        (
            "network-policies",
            json!({"items": [{}]}),
            vec!["items[0].podSelector"],
        ),
        ("network-policies", json!({"rules": []}), vec!["rules"]),
    ] {
        let shown = format!("{part} {body}");
        let answer = world.put(&ops, &format!("{tenant}/{part}"), body).await;
        assert_eq!(answer.refused(422), fields, "{shown}");
    }
    let list = format!("/api/v1/clusters/{}/tenants", home.cluster);
    let new = json!({"name": "x", "quotas": {"storage": "1"}, "limits": {"pods": 1}, "networkPolicies": {"items": [7]}});
    let refused = world.post(&ops, &list, new).await.refused(422);
    assert_eq!(
        refused,
        ["quotas.storage", "limits.pods", "networkPolicies.items[0]"]
    );
    let new =
        json!({"name": "bounded", "quotas": {"pods": 5}, "networkPolicies": {"defaultDeny": true}});
    let made = world.post(&ops, &list, new).await.expect(200);
    assert_eq!(made["quotas"], json!({"pods": "5"}));
}

#[tokio::test]
async fn attack_33_nobody_below_ops_moves_his_own_bounds() {
    let (world, home, other) = World::new().await;
    let owner = world
        .token(Role::TenantOwner, "owner-acme", Some(home.tenant), None)
        .await;
    let reader = world
        .token(Role::ReadOnly, "reader", Some(home.tenant), None)
        .await;
    for part in ["quotas", "limits", "network-policies"] {
        for who in [&owner, &reader] {
            let own = format!("{}/{part}", tenant_path(&home));
            world.put(who, &own, json!({})).await.refused(403);
            let foreign = format!("{}/{part}", tenant_path(&other));
            world.put(who, &foreign, json!({})).await.refused(404);
        }
    }
}

#[tokio::test]
async fn attack_149_the_last_room_for_a_project_is_taken_once() {
    let (world, home, _) = World::new().await;
    let ops = world.token(Role::Ops, "ops", None, None).await;
    let tenant = tenant_path(&home);
    let projects = format!("{tenant}/projects");
    let there = world.get(&ops, &projects).await.expect(200);
    let there = there.as_array().unwrap().len();
    for round in 1..20 {
        let most = json!({"namespaces": there + round});
        world
            .put(&ops, &format!("{tenant}/quotas"), most)
            .await
            .expect(200);
        let create = |n: usize| {
            let body = json!({"name": format!("r{round}-{n}")});
            world.post(&ops, &projects, body)
        };
        let answers = futures::future::join_all((0..50).map(create)).await;
        let made = answers.iter().filter(|one| one.status == 200).count();
        let full = answers.iter().filter(|one| one.status == 409).count();
        assert_eq!((made, full), (1, 49), "round {round}");
    }
}
