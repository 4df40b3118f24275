//! Which Capsule it is, where the controller's pods tell it; elsewhere behaviour alone decides.

use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::ListParams;

use kubenova_core::ports::cluster::ClusterError;

use crate::tenancy::call::Calls;

/// The oldest Capsule that works for us; 0.14.0 is refused because its Tenant controller may never start.
const OLDEST: Version = Version(0, 13, 11);
const REFUSED: Version = Version(0, 14, 0);

/// A released version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version(u64, u64, u64);

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

impl Version {
    pub(super) fn is_supported(self) -> bool {
        self >= OLDEST && self != REFUSED
    }

    /// From an image reference, whose tag is the version by Capsule's own habit.
    fn of_image(image: &str) -> Option<Self> {
        let tag = image.split('@').next()?.rsplit_once(':')?.1;
        let mut parts = tag
            .trim_start_matches('v')
            .split(['.', '-', '+'])
            .map(str::parse);
        Some(Self(
            parts.next()?.ok()?,
            parts.next()?.ok()?,
            parts.next()?.ok()?,
        ))
    }
}

/// The oldest version that runs, or `None` when nothing tells it: no pods there, or no right to look.
pub(super) async fn running(calls: &Calls) -> Result<Option<Version>, ClusterError> {
    let api: Api<Pod> = Api::namespaced(calls.client(), "capsule-system");
    let params = ListParams::default()
        .labels("app.kubernetes.io/name=capsule")
        .limit(10);
    let pods = match calls.within("list pods", api.list(&params)).await {
        Ok(pods) => pods,
        Err(ClusterError::Forbidden { .. } | ClusterError::Missing(_) | ClusterError::Conflict) => {
            return Ok(None);
        }
        Err(err) => return Err(err),
    };
    let containers = pods
        .items
        .iter()
        .filter_map(|pod| pod.spec.as_ref())
        .flat_map(|spec| &spec.containers);
    let images = containers.filter_map(|container| container.image.as_deref());
    Ok(images.filter_map(Version::of_image).min())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_off_images() {
        assert_eq!(
            Version::of_image("ghcr.io/projectcapsule/capsule:v0.13.11"),
            Some(Version(0, 13, 11))
        );
        assert_eq!(
            Version::of_image("host:5000/capsule:0.14.0-rc.1@sha256:abc"),
            Some(Version(0, 14, 0))
        );
        assert_eq!(Version::of_image("host:5000/capsule"), None);
        assert_eq!(Version::of_image("host:5000/capsule:latest"), None);
    }

    #[test]
    fn old_ones_and_the_broken_one_are_refused() {
        let supported = [
            Version(0, 13, 10),
            OLDEST,
            REFUSED,
            Version(0, 14, 1),
            Version(1, 0, 0),
        ]
        .map(Version::is_supported);
        assert_eq!(supported, [false, true, false, true, true]);
    }
}
