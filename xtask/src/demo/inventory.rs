//! What is on a cluster, by name: taken before and after, to see that nothing is left behind.

use std::collections::BTreeSet;
use std::path::Path;

use super::kubectl::{Ending, Kubectl};
use crate::{Failure, Result};

/// Every kind that KubeNova writes, and those that come along with a namespace.
const KINDS: [&str; 12] = [
    "namespaces",
    "tenants.capsule.clastix.io",
    "tenantowners.capsule.clastix.io",
    "clusterroles",
    "clusterrolebindings",
    "roles",
    "rolebindings",
    "serviceaccounts",
    "secrets",
    "resourcequotas",
    "limitranges",
    "networkpolicies",
];

const COLUMNS: &str = "custom-columns=KIND:.kind,NAMESPACE:.metadata.namespace,NAME:.metadata.name";

/// One line an object: kind, namespace, name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Inventory(BTreeSet<String>);

impl Inventory {
    /// Asks a cluster, with a kubeconfig that may list all these kinds.
    ///
    /// # Errors
    /// When it may not.
    pub(super) async fn take(kubectl: &Kubectl, kubeconfig: &Path) -> Result<Self> {
        let words = format!(
            "get {} --all-namespaces --no-headers -o {COLUMNS}",
            KINDS.join(",")
        );
        let ran = kubectl.run(kubeconfig, &words).await?;
        if ran.ending != Ending::Done {
            let what = "this kubeconfig may not list what KubeNova writes";
            return Err(Failure::new(format!("{what}: {:?}", ran.ending)));
        }
        Ok(Self::read(&ran.out))
    }

    fn read(out: &str) -> Self {
        let line = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
        Self(out.lines().map(line).collect())
    }

    /// How many objects.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// `+` for what is new in `later`, `-` for what is gone; empty when nothing differs.
    pub(super) fn changes(&self, later: &Self) -> Vec<String> {
        let new = later.0.difference(&self.0).map(|line| format!("+ {line}"));
        let gone = self.0.difference(&later.0).map(|line| format!("- {line}"));
        new.chain(gone).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_directions_are_seen() {
        let before = Inventory::read("Namespace   <none>   default\nSecret   a   b\n");
        let after = Inventory::read("Namespace <none> default\nNamespace <none> acme-web\n");
        assert_eq!(before.changes(&before), Vec::<String>::new());
        assert_eq!(
            before.changes(&after),
            ["+ Namespace <none> acme-web", "- Secret a b"]
        );
        assert_eq!(before.len(), 2);
    }
}
