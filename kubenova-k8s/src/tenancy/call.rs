//! Calls to one API server: every one has a deadline, every failure becomes one of the port's.

mod classify;
mod kind;

pub(crate) use classify::classify;
pub(crate) use kind::{
    ACCOUNT, BINDING, CLUSTER_ROLE, CONFIGURATION, Kind, NAMESPACE, OWNER, SECRET, TENANT,
};

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use kube::api::{DeleteParams, DynamicObject, ListParams, Patch, PatchParams, Preconditions};
use kube::core::ObjectList;
use kube::{Api, Client};
use serde_json::Value;

use kubenova_core::ports::cluster::ClusterError;

use crate::client::quietly;
use crate::watch::Echo;

/// Name under which server-side apply records our fields.
pub(crate) const MANAGER: &str = "kubenova";
/// Lists are read in pages of this size.
const PAGE: u32 = 500;

/// A client with its deadline, and the memory of what we wrote ourselves.
#[derive(Clone)]
pub(crate) struct Calls {
    client: Client,
    deadline: Duration,
    echo: Arc<Echo>,
}

impl Calls {
    pub(super) const fn new(client: Client, deadline: Duration, echo: Arc<Echo>) -> Self {
        Self {
            client,
            deadline,
            echo,
        }
    }

    pub(super) fn client(&self) -> Client {
        self.client.clone()
    }

    pub(super) fn api(&self, kind: Kind, namespace: Option<&str>) -> Api<DynamicObject> {
        match namespace {
            Some(namespace) => kind.within(self.client(), namespace),
            None => kind.all(self.client()),
        }
    }

    /// One call under the deadline. `what` is ours: verb and kind, for messages.
    pub(super) async fn within<T>(
        &self,
        what: &str,
        call: impl Future<Output = kube::Result<T>> + Send,
    ) -> Result<T, ClusterError> {
        match tokio::time::timeout(self.deadline, quietly(call)).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(err)) => Err(classify(&err, what)),
            Err(_) => Err(ClusterError::Unreachable),
        }
    }

    pub(super) async fn get(
        &self,
        kind: Kind,
        namespace: Option<&str>,
        name: &str,
    ) -> Result<Option<DynamicObject>, ClusterError> {
        let api = self.api(kind, namespace);
        self.within(&format!("get {}", kind.plural), api.get_opt(name))
            .await
    }

    /// Everything that a label selector finds, in pages.
    pub(crate) async fn list(
        &self,
        kind: Kind,
        namespace: Option<&str>,
        selector: &str,
    ) -> Result<Vec<DynamicObject>, ClusterError> {
        let api = self.api(kind, namespace);
        let what = format!("list {}", kind.plural);
        let mut params = ListParams::default().labels(selector).limit(PAGE);
        let mut all = Vec::new();
        loop {
            let page: ObjectList<DynamicObject> = self.within(&what, api.list(&params)).await?;
            all.extend(page.items);
            match page.metadata.continue_.filter(|token| !token.is_empty()) {
                Some(token) => params = params.continue_token(&token),
                None => return Ok(all),
            }
        }
    }

    /// Server-side apply of a whole object; what others hold of our fields is taken from them.
    pub(crate) async fn apply(
        &self,
        kind: Kind,
        manifest: &Value,
    ) -> Result<DynamicObject, ClusterError> {
        self.patch(kind, manifest, &PatchParams::apply(MANAGER).force())
            .await
    }

    /// Server-side apply of an object that should not be there: takes nothing from anybody.
    pub(super) async fn apply_new(
        &self,
        kind: Kind,
        manifest: &Value,
    ) -> Result<DynamicObject, ClusterError> {
        self.patch(kind, manifest, &PatchParams::apply(MANAGER))
            .await
    }

    async fn patch(
        &self,
        kind: Kind,
        manifest: &Value,
        params: &PatchParams,
    ) -> Result<DynamicObject, ClusterError> {
        let (namespace, name) = place(manifest);
        let api = self.api(kind, namespace);
        let params = params.clone().validation_strict();
        self.echo.expect(kind, manifest);
        let what = format!("apply {}", kind.plural);
        self.within(&what, api.patch(name, &params, &Patch::Apply(manifest)))
            .await
    }

    /// A merge patch guarded by the version that was read: for what replaces a list.
    pub(super) async fn merge(
        &self,
        kind: Kind,
        seen: &DynamicObject,
        mut patch: Value,
    ) -> Result<(), ClusterError> {
        if let Some(version) = &seen.metadata.resource_version {
            patch["metadata"]["resourceVersion"] = Value::from(version.as_str());
        }
        self.merge_newest(kind, seen, patch).await
    }

    /// A merge patch of the same object at whatever version: for what only sets or removes single keys.
    pub(super) async fn merge_newest(
        &self,
        kind: Kind,
        seen: &DynamicObject,
        mut patch: Value,
    ) -> Result<(), ClusterError> {
        let api = self.api(kind, seen.metadata.namespace.as_deref());
        let name = seen.metadata.name.clone().unwrap_or_default();
        if let Some(uid) = &seen.metadata.uid {
            patch["metadata"]["uid"] = Value::from(uid.as_str());
        }
        let params = PatchParams {
            field_manager: Some(MANAGER.to_owned()),
            ..PatchParams::default()
        };
        let what = format!("patch {}", kind.plural);
        self.within(&what, api.patch(&name, &params, &Patch::Merge(patch)))
            .await?;
        Ok(())
    }

    /// Deletes the very object that was looked at; what is gone already is fine.
    pub(super) async fn delete(
        &self,
        kind: Kind,
        seen: &DynamicObject,
    ) -> Result<(), ClusterError> {
        let api = self.api(kind, seen.metadata.namespace.as_deref());
        let name = seen.metadata.name.clone().unwrap_or_default();
        let preconditions = Preconditions {
            resource_version: None,
            uid: seen.metadata.uid.clone(),
        };
        let params = DeleteParams {
            preconditions: Some(preconditions),
            ..DeleteParams::default()
        };
        self.echo
            .forget(kind, seen.metadata.namespace.as_deref(), &name);
        self.deleted(kind, api.delete(&name, &params)).await
    }

    /// Deletes by name, where the name alone says that it is ours; what is gone already is fine.
    pub(crate) async fn delete_named(
        &self,
        kind: Kind,
        namespace: Option<&str>,
        name: &str,
    ) -> Result<(), ClusterError> {
        let api = self.api(kind, namespace);
        self.echo.forget(kind, namespace, name);
        self.deleted(kind, api.delete(name, &DeleteParams::default()))
            .await
    }

    async fn deleted<T: Send>(
        &self,
        kind: Kind,
        call: impl Future<Output = kube::Result<T>> + Send,
    ) -> Result<(), ClusterError> {
        let gone_is_fine = async {
            match call.await {
                Ok(_) => Ok(()),
                Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
                Err(other) => Err(other),
            }
        };
        let what = format!("delete {}", kind.plural);
        self.within(&what, gone_is_fine).await
    }
}

fn place(manifest: &Value) -> (Option<&str>, &str) {
    let metadata = &manifest["metadata"];
    (
        metadata["namespace"].as_str(),
        metadata["name"].as_str().unwrap_or_default(),
    )
}
