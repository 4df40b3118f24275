//! Who may call what: every operation of the router, by everybody, at home, elsewhere and nowhere.

use std::fmt::Write as _;

use serde_json::{Value, json};
use uuid::Uuid;

use kubenova_core::access::Role;
use kubenova_server::http::router::{OPERATIONS, Operation};

use crate::world::{Place, Who, World, is_success, registration, request};

/// Where the objects of a path are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    Home,
    Elsewhere,
    Nowhere,
}

/// A body that the operation accepts. An operation without a row here fails the test.
fn body(operation: &Operation) -> Value {
    match (operation.method, operation.path) {
        ("GET" | "DELETE", _) => Value::Null,
        ("POST", "/api/v1/tokens") => json!({"subject": "new", "roles": ["admin"]}),
        ("POST", "/api/v1/clusters") => registration("c3"),
        ("POST", "/api/v1/clusters/{c}/bootstrap/{component}") => Value::Null,
        ("POST", "/api/v1/clusters/{c}/tenants") => json!({"name": "fresh", "owners": ["olga"]}),
        ("PUT", "/api/v1/clusters/{c}/tenants/{t}/owners") => {
            json!({"owners": ["olga", "owner-acme"]})
        }
        ("PUT", "/api/v1/clusters/{c}/tenants/{t}/quotas") => json!({"pods": 5}),
        ("PUT", "/api/v1/clusters/{c}/tenants/{t}/limits") => json!({"cpu": "1"}),
        ("PUT", "/api/v1/clusters/{c}/tenants/{t}/network-policies") => {
            json!({"defaultDeny": true})
        }
        ("POST", "/api/v1/tenants/{t}/kubeconfig") => json!({"role": "readOnly"}),
        ("POST", "/api/v1/clusters/{c}/tenants/{t}/projects") => json!({"name": "fresh"}),
        ("PUT", "/api/v1/clusters/{c}/tenants/{t}/projects/{p}") => {
            json!({"labels": {"team": "blue"}})
        }
        ("PUT", "/api/v1/clusters/{c}/tenants/{t}/projects/{p}/access") => {
            json!({"members": [{"subject": "dev", "role": "projectDev"}]})
        }
        (method, path) => panic!("no row for {method} {path}"),
    }
}

/// Ids of things without a name, at one place.
struct Ids {
    token: Uuid,
    grant: Uuid,
}

async fn ids(world: &World, place: &Place) -> Ids {
    let (token, _) = world
        .issued(Role::ReadOnly, "some", Some(place.tenant), None)
        .await;
    let admin = world.token(Role::Admin, "adm", None, None).await;
    let path = format!("/api/v1/tenants/{}/kubeconfig", place.tenant);
    let issued = world.post(&admin, &path, Value::Null).await.expect(200);
    Ids {
        token: token.uuid(),
        grant: issued["grantId"].as_str().unwrap().parse().unwrap(),
    }
}

async fn path(world: &World, operation: &Operation, at: At, places: [&Place; 2]) -> String {
    let nowhere = Place {
        cluster: Uuid::from_u128(1),
        tenant: Uuid::from_u128(2),
        project: Uuid::from_u128(3),
    };
    let place = match at {
        At::Home => places[0],
        At::Elsewhere => places[1],
        At::Nowhere => &nowhere,
    };
    let id = match at {
        At::Home | At::Elsewhere if operation.path.contains("{id}") => {
            let ids = ids(world, place).await;
            if operation.path.contains("tokens") {
                ids.token
            } else {
                ids.grant
            }
        }
        At::Home | At::Elsewhere | At::Nowhere => Uuid::from_u128(4),
    };
    operation
        .path
        .replace("{c}", &place.cluster.to_string())
        .replace("{t}", &place.tenant.to_string())
        .replace("{p}", &place.project.to_string())
        .replace("{id}", &id.to_string())
        .replace("{component}", "tenancy")
}

async fn status(operation: &Operation, who: Who, at: At) -> u16 {
    let (world, home, elsewhere) = World::new().await;
    let token = world.token_of(who, &home).await;
    let path = path(&world, operation, at, [&home, &elsewhere]).await;
    let body = body(operation);
    let before = world.fingerprint();
    let answer = world
        .send(request(operation.method, token.as_deref(), &path, &body))
        .await;
    if !is_success(answer.status) {
        answer.refused(answer.status);
        assert_eq!(
            world.fingerprint(),
            before,
            "a refusal changed something: {path}"
        );
        let refused = world.refused.lock().unwrap();
        assert_eq!(refused.len(), 1, "a refusal is told once");
    }
    answer.status
}

/// Attacks 1, 25, 31 to 33 and 75 in their authorization part.
#[tokio::test]
async fn attack_31_the_whole_table() {
    let mut table = String::from("columns: anon admin ops tenantOwner projectDev readOnly\n");
    for operation in OPERATIONS {
        let scoped = operation.path.contains('{');
        let everywhere = [At::Home, At::Elsewhere, At::Nowhere];
        for at in everywhere.into_iter().take(if scoped { 3 } else { 1 }) {
            write!(table, "{:6} {} {at:?}:", operation.method, operation.path).unwrap();
            for who in Who::ALL {
                write!(table, " {}", status(operation, who, at).await).unwrap();
            }
            table.push('\n');
        }
    }
    insta::assert_snapshot!(table);
}
