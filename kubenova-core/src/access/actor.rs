//! The caller: the first argument of every use case.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;

use crate::access::{Role, Roles};
use crate::value::{ClusterId, ProjectId, Subject, TenantId, TokenId};

/// Names a request from the rim to the objects it wrote: 1..=128 of `[A-Za-z0-9._-]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(Arc<str>);

impl RequestId {
    /// Reads what a caller sent; `None` when it has another shape.
    pub fn parse(text: &str) -> Option<Self> {
        let ok = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
        ((1..=128).contains(&text.len()) && text.bytes().all(ok)).then(|| Self(text.into()))
    }

    /// Makes one of a fresh id.
    pub fn of(uuid: uuid::Uuid) -> Self {
        Self(uuid.to_string().into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The tenant, and perhaps the projects, that scoped roles hold in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// The tenant.
    pub tenant: TenantId,
    /// The cluster the tenant lives on, read when the token was looked up.
    pub cluster: ClusterId,
    /// Only these projects; `None` for all. An empty list sees no project at all.
    pub projects: Option<Arc<[ProjectId]>>,
}

impl Scope {
    /// Whether the project lies inside.
    pub fn covers(&self, tenant: TenantId, project: ProjectId) -> bool {
        self.tenant == tenant
            && self
                .projects
                .as_ref()
                .is_none_or(|only| only.contains(&project))
    }
}

/// A caller with the rights his token gives him, and no others.
#[derive(Debug, Clone)]
pub struct Actor {
    /// Who he is.
    pub subject: Subject,
    /// What he may be.
    pub roles: Roles,
    /// Where his scoped roles hold; `None` for admin and ops.
    pub scope: Option<Scope>,
    /// The token he showed; `None` for the command line and the server itself.
    pub token: Option<TokenId>,
    /// When his token ends.
    pub expires_at: Option<Timestamp>,
    /// The request he is making.
    pub request: RequestId,
}

impl Actor {
    /// The subject of the server itself in audit entries; no token speaks for it.
    pub const SYSTEM: &'static str = "kubenova";

    /// The server itself or its command line, with every right.
    ///
    /// # Panics
    /// Never: the subject is a constant that parses.
    #[expect(clippy::expect_used, reason = "a constant subject that a test reads")]
    pub fn system(request: RequestId) -> Self {
        Self {
            subject: Subject::parse(Self::SYSTEM).expect("a constant subject"),
            roles: Roles::one(Role::Admin),
            scope: None,
            token: None,
            expires_at: None,
            request,
        }
    }

    /// Whether he sees everything.
    pub fn is_unscoped(&self) -> bool {
        self.roles.any_unscoped()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_ids_have_a_shape() {
        assert!(RequestId::parse("a.B_9-").is_some());
        for bad in ["", "a b", "a\n", "ä", &"a".repeat(129)] {
            assert!(RequestId::parse(bad).is_none(), "{bad:?}");
        }
    }

    #[test]
    fn an_empty_project_list_is_not_the_whole_tenant() {
        let tenant = TenantId::nth(1);
        let scope = |projects| Scope {
            tenant,
            cluster: ClusterId::nth(9),
            projects,
        };
        assert!(scope(None).covers(tenant, ProjectId::nth(1)));
        assert!(!scope(Some([].into())).covers(tenant, ProjectId::nth(1)));
    }

    #[test]
    fn the_system_has_a_name() {
        let id = RequestId::of(uuid::Uuid::from_u128(1));
        assert_eq!(Actor::system(id).subject.as_str(), Actor::SYSTEM);
    }
}
