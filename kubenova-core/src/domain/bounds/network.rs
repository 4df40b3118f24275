//! Network policies of a tenant: none, a default deny, or a list of NetworkPolicy specs for every namespace.

mod peer;
mod shape;

use serde_json::{Value, json};

use crate::error::FieldError;
use shape::Checker;

/// The most policies of one tenant: each is an object in each of its namespaces.
const MAX_ITEMS: usize = 32;

/// What holds in every namespace of a tenant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum NetworkPolicies {
    /// Nothing.
    #[default]
    None,
    /// No traffic in or out of any pod, but what other policies allow. DNS is traffic too.
    DefaultDeny,
    /// These, one object each.
    Items(Vec<NetworkPolicySpec>),
}

/// The spec of a NetworkPolicy (`networking.k8s.io/v1`), checked field by field.
///
/// *Shape:* `podSelector` (required; `{}` is every pod), `policyTypes`, `ingress[]`, `egress[]` with peers (`ipBlock`, or
/// `podSelector` and `namespaceSelector`) and ports. *Source:* Kubernetes API, `NetworkPolicySpec` and its validation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkPolicySpec(Value);

impl NetworkPolicies {
    /// Reads a list of specs; `path` names the list in errors.
    ///
    /// # Errors
    /// One [`FieldError`] per fault, with the path of the field.
    pub fn parse_items(items: &[Value], path: &str) -> Result<Self, Vec<FieldError>> {
        if items.len() > MAX_ITEMS {
            let why = format!("{MAX_ITEMS} entries are the most");
            return Err(vec![FieldError::new(path, why)]);
        }
        let mut checker = Checker::default();
        for (n, item) in items.iter().enumerate() {
            checker.spec(item, &format!("{path}[{n}]"));
        }
        checker.end()?;
        if items.is_empty() {
            return Ok(Self::None);
        }
        let spec = |item: &Value| NetworkPolicySpec(item.clone());
        Ok(Self::Items(items.iter().map(spec).collect()))
    }

    /// The specs, as objects of the cluster's API.
    pub fn specs(&self) -> Vec<Value> {
        match self {
            Self::None => Vec::new(),
            Self::DefaultDeny => {
                vec![json!({"podSelector": {}, "policyTypes": ["Ingress", "Egress"]})]
            }
            Self::Items(items) => items.iter().map(|item| item.0.clone()).collect(),
        }
    }
}

impl NetworkPolicySpec {
    /// A spec that was read before.
    pub const fn trusted(spec: Value) -> Self {
        Self(spec)
    }

    /// The spec as JSON.
    pub const fn as_json(&self) -> &Value {
        &self.0
    }
}

#[cfg(test)]
mod tests;
