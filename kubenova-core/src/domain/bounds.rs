//! What bounds a tenant: quotas, container limits, network policies; each a part of intent of its own.

mod amounts;
mod limits;
mod network;
mod quota;

use crate::access::Action;

pub use amounts::texts;
pub use limits::ContainerLimits;
pub use network::{NetworkPolicies, NetworkPolicySpec};
pub use quota::{Quotas, is_counted};

/// The parts that bound a tenant. An empty part sets nothing; replacing one never touches another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bounds {
    /// Over all namespaces of the tenant together.
    pub quotas: Quotas,
    /// Of each container in each namespace.
    pub limits: ContainerLimits,
    /// In each namespace.
    pub network: NetworkPolicies,
}

/// One part, to be replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bound {
    /// The quotas.
    Quotas(Quotas),
    /// The container limits.
    Limits(ContainerLimits),
    /// The network policies.
    Network(NetworkPolicies),
}

impl Bound {
    /// What replacing it is called in the access policy and the audit log.
    pub const fn action(&self) -> Action {
        match self {
            Self::Quotas(_) => Action::SetQuotas,
            Self::Limits(_) => Action::SetLimits,
            Self::Network(_) => Action::SetNetworkPolicies,
        }
    }
}

impl Bounds {
    /// The same with one part replaced.
    #[must_use]
    pub fn with(mut self, part: Bound) -> Self {
        match part {
            Bound::Quotas(quotas) => self.quotas = quotas,
            Bound::Limits(limits) => self.limits = limits,
            Bound::Network(network) => self.network = network,
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_part_replaces_itself_alone() {
        let map = |key: &str, value: &str| BTreeMap::from([(key.to_owned(), value.to_owned())]);
        let quotas = Quotas::parse(&map("cpu", "2")).unwrap();
        let limits = ContainerLimits::parse(&map("memory", "1Gi")).unwrap();
        let parts = [
            Bound::Quotas(quotas.clone()),
            Bound::Limits(limits.clone()),
            Bound::Network(NetworkPolicies::DefaultDeny),
        ];
        let whole = Bounds {
            quotas,
            limits,
            network: NetworkPolicies::DefaultDeny,
        };
        for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
            let put = |bounds: Bounds, n: usize| bounds.with(parts[n].clone());
            assert_eq!(order.into_iter().fold(Bounds::default(), put), whole);
            assert_eq!(order.into_iter().fold(whole.clone(), put), whole, "again");
        }
        let cleared = whole.clone().with(Bound::Network(NetworkPolicies::None));
        assert_eq!(
            (cleared.quotas, cleared.limits),
            (whole.quotas, whole.limits)
        );
    }
}
