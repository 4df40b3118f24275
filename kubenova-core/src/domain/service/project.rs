//! Creating, reading, changing, sharing and deleting projects.

use std::collections::BTreeSet;

use crate::access::{Action, Actor};
use crate::change::{ChangeSet, Require, Revoke, Work, Write};
use crate::domain::project::{Members, Project, ProjectAt, namespace};
use crate::domain::service::{ATTEMPTS, BasedOn, Ports, about, check_version, pick, settle};
use crate::domain::tenant::{Tenant, TenantAt};
use crate::error::{Conflict, Error, Noun};
use crate::ports::store::ProjectFilter;
use crate::value::{
    Annotations, Generation, LabelSelector, Labels, Name, Page, Paged, ProjectId, Ref, Status,
    Subject, TenantId,
};

/// Creates a project.
#[derive(Debug, Clone)]
pub struct CreateProject {
    /// The tenant in the path.
    pub tenant: TenantAt,
    /// Unique per tenant.
    pub name: Name,
    /// The caller's labels.
    pub labels: Labels,
    /// The caller's annotations.
    pub annotations: Annotations,
    /// What the body says the tenant is: uid or name; must repeat the path.
    pub said_tenant: Option<String>,
}

/// Changes a project.
#[derive(Debug, Clone)]
pub struct UpdateProject {
    /// The project in the path.
    pub at: ProjectAt,
    /// New labels; `None` leaves them.
    pub labels: Option<Labels>,
    /// New annotations; `None` leaves them.
    pub annotations: Option<Annotations>,
    /// What the body says the name is: must be the name.
    pub said_name: Option<String>,
    /// What the body says the tenant is: uid or name; must repeat the path.
    pub said_tenant: Option<String>,
    /// `If-Match`.
    pub based_on: BasedOn,
}

/// Use cases of projects.
#[derive(Debug, Clone)]
pub struct Projects {
    ports: Ports,
}

impl Projects {
    /// Wires them to the ports.
    pub const fn new(ports: Ports) -> Self {
        Self { ports }
    }

    /// Records a project and reserves its namespace; the namespace follows.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Forbidden`]; [`Error::Invalid`] for a namespace that would not fit;
    /// [`Error::Conflict`] for a taken name or namespace, a tenant on its way out, or one whose quota of `namespaces` is
    /// used up.
    pub async fn create(&self, actor: &Actor, cmd: CreateProject) -> Result<Project, Error> {
        let tenant = self
            .tenant(actor, Action::CreateProject, &cmd.tenant)
            .await?;
        check_tenant(cmd.said_tenant.as_deref(), tenant.id, &tenant.name)?;
        let namespace = namespace(&tenant.name, &cmd.name).map_err(|why| {
            Error::invalid("name", format!("the namespace <tenant>-<project> {why}"))
        })?;
        let most = tenant.bounds.quotas.namespaces();
        let project = Project {
            id: ProjectId::new(self.ports.ids.next()),
            tenant: tenant.id,
            tenant_name: tenant.name,
            cluster: tenant.cluster,
            name: cmd.name,
            namespace,
            labels: cmd.labels,
            annotations: cmd.annotations,
            created_at: self.ports.clock.now(),
            generation: Generation::FIRST,
            deleting: None,
            status: Status::pending(),
        };
        let mut changes = self
            .change(actor, Action::CreateProject, &project)
            .require(Require::TenantAccepts(tenant.id))
            .write(Write::InsertProject(Box::new(project.clone())));
        if let Some(most) = most {
            changes = changes.require(Require::RoomForProject(tenant.id, most));
        }
        self.ports.store.commit(changes).await?;
        Ok(project)
    }

    /// One page of a tenant's projects that the caller may see.
    ///
    /// # Errors
    /// [`Error::NotFound`] for the tenant.
    pub async fn list(
        &self,
        actor: &Actor,
        tenant: &TenantAt,
        selector: LabelSelector,
        page: Page,
    ) -> Result<Paged<Project>, Error> {
        let tenant = self.tenant(actor, Action::ReadProject, tenant).await?.id;
        let narrowed = actor
            .scope
            .as_ref()
            .and_then(|scope| scope.projects.clone());
        let only = if actor.is_unscoped() { None } else { narrowed };
        Ok(self
            .ports
            .store
            .projects(
                ProjectFilter {
                    tenant,
                    only,
                    selector,
                },
                page,
            )
            .await?)
    }

