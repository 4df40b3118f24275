//! Registering, reading, bootstrapping and letting go of clusters.

use serde_json::{Value, json};

use kubenova_core::{access::Role, ports::cluster::ClusterError, simulation::SimFleet};

use crate::world::{World, encoded, registration, request, uid};

const CLUSTERS: &str = "/api/v1/clusters";

#[tokio::test]
async fn a_cluster_is_registered_and_read_by_uid_and_name() {
    let world = World::empty();
    let ops = world.token(Role::Ops, "ops", None, None).await;
    let mut body = registration("c1");
    body["labels"] = json!({"region": "eu"});
    body["displayName"] = json!("Europe");
    let made = world.post(&ops, CLUSTERS, body).await;
    assert_eq!(made.header("etag"), Some("\"1\""));
    let made = made.expect(200);
    assert_eq!(
        (&made["name"], &made["displayName"]),
        (&json!("c1"), &json!("Europe"))
    );
    assert_eq!(made["resourceVersion"], "1");
    assert!(made.get("kubeconfig").is_none());
    let reachable = made["conditions"]
        .as_array()
        .unwrap()
        .iter()
        .find(|c| c["type"] == "Reachable");
    assert_eq!(reachable.unwrap()["status"], "True");
    for at in [uid(&made).to_string(), "c1".to_owned()] {
        let read = world
            .get(&ops, &format!("{CLUSTERS}/{at}"))
            .await
            .expect(200);
        assert_eq!(read["uid"], made["uid"]);
    }
    let found = world
        .get(&ops, &format!("{CLUSTERS}/c1/capabilities"))
        .await
        .expect(200);
    assert!(found["tenancy"].is_boolean() && found["versions"].is_object());
}

