//! A look at a cluster as a whole.

use std::collections::BTreeMap;

use kubenova_core::ports::cluster::{Capabilities, ClusterError, Inspection};

use super::call::{Calls, NAMESPACE};
use super::rights::RightsCache;

/// The longest version that is kept.
const LONGEST_VERSION: usize = 64;

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
        .filter(|uid| is_uid(uid))
        .ok_or(ClusterError::BadAnswer)?;
    let rights = rights.rights(calls).await?;
    Ok(Inspection {
        identity,
        version: said(&version.git_version),
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
        Some(said(&version.version))
    };
    let serves = |name: &str, wanted: &str| {
        groups
            .groups
            .iter()
            .any(|g| g.name == name && g.versions.iter().any(|v| v.version == wanted))
    };
    let mut versions = BTreeMap::from([("kubernetes".to_owned(), said(&version.git_version))]);
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

/// Whether a cluster's word for an identity has the shape of one: a UUID, as Kubernetes writes it.
fn is_uid(text: &str) -> bool {
    text.len() == 36 && uuid::Uuid::try_parse(text).is_ok()
}

/// A version in the cluster's own words, which go into rows and answers: printable ASCII, and not much of it.
fn said(version: &str) -> String {
    version
        .chars()
        .filter(char::is_ascii_graphic)
        .take(LONGEST_VERSION)
        .collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attack_129_a_hostile_clusters_words_are_cut_to_what_they_should_be() {
        assert_eq!(said("v1.34.4+k3s1"), "v1.34.4+k3s1");
        assert_eq!(said("v1\u{0}.3\n4\u{202e}\u{1b}[31m"), "v1.34[31m");
        assert_eq!(said(&"9".repeat(1 << 20)).len(), LONGEST_VERSION);
        assert!(is_uid("0b9e9cdb-5b5e-4ad5-9c3e-7b1f0a1c2d3e"));
        for bad in [
            "",
            "kube-system",
            "0b9e9cdb5b5e4ad59c3e7b1f0a1c2d3e",
            "{0b9e9cdb-5b5e-4ad5-9c3e-7b1f0a1c2d3e}",
        ] {
            assert!(!is_uid(bad), "{bad}");
        }
    }
}
