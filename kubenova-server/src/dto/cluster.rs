//! Bodies of clusters.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use zeroize::Zeroizing;

use kubenova_core::{
    domain::{
        cluster::{self, ProxyKind},
        service::RegisterCluster,
    },
    error::FieldError,
    ports::{cluster::Capabilities as Found, fleet::Candidate},
    value::{Name, Secret, subject::is_unprintable},
};

use super::common::{Condition, Faults, ReadOnly, Status, labels, status};
use crate::http::Problem;

/// The longest display name, in characters.
const DISPLAY_NAME_MAX: usize = 120;

/// `POST /clusters`. Never printed: it holds a credential.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schema(as = ClusterRegistration)]
pub(crate) struct Registration {
    name: String,
    /// Base64 of a kubeconfig in YAML; never returned by anything.
    #[schema(value_type = String, write_only)]
    kubeconfig: Credential,
    #[serde(default)]
    display_name: Option<String>,
    #[serde(default)]
    labels: Option<BTreeMap<String, String>>,
    /// Address of an access proxy: `https://host[:port][/path]`.
    #[serde(default)]
    proxy_url: Option<String>,
    /// PEM of the CA of its certificate.
    #[serde(default)]
    proxy_ca: Option<String>,
    /// `capsule-proxy` or `custom`; `capsule-proxy` when only an address is given.
    #[serde(default)]
    proxy_kind: Option<String>,
    #[serde(default, rename = "uid")]
    #[schema(ignore)]
    _uid: ReadOnly,
    #[serde(default, rename = "createdAt")]
    #[schema(ignore)]
    _created_at: ReadOnly,
    #[serde(default, rename = "conditions")]
    #[schema(ignore)]
    _conditions: ReadOnly,
    #[serde(default, rename = "kubernetesVersion")]
    #[schema(ignore)]
    _kubernetes_version: ReadOnly,
    #[serde(default, rename = "resourceVersion")]
    #[schema(ignore)]
    _resource_version: ReadOnly,
    #[serde(default, rename = "status")]
    #[schema(ignore)]
    _status: ReadOnly,
}

/// Text that is wiped when dropped.
#[derive(Deserialize)]
#[serde(from = "String")]
struct Credential(Zeroizing<String>);

impl From<String> for Credential {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

impl std::fmt::Debug for Registration {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Registration")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl TryFrom<Registration> for RegisterCluster {
    type Error = Problem;

    fn try_from(body: Registration) -> Result<Self, Problem> {
        let mut faults = Faults::default();
        let named = Name::parse(&body.name);
        let name = faults.take(named.map_err(|why| FieldError::new("name", why.to_string())));
        let labels = faults.take(labels(body.labels.unwrap_or_default()));
        let text = body.kubeconfig.0.trim().as_bytes();
        let kubeconfig = STANDARD.decode(text).map(Secret::new);
        let kubeconfig = faults
            .take(kubeconfig.map_err(|_| FieldError::new("kubeconfig", "format: is not base64")));
        let proxy_kind = faults.take(body.proxy_kind.as_deref().map(proxy_kind).transpose());
        let display_name = body.display_name.unwrap_or_default();
        if display_name.chars().count() > DISPLAY_NAME_MAX
            || display_name.chars().any(is_unprintable)
        {
            let reason = "must be at most 120 characters that can be printed";
            faults.note("displayName", reason);
        }
        let whole = name.zip(labels).zip(kubeconfig).zip(proxy_kind);
        let whole = whole.map(|(((name, labels), kubeconfig), proxy_kind)| Self {
            name,
            display_name,
            labels,
            candidate: Candidate {
                kubeconfig,
                proxy_url: body.proxy_url,
                proxy_ca: body.proxy_ca,
                proxy_kind,
            },
        });
        faults.whole(whole)
    }
}

fn proxy_kind(word: &str) -> Result<ProxyKind, FieldError> {
    match ProxyKind::parse(word) {
        Some(ProxyKind::CapsuleProxy) => Ok(ProxyKind::CapsuleProxy),
        Some(ProxyKind::Custom) => Ok(ProxyKind::Custom),
        Some(ProxyKind::Direct) | None => Err(FieldError::new(
            "proxyKind",
            "must be capsule-proxy or custom",
        )),
    }
}

/// A registered cluster. There is no field for its credential.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Cluster {
    /// Its id.
    pub(crate) uid: Uuid,
    /// Unique in the installation.
    pub(crate) name: String,
    /// For people.
    pub(crate) display_name: String,
    /// The caller's labels.
    pub(crate) labels: BTreeMap<String, String>,
    /// When it was registered.
    pub(crate) created_at: Timestamp,
    /// Moves with intent.
    pub(crate) resource_version: String,
    /// Version of its API server when last seen.
    pub(crate) kubernetes_version: String,
    /// Where issued kubeconfigs point to, if not to the cluster itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) proxy_url: Option<String>,
    /// What stands there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) proxy_kind: Option<&'static str>,
    /// One per type: `Reachable`, `AgentReady`, `TenancyReady`, `ProxyReady` and others.
    pub(crate) conditions: Vec<Condition>,
    /// How far it follows.
    pub(crate) status: Status,
}

impl From<&cluster::Cluster> for Cluster {
    fn from(cluster: &cluster::Cluster) -> Self {
        let status = status(&cluster.status, cluster.deleting.is_some());
        let proxy = cluster.proxy.as_ref();
        Self {
            uid: cluster.id.uuid(),
            name: cluster.name.as_str().to_owned(),
            display_name: cluster.display_name.clone(),
            labels: cluster.labels.as_map().clone(),
            created_at: cluster.created_at,
            resource_version: cluster.generation.to_string(),
            kubernetes_version: cluster.kubernetes_version.clone(),
            proxy_url: proxy.map(|proxy| proxy.url.clone()),
            proxy_kind: proxy.map(|proxy| proxy.kind.as_str()),
            conditions: status.conditions.clone(),
            status,
        }
    }
}

/// What discovery finds on a cluster.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ClusterCapabilities)]
pub(crate) struct Capabilities {
    /// Capsule is there.
    pub(crate) tenancy: bool,
    /// KubeVela is there.
    pub(crate) vela: bool,
    /// An access proxy is there.
    pub(crate) proxy: bool,
    /// Served versions by part.
    pub(crate) versions: BTreeMap<String, String>,
}

impl From<Found> for Capabilities {
    fn from(found: Found) -> Self {
        let Found {
            tenancy,
            vela,
            proxy,
            versions,
        } = found;
        Self {
            tenancy,
            vela,
            proxy,
            versions,
        }
    }
}
