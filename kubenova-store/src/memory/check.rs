//! Whether a change set may be applied: preconditions, versions, unique keys. Changes nothing.

use kubenova_core::change::{ChangeSet, Require, Write};
use kubenova_core::error::Noun;
use kubenova_core::ports::store::{CommitError, Taken};
use kubenova_core::value::Generation;

use super::tables::Tables;

pub(super) fn all(tables: &Tables, changes: &ChangeSet) -> Result<(), CommitError> {
    for require in &changes.requires {
        required(tables, require)?;
    }
    for write in &changes.writes {
        writable(tables, write)?;
    }
    Ok(())
}

fn required(tables: &Tables, require: &Require) -> Result<(), CommitError> {
    let open = |noun, accepting: Option<bool>| match accepting {
        Some(true) => Ok(()),
        Some(false) | None => Err(CommitError::Closed(noun)),
    };
    match require {
        Require::ClusterAccepts(id) => open(
            Noun::Cluster,
            tables.clusters.get(id).map(|row| row.deleting.is_none()),
        ),
        Require::TenantAccepts(id) => open(
            Noun::Tenant,
            tables.tenants.get(id).map(|row| row.deleting.is_none()),
        ),
        Require::ProjectAccepts(id) => open(
            Noun::Project,
            tables.projects.get(id).map(|row| row.deleting.is_none()),
        ),
        Require::NoTenants(id) if tables.tenant_index.has_any(id.uuid()) => {
            Err(CommitError::NotEmpty(Noun::Cluster))
        }
        Require::NoProjects(id) if tables.project_index.has_any(id.uuid()) => {
            Err(CommitError::NotEmpty(Noun::Tenant))
        }
        Require::NoTenants(_) | Require::NoProjects(_) => Ok(()),
        Require::Holds(receipt) if tables.work.holds(*receipt) => Ok(()),
        Require::Holds(_) => Err(CommitError::LeaseLost),
    }
}

fn writable(tables: &Tables, write: &Write) -> Result<(), CommitError> {
    match write {
        Write::InsertCluster(new, _) => {
            free(
                !tables.cluster_names.contains_key(&new.name),
                Taken::ClusterName,
            )?;
            free(
                !tables.identities.contains_key(&new.identity),
                Taken::ClusterIdentity,
            )
        }
        Write::UpdateCluster(new) => follows(
            tables.clusters.get(&new.id).map(|row| row.generation),
            new.generation,
        ),
        Write::InsertTenant(new) => {
            let key = (new.cluster, new.name.clone());
            free(!tables.tenant_names.contains_key(&key), Taken::TenantName)
        }
        Write::UpdateTenant(new) => follows(
            tables.tenants.get(&new.id).map(|row| row.generation),
            new.generation,
        ),
        Write::InsertProject(new) => {
            let key = (new.tenant, new.name.clone());
            free(!tables.project_names.contains_key(&key), Taken::ProjectName)?;
            let key = (new.cluster, new.namespace.clone());
            free(!tables.namespaces.contains(&key), Taken::Namespace)
        }
        Write::UpdateProject(new) => follows(
            tables.projects.get(&new.id).map(|row| row.generation),
            new.generation,
        ),
        Write::UpdateGrant(new) => match tables.grant(new.id) {
            Some(_) => Ok(()),
            None => Err(CommitError::Stale),
        },
        Write::ClusterStatus(..)
        | Write::PurgeCluster(..)
        | Write::TenantStatus(..)
        | Write::PurgeTenant(..)
        | Write::DeleteProjectsOf(..)
        | Write::SetMembers(..)
        | Write::ProjectStatus(..)
        | Write::PurgeProject(..)
        | Write::InsertToken(_)
        | Write::RevokeTokens(..)
        | Write::InsertGrant(_)
        | Write::RevokeGrants(..)
        | Write::PurgeGrant(_) => Ok(()),
    }
}

const fn free(is: bool, what: Taken) -> Result<(), CommitError> {
    if is {
        Ok(())
    } else {
        Err(CommitError::Taken(what))
    }
}

fn follows(old: Option<Generation>, new: Generation) -> Result<(), CommitError> {
    if old.is_some_and(|old| old.next() == new) {
        Ok(())
    } else {
        Err(CommitError::Stale)
    }
}
