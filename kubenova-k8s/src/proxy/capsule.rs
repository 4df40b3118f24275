//! A capsule-proxy, judged by what it does.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use kube::api::{DynamicObject, ListParams};
use kube::core::ObjectList;
use tokio::time::Instant;

use kubenova_core::domain::cluster::ProxyKind;
use kubenova_core::domain::credential::{Account, PLATFORM_NAMESPACE};
use kubenova_core::ports::cluster::{ClusterError, ClusterState, Report, Step};
use kubenova_core::ports::proxy::{KubeconfigParts, ProxyBackend};
use kubenova_core::value::{ClusterId, GrantId, Secret, TenantId};

use super::CustomProxy;
use super::custom::silent;
use super::hostile::is_believed;
use crate::client::quietly;
use crate::kubeconfig::Credential;
use crate::manifest::account::bound_to_nothing;
use crate::tenancy::KubeCluster;
use crate::tenancy::call::{BINDING, CONFIGURATION, Kind, NAMESPACE, SECRET, classify};

/// A proxy that lists to each caller only what is his.
#[derive(Debug, Clone)]
pub struct CapsuleProxy {
    inner: CustomProxy,
    cluster: KubeCluster,
    id: ClusterId,
    /// When it was last found good.
    good: Arc<Mutex<Option<Instant>>>,
}

impl CapsuleProxy {
    /// Of the registered address; the cluster itself gives the probe its account.
    pub fn new(inner: CustomProxy, cluster: KubeCluster, id: ClusterId) -> Self {
        let good = Arc::default();
        Self {
            inner,
            cluster,
            id,
            good,
        }
    }

    fn is_believed(&self) -> bool {
        let good = *self.good.lock().unwrap_or_else(PoisonError::into_inner);
        good.is_some_and(|when| when.elapsed() < BELIEVED)
    }

    /// Whether accounts of kubeconfigs are Capsule's users: only then namespace lists are filtered instead of refused.
    async fn accounts_are_users(&self) -> Result<bool, ClusterError> {
        let group = format!("system:serviceaccounts:{PLATFORM_NAMESPACE}");
        let all = self.cluster.calls().list(CONFIGURATION, None, "").await?;
        Ok(all.iter().any(|one| {
            let users = one.data["status"]["users"]
                .as_array()
                .or_else(|| one.data["spec"]["users"].as_array());
            users
                .into_iter()
                .flatten()
                .any(|user| user["name"] == group.as_str())
        }))
    }

    /// Asks through the proxy as an account that may do nothing at all, and has one namespace by name only. The account is
    /// the probe's own: two probes at once, by two replicas, do not take it from each other.
    async fn as_nobody(&self) -> Result<Report, ClusterError> {
        let account = Account {
            grant: GrantId::new(uuid()),
            tenant: TenantId::new(uuid::Uuid::nil()),
        };
        let report = self.asked_as(account).await;
        // Tried whatever came before: nothing of the probe stays.
        let (calls, name) = (self.cluster.calls(), account.name());
        let unbound = calls.delete_named(BINDING, Some(PLATFORM_NAMESPACE), &name);
        let unbound = unbound.await;
        self.cluster.apply(&Step::DeleteAccount(account)).await?;
        unbound?;
        report
    }

    async fn asked_as(&self, account: Account) -> Result<Report, ClusterError> {
        let step = Step::ApplyAccount(account, self.id);
        self.cluster.apply(&step).await?;
        let ttl = Duration::from_secs(600);
        let token = self.cluster.issue(account, ttl).await?.token;
        let client = self.inner.client(Credential::Token(token))?;
        if let Some(fault) = self.opens_too_much(&client).await? {
            return Ok(fault);
        }
        let binding = bound_to_nothing(account, self.id);
        self.cluster.calls().apply(BINDING, &binding).await?;
        self.shows_the_own(&client).await
    }

    /// Whether somebody without rights sees a foreign namespace or is believed to be somebody else.
    async fn opens_too_much(&self, client: &kube::Client) -> Result<Option<Report>, ClusterError> {
        match self.list(client, SECRET, Some("kube-system")).await {
            Err(ClusterError::Forbidden { .. } | ClusterError::Missing(_)) => {}
            Ok(_) => return Ok(Some(no("ForeignNamespaceOpen", FOREIGN_OPEN))),
            // Anything else is no refusal: nothing is proven then.
            Err(err) => return Ok(Some(silent(&err))),
        }
        let fooled = is_believed(client).await?;
        Ok(fooled.then(|| no("ImpersonationOpen", IMPERSONATION_OPEN)))
    }

