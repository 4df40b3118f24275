//! Creating, reading, owning and deleting tenants.

use serde_json::{Value, json};

use kubenova_core::access::Role;

use crate::world::{World, request, tenant_path};

#[tokio::test]
async fn a_tenant_is_created_and_the_cluster_follows() {
    let (world, home, _) = World::new().await;
    world.work();
    let ops = world.token(Role::Ops, "ops", None, None).await;
    let path = format!("/api/v1/clusters/{}/tenants", home.cluster);
    let body = json!({"name": "fresh", "owners": ["olga", "olga"], "labels": {"team": "blue"}, "annotations": {"note": "hi"}});
    let mut request = request("POST", Some(&ops), &path, &body);
    request
        .headers_mut()
        .insert("prefer", "wait=30".parse().unwrap());
    let made = world.send(request).await;
    assert_eq!(made.header("preference-applied"), Some("wait=30"));
    let made = made.expect(200);
    assert_eq!(made["owners"], json!(["olga"]));
    assert_eq!(made["labels"]["team"], "blue");
    assert_eq!(made["labels"]["kubenova.cluster"], home.cluster.to_string());
    assert_eq!(made["status"]["phase"], "Deployed", "{made}");
    let read = world.get(&ops, &format!("{path}/fresh")).await;
    assert_eq!(read.header("etag"), Some("\"1\""));
    assert_eq!(read.expect(200)["uid"], made["uid"]);
}

#[tokio::test]
async fn a_name_is_taken_once_per_cluster() {
    let (world, home, other) = World::new().await;
    let ops = world.token(Role::Ops, "ops", None, None).await;
    let path = |cluster| format!("/api/v1/clusters/{cluster}/tenants");
    world
        .post(&ops, &path(home.cluster), json!({"name": "acme"}))
        .await
        .refused(409);
    world
        .post(&ops, &path(other.cluster), json!({"name": "acme"}))
        .await
        .expect(200);
    let kubeconfig = "/api/v1/tenants/acme/kubeconfig";
    let fields = world.post(&ops, kubeconfig, Value::Null).await.refused(409);
    assert_eq!(
        fields,
        ["uid", "uid"],
        "a name that fits several objects lists their uids"
    );
    let owner = world
        .token(Role::TenantOwner, "owner-acme", Some(home.tenant), None)
        .await;
    world
        .post(&owner, kubeconfig, Value::Null)
        .await
        .expect(200);
}

#[tokio::test]
async fn a_body_that_cannot_be_accepted_names_its_fields() {
    let (world, home, _) = World::new().await;
    let ops = world.token(Role::Ops, "ops", None, None).await;
    let path = format!("/api/v1/clusters/{}/tenants", home.cluster);
    for (body, fields) in [
        (json!({}), vec!["name"]),
        (json!({"name": "kube-system"}), vec!["name"]),
        (json!({"name": "default"}), vec!["name"]),
        (json!({"name": "a".repeat(41)}), vec!["name"]),
        (
            json!({"name": "Acme", "owners": [""]}),
            vec!["name", "owners[0]"],
        ),
        (
            json!({"name": "x", "owners": ["system:masters"]}),
            vec!["owners[0]"],
        ),
        (
            json!({"name": "x", "labels": {"kubernetes.io/x": "y"}}),
            vec!["labels.kubernetes.io/x"],
        ),
        (
            json!({"name": "x", "labels": {"kubenova.tenant": "y"}}),
            vec!["labels.kubenova.tenant"],
        ),
        (
            json!({"name": "x", "annotations": {"app.oam.dev/x": "y"}}),
            vec!["annotations.app.oam.dev/x"],
        ),
        (json!({"name": "x", "plan": "gold"}), vec!["plan"]),
        (json!({"name": ["x"]}), vec!["name"]),
        (json!([]), vec!["body"]),
    ] {
        let shown = body.to_string();
        assert_eq!(
            world.post(&ops, &path, body).await.refused(422),
            fields,
            "{shown}"
        );
    }
    let read_only =
        json!({"name": "x", "uid": "whatever", "createdAt": 7, "status": {"phase": "Deployed"}});
    world.post(&ops, &path, read_only).await.expect(200);
    let dry = world
        .post(&ops, &format!("{path}?dryRun=All"), json!({"name": "y"}))
        .await;
    assert_eq!(dry.refused(400), ["dryRun"]);
}

#[tokio::test]
async fn attack_49_owners_are_replaced_as_a_whole_and_never_by_nobody() {
    let (world, home, _) = World::new().await;
    let owner = world
        .token(Role::TenantOwner, "owner-acme", Some(home.tenant), None)
        .await;
    let path = format!("{}/owners", tenant_path(&home));
    assert_eq!(
        world
            .put(&owner, &path, json!({"owners": []}))
            .await
            .refused(422),
        ["owners"]
    );
    assert_eq!(
        world
            .put(&owner, &path, json!({"owners": [""]}))
            .await
            .refused(422),
        ["owners[0]"]
    );
    let read = world.get(&owner, &tenant_path(&home)).await.expect(200);
    assert_eq!(read["owners"], json!(["owner-acme"]));
    let new = world
        .put(&owner, &path, json!({"owners": ["olga", "owner-acme"]}))
        .await
        .expect(200);
    assert_eq!(new["owners"], json!(["olga", "owner-acme"]));
}

