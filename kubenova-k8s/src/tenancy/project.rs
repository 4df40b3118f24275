//! A project's namespace and role bindings on the cluster.

use std::collections::{BTreeMap, BTreeSet};

use kube::api::DynamicObject;
use serde_json::{Value, json};

use kubenova_core::access::ProjectRole;
use kubenova_core::ports::cluster::{
    BindingSubject, ClusterError, ObservedProject, Presence, ProjectSpec,
};
use kubenova_core::value::{Name, ProjectId, Subject, SubjectKind};

use super::call::{BINDING, Calls, NAMESPACE};
use super::observe::{carries, existed_before, has_metadata, is_terminating, label};
use crate::manifest::{labels, namespace, rbac};

pub(super) async fn observe(
    calls: &Calls,
    want: &ProjectSpec,
) -> Result<ObservedProject, ClusterError> {
    let name = want.namespace.as_str();
    let there = calls.get(NAMESPACE, None, name).await?;
    let presence = presence(there.as_ref(), want);
    // Without a namespace, or in one that is not ours, there is nothing of ours.
    let bindings = match presence {
        Presence::Absent | Presence::Foreign => BTreeMap::new(),
        Presence::Current | Presence::Differs | Presence::Terminating => {
            bindings(&calls.list(BINDING, Some(name), "").await?, want)
        }
    };
    let stuck = there.filter(is_terminating).and_then(|there| stuck(&there));
    Ok(ObservedProject {
        namespace: presence,
        bindings,
        stuck,
    })
}

/// Ours among all role bindings of the namespace.
fn bindings(
    all: &[DynamicObject],
    want: &ProjectSpec,
) -> BTreeMap<ProjectRole, Option<BTreeSet<BindingSubject>>> {
    let mut seen = BTreeMap::new();
    for role in ProjectRole::ALL {
        let named = rbac::binding_name(role);
        let found = all
            .iter()
            .find(|one| one.metadata.name.as_deref() == Some(&named));
        if let Some(found) = found.filter(|one| !is_terminating(one)) {
            seen.insert(role, subjects(found, want, role));
        }
    }
    seen
}

/// Membership is label *and* owner reference.
fn presence(there: Option<&DynamicObject>, want: &ProjectSpec) -> Presence {
    let Some(there) = there else {
        return Presence::Absent;
    };
    if !carries(there, labels::PROJECT_UID, &want.id.to_string()) {
        return Presence::Foreign;
    }
    if is_terminating(there) {
        return Presence::Terminating;
    }
    let references = there
        .metadata
        .owner_references
        .as_deref()
        .unwrap_or_default();
    let member = references
        .iter()
        .any(|one| one.kind == "Tenant" && one.name == want.tenant_name.as_str());
    if member && has_metadata(there, &namespace::namespace(want)) {
        return Presence::Current;
    }
    Presence::Differs
}

/// The subjects; `None` where the role reference is wrong, which only deleting heals. A binding without our marks, or with
/// a subject of a kind that we do not know, has none: it differs from every wish and is applied anew.
fn subjects(
    binding: &DynamicObject,
    want: &ProjectSpec,
    role: ProjectRole,
) -> Option<BTreeSet<BindingSubject>> {
    let manifest = rbac::binding(want, role, &BTreeSet::new());
    if binding.data["roleRef"] != manifest["roleRef"] {
        return None;
    }
    if !has_metadata(binding, &manifest) {
        return Some(BTreeSet::new());
    }
    let all = binding.data["subjects"].as_array().into_iter().flatten();
    Some(all.map(subject).collect::<Option<_>>().unwrap_or_default())
}

fn subject(value: &Value) -> Option<BindingSubject> {
    let kind = SubjectKind::parse(value["kind"].as_str()?)?;
    let name = value["name"].as_str()?;
    let text = match kind {
        SubjectKind::ServiceAccount => {
            format!(
                "system:serviceaccount:{}:{name}",
                value["namespace"].as_str()?
            )
        }
        SubjectKind::User | SubjectKind::Group => name.to_owned(),
    };
    Some(BindingSubject {
        kind,
        subject: Subject::parse(&text).ok()?,
    })
}

/// Why a namespace does not go away, from its conditions: the reasons are Kubernetes' closed list, the text is ours.
fn stuck(there: &DynamicObject) -> Option<String> {
    let conditions = there.data["status"]["conditions"].as_array()?;
    let holds = |kind: &str| {
        conditions
            .iter()
            .any(|c| c["type"] == kind && c["status"] == "True")
    };
    if holds("NamespaceFinalizersRemaining") {
        return Some("objects in it wait for their finalizers".to_owned());
    }
    if holds("NamespaceDeletionDiscoveryFailure") {
        return Some("an aggregated API of the cluster does not answer".to_owned());
    }
    holds("NamespaceDeletionContentFailure").then(|| "objects in it cannot be deleted".to_owned())
}

