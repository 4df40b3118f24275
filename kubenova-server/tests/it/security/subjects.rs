//! Names of people, groups and accounts: whom rights can be given to, and that they go with the name.

use serde_json::{Value, json};

use kubenova_core::access::Role;

use crate::world::{World, project_path, registration, tenant_path};

#[tokio::test]
async fn attack_29_a_token_for_two_projects_dies_with_either_of_them() {
    let (world, home, _) = World::new().await;
    let admin = world.token(Role::Admin, "adm", None, None).await;
    let projects = format!("{}/projects", tenant_path(&home));
    let made = world.post(&admin, &projects, json!({"name": "api"})).await;
    let second = crate::world::uid(&made.expect(200));
    let token = async |subject: &str| {
        let body = json!({"subject": subject, "roles": ["projectDev"], "tenant": home.tenant,
            "projects": [home.project, second]});
        let issued = world.post(&admin, "/api/v1/tokens", body).await.expect(200);
        issued["token"].as_str().unwrap().to_owned()
    };
    let (dev, other) = (token("dev").await, token("other").await);
    let path = project_path(&home);
    let set = async |members: Value| {
        let body = json!({"members": members});
        world
            .put(&admin, &format!("{path}/access"), body)
            .await
            .expect(200);
        world.registry.poll().await.unwrap();
    };
    let both = ["dev", "other"].map(|who| json!({"subject": who, "role": "projectDev"}));
    set(json!(both)).await;
    world.get(&dev, &path).await.expect(200);
    set(json!([both[1]])).await;
    world.get(&dev, &path).await.refused(401);
    world
        .get(&dev, &format!("{path}/kubeconfig"))
        .await
        .refused(401);
    world.get(&other, &path).await.expect(200);
}

#[tokio::test]
async fn attack_90_what_tenants_share_gets_no_role_in_one_of_them() {
    let (world, home, _) = World::new().await;
    let owner = world
        .token(Role::TenantOwner, "owner-acme", Some(home.tenant), None)
        .await;
    let path = format!("{}/access", project_path(&home));
    let put = async |subject: &str, kind: &str| {
        let member = json!({"subject": subject, "role": "readOnly", "kind": kind});
        world.put(&owner, &path, json!({"members": [member]})).await
    };
    for (subject, kind) in [
        ("tenant-admins", "Group"),
        ("tenant-maintainers", "Group"),
        ("tenant-viewers", "Group"),
        ("projectcapsule.dev", "Group"),
        ("system:authenticated", "Group"),
        ("system:serviceaccounts", "Group"),
        ("system:admin", "User"),
        ("system:serviceaccount:kube-system:x", "ServiceAccount"),
        (
            "system:serviceaccount:kubenova-system:grant-x",
            "ServiceAccount",
        ),
        ("system:serviceaccount:kubenova-system:grant-x", "User"),
    ] {
        let refused = put(subject, kind).await.refused(422);
        assert_eq!(refused, ["members[0].subject"], "{subject}");
    }
    put("team-blue", "Group").await.expect(200);
    put("system:serviceaccount:ci:robot", "ServiceAccount")
        .await
        .expect(200);
    let owners = format!("{}/owners", tenant_path(&home));
    for subject in [
        "system:serviceaccount:kubenova-system:grant-x",
        "system:masters",
    ] {
        let body = json!({"owners": ["owner-acme", subject]});
        assert_eq!(
            world.put(&owner, &owners, body).await.refused(422),
            ["owners[1]"]
        );
    }
}

#[tokio::test]
async fn attack_162_names_that_hide_or_reorder_text_are_refused() {
    let (world, home, _) = World::new().await;
    let ops = world.token(Role::Ops, "ops", None, None).await;
    let owners = format!("{}/owners", tenant_path(&home));
    for (n, c) in ['\n', '\u{1b}', '\u{202e}', '\u{61c}', '\u{2028}', '\u{0}']
        .into_iter()
        .enumerate()
    {
        let name = format!("a{c}b");
        let refused = world.put(&ops, &owners, json!({"owners": [name]})).await;
        assert_eq!(refused.refused(422), ["owners[0]"], "{c:?}");
        let mut body = registration(&format!("c1{n}"));
        body["displayName"] = json!(name);
        let refused = world.post(&ops, "/api/v1/clusters", body).await;
        assert_eq!(refused.refused(422), ["displayName"], "{c:?}");
        let body = json!({"subject": name, "roles": ["ops"]});
        let refused = world.post(&ops, "/api/v1/tokens", body).await;
        assert_eq!(refused.refused(422), ["subject"], "{c:?}");
    }
    world
        .put(&ops, &owners, json!({"owners": ["Zoë Müller"]}))
        .await
        .expect(200);
}

#[tokio::test]
async fn attack_20_nobody_speaks_for_the_server_itself() {
    let (world, home, _) = World::new().await;
    let admin = world.token(Role::Admin, "adm", None, None).await;
    let body = |subject: &str| json!({"subject": subject, "tenant": home.tenant});
    let refused = world.post(&admin, "/api/v1/tokens", body("kubenova")).await;
    assert_eq!(refused.refused(422), ["subject"]);
    world
        .post(&admin, "/api/v1/tokens", body("kubenova-ci"))
        .await
        .expect(200);
}

#[tokio::test]
async fn ids_in_bodies_are_read_as_those_in_paths() {
    let (world, home, _) = World::new().await;
    let admin = world.token(Role::Admin, "adm", None, None).await;
    let body = |tenant: String| json!({"subject": "s", "tenant": tenant});
    for form in [
        home.tenant.simple().to_string(),
        home.tenant.braced().to_string(),
        "acme".to_owned(),
    ] {
        let refused = world.post(&admin, "/api/v1/tokens", body(form)).await;
        assert_eq!(refused.refused(422), ["tenant"]);
    }
    let capitals = home.tenant.to_string().to_uppercase();
    world
        .post(&admin, "/api/v1/tokens", body(capitals.clone()))
        .await
        .expect(200);
    let projects = format!("{}/projects", tenant_path(&home));
    let fresh = |tenant: &str| json!({"name": "fresh", "tenant": tenant});
    for other in ["other", &home.project.to_string(), "", "ACME"] {
        let refused = world.post(&admin, &projects, fresh(other)).await;
        assert_eq!(refused.refused(422), ["tenant"], "{other}");
    }
    world
        .post(&admin, &projects, fresh(&capitals))
        .await
        .expect(200);
}
