//! Bodies of what bounds a tenant.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::Value;
use utoipa::ToSchema;

use kubenova_core::{
    domain::bounds::{self, Bound, Bounds, ContainerLimits, NetworkPolicies as Policies, Quotas},
    error::FieldError,
    value::Quantity,
};

use crate::http::Problem;

/// A quantity as Kubernetes takes it: text, or a number where that says it all.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(transparent)]
pub(crate) struct Amount(String);

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl de::Visitor<'_> for Read {
            type Value = Amount;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a quantity")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Amount, E> {
                Ok(Amount(text.to_owned()))
            }

            fn visit_u64<E: de::Error>(self, n: u64) -> Result<Amount, E> {
                Ok(Amount(n.to_string()))
            }

            fn visit_i64<E: de::Error>(self, n: i64) -> Result<Amount, E> {
                Ok(Amount(n.to_string()))
            }
        }
        deserializer.deserialize_any(Read)
    }
}

/// Quantities by resource.
pub(crate) type Amounts = BTreeMap<String, Amount>;

/// `PUT …/quotas`: replaces the quotas; `{}` clears them.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(transparent)]
pub(crate) struct NewQuotas(Amounts);

/// `PUT …/limits`: replaces the container limits; `{}` clears them.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(transparent)]
pub(crate) struct NewLimits(Amounts);

/// `{"defaultDeny": true}`, `{"items": [NetworkPolicySpec]}`, or `{}` for none.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct NetworkPolicies {
    /// No traffic in or out, in every namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    default_deny: Option<bool>,
    /// Specs of network policies (`networking.k8s.io/v1`), one object each in every namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Object>>)]
    items: Option<Vec<Value>>,
}

/// Names the map itself where a fault has no key.
fn placed(parent: &str, faults: Vec<FieldError>) -> Vec<FieldError> {
    let place = |fault: FieldError| match (parent, fault.field.as_str()) {
        ("", "") => FieldError::new("body", fault.reason),
        ("", _) => fault,
        (parent, "") => FieldError::new(parent, fault.reason),
        (parent, key) => FieldError::new(format!("{parent}.{key}"), fault.reason),
    };
    faults.into_iter().map(place).collect()
}

fn texts(amounts: Amounts) -> BTreeMap<String, String> {
    let text = |(key, Amount(text)): (String, Amount)| (key, text);
    amounts.into_iter().map(text).collect()
}

/// Reads quotas; `parent` is the field that holds them, empty for the body itself.
pub(super) fn quotas(amounts: Amounts, parent: &str) -> Result<Quotas, Vec<FieldError>> {
    Quotas::parse(&texts(amounts)).map_err(|faults| placed(parent, faults))
}

/// Reads container limits.
pub(super) fn limits(amounts: Amounts, parent: &str) -> Result<ContainerLimits, Vec<FieldError>> {
    ContainerLimits::parse(&texts(amounts)).map_err(|faults| placed(parent, faults))
}

/// Reads network policies.
pub(super) fn network(body: NetworkPolicies, parent: &str) -> Result<Policies, Vec<FieldError>> {
    let path = |field: &str| match parent {
        "" => field.to_owned(),
        parent => format!("{parent}.{field}"),
    };
    match (body.default_deny.unwrap_or_default(), body.items) {
        (true, Some(_)) => {
            let why = "excludes defaultDeny; write the deny as one of the items";
            Err(vec![FieldError::new(path("items"), why)])
        }
        (true, None) => Ok(Policies::DefaultDeny),
        (false, items) => Policies::parse_items(&items.unwrap_or_default(), &path("items")),
    }
}

fn unacceptable(faults: Vec<FieldError>) -> Problem {
    kubenova_core::Error::Invalid(faults).into()
}

impl TryFrom<NewQuotas> for Bound {
    type Error = Problem;

    fn try_from(NewQuotas(amounts): NewQuotas) -> Result<Self, Problem> {
        quotas(amounts, "").map(Self::Quotas).map_err(unacceptable)
    }
}

impl TryFrom<NewLimits> for Bound {
    type Error = Problem;

    fn try_from(NewLimits(amounts): NewLimits) -> Result<Self, Problem> {
        limits(amounts, "").map(Self::Limits).map_err(unacceptable)
    }
}

impl TryFrom<NetworkPolicies> for Bound {
    type Error = Problem;

    fn try_from(body: NetworkPolicies) -> Result<Self, Problem> {
        network(body, "").map(Self::Network).map_err(unacceptable)
    }
}

/// Amounts as they are answered: canonical.
pub(super) fn amounts(map: &BTreeMap<String, Quantity>) -> Amounts {
    let amount = |(key, text)| (key, Amount(text));
    bounds::texts(map).into_iter().map(amount).collect()
}

/// Network policies as they are answered.
pub(super) fn policies(bounds: &Bounds) -> NetworkPolicies {
    match &bounds.network {
        Policies::None => NetworkPolicies::default(),
        Policies::DefaultDeny => NetworkPolicies {
            default_deny: Some(true),
            items: None,
        },
        Policies::Items(items) => NetworkPolicies {
            default_deny: None,
            items: Some(items.iter().map(|spec| spec.as_json().clone()).collect()),
        },
    }
}