pub(super) async fn apply(calls: &Calls, want: &ProjectSpec) -> Result<(), ClusterError> {
    let there = calls.get(NAMESPACE, None, want.namespace.as_str()).await?;
    match presence(there.as_ref(), want) {
        Presence::Foreign => Err(foreign()),
        Presence::Absent => create(calls, want).await,
        Presence::Current | Presence::Differs | Presence::Terminating => {
            let manifest = namespace::namespace(want);
            read_back(&calls.apply(NAMESPACE, &manifest).await?, want)
        }
    }
}

/// Writes what a look has just found absent, and takes nothing from anybody who was faster.
pub(super) async fn create(calls: &Calls, want: &ProjectSpec) -> Result<(), ClusterError> {
    let manifest = namespace::namespace(want);
    let made = calls.apply_new(NAMESPACE, &manifest).await?;
    if existed_before(&made) {
        // Somebody else made it between the look and the write: give back what we added.
        give_back(calls, made).await?;
        return Err(foreign());
    }
    read_back(&made, want)
}

fn foreign() -> ClusterError {
    ClusterError::Denied {
        what: "a namespace of this name that is not ours".to_owned(),
    }
}

/// Membership is label *and* owner reference: the API server answers a write with the object as it is stored, Capsule's
/// part in it, so that what was written is read back without another call.
fn read_back(written: &DynamicObject, want: &ProjectSpec) -> Result<(), ClusterError> {
    match presence(Some(written), want) {
        Presence::Current => Ok(()),
        Presence::Absent | Presence::Differs | Presence::Terminating | Presence::Foreign => {
            Err(ClusterError::Conflict)
        }
    }
}

/// Takes everything of ours off it again, also while others write it: what stays marked would be taken for ours.
async fn give_back(calls: &Calls, made: DynamicObject) -> Result<(), ClusterError> {
    const ATTEMPTS: usize = 5;
    let name = made.metadata.name.clone().unwrap_or_default();
    let mut there = Some(made);
    for _ in 0..ATTEMPTS {
        let Some(seen) = &there else {
            return Ok(());
        };
        match release(calls, seen).await {
            // An apply of nothing takes away what is left of ours, and only that.
            Ok(()) => {
                let bare =
                    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
                calls.apply(NAMESPACE, &bare).await?;
                return Ok(());
            }
            Err(ClusterError::Conflict) => there = calls.get(NAMESPACE, None, &name).await?,
            Err(other) => return Err(other),
        }
    }
    Err(ClusterError::Conflict)
}

/// Takes our labels, annotations and Capsule's membership off a namespace, in one write: of label and reference, Capsule
/// lets only both go.
async fn release(calls: &Calls, there: &DynamicObject) -> Result<(), ClusterError> {
    let gone = |map: Option<&BTreeMap<String, String>>, is: &dyn Fn(&str) -> bool| -> Value {
        let keys = map
            .into_iter()
            .flat_map(|map| map.keys())
            .filter(|key| is(key));
        keys.map(|key| (key.clone(), Value::Null))
            .collect::<serde_json::Map<_, _>>()
            .into()
    };
    let ours = |key: &str| labels::is_ours(key) || key == labels::CAPSULE_TENANT;
    let others = there
        .metadata
        .owner_references
        .iter()
        .flatten()
        .filter(|one| one.kind != "Tenant");
    let patch = json!({"metadata": {
        "labels": gone(there.metadata.labels.as_ref(), &ours),
        "annotations": gone(there.metadata.annotations.as_ref(), &ours),
        "ownerReferences": others.collect::<Vec<_>>(),
    }});
    calls.merge(NAMESPACE, there, patch).await
}

/// Deletes the namespace only while it carries our id.
pub(super) async fn delete(calls: &Calls, id: ProjectId, name: &Name) -> Result<(), ClusterError> {
    let there = calls.get(NAMESPACE, None, name.as_str()).await?;
    match there.filter(|there| carries(there, labels::PROJECT_UID, &id.to_string())) {
        Some(there) if !is_terminating(&there) => calls.delete(NAMESPACE, &there).await,
        Some(_) | None => Ok(()),
    }
}

pub(super) async fn apply_binding(
    calls: &Calls,
    want: &ProjectSpec,
    role: ProjectRole,
    subjects: &BTreeSet<BindingSubject>,
) -> Result<(), ClusterError> {
    calls
        .apply(BINDING, &rbac::binding(want, role, subjects))
        .await?;
    Ok(())
}

/// Deletes the binding of ours, and never one that another project has put in a namespace of this name.
pub(super) async fn delete_binding(
    calls: &Calls,
    id: ProjectId,
    namespace: &Name,
    role: ProjectRole,
) -> Result<(), ClusterError> {
    let name = rbac::binding_name(role);
    let there = calls.get(BINDING, Some(namespace.as_str()), &name).await?;
    let another = |there: &DynamicObject| {
        label(there, labels::PROJECT_UID).is_some_and(|uid| uid != id.to_string())
    };
    match there.filter(|there| !another(there)) {
        Some(there) => calls.delete(BINDING, &there).await,
        None => Ok(()),
    }
}