    /// One project.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn get(&self, actor: &Actor, at: &ProjectAt) -> Result<Project, Error> {
        self.find(actor, Action::ReadProject, at).await
    }

    /// Changes labels and annotations.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Forbidden`], [`Error::Stale`]; [`Error::Invalid`] for another name or tenant;
    /// [`Error::Conflict`] while it is deleted.
    pub async fn update(&self, actor: &Actor, cmd: UpdateProject) -> Result<Project, Error> {
        for attempt in 0..ATTEMPTS {
            let old = self.find(actor, Action::UpdateProject, &cmd.at).await?;
            if cmd
                .said_name
                .as_deref()
                .is_some_and(|name| name != old.name.as_str())
            {
                return Err(Error::invalid("name", "is immutable"));
            }
            check_tenant(cmd.said_tenant.as_deref(), old.tenant, &old.tenant_name)?;
            let old = accepting(old, cmd.based_on)?;
            let labels = cmd.labels.clone().unwrap_or_else(|| old.labels.clone());
            let annotations = cmd
                .annotations
                .clone()
                .unwrap_or_else(|| old.annotations.clone());
            if labels == old.labels && annotations == old.annotations {
                return Ok(old);
            }
            let new = Project {
                labels,
                annotations,
                generation: old.generation.next(),
                ..old
            };
            let changes = self
                .change(actor, Action::UpdateProject, &new)
                .write(Write::UpdateProject(Box::new(new.clone())));
            match self.ports.store.commit(changes).await {
                Ok(()) => return Ok(new),
                Err(refusal) => settle(refusal, attempt, cmd.based_on)?,
            }
        }
        Err(Conflict::Contended.into())
    }

    /// The member list.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn access(&self, actor: &Actor, at: &ProjectAt) -> Result<(Project, Members), Error> {
        let project = self.find(actor, Action::ReadProject, at).await?;
        let members = self.ports.store.members(project.id).await?;
        Ok((project, members))
    }

    /// Replaces the member list. Who loses a role loses, in the same commit, his tokens and kubeconfigs for the project.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Forbidden`], [`Error::Stale`]; [`Error::Conflict`] while it is deleted.
    pub async fn set_access(
        &self,
        actor: &Actor,
        at: &ProjectAt,
        members: Members,
        based_on: BasedOn,
    ) -> Result<(Project, Members), Error> {
        for attempt in 0..ATTEMPTS {
            let old = accepting(self.find(actor, Action::SetAccess, at).await?, based_on)?;
            let before = self.ports.store.members(old.id).await?;
            let (now, id) = (self.ports.clock.now(), old.id);
            let losing: BTreeSet<Subject> = before
                .difference(&members)
                .map(|member| member.subject.clone())
                .collect();
            let new = Project {
                generation: old.generation.next(),
                ..old
            };
            let mut changes = self
                .change(actor, Action::SetAccess, &new)
                .write(Write::UpdateProject(Box::new(new.clone())))
                .write(Write::SetMembers(id, members.clone()));
            for subject in losing {
                let which = Revoke::SubjectInProject(subject, id);
                changes = changes
                    .write(Write::RevokeTokens(which.clone(), now))
                    .write(Write::RevokeGrants(which, now));
            }
            match self.ports.store.commit(changes).await {
                Ok(()) => return Ok((new, members)),
                Err(refusal) => settle(refusal, attempt, based_on)?,
            }
        }
        Err(Conflict::Contended.into())
    }

    /// Marks a project for deletion; kubeconfigs and tokens for it alone are revoked at once.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Forbidden`], [`Error::Stale`].
    pub async fn delete(
        &self,
        actor: &Actor,
        at: &ProjectAt,
        based_on: BasedOn,
    ) -> Result<Project, Error> {
        for attempt in 0..ATTEMPTS {
            let old = self.find(actor, Action::DeleteProject, at).await?;
            if old.deleting.is_some() {
                return Ok(old);
            }
            check_version(old.generation, based_on)?;
            let now = self.ports.clock.now();
            let new = Project {
                deleting: Some(now),
                generation: old.generation.next(),
                ..old
            };
            let changes = self
                .change(actor, Action::DeleteProject, &new)
                .write(Write::UpdateProject(Box::new(new.clone())))
                .write(Write::RevokeTokens(Revoke::Project(new.id), now))
                .write(Write::RevokeGrants(Revoke::Project(new.id), now));
            match self.ports.store.commit(changes).await {
                Ok(()) => return Ok(new),
                Err(refusal) => settle(refusal, attempt, based_on)?,
            }
        }
        Err(Conflict::Contended.into())
    }

    fn change(&self, actor: &Actor, action: Action, project: &Project) -> ChangeSet {
        let target = about("project", project.id.uuid(), &project.name);
        self.ports
            .change(actor, action, target, Some(project.tenant))
            .ask(Work::Project(project.id), project.cluster)
    }

    async fn tenant(&self, actor: &Actor, action: Action, at: &TenantAt) -> Result<Tenant, Error> {
        let found = self.ports.store.tenants_at(at).await?;
        pick(actor, action, found, |tenant| tenant.id.uuid())
    }

    async fn find(&self, actor: &Actor, action: Action, at: &ProjectAt) -> Result<Project, Error> {
        let found = self.ports.store.projects_at(at).await?;
        pick(actor, action, found, |project| project.id.uuid())
    }
}

fn accepting(project: Project, based_on: BasedOn) -> Result<Project, Error> {
    check_version(project.generation, based_on)?;
    if project.deleting.is_some() {
        return Err(Conflict::Deleting(Noun::Project).into());
    }
    Ok(project)
}

/// A body may repeat the tenant of the path, by uid or name.
fn check_tenant(said: Option<&str>, id: TenantId, name: &Name) -> Result<(), Error> {
    let Some(text) = said else { return Ok(()) };
    if Ref::parse(text).is_ok_and(|at| at.is(id.uuid(), name)) {
        return Ok(());
    }
    Err(Error::invalid("tenant", "is not the tenant of the path"))
}
