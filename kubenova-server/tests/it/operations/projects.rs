//! Creating, reading, changing, sharing and deleting projects.

use serde_json::{Value, json};

use kubenova_core::access::Role;

use crate::world::{World, project_path, request, tenant_path, uid};

#[tokio::test]
async fn a_project_is_created_and_its_namespace_follows() {
    let (world, home, _) = World::new().await;
    world.work();
    let owner = world
        .token(Role::TenantOwner, "owner-acme", Some(home.tenant), None)
        .await;
    let path = format!("{}/projects", tenant_path(&home));
    let body = json!({"name": "api", "tenant": "acme", "labels": {"team": "blue"}});
    let mut request = request("POST", Some(&owner), &path, &body);
    request
        .headers_mut()
        .insert("prefer", "wait=30".parse().unwrap());
    let made = world.send(request).await.expect(200);
    assert_eq!(
        (&made["namespace"], &made["tenant"]),
        (&json!("acme-api"), &json!("acme"))
    );
    assert_eq!(made["status"]["phase"], "Deployed", "{made}");
    let listed = world.get(&owner, &path).await.expect(200);
    let names: Vec<_> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|p| p["name"].clone())
        .collect();
    assert_eq!(names, ["api", "web"]);
    let inventory = world.fleet.cluster("c1").inventory();
    assert!(
        inventory.iter().any(|object| object.contains("acme-api")),
        "{inventory:?}"
    );
}

#[tokio::test]
async fn a_body_that_cannot_be_accepted_names_its_fields() {
    let (world, home, other) = World::new().await;
    let owner = world
        .token(Role::TenantOwner, "owner-acme", Some(home.tenant), None)
        .await;
    let path = format!("{}/projects", tenant_path(&home));
    for (body, field) in [
        (json!({}), "name"),
        (json!({"name": "a.b"}), "name"),
        (json!({"name": "b".repeat(59)}), "name"),
        (json!({"name": "x", "tenant": "beta"}), "tenant"),
        (json!({"name": "x", "tenant": other.tenant}), "tenant"),
        (
            json!({"name": "x", "labels": {"pod-security.kubernetes.io/enforce": "privileged"}}),
            "labels.pod-security.kubernetes.io/enforce",
        ),
        (
            json!({"name": "x", "annotations": {"kubenova.project": "y"}}),
            "annotations.kubenova.project",
        ),
        (json!({"name": "x", "tenantId": other.tenant}), "tenantId"),
    ] {
        let shown = body.to_string();
        assert_eq!(
            world.post(&owner, &path, body).await.refused(422),
            [field],
            "{shown}"
        );
    }
    world
        .post(&owner, &path, json!({"name": "web"}))
        .await
        .refused(409);
    world
        .post(
            &owner,
            &path,
            json!({"name": "y", "tenant": home.tenant, "namespace": "kube-system"}),
        )
        .await
        .expect(200);
}

#[tokio::test]
async fn attack_79_joined_names_never_meet() {
    let (world, home, _) = World::new().await;
    let ops = world.token(Role::Ops, "ops", None, None).await;
    let tenants = format!("/api/v1/clusters/{}/tenants", home.cluster);
    world
        .post(&ops, &tenants, json!({"name": "acme-web"}))
        .await
        .expect(200);
    world
        .post(
            &ops,
            &format!("{tenants}/acme/projects"),
            json!({"name": "web-x"}),
        )
        .await
        .expect(200);
    let second = world
        .post(
            &ops,
            &format!("{tenants}/acme-web/projects"),
            json!({"name": "x"}),
        )
        .await;
    second.refused(409);
    assert!(
        !second.text.contains("web-x"),
        "names nobody else's object: {}",
        second.text
    );
}

#[tokio::test]
async fn attack_42_a_change_touches_labels_and_annotations_only() {
    let (world, home, other) = World::new().await;
    let owner = world
        .token(Role::TenantOwner, "owner-acme", Some(home.tenant), None)
        .await;
    let path = project_path(&home);
    for (body, field) in [
        (json!({"tenantId": other.tenant}), "tenantId"),
        (json!({"clusterId": other.cluster}), "clusterId"),
        (json!({"name": "renamed"}), "name"),
        (json!({"tenant": other.tenant}), "tenant"),
    ] {
        assert_eq!(world.put(&owner, &path, body).await.refused(422), [field]);
    }
    let body =
        json!({"uid": other.project, "name": "web", "tenant": "acme", "labels": {"team": "blue"}});
    let changed = world.put(&owner, &path, body).await.expect(200);
    assert_eq!(uid(&changed), home.project);
    assert_eq!(changed["labels"], json!({"team": "blue"}));
    let kept = world
        .put(&owner, &path, json!({"annotations": {"a": "b"}}))
        .await
        .expect(200);
    assert_eq!(
        (&kept["labels"], &kept["annotations"]),
        (&json!({"team": "blue"}), &json!({"a": "b"}))
    );
    let untouched = world.token(Role::Admin, "adm", None, None).await;
    let theirs = world
        .get(&untouched, &project_path(&other))
        .await
        .expect(200);
    assert_eq!(theirs["resourceVersion"], "1");
}