    /// Whether a list of namespaces holds the caller's own and nothing else. The proxy follows the bindings by a watch: what
    /// is missing may be a moment away.
    async fn shows_the_own(&self, client: &kube::Client) -> Result<Report, ClusterError> {
        let end = Instant::now() + self.inner.options.deadline.min(FOLLOWS);
        loop {
            let names: Vec<String> = match self.list(client, NAMESPACE, None).await {
                Ok(list) => list
                    .items
                    .into_iter()
                    .filter_map(|one| one.metadata.name)
                    .collect(),
                Err(ClusterError::Forbidden { .. }) => {
                    return Ok(no("NamespaceListRefused", LIST_REFUSED));
                }
                Err(err) => return Ok(silent(&err)),
            };
            if names.iter().any(|name| name != PLATFORM_NAMESPACE) {
                return Ok(no("ListNotFiltered", NOT_FILTERED));
            }
            if !names.is_empty() {
                return Ok(verified());
            }
            if Instant::now() >= end {
                return Ok(no("OwnNamespacesHidden", OWN_HIDDEN));
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    async fn list(
        &self,
        client: &kube::Client,
        kind: Kind,
        namespace: Option<&str>,
    ) -> Result<ObjectList<DynamicObject>, ClusterError> {
        let api = match namespace {
            Some(namespace) => kind.within(client.clone(), namespace),
            None => kind.all(client.clone()),
        };
        let params = ListParams::default().limit(2);
        let call = quietly(api.list(&params));
        let call = tokio::time::timeout(self.inner.options.deadline, call);
        let answer = call.await.map_err(|_| ClusterError::Unreachable)?;
        answer.map_err(|err| classify(&err, "list through the proxy"))
    }
}

const FOREIGN_OPEN: &str =
    "the proxy showed a foreign namespace to an account without rights; stop using it";
const IMPERSONATION_OPEN: &str =
    "the proxy lets callers claim to be somebody else by their headers; stop using it";
const NOT_FILTERED: &str =
    "the proxy listed namespaces to an account that has none of them; stop using it";
const LIST_REFUSED: &str = "the proxy refuses to list namespaces; add the group system:serviceaccounts:kubenova-system to Capsule's users and start the proxy with --enable-reflector";
const OWN_HIDDEN: &str = "the proxy lists no namespace to an account that is bound in one; start it with --enable-reflector, or use a newer one";
const VERIFIED: &str =
    "the proxy refuses foreign namespaces and forged identities, and lists only the caller's own";
/// How long a proxy may take to see a new binding.
const FOLLOWS: Duration = Duration::from_secs(3);
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// A proxy that was found good is believed for so long; whether it answers is asked every time.
const BELIEVED: Duration = Duration::from_secs(600);

/// A fresh id for a probe: never a grant's.
#[expect(
    clippy::disallowed_methods,
    reason = "a throw-away name that nothing has to foresee"
)]
fn uuid() -> uuid::Uuid {
    uuid::Uuid::now_v7()
}

fn verified() -> Report {
    Report {
        ready: true,
        reason: "Verified",
        message: VERIFIED.to_owned(),
    }
}

fn no(reason: &'static str, message: &str) -> Report {
    Report {
        ready: false,
        reason,
        message: message.to_owned(),
    }
}

#[async_trait]
impl ProxyBackend for CapsuleProxy {
    fn kind(&self) -> ProxyKind {
        ProxyKind::CapsuleProxy
    }

    async fn kubeconfig(&self, parts: KubeconfigParts) -> Result<Secret, ClusterError> {
        self.inner.kubeconfig(parts).await
    }

    async fn verify(&self) -> Result<Report, ClusterError> {
        if let Err(err) = self.inner.answers().await {
            return Ok(silent(&err));
        }
        if !self.accounts_are_users().await? {
            return Ok(no(
                "AccountsAreNoUsers",
                "add the group system:serviceaccounts:kubenova-system to the users of the CapsuleConfiguration, so that namespace lists are filtered",
            ));
        }
        if self.is_believed() {
            return Ok(verified());
        }
        let report = self.as_nobody().await?;
        let good = report.ready.then(Instant::now);
        *self.good.lock().unwrap_or_else(PoisonError::into_inner) = good;
        Ok(report)
    }
}
