//! Applies a checked change set. Nothing here can fail.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use kubenova_core::change::{ChangeSet, Revoke, Work, WorkRequest, Write};
use kubenova_core::domain::credential::{Grant, Token};
use kubenova_core::domain::project::Project;
use kubenova_core::value::{ClusterId, ProjectId, Status, TenantId};
use tokio::time::Instant;

use super::tables::Tables;

/// Returns whether work was added.
pub(super) fn all(tables: &mut Tables, changes: ChangeSet) -> bool {
    let mut woke = !changes.work.is_empty();
    for write in changes.writes {
        woke |= one(tables, write);
    }
    for request in changes.work {
        tables.work.ask(request);
    }
    tables.remember(changes.audit);
    woke
}

fn one(tables: &mut Tables, write: Write) -> bool {
    match write {
        Write::InsertCluster(new, credential) => {
            tables.credentials.insert(new.id, credential);
            tables.put_cluster(*new);
        }
        Write::UpdateCluster(mut new) => {
            if let Some(old) = tables.clusters.get(&new.id) {
                new.status = old.status.clone();
                new.kubernetes_version.clone_from(&old.kubernetes_version);
            }
            tables.put_cluster(*new);
        }
        Write::ClusterStatus(id, status, version) => {
            if let Some(row) = tables.clusters.get_mut(&id) {
                let row = Arc::make_mut(row);
                row.status = kept(&row.status, status);
                row.kubernetes_version = version;
            }
        }
        Write::PurgeCluster(id, at) => purge_cluster(tables, id, at),
        Write::InsertTenant(new) => tables.put_tenant(*new),
        Write::UpdateTenant(mut new) => {
            if let Some(old) = tables.tenants.get(&new.id) {
                new.status = old.status.clone();
            }
            tables.put_tenant(*new);
        }
        Write::TenantStatus(id, status) => {
            if let Some(row) = tables.tenants.get_mut(&id) {
                let row = Arc::make_mut(row);
                row.status = kept(&row.status, status);
            }
        }
        Write::PurgeTenant(id, at) => purge_tenant(tables, id, at),
        Write::DeleteProjectsOf(id, at) => return delete_projects(tables, id, at),
        Write::InsertProject(new) => tables.put_project(*new),
        Write::UpdateProject(mut new) => {
            if let Some(old) = tables.projects.get(&new.id) {
                new.status = old.status.clone();
            }
            tables.put_project(*new);
        }
        Write::SetMembers(id, members) => drop(tables.members.insert(id, members)),
        Write::ProjectStatus(id, status) => {
            if let Some(row) = tables.projects.get_mut(&id) {
                let row = Arc::make_mut(row);
                row.status = kept(&row.status, status);
            }
        }
        Write::PurgeProject(id, _) => purge_project(tables, id),
        Write::InsertToken(new) => drop(tables.tokens.insert(new.id.uuid(), *new)),
        Write::RevokeTokens(which, at) => revoke_tokens(tables, &which, at),
        Write::InsertGrant(new) => tables.put_grant(*new),
        Write::UpdateGrant(new) => update_grant(tables, &new),
        Write::RevokeGrants(which, at) => return revoke_grants(tables, &which, at),
        Write::PurgeGrant(id) => tables.drop_grant(id),
    }
    false
}

/// The newer status, unless it is of an older intent.
fn kept(old: &Status, mut new: Status) -> Status {
    new.observed = new.observed.max(old.observed);
    new
}

fn purge_cluster(tables: &mut Tables, id: ClusterId, at: Timestamp) {
    for tenant in tables.tenant_index.ids(id.uuid()) {
        let tenant = TenantId::new(tenant);
        for project in tables.project_index.ids(tenant.uuid()) {
            purge_project(tables, ProjectId::new(project));
        }
        purge_tenant(tables, tenant, at);
    }
    let grants: Vec<_> = tables
        .grants
        .values()
        .filter(|g| g.cluster == id)
        .map(|g| g.id)
        .collect();
    for grant in grants {
        tables.drop_grant(grant);
    }
    tables.credentials.remove(&id);
    tables.drop_cluster(id);
    tables.work.remove_cluster(id);
}

