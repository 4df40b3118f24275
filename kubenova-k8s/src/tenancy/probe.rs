//! A look at a cluster as a whole.

use std::collections::BTreeMap;

use kubenova_core::ports::cluster::{Capabilities, ClusterError, Inspection};

use super::call::{Calls, NAMESPACE};
use super::rights::RightsCache;

pub(super) async fn inspect(
    calls: &Calls,
    rights: &RightsCache,
) -> Result<Inspection, ClusterError> {
    let client = calls.client();
    let (system, version) = futures::try_join!(
        calls.get(NAMESPACE, None, "kube-system"),
        calls.within("get version", client.apiserver_version()),
    )?;
    let identity = system
        .and_then(|there| there.metadata.uid)
        .ok_or(ClusterError::BadAnswer)?;
    let rights = rights.rights(calls).await?;
    Ok(Inspection {
        identity,
        version: version.git_version,
        missing_rights: rights.missing,
        all_powerful: rights.all_powerful,
    })
}

pub(super) async fn capabilities(calls: &Calls) -> Result<Capabilities, ClusterError> {
    let client = calls.client();
    let (groups, version) = futures::try_join!(
        calls.within("get discovery", client.list_api_groups()),
        calls.within("get version", client.apiserver_version()),
    )?;
    let preferred = |name: &str| {
        let group = groups.groups.iter().find(|group| group.name == name)?;
        let version = group
            .preferred_version
            .as_ref()
            .or_else(|| group.versions.first())?;
        Some(version.version.clone())
    };
    let serves = |name: &str, wanted: &str| {
        groups
            .groups
            .iter()
            .any(|g| g.name == name && g.versions.iter().any(|v| v.version == wanted))
    };
    let mut versions = BTreeMap::from([("kubernetes".to_owned(), version.git_version)]);
    for part in ["capsule.clastix.io", "core.oam.dev", "metrics.k8s.io"] {
        versions.extend(preferred(part).map(|found| (part.to_owned(), found)));
    }
    Ok(Capabilities {
        tenancy: serves("capsule.clastix.io", "v1beta2"),
        vela: preferred("core.oam.dev").is_some(),
        // capsule-proxy brings the kinds of v1beta1; a Tenant of v1beta1 alone does not prove it.
        proxy: proxy_kinds(calls).await?,
        versions,
    })
}

async fn proxy_kinds(calls: &Calls) -> Result<bool, ClusterError> {
    let client = calls.client();
    let call = client.list_api_group_resources("capsule.clastix.io/v1beta1");
    match calls.within("get discovery", call).await {
        Ok(found) => Ok(found
            .resources
            .iter()
            .any(|resource| resource.kind == "ProxySetting")),
        Err(ClusterError::Missing(_)) => Ok(false),
        Err(err) => Err(err),
    }
}
