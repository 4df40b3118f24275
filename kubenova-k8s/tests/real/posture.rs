//! What a first look at the cluster tells.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::Api;

use kubenova_core::ports::cluster::ClusterProbe;

use crate::kit::{admin, cluster};

#[tokio::test]
async fn our_rights_suffice_and_are_not_all() {
    let seen = cluster("kubenova").inspect().await.unwrap();
    assert_eq!(seen.missing_rights, Vec::<String>::new());
    assert!(!seen.all_powerful && seen.version.starts_with("v1.") && seen.identity.len() == 36);
}

#[tokio::test]
async fn attack_72_too_weak_and_too_strong_credentials_are_told() {
    let weak = cluster("mallory").inspect().await;
    assert!(weak.is_err() || !weak.unwrap().missing_rights.is_empty());
    let strong = cluster("admin").inspect().await.unwrap();
    assert!(strong.all_powerful && strong.missing_rights.is_empty());
}

#[tokio::test]
async fn capsule_is_verified_by_what_it_does() {
    let ours = cluster("kubenova").tenancy(false).await.unwrap();
    assert!(ours.ready, "{ours:?}");
    let stranger = cluster("plainadmin").tenancy(false).await.unwrap();
    assert_eq!(
        (stranger.ready, stranger.reason),
        (false, "NotAdministrator")
    );
}

#[tokio::test]
async fn capabilities_come_from_discovery() {
    let kinds: Api<CustomResourceDefinition> = Api::all(admin());
    let installed = async || {
        let name = "proxysettings.capsule.clastix.io";
        kinds.get_opt(name).await.unwrap().is_some()
    };
    let before = installed().await;
    let found = cluster("kubenova").capabilities().await.unwrap();
    assert!(found.tenancy && !found.vela, "{found:?}");
    // Only a test through a real capsule-proxy brings its kinds, perhaps at this moment.
    if before == installed().await {
        assert_eq!(found.proxy, before);
    }
    assert_eq!(
        found.versions.get("capsule.clastix.io").map(String::as_str),
        Some("v1beta2")
    );
}
