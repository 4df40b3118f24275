//! Typed identifiers: one type per aggregate, so that a tenant's id is never taken for a project's.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

use super::name::{InvalidName, Name};

/// The text is no hyphenated UUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a uid")]
pub struct InvalidId;

/// The one form that ids are written in; other readers of UUIDs take braces, prefixes and bare digits too.
fn hyphenated(text: &str) -> Option<Uuid> {
    Uuid::parse_str(text).ok().filter(|_| text.len() == 36)
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps a UUID that is known to belong to this kind.
            pub const fn new(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The bare UUID, for adapters.
            pub const fn uuid(self) -> Uuid {
                self.0
            }

            /// The n-th id of tests and examples.
            pub const fn nth(n: u128) -> Self {
                Self(Uuid::from_u128(n))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                hyphenated(text).map(Self).ok_or(InvalidId)
            }
        }
    };
}

id!(
    /// Identifies a registered cluster (ours; not its `kube-system` UID).
    ClusterId
);
id!(
    /// Identifies a tenant.
    TenantId
);
id!(
    /// Identifies a project.
    ProjectId
);
id!(
    /// Identifies an API token; the `jti` of the JWT.
    TokenId
);
id!(
    /// Identifies an issued kubeconfig.
    GrantId
);

/// How a caller names an object in a path: its `uid` or its name (contract, section 1 "Ids").
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Ref {
    /// By `uid`.
    Id(Uuid),
    /// By name, unique under the parent.
    Name(Name),
}

impl Ref {
    /// Reads a path segment. A name shaped like a UUID does not exist, so the two never collide.
    ///
    /// # Errors
    /// [`InvalidName`] when the segment is neither a hyphenated UUID nor a DNS label.
    pub fn parse(segment: &str) -> Result<Self, InvalidName> {
        match hyphenated(segment) {
            Some(uuid) => Ok(Self::Id(uuid)),
            None => Name::parse(segment).map(Self::Name),
        }
    }

    /// Whether this names the object with that uid and name.
    pub fn is(&self, uid: Uuid, name: &Name) -> bool {
        match self {
            Self::Id(id) => *id == uid,
            Self::Name(text) => text == name,
        }
    }
}

impl fmt::Display for Ref {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(uuid) => uuid.fmt(f),
            Self::Name(name) => name.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_is_a_uid_a_name_or_nothing() {
        let uuid = Uuid::from_u128(7);
        assert_eq!(Ref::parse(&uuid.to_string()), Ok(Ref::Id(uuid)));
        assert!(matches!(Ref::parse("acme"), Ok(Ref::Name(_))));
        for bad in ["", "Acme", "a b", "a:deploy", "-a", &"a".repeat(64)] {
            assert!(Ref::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_id_is_read_in_one_form() {
        let uuid = Uuid::from_u128(7);
        let upper = uuid.to_string().to_uppercase();
        assert_eq!(upper.parse(), Ok(TenantId::new(uuid)));
        for bad in [
            uuid.simple().to_string(),
            uuid.braced().to_string(),
            uuid.urn().to_string(),
            String::new(),
        ] {
            assert_eq!(bad.parse::<TenantId>(), Err(InvalidId), "{bad}");
        }
    }
}
