//! Calls to one API server: every one has a deadline, every failure becomes one of the port's.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use kube::api::{
    ApiResource, DeleteParams, DynamicObject, ListParams, Patch, PatchParams, Preconditions,
};
use kube::core::{GroupVersionKind, ObjectList};
use kube::{Api, Client};
use kubenova_core::ports::cluster::ClusterError;
use serde_json::Value;

use crate::watch::Echo;

/// Name under which server-side apply records our fields.
pub(crate) const MANAGER: &str = "kubenova";
/// Lists are read in pages of this size.
const PAGE: u32 = 500;

/// A kind of object, as its API group serves it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kind {
    pub(crate) group: &'static str,
    pub(crate) version: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) plural: &'static str,
}

pub(crate) const NAMESPACE: Kind = kind("", "v1", "Namespace", "namespaces");
pub(crate) const ACCOUNT: Kind = kind("", "v1", "ServiceAccount", "serviceaccounts");
pub(crate) const SECRET: Kind = kind("", "v1", "Secret", "secrets");
pub(crate) const EVENT: Kind = kind("", "v1", "Event", "events");
pub(crate) const BINDING: Kind = kind(
    "rbac.authorization.k8s.io",
    "v1",
    "RoleBinding",
    "rolebindings",
);
pub(crate) const CLUSTER_ROLE: Kind = kind(
    "rbac.authorization.k8s.io",
    "v1",
    "ClusterRole",
    "clusterroles",
);
pub(crate) const TENANT: Kind = kind("capsule.clastix.io", "v1beta2", "Tenant", "tenants");
pub(crate) const OWNER: Kind = kind(
    "capsule.clastix.io",
    "v1beta2",
    "TenantOwner",
    "tenantowners",
);
pub(crate) const CONFIGURATION: Kind = kind(
    "capsule.clastix.io",
    "v1beta2",
    "CapsuleConfiguration",
    "capsuleconfigurations",
);

const fn kind(
    group: &'static str,
    version: &'static str,
    kind: &'static str,
    plural: &'static str,
) -> Kind {
    Kind {
        group,
        version,
        kind,
        plural,
    }
}

impl Kind {
    fn resource(self) -> ApiResource {
        let gvk = GroupVersionKind::gvk(self.group, self.version, self.kind);
        ApiResource::from_gvk_with_plural(&gvk, self.plural)
    }

    /// The API of a cluster-scoped kind, or of a namespaced one in all namespaces.
    pub(crate) fn all(self, client: Client) -> Api<DynamicObject> {
        Api::all_with(client, &self.resource())
    }

    /// The API of a namespaced kind in one namespace.
    pub(crate) fn within(self, client: Client, namespace: &str) -> Api<DynamicObject> {
        Api::namespaced_with(client, namespace, &self.resource())
    }
}

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
        match tokio::time::timeout(self.deadline, call).await {
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

    /// Server-side apply of a whole object.
    pub(super) async fn apply(
        &self,
        kind: Kind,
        manifest: &Value,
    ) -> Result<DynamicObject, ClusterError> {
        let (namespace, name) = place(manifest);
        let api = self.api(kind, namespace);
        let params = PatchParams::apply(MANAGER).force().validation_strict();
        self.echo.expect(kind, manifest);
        let what = format!("apply {}", kind.plural);
        self.within(&what, api.patch(name, &params, &Patch::Apply(manifest)))
            .await
    }

    /// A merge patch guarded by the version that was read.
    pub(super) async fn merge(
        &self,
        kind: Kind,
        seen: &DynamicObject,
        mut patch: Value,
    ) -> Result<(), ClusterError> {
        let api = self.api(kind, seen.metadata.namespace.as_deref());
        let name = seen.metadata.name.clone().unwrap_or_default();
        if let Some(version) = &seen.metadata.resource_version {
            patch["metadata"]["resourceVersion"] = Value::from(version.as_str());
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
    pub(super) async fn delete_named(
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
        let what = format!("delete {}", kind.plural);
        match self.within(&what, call).await {
            Ok(_) | Err(ClusterError::Missing(_)) => Ok(()),
            Err(err) => Err(err),
        }
    }
}

fn place(manifest: &Value) -> (Option<&str>, &str) {
    let metadata = &manifest["metadata"];
    (
        metadata["namespace"].as_str(),
        metadata["name"].as_str().unwrap_or_default(),
    )
}

/// Turns a client's error into one of the port's. `what` is ours; the cluster's text is looked at, never passed on.
pub(crate) fn classify(err: &kube::Error, what: &str) -> ClusterError {
    let what = || what.to_owned();
    let kube::Error::Api(status) = err else {
        return transport(err);
    };
    let webhook = |text: &str| status.message.contains("webhook") && status.message.contains(text);
    match status.code {
        _ if webhook("failed calling webhook") => ClusterError::WebhookDown,
        401 => ClusterError::Unauthorized,
        403 if webhook("denied the request") => ClusterError::Denied { what: what() },
        403 => ClusterError::Forbidden { what: what() },
        404 => ClusterError::Missing("this object or its kind"),
        409 => ClusterError::Conflict,
        // A denial by Capsule's namespace webhook has code 500 and no reason.
        500 if webhook("denied the request") => ClusterError::Denied { what: what() },
        400 | 405 | 413 | 415 | 422 => ClusterError::Denied { what: what() },
        429 | 500 | 502 | 503 | 504 => ClusterError::Unreachable,
        _ => ClusterError::BadAnswer,
    }
}

fn transport(err: &kube::Error) -> ClusterError {
    let mut cause: Option<&dyn std::error::Error> = Some(err);
    while let Some(one) = cause {
        if one.downcast_ref::<rustls::Error>().is_some() {
            return ClusterError::Tls;
        }
        if let Some(io) = one.downcast_ref::<std::io::Error>()
            && io
                .get_ref()
                .is_some_and(|inner| inner.downcast_ref::<rustls::Error>().is_some())
        {
            return ClusterError::Tls;
        }
        cause = one.source();
    }
    if matches!(err, kube::Error::SerdeError(_) | kube::Error::FromUtf8(_)) {
        return ClusterError::BadAnswer;
    }
    ClusterError::Unreachable
}
