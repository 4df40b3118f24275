//! Subjects: who a token, a binding or an ownership speaks of.

use std::fmt;
use std::sync::Arc;

/// The name of a user, group or service account as Kubernetes knows it.
///
/// *Shape:* 1..=253 bytes of printable characters without surrounding blanks; never empty, so an "empty user" cannot exist.
/// *Source:* contract, section 3; attack 123.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subject(Arc<str>);

/// Why a text is no [`Subject`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSubject {
    /// Nothing given.
    #[error("must not be empty")]
    Empty,
    /// Over 253 bytes.
    #[error("must be at most 253 bytes")]
    TooLong,
    /// Blank at an end, or a character that cannot be printed.
    #[error("must not hold control characters or begin or end with a blank")]
    Characters,
    /// Should be an account and is none.
    #[error("must have the form system:serviceaccount:<namespace>:<name>")]
    Account,
    /// An identity of Kubernetes or of the platform, or a group that all tenants share: no caller may give it rights.
    #[error("names an identity of the platform")]
    Reserved,
}

/// Groups that people of every tenant are in: what `/me` shows, and Capsule's own users (attack 90).
const SHARED_GROUPS: [&str; 5] = [
    "tenant-admins",
    "tenant-maintainers",
    "tenant-viewers",
    "projectcapsule.dev",
    "capsule.clastix.io",
];

/// Namespaces whose accounts run the cluster.
const PLATFORM_NAMESPACES: [&str; 6] = [
    "kubenova-system",
    "capsule-system",
    "vela-system",
    "kube-system",
    "kube-public",
    "kube-node-lease",
];

/// What kind of subject a binding names (`rbac.authorization.k8s.io` `Subject.kind`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SubjectKind {
    /// A user.
    User,
    /// A group.
    Group,
    /// A service account, written `system:serviceaccount:<namespace>:<name>`.
    ServiceAccount,
}

impl SubjectKind {
    /// The name Kubernetes uses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Group => "Group",
            Self::ServiceAccount => "ServiceAccount",
        }
    }

    /// Reads the name Kubernetes uses.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::User, Self::Group, Self::ServiceAccount]
            .into_iter()
            .find(|k| k.as_str() == text)
    }
}

impl Subject {
    const ACCOUNT: &'static str = "system:serviceaccount:";

    /// Reads a subject.
    ///
    /// # Errors
    /// [`InvalidSubject`] says what is wrong.
    pub fn parse(text: &str) -> Result<Self, InvalidSubject> {
        if text.is_empty() {
            return Err(InvalidSubject::Empty);
        }
        if text.len() > 253 {
            return Err(InvalidSubject::TooLong);
        }
        if text.trim() != text || text.chars().any(is_unprintable) {
            return Err(InvalidSubject::Characters);
        }
        Ok(Self(text.into()))
    }

    /// Reads a subject that shall get rights on a cluster: groups that all tenants share, and identities of the
    /// platform, are refused.
    ///
    /// # Errors
    /// [`InvalidSubject`] says what is wrong.
    pub fn parse_grantee(text: &str, kind: SubjectKind) -> Result<Self, InvalidSubject> {
        let subject = Self::parse(text)?;
        let reserved = match kind {
            SubjectKind::ServiceAccount => match subject.service_account() {
                None => return Err(InvalidSubject::Account),
                // The account of a kubeconfig above all: named twice, it would outlive its revocation.
                Some((namespace, _)) => PLATFORM_NAMESPACES.contains(&namespace),
            },
            SubjectKind::Group => text.starts_with("system:") || SHARED_GROUPS.contains(&text),
            SubjectKind::User => text.starts_with("system:"),
        };
        if reserved {
            return Err(InvalidSubject::Reserved);
        }
        Ok(subject)
    }

    /// Namespace and name, if this is the full name of a service account.
    pub fn service_account(&self) -> Option<(&str, &str)> {
        let (namespace, name) = self.0.strip_prefix(Self::ACCOUNT)?.split_once(':')?;
        let is_label = super::name::Name::parse(namespace).is_ok();
        (is_label && is_subdomain(name)).then_some((namespace, name))
    }

    /// The kind an owner has, who is written as a bare text (contract: `owners[]`).
    pub fn owner_kind(&self) -> SubjectKind {
        match self.service_account() {
            Some(_) => SubjectKind::ServiceAccount,
            None => SubjectKind::User,
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A DNS subdomain as Kubernetes checks it: 253 characters in all, no limit for a single label.
fn is_subdomain(text: &str) -> bool {
    let edge = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let label = |label: &str| {
        let bytes = label.as_bytes();
        edge(bytes.first().copied())
            && edge(bytes.last().copied())
            && bytes.iter().all(|&b| edge(Some(b)) || b == b'-')
    };
    text.len() <= 253 && text.split('.').all(label)
}

/// Control characters and the invisible ones that reorder, break or hide text: none of them belongs into a name that
/// people read in a list or a log.
pub fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attack_123_an_empty_user_cannot_exist() {
        for bad in [
            "",
            " ",
            "a ",
            "a\nb",
            "a\u{202e}b",
            "a\u{61c}b",
            "a\u{2028}b",
            "a\u{0}b",
        ] {
            assert!(Subject::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn attack_90_nobody_grants_rights_to_a_group_that_tenants_share() {
        for group in SHARED_GROUPS.into_iter().chain([
            "system:authenticated",
            "system:masters",
            "system:serviceaccounts",
        ]) {
            let read = Subject::parse_grantee(group, SubjectKind::Group);
            assert_eq!(read, Err(InvalidSubject::Reserved), "{group}");
        }
        assert!(Subject::parse_grantee("team-blue", SubjectKind::Group).is_ok());
    }

    #[test]
    fn accounts_of_the_platform_get_no_rights() {
        for namespace in PLATFORM_NAMESPACES {
            let account = format!("system:serviceaccount:{namespace}:x");
            let read = Subject::parse_grantee(&account, SubjectKind::ServiceAccount);
            assert_eq!(read, Err(InvalidSubject::Reserved), "{account}");
        }
        let account = "system:serviceaccount:ci:robot";
        assert!(Subject::parse_grantee(account, SubjectKind::ServiceAccount).is_ok());
        assert!(Subject::parse_grantee("robot", SubjectKind::ServiceAccount).is_err());
        assert!(Subject::parse_grantee(account, SubjectKind::User).is_err());
        let long = format!(
            "system:serviceaccount:kubenova-system:grant-{}",
            "a".repeat(73)
        );
        assert!(Subject::parse(&long).unwrap().service_account().is_some());
    }
}
