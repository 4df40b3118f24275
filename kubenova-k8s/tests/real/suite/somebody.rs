//! Somebody else with all rights, who is no administrator of Capsule.

use std::time::Duration;

use k8s_openapi::api::core::v1::{Namespace, Secret};
use k8s_openapi::api::rbac::v1::{ClusterRole, RoleBinding, RoleRef, Subject};
use kube::api::{
    ApiResource, DeleteParams, DynamicObject, ObjectMeta, Patch, PatchParams, PostParams,
};
use kube::core::GroupVersionKind;
use kube::{Api, Client};
use serde_json::{Value, json};

use kubenova_core::access::ProjectRole;
use kubenova_core::domain::credential::PLATFORM_NAMESPACE;
use kubenova_core::ports::cluster::BindingSubject;
use kubenova_core::simulation::ForeignAct;
use kubenova_core::value::{Name, SubjectKind};

use crate::kit::until;

fn capsule(client: &Client, kind: &str) -> Api<DynamicObject> {
    let kind = GroupVersionKind::gvk("capsule.clastix.io", "v1beta2", kind);
    Api::all_with(client.clone(), &ApiResource::from_gvk(&kind))
}

/// All Capsule Tenants.
pub(crate) fn tenants(client: &Client) -> Api<DynamicObject> {
    capsule(client, "Tenant")
}

fn namespaces(client: &Client) -> Api<Namespace> {
    Api::all(client.clone())
}

fn bindings(client: &Client, namespace: &Name) -> Api<RoleBinding> {
    Api::namespaced(client.clone(), namespace.as_str())
}

fn binding_of(role: ProjectRole) -> String {
    format!("kubenova:{}", role.as_str())
}

/// Does it, and returns once it is done and the cluster has nothing more to say about it.
pub(crate) async fn acts(client: &Client, act: ForeignAct) {
    let gone = DeleteParams::default();
    match act {
        ForeignAct::CreateNamespace(name) => {
            let mut namespace = Namespace::default();
            namespace.metadata.name = Some(name.to_string());
            let new = PostParams::default();
            namespaces(client).create(&new, &namespace).await.unwrap();
        }
        ForeignAct::DeleteNamespace(name) => {
            let api = namespaces(client);
            drop(api.delete(name.as_str(), &gone).await.unwrap());
        }
        ForeignAct::EditNamespace(name) => label(&namespaces(client), &name, "team").await,
        ForeignAct::AddLabel(name) => label(&namespaces(client), &name, "somebody").await,
        ForeignAct::CreateTenant(name) => create_tenant(client, &name).await,
        ForeignAct::DeleteTenant(name) => {
            let api = tenants(client);
            drop(api.delete(name.as_str(), &gone).await.unwrap());
        }
        ForeignAct::EditTenant(name) => label(&tenants(client), &name, "tier").await,
        ForeignAct::DeleteOwner(name) => {
            let api = capsule(client, "TenantOwner");
            drop(api.delete(&name, &gone).await.unwrap());
        }
        ForeignAct::DeleteBinding(place, role) => {
            let api = bindings(client, &place);
            drop(api.delete(&binding_of(role), &gone).await.unwrap());
        }
        ForeignAct::ReplaceSubjects(place, role, subjects) => {
            let subjects: Vec<Subject> = subjects.iter().map(plain).collect();
            let patch = json!({ "subjects": subjects });
            let api = bindings(client, &place);
            merge(&api, &binding_of(role), patch).await;
        }
        ForeignAct::ForgeRole(place, role) => forge(client, &place, role).await,
        ForeignAct::DeleteSecret(account) => {
            let api: Api<Secret> = Api::namespaced(client.clone(), PLATFORM_NAMESPACE);
            drop(api.delete(&account.name(), &gone).await.unwrap());
        }
        ForeignAct::EditPlatform => edit_role(client).await,
    }
}

async fn merge<K>(api: &Api<K>, name: &str, patch: Value)
where
    K: kube::Resource + Clone + std::fmt::Debug + serde::de::DeserializeOwned,
{
    let params = PatchParams::default();
    api.patch(name, &params, &Patch::Merge(patch))
        .await
        .unwrap();
}

async fn label<K>(api: &Api<K>, name: &Name, key: &str)
where
    K: kube::Resource + Clone + std::fmt::Debug + serde::de::DeserializeOwned,
{
    let patch = json!({"metadata": {"labels": {key: "somebodys"}}});
    merge(api, name.as_str(), patch).await;
}

/// Capsule writes to it until it calls it ready.
async fn create_tenant(client: &Client, name: &Name) {
    let kind = GroupVersionKind::gvk("capsule.clastix.io", "v1beta2", "Tenant");
    let mut tenant = DynamicObject::new(name.as_str(), &ApiResource::from_gvk(&kind));
    tenant.data = json!({"spec": {"owners": [{"kind": "User", "name": "somebody"}]}});
    let api = tenants(client);
    api.create(&PostParams::default(), &tenant).await.unwrap();
    until("Capsule has settled somebody's Tenant", || async {
        let there = api.get(name.as_str()).await.unwrap();
        let status = &there.data["status"];
        status["observedGeneration"].as_i64() == there.metadata.generation
    })
    .await;
    // Its own reconcile ends with one more write.
    tokio::time::sleep(Duration::from_millis(500)).await;
}

fn plain(who: &BindingSubject) -> Subject {
    let group = "rbac.authorization.k8s.io".to_owned();
    let (namespace, name) = who.subject.service_account().unzip();
    Subject {
        api_group: (who.kind != SubjectKind::ServiceAccount).then_some(group),
        kind: who.kind.as_str().to_owned(),
        name: name.map_or_else(|| who.subject.to_string(), |name| name.to_owned()),
        namespace: namespace.map(|namespace| namespace.to_owned()),
    }
}

/// A role reference cannot be changed: the binding is made anew, with our marks.
async fn forge(client: &Client, place: &Name, role: ProjectRole) {
    let (api, name) = (bindings(client, place), binding_of(role));
    let there = api.get(&name).await.unwrap();
    drop(api.delete(&name, &DeleteParams::default()).await.unwrap());
    let forged = RoleBinding {
        metadata: ObjectMeta {
            name: Some(name),
            labels: there.metadata.labels,
            annotations: there.metadata.annotations,
            ..ObjectMeta::default()
        },
        role_ref: RoleRef {
            name: "cluster-admin".to_owned(),
            ..there.role_ref
        },
        subjects: there.subjects,
    };
    api.create(&PostParams::default(), &forged).await.unwrap();
}

async fn edit_role(client: &Client) {
    let api: Api<ClusterRole> = Api::all(client.clone());
    let more = json!([{"op": "add", "path": "/rules/-", "value": {"apiGroups": [""], "resources": ["secrets"], "verbs": ["*"]}}]);
    let more: Patch<()> = Patch::Json(serde_json::from_value(more).unwrap());
    let (role, params) = ("kubenova:project:readOnly", PatchParams::default());
    api.patch(role, &params, &more).await.unwrap();
}