#[tokio::test]
async fn members_are_replaced_as_a_whole() {
    let (world, home, _) = World::new().await;
    let owner = world
        .token(Role::TenantOwner, "owner-acme", Some(home.tenant), None)
        .await;
    let path = format!("{}/access", project_path(&home));
    let members = json!({"members": [
        {"subject": "dev", "role": "projectDev"},
        {"subject": "team", "role": "readOnly", "kind": "Group"},
        {"subject": "system:serviceaccount:ci:robot", "role": "projectDev", "kind": "ServiceAccount"},
    ]});
    let set = world.put(&owner, &path, members).await;
    assert_eq!(set.header("etag"), Some("\"2\""));
    let set = set.expect(200);
    assert_eq!(set["members"].as_array().unwrap().len(), 3);
    assert_eq!(world.get(&owner, &path).await.expect(200), set);
    for (member, field) in [
        (
            json!({"subject": "", "role": "readOnly"}),
            "members[0].subject",
        ),
        (
            json!({"subject": "system:masters", "role": "readOnly", "kind": "Group"}),
            "members[0].subject",
        ),
        (
            json!({"subject": "robot", "role": "readOnly", "kind": "ServiceAccount"}),
            "members[0].subject",
        ),
        (json!({"subject": "a", "role": "admin"}), "members[0].role"),
        (
            json!({"subject": "a", "role": "readOnly", "kind": "user"}),
            "members[0].kind",
        ),
        (json!({"subject": "a"}), "members[0].role"),
        (
            json!({"subject": "a", "role": "readOnly", "x": 1}),
            "members[0].x",
        ),
    ] {
        let body = json!({"members": [member]});
        assert_eq!(world.put(&owner, &path, body).await.refused(422), [field]);
    }
    let many: Vec<_> = (0..201)
        .map(|n| json!({"subject": format!("s{n}"), "role": "readOnly"}))
        .collect();
    assert_eq!(
        world
            .put(&owner, &path, json!({"members": many}))
            .await
            .refused(422),
        ["members"]
    );
    let empty = world
        .put(&owner, &path, json!({"members": []}))
        .await
        .expect(200);
    assert_eq!(empty["members"], json!([]));
}

#[tokio::test]
async fn attack_29_who_loses_access_loses_his_tokens_for_the_project() {
    let (world, home, _) = World::new().await;
    let owner = world
        .token(Role::TenantOwner, "owner-acme", Some(home.tenant), None)
        .await;
    let path = format!("{}/access", project_path(&home));
    let members = json!({"members": [{"subject": "dev", "role": "projectDev"}]});
    world.put(&owner, &path, members).await.expect(200);
    let dev = world
        .token(
            Role::ProjectDev,
            "dev",
            Some(home.tenant),
            Some(home.project),
        )
        .await;
    world.get(&dev, &project_path(&home)).await.expect(200);
    world
        .put(&owner, &path, json!({"members": []}))
        .await
        .expect(200);
    world.registry.poll().await.unwrap();
    world.get(&dev, &project_path(&home)).await.refused(401);
}

#[tokio::test]
async fn a_project_is_deleted_with_its_namespace() {
    let (world, home, _) = World::new().await;
    world.work();
    let owner = world
        .token(Role::TenantOwner, "owner-acme", Some(home.tenant), None)
        .await;
    let path = project_path(&home);
    let mut gone = request("DELETE", Some(&owner), &path, &Value::Null);
    gone.headers_mut()
        .insert("prefer", "wait=30".parse().unwrap());
    world.send(gone).await.expect(204);
    world.get(&owner, &path).await.refused(404);
    let inventory = world.fleet.cluster("c1").inventory();
    assert!(
        !inventory.iter().any(|object| object.contains("acme-web")),
        "{inventory:?}"
    );
}

#[tokio::test]
async fn attack_25_a_narrowed_token_lists_its_projects_only() {
    let (world, home, _) = World::new().await;
    let owner = world
        .token(Role::TenantOwner, "owner-acme", Some(home.tenant), None)
        .await;
    let projects = format!("{}/projects", tenant_path(&home));
    let second = uid(&world
        .post(&owner, &projects, json!({"name": "second"}))
        .await
        .expect(200));
    let dev = world
        .token(
            Role::ProjectDev,
            "dev",
            Some(home.tenant),
            Some(home.project),
        )
        .await;
    let listed = world.get(&dev, &projects).await.expect(200);
    let names: Vec<_> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|p| p["name"].clone())
        .collect();
    assert_eq!(names, ["web"]);
    for (method, below) in [
        ("GET", ""),
        ("PUT", ""),
        ("DELETE", ""),
        ("GET", "/access"),
        ("GET", "/kubeconfig"),
    ] {
        let body = if method == "PUT" {
            json!({})
        } else {
            Value::Null
        };
        let path = format!("{projects}/{second}{below}");
        world.call(method, &dev, &path, &body).await.refused(404);
    }
}
