//! A tenant: its owners and what it is called.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::access::Target;
use crate::access::guard::Guarded;
use crate::domain::bounds::Bounds;
use crate::error::{FieldError, Noun};
use crate::value::name::InvalidName;
use crate::value::{
    Annotations, ClusterId, Generation, Labels, Name, Ref, Status, Subject, SubjectKind, TenantId,
};

/// The longest tenant name.
pub const NAME_MAX: usize = 40;
/// The most owners of one tenant.
pub const OWNERS_MAX: usize = 64;

/// A tenant on one cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    /// Our id.
    pub id: TenantId,
    /// Where it lives.
    pub cluster: ClusterId,
    /// Unique per cluster; also the name of the Capsule Tenant.
    pub name: Name,
    /// Who runs it; sorted, without repetition.
    pub owners: BTreeSet<Subject>,
    /// The caller's labels.
    pub labels: Labels,
    /// The caller's annotations.
    pub annotations: Annotations,
    /// What bounds it.
    pub bounds: Bounds,
    /// Creation time.
    pub created_at: Timestamp,
    /// Version of the intent.
    pub generation: Generation,
    /// Set while it is on its way out.
    pub deleting: Option<Timestamp>,
    /// What reconcilers report.
    pub status: Status,
}

impl Guarded for Tenant {
    const NOUN: Noun = Noun::Tenant;

    fn target(&self) -> Target {
        Target::Tenant(self.id)
    }
}

/// How a tenant is named in a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantAt {
    /// The cluster in the path, if there is one.
    pub cluster: Option<Ref>,
    /// The tenant.
    pub tenant: Ref,
}

/// Reads the name of a new tenant: a DNS label of at most 40 characters that could not name a platform namespace.
///
/// # Errors
/// [`InvalidName`] says what is wrong.
pub fn parse_name(text: &str) -> Result<Name, InvalidName> {
    let name = Name::parse_at_most(text, NAME_MAX)?;
    if is_reserved(name.as_str()) {
        return Err(InvalidName::Reserved);
    }
    Ok(name)
}

/// Whether a tenant or namespace of this name would be taken for a part of the platform (contract, section 5).
pub fn is_reserved(name: &str) -> bool {
    const PLATFORM: [&str; 6] = [
        "default",
        "kubenova-system",
        "capsule-system",
        "vela-system",
        "kube",
        "kubenova",
    ];
    PLATFORM.contains(&name) || name.starts_with("kube-")
}

/// Reads a list of owners.
///
/// # Errors
/// One [`FieldError`] per unusable entry, or for the list's size.
pub fn parse_owners(
    list: &[String],
    at_least: usize,
) -> Result<BTreeSet<Subject>, Vec<FieldError>> {
    let mut owners = BTreeSet::new();
    let mut bad = Vec::new();
    for (n, text) in list.iter().enumerate().take(OWNERS_MAX + 1) {
        match Subject::parse(text).and_then(|s| Subject::parse_grantee(text, s.owner_kind())) {
            Ok(subject) => drop(owners.insert(subject)),
            Err(why) => bad.push(FieldError::new(format!("owners[{n}]"), why.to_string())),
        }
    }
    if list.len() > OWNERS_MAX {
        bad.push(FieldError::new(
            "owners",
            format!("must have at most {OWNERS_MAX} entries"),
        ));
    }
    if list.len() < at_least {
        bad.push(FieldError::new(
            "owners",
            format!("must have at least {at_least} entry"),
        ));
    }
    if bad.is_empty() { Ok(owners) } else { Err(bad) }
}

/// An owner as Capsule sees him.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Owner {
    /// User or service account, by the shape of the name.
    pub kind: SubjectKind,
    /// The full name.
    pub subject: Subject,
}

impl From<&Subject> for Owner {
    fn from(subject: &Subject) -> Self {
        Self {
            kind: subject.owner_kind(),
            subject: subject.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attack_81_platform_names_are_refused() {
        let long = "a".repeat(41);
        for bad in [
            "kube-system",
            "kube",
            "default",
            "kubenova-system",
            "capsule-system",
            "vela-system",
            "Acme",
            "a.b",
            long.as_str(),
            "äcme",
            "",
        ] {
            assert!(parse_name(bad).is_err(), "{bad}");
        }
        assert!(parse_name("acme").is_ok());
    }

    #[test]
    fn attack_49_owners_are_read_as_a_whole() {
        assert!(parse_owners(&[], 1).is_err());
        assert_eq!(
            parse_owners(&[String::new()], 1).unwrap_err()[0].field,
            "owners[0]"
        );
        assert!(parse_owners(&["system:masters".into()], 1).is_err());
        let twice = parse_owners(&["alice".into(), "alice".into()], 1).unwrap();
        assert_eq!(twice.len(), 1);
    }
}
