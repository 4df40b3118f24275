//! The accounts behind kubeconfigs on the cluster.

use std::time::Duration;

use k8s_openapi::api::authentication::v1::{BoundObjectReference, TokenRequest, TokenRequestSpec};
use k8s_openapi::api::core::v1::ServiceAccount;
use kube::Api;
use kube::api::PostParams;

use kubenova_core::domain::credential::{Account, PLATFORM_NAMESPACE};
use kubenova_core::ports::cluster::{ClusterError, IssuedToken, ObservedAccount};
use kubenova_core::value::{ClusterId, Secret};

use super::call::{ACCOUNT, Calls, SECRET};
use crate::manifest::account;

pub(super) async fn observe(
    calls: &Calls,
    account: Account,
) -> Result<ObservedAccount, ClusterError> {
    let name = account.name();
    let (one, secret) = futures::try_join!(
        calls.get(ACCOUNT, Some(PLATFORM_NAMESPACE), &name),
        calls.get(SECRET, Some(PLATFORM_NAMESPACE), &name),
    )?;
    Ok(ObservedAccount {
        account: one.is_some(),
        secret: secret.is_some(),
    })
}

pub(super) async fn apply(
    calls: &Calls,
    one: Account,
    cluster: ClusterId,
) -> Result<(), ClusterError> {
    let (account, secret) = (
        account::account(one, cluster),
        account::secret(one, cluster),
    );
    futures::try_join!(calls.apply(ACCOUNT, &account), calls.apply(SECRET, &secret))?;
    Ok(())
}

/// The Secret first: the token dies with it.
pub(super) async fn delete(calls: &Calls, account: Account) -> Result<(), ClusterError> {
    let name = account.name();
    calls
        .delete_named(SECRET, Some(PLATFORM_NAMESPACE), &name)
        .await?;
    calls
        .delete_named(ACCOUNT, Some(PLATFORM_NAMESPACE), &name)
        .await
}

/// A token for the API server's own audience, bound to the Secret.
pub(super) async fn issue(
    calls: &Calls,
    account: Account,
    ttl: Duration,
) -> Result<IssuedToken, ClusterError> {
    let name = account.name();
    let secret = calls.get(SECRET, Some(PLATFORM_NAMESPACE), &name).await?;
    let secret = secret.ok_or(ClusterError::Conflict)?;
    let spec = TokenRequestSpec {
        audiences: Vec::new(),
        bound_object_ref: Some(BoundObjectReference {
            api_version: Some("v1".to_owned()),
            kind: Some("Secret".to_owned()),
            name: Some(name.clone()),
            uid: secret.metadata.uid,
        }),
        expiration_seconds: i64::try_from(ttl.as_secs()).ok(),
    };
    let request = TokenRequest {
        spec,
        ..TokenRequest::default()
    };
    let api: Api<ServiceAccount> = Api::namespaced(calls.client(), PLATFORM_NAMESPACE);
    let params = PostParams::default();
    let call = api.create_token_request(&name, &params, &request);
    let made = calls.within("create serviceaccounts/token", call).await?;
    let status = made.status.ok_or(ClusterError::BadAnswer)?;
    Ok(IssuedToken {
        token: Secret::new(status.token),
        expires_at: status.expiration_timestamp.0,
    })
}
