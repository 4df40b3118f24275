//! The one authorization decision. Pure; the table of contract section 2 in code, pinned by a golden test over every route.

use crate::access::{Action, Actor, ProjectRole, Role};
use crate::value::{ClusterId, ProjectId, Subject, TenantId};

/// What an operation is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// The installation as a whole: tokens, the list of clusters.
    System,
    /// One cluster.
    Cluster(ClusterId),
    /// One tenant.
    Tenant(TenantId),
    /// One project of a tenant.
    Project(TenantId, ProjectId),
    /// An issued kubeconfig.
    Grant {
        /// The tenant it opens.
        tenant: TenantId,
        /// The project, unless it opens all of them.
        project: Option<ProjectId>,
        /// Whom it was issued to.
        subject: Subject,
    },
}

/// The answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Go on.
    Allowed,
    /// He may know that it exists, but may not do this: 403.
    Forbidden,
    /// For him it does not exist: 404.
    Hidden,
}

/// Decides whether `actor` may do `action` to `target`.
pub fn decide(actor: &Actor, action: Action, target: &Target) -> Decision {
    if !sees(actor, target) {
        return Decision::Hidden;
    }
    if actor
        .roles
        .iter()
        .any(|role| permits(role, action) && applies(actor, role, target))
    {
        return Decision::Allowed;
    }
    Decision::Forbidden
}

/// Whether `actor` may issue a kubeconfig of `role`: never above his own strongest role.
pub fn may_grant(actor: &Actor, role: ProjectRole) -> bool {
    role.role() <= actor.roles.strongest()
}

/// Whether the target exists for the actor.
pub fn sees(actor: &Actor, target: &Target) -> bool {
    if actor.is_unscoped() {
        return true;
    }
    let Some(scope) = &actor.scope else {
        return matches!(target, Target::System);
    };
    match target {
        Target::System => true,
        Target::Cluster(id) => scope.cluster == *id,
        Target::Tenant(id) => scope.tenant == *id,
        Target::Project(tenant, project) => scope.covers(*tenant, *project),
        Target::Grant {
            tenant,
            project,
            subject,
        } => {
            let inside = scope.tenant == *tenant
                && match (project, &scope.projects) {
                    (Some(project), _) => scope.covers(*tenant, *project),
                    (None, narrowed) => narrowed.is_none(),
                };
            inside && (actor.roles.has(Role::TenantOwner) || actor.subject == *subject)
        }
    }
}

/// Whether a role holds at the target: scoped roles only inside the scope, which [`sees`] has checked.
fn applies(actor: &Actor, role: Role, target: &Target) -> bool {
    if !role.is_scoped() {
        return true;
    }
    let narrowed = actor
        .scope
        .as_ref()
        .is_some_and(|scope| scope.projects.is_some());
    match target {
        // A tenant owner narrowed to projects does not run the tenant.
        Target::Tenant(_) | Target::System if role == Role::TenantOwner => {
            actor.scope.is_some() && !narrowed
        }
        Target::System
        | Target::Cluster(_)
        | Target::Tenant(_)
        | Target::Project(..)
        | Target::Grant { .. } => actor.scope.is_some(),
    }
}

/// The table: which role may do which action at all.
const fn permits(role: Role, action: Action) -> bool {
    use Role::{Admin, Ops, ProjectDev, TenantOwner};
    match action {
        Action::ReadMe
        | Action::ReadCluster
        | Action::ReadTenant
        | Action::ReadProject
        | Action::IssueGrant
        | Action::ReadGrant
        | Action::RevokeGrant => true,
        Action::IssueToken
        | Action::ListTokens
        | Action::RevokeToken
        | Action::SetOwners
        | Action::CreateProject
        | Action::DeleteProject
        | Action::SetAccess => matches!(role, Admin | Ops | TenantOwner),
        Action::UpdateProject => matches!(role, Admin | Ops | TenantOwner | ProjectDev),
        Action::CreateCluster
        | Action::DeleteCluster
        | Action::BootstrapCluster
        | Action::CreateTenant
        | Action::SetQuotas
        | Action::SetLimits
        | Action::SetNetworkPolicies
        | Action::DeleteTenant => matches!(role, Admin | Ops),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::access::{RequestId, Roles, Scope};

    const HERE: TenantId = TenantId::nth(1);
    const ELSEWHERE: TenantId = TenantId::nth(2);

    fn actor(role: Role, projects: Option<Arc<[ProjectId]>>) -> Actor {
        let cluster = ClusterId::nth(1);
        let mut actor = Actor::system(RequestId::of(uuid::Uuid::nil()));
        actor.roles = Roles::one(role);
        actor.scope = role.is_scoped().then_some(Scope {
            tenant: HERE,
            cluster,
            projects,
        });
        actor
    }

    #[test]
    fn outside_the_scope_nothing_exists() {
        let target = [
            Target::Tenant(ELSEWHERE),
            Target::Project(ELSEWHERE, ProjectId::nth(1)),
            Target::Cluster(ClusterId::nth(2)),
        ];
        for role in [Role::TenantOwner, Role::ProjectDev, Role::ReadOnly] {
            for action in Action::ALL {
                for target in &target {
                    let made = decide(&actor(role, None), *action, target);
                    assert_eq!(made, Decision::Hidden, "{role:?} {action:?} {target:?}");
                }
            }
        }
    }

    #[test]
    fn admin_and_ops_may_everything_here() {
        for role in [Role::Admin, Role::Ops] {
            for action in Action::ALL {
                let made = decide(&actor(role, None), *action, &Target::Tenant(ELSEWHERE));
                assert_eq!(made, Decision::Allowed, "{action:?}");
            }
        }
    }

    #[test]
    fn attack_25_a_narrowed_token_sees_its_projects_only() {
        let one = ProjectId::nth(1);
        let dev = actor(Role::ProjectDev, Some([one].into()));
        assert_eq!(
            decide(&dev, Action::ReadProject, &Target::Project(HERE, one)),
            Decision::Allowed
        );
        let other = Target::Project(HERE, ProjectId::nth(2));
        assert_eq!(decide(&dev, Action::ReadProject, &other), Decision::Hidden);
        let delete = decide(&dev, Action::DeleteProject, &Target::Project(HERE, one));
        assert_eq!(delete, Decision::Forbidden);
    }

    #[test]
    fn grants_of_others_are_hidden_but_from_the_owner() {
        let target = |subject: &str, project| Target::Grant {
            tenant: HERE,
            project,
            subject: Subject::parse(subject).unwrap(),
        };
        let dev = actor(Role::ProjectDev, None);
        assert_eq!(
            decide(&dev, Action::RevokeGrant, &target("eve", None)),
            Decision::Hidden
        );
        assert_eq!(
            decide(&dev, Action::RevokeGrant, &target("kubenova", None)),
            Decision::Allowed
        );
        let owner = actor(Role::TenantOwner, None);
        assert_eq!(
            decide(&owner, Action::RevokeGrant, &target("eve", None)),
            Decision::Allowed
        );
    }

    #[test]
    fn nobody_grants_above_himself() {
        for role in [Role::ReadOnly, Role::ProjectDev, Role::TenantOwner] {
            for asked in ProjectRole::ALL {
                assert_eq!(may_grant(&actor(role, None), asked), asked.role() <= role);
            }
        }
    }
}
