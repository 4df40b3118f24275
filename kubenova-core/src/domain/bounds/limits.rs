//! Container limits: the most that each container of a tenant may be given.

use std::collections::BTreeMap;

use super::amounts;
use crate::error::FieldError;
use crate::value::Quantity;
use crate::value::labels::is_qualified_name;

/// The most entries.
const MAX_ENTRIES: usize = 16;

/// The most of each resource that one container may be given: the `max` of a LimitRange for containers, in every namespace
/// of the tenant. Kubernetes gives a container that names no limit this one, and asks for as much.
///
/// *Shape:* `cpu`, `memory`, `ephemeral-storage`, `hugepages-<size>` or an extended resource (`nvidia.com/gpu`) to
/// quantities that are not negative. *Source:* Kubernetes "Limit Ranges".
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ContainerLimits(BTreeMap<String, Quantity>);

impl ContainerLimits {
    /// Reads a map of quantities.
    ///
    /// # Errors
    /// One [`FieldError`] per unusable entry, named by its key.
    pub fn parse(map: &BTreeMap<String, String>) -> Result<Self, Vec<FieldError>> {
        let is_device = |name: &str| name.contains('/');
        amounts::read(map, MAX_ENTRIES, check_name, is_device).map(Self)
    }

    /// The amounts, as they were read before.
    pub const fn trusted(map: BTreeMap<String, Quantity>) -> Self {
        Self(map)
    }

    /// All amounts by resource.
    pub const fn as_map(&self) -> &BTreeMap<String, Quantity> {
        &self.0
    }

    /// Whether nothing is set.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn check_name(name: &str) -> Result<(), &'static str> {
    let known = ["cpu", "memory", "ephemeral-storage"].contains(&name);
    let pages = name
        .strip_prefix("hugepages-")
        .is_some_and(|size| Quantity::parse(size).is_ok());
    // An extended resource has a domain of its maker, never Kubernetes' own.
    let foreign = name.split_once('/').is_some_and(|(domain, _)| {
        domain.contains('.') && domain != "kubernetes.io" && !domain.ends_with(".kubernetes.io")
    });
    let device = is_qualified_name(name) && foreign && !name.starts_with("requests.");
    if known || pages || device {
        return Ok(());
    }
    Err("is no resource of a container")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(key: &str, value: &str) -> Result<ContainerLimits, Vec<FieldError>> {
        ContainerLimits::parse(&BTreeMap::from([(key.to_owned(), value.to_owned())]))
    }

    #[test]
    fn what_a_container_has_is_read() {
        for (key, value) in [
            ("cpu", "500m"),
            ("memory", "1Gi"),
            ("ephemeral-storage", "2G"),
            ("hugepages-1Gi", "2Gi"),
            ("nvidia.com/gpu", "1"),
        ] {
            assert!(read(key, value).is_ok(), "{key}");
        }
    }

    #[test]
    fn what_no_container_has_is_refused() {
        for (key, value) in [
            ("pods", "1"),
            ("storage", "1"),
            ("services", "1"),
            ("namespaces", "1"),
            ("requests.cpu", "1"),
            ("limits.cpu", "1"),
            ("count/pods", "1"),
            ("kubernetes.io/x", "1"),
            ("cpu", "-1"),
            ("nvidia.com/gpu", "500m"),
        ] {
            assert_eq!(read(key, value).unwrap_err()[0].field, key);
        }
    }
}
