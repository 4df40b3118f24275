//! Who counts as a user of Capsule on the test cluster.

use kube::api::{ApiResource, DynamicObject, Patch, PatchParams};
use kube::core::GroupVersionKind;
use kube::{Api, Client};
use serde_json::{Value, json};
use tokio::sync::{Mutex, MutexGuard};

/// The group of all accounts of kubeconfigs.
const GROUP: &str = "system:serviceaccounts:kubenova-system";

/// The configuration is the cluster's: one test at a time changes it.
static ALONE: Mutex<()> = Mutex::const_new(());

fn configuration(admin: &Client) -> Api<DynamicObject> {
    let kind = GroupVersionKind::gvk("capsule.clastix.io", "v1beta2", "CapsuleConfiguration");
    Api::all_with(admin.clone(), &ApiResource::from_gvk(&kind))
}

async fn listed(admin: &Client) -> Vec<Value> {
    let there = configuration(admin).get("default").await.unwrap();
    there.data["spec"]["users"].as_array().cloned().unwrap()
}

/// Names of groups and users.
pub(crate) async fn all(admin: &Client) -> Vec<String> {
    let listed = listed(admin).await;
    let names = listed.iter().filter_map(|one| one["name"].as_str());
    names.map(str::to_owned).collect()
}

/// Nobody else changes them until this is dropped. Accounts of kubeconfigs are none: what a run that died has left is gone.
pub(crate) async fn alone(admin: &Client) -> MutexGuard<'static, ()> {
    let alone = ALONE.lock().await;
    set(admin, false).await;
    alone
}

/// Makes accounts of kubeconfigs users of Capsule, or not.
pub(crate) async fn set(admin: &Client, users: bool) {
    let mut wanted = listed(admin).await;
    wanted.retain(|one| one["name"] != GROUP);
    if users {
        wanted.push(json!({"kind": "Group", "name": GROUP}));
    }
    let patch = Patch::Merge(json!({"spec": {"users": wanted}}));
    configuration(admin)
        .patch("default", &PatchParams::default(), &patch)
        .await
        .unwrap();
}
