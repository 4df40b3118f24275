//! Who the cluster takes people for, and where their tokens are not.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _};

use super::stage::{clear, object, stage};
use crate::eyes::Eyes;
use crate::place;
use crate::server::Site;

/// Groups that people of every tenant are in.
fn is_shared(subject: &Value) -> bool {
    let name = subject["name"].as_str().unwrap_or_default();
    subject["kind"] == "Group"
        && (name.starts_with("system:") || name.starts_with("tenant-") || name.contains("capsule"))
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_90_nobody_has_rights_for_being_one_of_many() {
    let _alone = place::alone().await;
    let site = Site::memory();
    let (admin, server, home, other) = stage(&site).await;
    let _ = home.kubeconfig(&server.api, "projectDev").await;
    let configuration = "/apis/capsule.clastix.io/v1beta2/capsuleconfigurations/default";
    let spec = admin.get(configuration).await["spec"].to_string();
    for group in [
        "\"system:serviceaccounts\"",
        "\"system:authenticated\"",
        "\"system:masters\"",
    ] {
        assert!(!spec.contains(group), "{group} are Capsule's users: {spec}");
    }
    for tenancy in [&home, &other] {
        let bindings = tenancy.of("rbac.authorization.k8s.io/v1", "rolebindings");
        let found = admin.list(&bindings).await;
        assert!(!found.is_empty());
        for one in found {
            let subjects = one["subjects"].as_array().cloned().unwrap_or_default();
            assert!(!subjects.iter().any(is_shared), "{one}");
        }
    }
    clear(server, [&home, &other]).await;
}

/// Who the cluster takes the holder for.
async fn whoami(eyes: &Eyes) -> Value {
    let path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    let ask = object(
        "authentication.k8s.io/v1",
        "SelfSubjectReview",
        "x",
        json!({}),
    );
    let (_, answer) = eyes.send(Method::POST, path, ask).await;
    answer["status"]["userInfo"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_118_equal_names_in_two_tenants_are_different_people() {
    let _alone = place::alone().await;
    let site = Site::memory();
    let (_, server, home, other) = stage(&site).await;
    let (ours, theirs) = (
        home.eyes(&server.api, "projectDev").await,
        other.eyes(&server.api, "projectDev").await,
    );
    for (eyes, own, foreign) in [(&ours, &home, &other), (&theirs, &other, &home)] {
        let who = whoami(eyes).await;
        let name = who["username"].as_str().unwrap();
        assert!(name.contains(&own.uid), "{name} carries the tenant's uid");
        assert!(!who.to_string().contains(&foreign.uid));
        assert_eq!(eyes.status(&own.at("pods")).await, 200);
        assert_eq!(eyes.status(&foreign.at("pods")).await, 403);
        assert_eq!(eyes.status("/api/v1/namespaces").await, 403);
    }
    clear(server, [&home, &other]).await;
}

/// Every row of every table, as text.
async fn dump(database: &str) -> String {
    let mut look = PgConnection::connect(database).await.unwrap();
    let tables =
        "select table_name::text from information_schema.tables where table_schema = 'public'";
    let tables = sqlx::query(tables).fetch_all(&mut look).await.unwrap();
    let mut whole = String::new();
    for table in tables {
        let sql = format!("select t::text from \"{}\" t", table.get::<String, _>(0));
        for row in sqlx::query(AssertSqlSafe(sql))
            .fetch_all(&mut look)
            .await
            .unwrap()
        {
            whole.push_str(&row.get::<String, _>(0));
        }
    }
    whole
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_120_an_issued_token_is_kept_nowhere() {
    let _alone = place::alone().await;
    let site = Site::postgres().await;
    let (admin, server, home, other) = stage(&site).await;
    let issued = home.kubeconfig(&server.api, "projectDev").await;
    let yaml = STANDARD
        .decode(issued["kubeconfig"].as_str().unwrap())
        .unwrap();
    let yaml = String::from_utf8(yaml).unwrap();
    let token = yaml
        .split_whitespace()
        .chain(yaml.split('"'))
        .find(|word| word.starts_with("eyJ"));
    let token = token
        .expect("the kubeconfig holds a token")
        .trim_matches('"')
        .to_owned();
    let signature = token.rsplit('.').next().unwrap();
    assert!(signature.len() > 40 && yaml.contains(signature));
    let api = server.api.token().to_owned();
    let database = dump(site.database()).await;
    assert!(
        database.contains(issued["grantId"].as_str().unwrap()),
        "the dump is whole"
    );
    for secret in [signature, api.rsplit('.').next().unwrap()] {
        let encoded = STANDARD.encode(secret);
        let on_cluster = |one: &Value| {
            one.to_string().contains(secret)
                || one.to_string().contains(encoded.trim_end_matches('='))
        };
        assert!(!database.contains(secret), "a token is in the database");
        assert!(!server.log().contains(secret), "a token is in the log");
        for kind in [
            "/api/v1/secrets",
            "/api/v1/configmaps",
            "/api/v1/serviceaccounts",
        ] {
            assert!(
                !admin.list(kind).await.iter().any(on_cluster),
                "a token is in {kind}"
            );
        }
    }
    clear(server, [&home, &other]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_127_a_server_with_another_sealing_key_does_not_start() {
    let _alone = place::alone().await;
    let site = Site::postgres().await;
    let server = site.start("all").await;
    server.register("sealed").await;
    server.stop().await;
    site.lose_sealing_key();
    let said = site.refuses_to_start().await;
    let last = said.lines().last().unwrap();
    assert!(
        last.starts_with("kubenova-server: seal.key_files: "),
        "{said}"
    );
    // The harmless form: with its own key it starts, and works on the cluster.
    site.find_sealing_key();
    let server = site.start("all").await;
    server.api.get("/clusters/sealed/capabilities").await;
    server.api.delete("/clusters/sealed").await;
    server.stop().await;
}