fn purge_tenant(tables: &mut Tables, id: TenantId, at: Timestamp) {
    revoke_tokens(tables, &Revoke::Tenant(id), at);
    tables.drop_tenant(id);
    tables.work.remove(Work::Tenant(id));
}

fn purge_project(tables: &mut Tables, id: ProjectId) {
    tables.drop_project(id);
    tables.members.remove(&id);
    tables.work.remove(Work::Project(id));
}

fn delete_projects(tables: &mut Tables, tenant: TenantId, at: Timestamp) -> bool {
    let mut woke = false;
    for id in tables.project_index.ids(tenant.uuid()) {
        let id = ProjectId::new(id);
        let Some(row) = tables
            .projects
            .get(&id)
            .filter(|row| row.deleting.is_none())
        else {
            continue;
        };
        let new = Project {
            deleting: Some(at),
            generation: row.generation.next(),
            ..Project::clone(row)
        };
        ask_now(tables, Work::Project(id), new.cluster);
        tables.put_project(new);
        woke = true;
    }
    woke
}

fn ask_now(tables: &mut Tables, item: Work, cluster: ClusterId) {
    tables.work.ask(WorkRequest {
        item,
        cluster,
        after: Duration::ZERO,
    });
}

fn revoke_tokens(tables: &mut Tables, which: &Revoke, at: Timestamp) {
    let now = Instant::now();
    for token in tables.tokens.values_mut() {
        if token.revoked_at.is_none() && token_matches(token, which) {
            token.revoked_at = Some(at);
            tables.revoked.push_back((now, token.id));
        }
    }
    let keep = Duration::from_secs(300);
    while tables
        .revoked
        .front()
        .is_some_and(|(when, _)| now.duration_since(*when) > keep)
    {
        tables.revoked.pop_front();
    }
}

fn token_matches(token: &Token, which: &Revoke) -> bool {
    let only = |project| token.projects.as_deref() == Some(&[project]);
    match which {
        Revoke::Token(id) => token.id == *id,
        Revoke::Grant(_) => false,
        Revoke::Tenant(tenant) => token.tenant == Some(*tenant),
        Revoke::Project(project) => only(*project),
        Revoke::SubjectInTenant(who, tenant) => {
            token.tenant == Some(*tenant) && token.subject == *who
        }
        Revoke::SubjectInProject(who, project) => only(*project) && token.subject == *who,
    }
}

fn revoke_grants(tables: &mut Tables, which: &Revoke, at: Timestamp) -> bool {
    let mut cut = Vec::new();
    for grant in tables.grants.values_mut() {
        if grant.revocation.requested_at.is_none() && grant_matches(grant, which) {
            grant.revocation.requested_at = Some(at);
            cut.push((grant.id, grant.cluster));
        }
    }
    for (id, cluster) in &cut {
        ask_now(tables, Work::Grant(*id), *cluster);
    }
    !cut.is_empty()
}

fn grant_matches(grant: &Grant, which: &Revoke) -> bool {
    match which {
        Revoke::Token(_) => false,
        Revoke::Grant(id) => grant.id == *id,
        Revoke::Tenant(tenant) => grant.tenant == *tenant,
        Revoke::Project(project) => grant.project == Some(*project),
        Revoke::SubjectInTenant(who, tenant) => grant.tenant == *tenant && grant.subject == *who,
        Revoke::SubjectInProject(who, project) => {
            grant.project == Some(*project) && grant.subject == *who
        }
    }
}

/// Times that are set stay as they are.
fn update_grant(tables: &mut Tables, new: &Grant) {
    if let Some(row) = tables.grants.get_mut(&new.id.uuid()) {
        let (old, fresh) = (row.revocation, new.revocation);
        row.issued = new.issued;
        row.expires_at = new.expires_at;
        row.revocation.requested_at = old.requested_at.or(fresh.requested_at);
        row.revocation.binding_cut_at = old.binding_cut_at.or(fresh.binding_cut_at);
        row.revocation.secret_gone_at = old.secret_gone_at.or(fresh.secret_gone_at);
        row.revocation.credential_dead_at = old.credential_dead_at.or(fresh.credential_dead_at);
    }
}