#[tokio::test]
async fn attack_73_a_name_or_cluster_is_registered_once() {
    let world = World::empty();
    let ops = world.token(Role::Ops, "ops", None, None).await;
    world
        .post(&ops, CLUSTERS, registration("c1"))
        .await
        .expect(200);
    world
        .post(&ops, CLUSTERS, registration("c1"))
        .await
        .refused(409);
    let again = json!({"name": "second", "kubeconfig": encoded(&SimFleet::kubeconfig_of("c1"))});
    world.post(&ops, CLUSTERS, again).await.refused(409);
    let listed = world.get(&ops, CLUSTERS).await.expect(200);
    assert_eq!(listed.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_registration_that_cannot_be_used_names_its_fields() {
    let world = World::empty();
    let ops = world.token(Role::Ops, "ops", None, None).await;
    let good = registration("c1");
    for (field, value) in [
        ("name", json!("Upper")),
        ("name", json!("")),
        ("name", json!("a".repeat(64))),
        ("name", json!("2c5ea4c0-4067-11e9-8bad-9b1deb4d3b7d")),
        ("kubeconfig", json!("%%%")),
        ("kubeconfig", json!(encoded("no kubeconfig"))),
        ("kubeconfig", json!(7)),
        ("labels.kubenova.io/x", json!({"kubenova.io/x": "y"})),
        ("labels.team", json!({"team": "not a value"})),
        ("proxyKind", json!("direct")),
        ("displayName", json!("a\nb")),
        ("displayName", json!("a".repeat(121))),
        ("kubeConfig", json!("x")),
    ] {
        let key = field.split('.').next().unwrap();
        let mut body = good.clone();
        body[key] = value.clone();
        assert_eq!(
            world.post(&ops, CLUSTERS, body).await.refused(422),
            [field],
            "{value}"
        );
    }
    world
        .fleet
        .cluster("c1")
        .fail(Some(ClusterError::Unreachable));
    assert_eq!(
        world.post(&ops, CLUSTERS, good.clone()).await.refused(422),
        ["kubeconfig"]
    );
    world.fleet.cluster("c1").fail(None);
    let mut whole = good;
    whole["uid"] = json!(7);
    whole["status"] = json!("whatever");
    whole["createdAt"] = Value::Null;
    world.post(&ops, CLUSTERS, whole).await.expect(200);
}

#[tokio::test]
async fn a_list_is_walked_in_pages_that_only_their_caller_can_turn() {
    let world = World::empty();
    let ops = world.token(Role::Ops, "ops", None, None).await;
    let other = world.token(Role::Ops, "other", None, None).await;
    for n in 0..5 {
        let mut body = registration(&format!("c{n}"));
        body["labels"] = json!({"parity": if n % 2 == 0 { "even" } else { "odd" }});
        world.post(&ops, CLUSTERS, body).await.expect(200);
    }
    let (mut names, mut path) = (Vec::new(), format!("{CLUSTERS}?limit=2"));
    let mut cursors = Vec::new();
    loop {
        let page = world.get(&ops, &path).await;
        let next = page.header("x-next-cursor").map(str::to_owned);
        let items = page.expect(200);
        names.extend(
            items
                .as_array()
                .unwrap()
                .iter()
                .map(|c| c["name"].as_str().unwrap().to_owned()),
        );
        let Some(cursor) = next else { break };
        path = format!("{CLUSTERS}?limit=2&cursor={cursor}");
        cursors.push(cursor);
    }
    assert_eq!(names, ["c0", "c1", "c2", "c3", "c4"]);
    assert_eq!(cursors.len(), 2);
    let cursor = &cursors[0];
    let foreign = world
        .get(&other, &format!("{CLUSTERS}?cursor={cursor}"))
        .await;
    assert_eq!(foreign.refused(400), ["cursor"]);
    let filtered = format!("{CLUSTERS}?cursor={cursor}&labelSelector=parity%3Deven");
    assert_eq!(world.get(&ops, &filtered).await.refused(400), ["cursor"]);
    assert_eq!(
        world
            .get(&ops, &format!("/api/v1/tokens?cursor={cursor}"))
            .await
            .refused(400),
        ["cursor"]
    );

    let even = world
        .get(
            &ops,
            &format!("{CLUSTERS}?labelSelector=parity%20in%20(even)"),
        )
        .await;
    assert_eq!(even.expect(200).as_array().unwrap().len(), 3);
    for bad in ["a%3D%3D%3Db", "in%20(", "a%00b"] {
        let answer = world
            .get(&ops, &format!("{CLUSTERS}?labelSelector={bad}"))
            .await;
        assert_eq!(answer.refused(400), ["labelSelector"], "{bad}");
    }
}

#[tokio::test]
async fn a_scoped_caller_sees_his_cluster_without_messages() {
    let (world, home, other) = World::new().await;
    let owner = world
        .token(Role::TenantOwner, "owner-acme", Some(home.tenant), None)
        .await;
    let listed = world.get(&owner, CLUSTERS).await.expect(200);
    assert_eq!(listed.as_array().unwrap().len(), 1);
    let read = world
        .get(&owner, &format!("{CLUSTERS}/{}", home.cluster))
        .await
        .expect(200);
    let conditions = read["conditions"].as_array().unwrap();
    assert!(!conditions.is_empty() && conditions.iter().all(|c| c["message"] == ""));
    world
        .get(&owner, &format!("{CLUSTERS}/{}", other.cluster))
        .await
        .refused(404);
}

#[tokio::test]
async fn bootstrap_is_accepted_for_known_parts_only() {
    let (world, home, _) = World::new().await;
    let ops = world.token(Role::Ops, "ops", None, None).await;
    for part in ["tenancy", "proxy"] {
        let path = format!("{CLUSTERS}/{}/bootstrap/{part}", home.cluster);
        world.post(&ops, &path, Value::Null).await.expect(202);
    }
    for part in ["app-delivery", "capsule", "Tenancy", "%00"] {
        let path = format!("{CLUSTERS}/{}/bootstrap/{part}", home.cluster);
        world.post(&ops, &path, Value::Null).await.refused(404);
    }
}

#[tokio::test]
async fn attack_77_a_cluster_with_tenants_stays_unless_it_is_let_go() {
    let (world, home, _) = World::new().await;
    let ops = world.token(Role::Ops, "ops", None, None).await;
    let path = format!("{CLUSTERS}/{}", home.cluster);
    world.delete(&ops, &path).await.refused(409);
    assert_eq!(
        world
            .delete(&ops, &format!("{path}?orphan=yes"))
            .await
            .refused(400),
        ["orphan"]
    );
    let orphan = format!("{path}?orphan=true");
    world.delete(&ops, &orphan).await.expect(204);
    world.delete(&ops, &orphan).await.expect(204);
    let read = world.get(&ops, &path).await.expect(200);
    assert_eq!(read["status"]["phase"], "Deleting");
    world
        .post(&ops, &format!("{path}/tenants"), json!({"name": "late"}))
        .await
        .refused(409);
    world.work();
    let mut request = request("DELETE", Some(&ops), &orphan, &Value::Null);
    request
        .headers_mut()
        .insert("prefer", "wait=30".parse().unwrap());
    let answer = world.send(request).await;
    assert_eq!(answer.header("preference-applied"), Some("wait=30"));
    answer.expect(204);
    world.get(&ops, &path).await.refused(404);
}

#[tokio::test]
async fn a_cluster_that_is_away_is_503_where_it_is_asked_now() {
    let (world, home, _) = World::new().await;
    let ops = world.token(Role::Ops, "ops", None, None).await;
    world
        .fleet
        .cluster("c1")
        .fail(Some(ClusterError::Unreachable));
    let path = format!("{CLUSTERS}/{}", home.cluster);
    let answer = world.get(&ops, &format!("{path}/capabilities")).await;
    answer.refused(503);
    assert!(answer.header("retry-after").is_some());
    world.get(&ops, &path).await.expect(200);
}
