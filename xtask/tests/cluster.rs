//! The test cluster as its users find it. `cargo xtask test` starts it; a bare `cargo test` has none to look at.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use xtask::cluster::api::Api;
use xtask::cluster::state::State;
use xtask::host::{files, settings};

/// Folder of the running cluster, if there is one.
fn folder() -> Option<PathBuf> {
    settings::var("KUBENOVA_TEST_CLUSTER").map(PathBuf::from)
}

fn kubeconfig(folder: &Path, identity: &str) -> PathBuf {
    folder.join(format!("kubeconfig/{identity}.yaml"))
}

#[test]
fn everything_runs_and_credentials_are_private() {
    let Some(folder) = folder() else { return };
    let text = files::read(&folder.join("state.json")).unwrap();
    let state: State = serde_json::from_str(&text).unwrap();
    assert!(state.ready);
    state.check().unwrap();
    assert_eq!(state.parts.len(), 6);
    let mode = std::fs::metadata(kubeconfig(&folder, "kubenova"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn our_identity_may_do_its_work_and_no_more() {
    let Some(folder) = folder() else { return };
    let ours = Api::from_file(&kubeconfig(&folder, "kubenova"))
        .await
        .unwrap();
    for path in [
        "/api/v1/namespaces",
        "/apis/capsule.clastix.io/v1beta2/tenants",
        "/apis/rbac.authorization.k8s.io/v1/clusterroles",
    ] {
        assert!(ours.get(path).await.unwrap().is_some(), "{path}");
    }
    for path in [
        "/api/v1/nodes",
        "/api/v1/configmaps",
        "/apis/apps/v1/deployments",
    ] {
        let refused = ours.get(path).await.unwrap_err().to_string();
        assert!(refused.contains("forbidden"), "{path}: {refused}");
    }
}

#[tokio::test]
async fn a_stranger_sees_nothing() {
    let Some(folder) = folder() else { return };
    let stranger = Api::from_file(&kubeconfig(&folder, "mallory"))
        .await
        .unwrap();
    let refused = stranger
        .get("/api/v1/namespaces")
        .await
        .unwrap_err()
        .to_string();
    assert!(refused.contains("forbidden"), "{refused}");
}
