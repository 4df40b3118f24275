//! Quotas: amounts by resource, counted over all namespaces of a tenant.

use std::collections::BTreeMap;

use crate::error::FieldError;
use crate::value::Quantity;
use crate::value::labels::is_qualified_name;

/// The most entries.
const MAX_ENTRIES: usize = 64;
/// The resource that counts projects; ours, not Kubernetes'.
const NAMESPACES: &str = "namespaces";

/// Resources of a ResourceQuota that are amounts.
const AMOUNTS: [&str; 10] = [
    "cpu",
    "memory",
    "ephemeral-storage",
    "requests.cpu",
    "requests.memory",
    "requests.storage",
    "requests.ephemeral-storage",
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
];
/// Resources of a ResourceQuota that count objects.
const COUNTS: [&str; 9] = [
    "pods",
    "services",
    "services.loadbalancers",
    "services.nodeports",
    "configmaps",
    "secrets",
    "persistentvolumeclaims",
    "replicationcontrollers",
    "resourcequotas",
];

/// What a tenant may use over all its namespaces.
///
/// *Shape:* the resource names of a Kubernetes ResourceQuota (`cpu`, `requests.storage`, `pods`, `count/jobs.batch`,
/// `requests.nvidia.com/gpu`, `<class>.storageclass.storage.k8s.io/requests.storage` …), and `namespaces` for the number
/// of projects, to quantities that are not negative; counted resources to whole numbers. At most 64 entries.
/// *Source:* Kubernetes "Resource Quotas"; contract, section 8 "Quotas".
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Quotas(BTreeMap<String, Quantity>);

impl Quotas {
    /// Reads a map of quantities.
    ///
    /// # Errors
    /// One [`FieldError`] per unusable entry, named by its key.
    pub fn parse(map: &BTreeMap<String, String>) -> Result<Self, Vec<FieldError>> {
        let read = super::amounts::read(map, MAX_ENTRIES, check_name, is_counted)?;
        if read.get(NAMESPACES) == Some(&Quantity::whole(0)) {
            // Capsule knows no tenant without room for a namespace.
            return Err(vec![FieldError::new(NAMESPACES, "must be at least 1")]);
        }
        Ok(Self(read))
    }

    /// The amounts, as they were read before.
    pub const fn trusted(map: BTreeMap<String, Quantity>) -> Self {
        Self(map)
    }

    /// All amounts by resource.
    pub const fn as_map(&self) -> &BTreeMap<String, Quantity> {
        &self.0
    }

    /// What a ResourceQuota can hold: everything but `namespaces`.
    pub fn resources(&self) -> impl Iterator<Item = (&str, Quantity)> {
        let resources = self.0.iter().filter(|(name, _)| *name != NAMESPACES);
        resources.map(|(name, amount)| (name.as_str(), *amount))
    }

    /// How many projects there may be.
    pub fn namespaces(&self) -> Option<u64> {
        let whole = |amount: &Quantity| u64::try_from(amount.nanos() / 1_000_000_000).ok();
        self.0.get(NAMESPACES).and_then(whole)
    }

    /// Whether nothing is set.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Whether a resource is counted in whole objects or devices.
pub fn is_counted(name: &str) -> bool {
    let class = ".storageclass.storage.k8s.io/persistentvolumeclaims";
    let device = name
        .strip_prefix("requests.")
        .is_some_and(|rest| rest.contains('/'));
    name == NAMESPACES
        || COUNTS.contains(&name)
        || name.starts_with("count/")
        || name.ends_with(class)
        || device
}

fn check_name(name: &str) -> Result<(), &'static str> {
    if name == "storage" {
        return Err("is no quota; for what claims may ask use requests.storage");
    }
    let known = name == NAMESPACES || AMOUNTS.contains(&name) || COUNTS.contains(&name);
    let pages = ["hugepages-", "requests.hugepages-"]
        .iter()
        .filter_map(|prefix| name.strip_prefix(prefix))
        .any(|size| Quantity::parse(size).is_ok());
    // What has a domain is not ours to know: extended resources, storage classes, counts of any kind.
    let of_a_domain = name.contains('/') && is_qualified_name(name);
    if known || pages || of_a_domain {
        return Ok(());
    }
    Err("is no resource that a quota can count")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Quotas, Vec<FieldError>> {
        let owned = |&(key, value): &(&str, &str)| (key.to_owned(), value.to_owned());
        Quotas::parse(&pairs.iter().map(owned).collect())
    }

    #[test]
    fn what_kubernetes_counts_is_read() {
        let good = [
            ("cpu", "1500m"),
            ("requests.storage", "20Gi"),
            ("pods", "1e3"),
            ("services.loadbalancers", "0"),
            ("count/jobs.batch", "7"),
            ("requests.nvidia.com/gpu", "4"),
            ("fast.storageclass.storage.k8s.io/requests.storage", "1Ti"),
            ("hugepages-2Mi", "64Mi"),
            ("namespaces", "3"),
        ];
        let quotas = read(&good).unwrap();
        assert_eq!(quotas.namespaces(), Some(3));
        assert_eq!(quotas.resources().count(), good.len() - 1);
        assert_eq!(quotas.as_map()["pods"], Quantity::whole(1000));
    }

    #[test]
    fn attack_152_nonsense_is_refused_by_its_key() {
        for (key, value) in [
            ("storage", "1Gi"),
            ("CPU", "1"),
            ("cpus", "1"),
            ("", "1"),
            ("a/b/c", "1"),
            ("hugepages-x", "1"),
            ("cpu", "-1"),
            ("cpu", "NaN"),
            ("cpu", "0x10"),
            ("cpu", "١"),
            ("cpu", "1 Gi"),
            ("pods", "1500m"),
            ("namespaces", "0.5"),
            ("namespaces", "0"),
            ("count/pods", "1.5"),
        ] {
            let bad = read(&[(key, value), ("memory", "1")]).unwrap_err();
            let fields: Vec<_> = bad.iter().map(|one| one.field.as_str()).collect();
            assert_eq!(fields, [key], "{key}={value}: {bad:?}");
        }
        let hint = read(&[("storage", "1")]).unwrap_err();
        assert!(hint[0].reason.contains("requests.storage"));
    }

    #[test]
    fn there_is_an_end_to_it() {
        let many = |n: usize| {
            (0..n)
                .map(|n| (format!("count/kind{n}"), "1".to_owned()))
                .collect()
        };
        assert!(Quotas::parse(&many(64)).is_ok());
        assert_eq!(Quotas::parse(&many(65)).unwrap_err().len(), 1);
    }
}
