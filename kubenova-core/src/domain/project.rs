//! A project: one namespace of a tenant, and who may work in it.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::access::guard::Guarded;
use crate::access::{ProjectRole, Target};
use crate::domain::credential::Grant;
use crate::domain::tenant::is_reserved;
use crate::error::Noun;
use crate::value::name::InvalidName;
use crate::value::{
    Annotations, ClusterId, Generation, Labels, Name, ProjectId, Ref, Status, Subject, SubjectKind,
    TenantId,
};

/// The most members of one project.
pub const MEMBERS_MAX: usize = 200;

/// A project of a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// Our id.
    pub id: ProjectId,
    /// Whose it is.
    pub tenant: TenantId,
    /// The tenant's name, kept beside: it never changes.
    pub tenant_name: Name,
    /// Where the tenant lives.
    pub cluster: ClusterId,
    /// Unique per tenant.
    pub name: Name,
    /// `<tenant>-<project>`; reserved per cluster.
    pub namespace: Name,
    /// The caller's labels.
    pub labels: Labels,
    /// The caller's annotations.
    pub annotations: Annotations,
    /// Creation time.
    pub created_at: Timestamp,
    /// Version of the intent; a new member list is a change of intent too.
    pub generation: Generation,
    /// Set while it is on its way out.
    pub deleting: Option<Timestamp>,
    /// What reconcilers report.
    pub status: Status,
}

impl Guarded for Project {
    const NOUN: Noun = Noun::Project;

    fn target(&self) -> Target {
        Target::Project(self.tenant, self.id)
    }
}

/// How a project is named in a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectAt {
    /// The cluster in the path.
    pub cluster: Option<Ref>,
    /// The tenant in the path.
    pub tenant: Option<Ref>,
    /// The project.
    pub project: Ref,
}

/// Somebody with a role in a project.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Member {
    /// The role; one entry per (subject, kind, role).
    pub role: ProjectRole,
    /// What the subject is.
    pub kind: SubjectKind,
    /// Who.
    pub subject: Subject,
}

/// The complete list of members.
pub type Members = BTreeSet<Member>;

/// All that decides about the role bindings of a project.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Access {
    /// The member list.
    pub members: Members,
    /// Kubeconfigs that open this project and are not cut yet.
    pub grants: Vec<Grant>,
}

/// The namespace of a project: joined, never cut.
///
/// # Errors
/// [`InvalidName::TooLong`] over 63 characters; [`InvalidName::Reserved`] when it would name a part of the platform.
pub fn namespace(tenant: &Name, project: &Name) -> Result<Name, InvalidName> {
    let joined = Name::parse(&format!("{tenant}-{project}"))?;
    if is_reserved(joined.as_str()) {
        return Err(InvalidName::Reserved);
    }
    Ok(joined)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn name(text: &str) -> Name {
        Name::parse(text).unwrap()
    }

    #[test]
    fn attack_79_joined_names_are_never_cut() {
        let (tenant, project) = (name(&"a".repeat(40)), name(&"b".repeat(23)));
        let refused = namespace(&tenant, &project);
        assert_eq!(refused, Err(InvalidName::TooLong { max: 63 }));
        assert!(namespace(&tenant, &name(&"b".repeat(22))).is_ok());
    }

    #[test]
    fn attack_81_a_join_never_names_the_platform() {
        for (tenant, project) in [
            ("kube", "system"),
            ("capsule", "system"),
            ("kubenova", "system"),
            ("vela", "system"),
        ] {
            assert_eq!(
                namespace(&name(tenant), &name(project)),
                Err(InvalidName::Reserved)
            );
        }
    }

    proptest! {
        #[test]
        fn for_one_tenant_the_join_is_injective(t in "[a-z]{1,20}", a in "[a-z0-9]{1,20}", b in "[a-z0-9]{1,20}") {
            prop_assume!(a != b);
            let join = |p: &str| namespace(&name(&t), &name(p));
            if let (Ok(first), Ok(second)) = (join(&a), join(&b)) {
                prop_assert_ne!(first, second);
            }
        }
    }
}
