//! A capsule-proxy, judged by what it does.

use std::time::Duration;

use async_trait::async_trait;
use kube::api::{DynamicObject, ListParams};
use kube::core::ObjectList;

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
use crate::tenancy::KubeCluster;
use crate::tenancy::call::{CONFIGURATION, Kind, NAMESPACE, SECRET, classify};

/// A proxy that lists to each caller only what is his.
#[derive(Debug, Clone)]
pub struct CapsuleProxy {
    inner: CustomProxy,
    cluster: KubeCluster,
    id: ClusterId,
}

impl CapsuleProxy {
    /// Of the registered address; the cluster itself gives the probe its account.
    pub const fn new(inner: CustomProxy, cluster: KubeCluster, id: ClusterId) -> Self {
        Self { inner, cluster, id }
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

    /// Asks through the proxy as an account that may do nothing at all. The account is the probe's own: two probes at
    /// once, by two replicas, do not take it from each other.
    async fn as_nobody(&self) -> Result<Report, ClusterError> {
        let account = Account {
            grant: GrantId::new(uuid()),
            tenant: TenantId::new(uuid::Uuid::nil()),
        };
        let made = self
            .cluster
            .apply(&Step::ApplyAccount(account, self.id))
            .await;
        let report = match made {
            Ok(()) => self.asked_as(account).await,
            Err(err) => Err(err),
        };
        // Tried whatever came before: nothing of the probe stays.
        self.cluster.apply(&Step::DeleteAccount(account)).await?;
        report
    }

    async fn asked_as(&self, account: Account) -> Result<Report, ClusterError> {
        let issued = self
            .cluster
            .issue(account, Duration::from_secs(600))
            .await?;
        self.judge(issued.token).await
    }

    async fn judge(&self, token: Secret) -> Result<Report, ClusterError> {
        let client = self.inner.client(Credential::Token(token))?;
        match self.list(&client, SECRET, Some("kube-system")).await {
            Err(ClusterError::Forbidden { .. } | ClusterError::Missing(_)) => {}
            Ok(_) => return Ok(no("ForeignNamespaceOpen", FOREIGN_OPEN)),
            // Anything else is no refusal: nothing is proven then.
            Err(err) => return Ok(silent(&err)),
        }
        if is_believed(&client).await? {
            return Ok(no(
                "ImpersonationOpen",
                "the proxy lets callers claim to be somebody else by their headers; stop using it",
            ));
        }
        match self.list(&client, NAMESPACE, None).await {
            Ok(list) if list.items.is_empty() => Ok(Report {
                ready: true,
                reason: "Verified",
                message: "the proxy refuses foreign namespaces and lists only the caller's own"
                    .to_owned(),
            }),
            Ok(_) => Ok(no(
                "ListNotFiltered",
                "the proxy listed namespaces to an account that has none; stop using it",
            )),
            Err(ClusterError::Forbidden { .. }) => Ok(no(
                "NamespaceListRefused",
                "the proxy refuses to list namespaces; add the group system:serviceaccounts:kubenova-system to Capsule's users and start the proxy with --enable-reflector",
            )),
            Err(err) => Ok(silent(&err)),
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
        let params = ListParams::default().limit(1);
        let call = quietly(api.list(&params));
        let call = tokio::time::timeout(self.inner.options.deadline, call);
        let answer = call.await.map_err(|_| ClusterError::Unreachable)?;
        answer.map_err(|err| classify(&err, "list through the proxy"))
    }
}

const FOREIGN_OPEN: &str =
    "the proxy showed a foreign namespace to an account without rights; stop using it";

/// A fresh id for a probe: never a grant's.
#[expect(
    clippy::disallowed_methods,
    reason = "a throw-away name that nothing has to foresee"
)]
fn uuid() -> uuid::Uuid {
    uuid::Uuid::now_v7()
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
        self.as_nobody().await
    }
}