#[tokio::test]
async fn attack_29_who_is_taken_out_loses_his_tokens() {
    let (world, home, _) = World::new().await;
    let ops = world.token(Role::Ops, "ops", None, None).await;
    let owner = world
        .token(Role::TenantOwner, "owner-acme", Some(home.tenant), None)
        .await;
    world.get(&owner, &tenant_path(&home)).await.expect(200);
    let path = format!("{}/owners", tenant_path(&home));
    world
        .put(&ops, &path, json!({"owners": ["olga"]}))
        .await
        .expect(200);
    world.registry.poll().await.unwrap();
    world.get(&owner, &tenant_path(&home)).await.refused(401);
}

#[tokio::test]
async fn attack_151_a_stale_version_is_refused() {
    let (world, home, _) = World::new().await;
    let ops = world.token(Role::Ops, "ops", None, None).await;
    let path = format!("{}/owners", tenant_path(&home));
    let based_on = async |tag: &str, owner: &str| {
        let body = json!({"owners": [owner]});
        let mut request = request("PUT", Some(&ops), &path, &body);
        request
            .headers_mut()
            .insert("if-match", tag.parse().unwrap());
        world.send(request).await
    };
    let first = based_on("\"1\"", "one").await;
    assert_eq!(first.header("etag"), Some("\"2\""));
    first.expect(200);
    for stale in ["\"1\"", "\"nonsense\"", "W/\"2\""] {
        based_on(stale, "two").await.refused(412);
    }
    based_on("*", "two").await.expect(200);
    let mut gone = request("DELETE", Some(&ops), &tenant_path(&home), &Value::Null);
    gone.headers_mut()
        .insert("if-match", "\"1\"".parse().unwrap());
    world.send(gone).await.refused(412);
}

#[tokio::test]
async fn a_tenant_with_projects_stays_unless_they_go_along() {
    let (world, home, _) = World::new().await;
    world.work();
    let ops = world.token(Role::Ops, "ops", None, None).await;
    let path = tenant_path(&home);
    world.delete(&ops, &path).await.refused(409);
    let mut all = request(
        "DELETE",
        Some(&ops),
        &format!("{path}?cascade=true"),
        &Value::Null,
    );
    all.headers_mut()
        .insert("prefer", "wait=30".parse().unwrap());
    world.send(all).await.expect(204);
    world.get(&ops, &path).await.refused(404);
    let again = format!("/api/v1/clusters/{}/tenants", home.cluster);
    world
        .post(&ops, &again, json!({"name": "acme"}))
        .await
        .expect(200);
}

#[tokio::test]
async fn attack_96_while_it_is_deleted_everything_else_is_refused() {
    let (world, home, _) = World::new().await;
    let ops = world.token(Role::Ops, "ops", None, None).await;
    let path = tenant_path(&home);
    let cascade = format!("{path}?cascade=true");
    world.delete(&ops, &cascade).await.expect(204);
    world.delete(&ops, &cascade).await.expect(204);
    assert_eq!(
        world.get(&ops, &path).await.expect(200)["status"]["phase"],
        "Deleting"
    );
    world
        .put(&ops, &format!("{path}/owners"), json!({"owners": ["olga"]}))
        .await
        .refused(409);
    world
        .post(&ops, &format!("{path}/projects"), json!({"name": "late"}))
        .await
        .refused(409);
    let tenants = format!("/api/v1/clusters/{}/tenants", home.cluster);
    world
        .post(&ops, &tenants, json!({"name": "acme"}))
        .await
        .refused(409);
}

#[tokio::test]
async fn attack_36_filters_never_widen_what_is_seen() {
    let (world, home, other) = World::new().await;
    let owner = world
        .token(Role::TenantOwner, "owner-acme", Some(home.tenant), None)
        .await;
    let ops = world.token(Role::Ops, "ops", None, None).await;
    let path = format!("/api/v1/clusters/{}/tenants", home.cluster);
    world
        .post(
            &ops,
            &path,
            json!({"name": "third", "owners": ["owner-acme"]}),
        )
        .await
        .expect(200);
    for query in [
        "",
        "?owner=owner-acme",
        "?labelSelector=!x",
        "?tenantId=&tenantId=b",
        "?tenantId%5B%5D=b",
    ] {
        let listed = world
            .get(&owner, &format!("{path}{query}"))
            .await
            .expect(200);
        let names: Vec<_> = listed
            .as_array()
            .unwrap()
            .iter()
            .map(|t| t["name"].clone())
            .collect();
        assert_eq!(names, ["acme"], "{query}");
    }
    let owned = world
        .get(&ops, &format!("{path}?owner=owner-acme"))
        .await
        .expect(200);
    assert_eq!(owned.as_array().unwrap().len(), 2);
    let doubled = world.get(&owner, &format!("{path}?owner=a&owner=b")).await;
    assert_eq!(doubled.refused(400), ["owner"]);
    let foreign = format!("/api/v1/clusters/{}/tenants", other.cluster);
    world.get(&owner, &foreign).await.refused(404);
}
