//! Steps on a simulated cluster: what Kubernetes and Capsule would make of them.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::credential::Account;
use crate::domain::tenant::Owner;
use crate::ports::cluster::{ClusterError, Presence, ProjectSpec, Step, TenantSpec};
use crate::simulation::state::{
    Objects, SHORTLY, SimAccount, SimNamespace, SimOwner, SimPlatform, SimTenant, owner_name,
};
use crate::value::{ClusterId, Name, ProjectId, TenantId};

fn denied(what: String) -> ClusterError {
    ClusterError::Denied { what }
}

impl Objects {
    pub(super) fn apply(&mut self, step: &Step) -> Result<(), ClusterError> {
        self.writes += 1;
        match step {
            Step::ApplyPlatform(cluster) => self.apply_platform(*cluster),
            Step::DeletePlatform(cluster) => self.delete_platform(*cluster),
            Step::ReleaseAll(cluster) => self.release(*cluster),
            Step::ApplyTenant(spec) => return self.apply_tenant(spec),
            Step::ApplyOwner(spec, owner) => self.apply_owner(spec, owner),
            Step::DeleteOwner(id, name) => {
                self.owners
                    .retain(|there, owner| there != name || owner.tenant != *id);
            }
            Step::DeleteTenant(id, name) => self.delete_tenant(*id, name),
            Step::ApplyNamespace(spec) | Step::CreateNamespace(spec) => {
                return self.apply_namespace(spec);
            }
            Step::DeleteNamespace(id, name) => self.delete_namespace(*id, name),
            Step::ApplyBinding(spec, role, subjects) => {
                let namespace = self
                    .own(spec.id, &spec.namespace)
                    .ok_or(ClusterError::Conflict)?;
                namespace.bindings.insert(*role, Some(subjects.clone()));
            }
            Step::DeleteBinding(id, name, role) => {
                if let Some(namespace) = self.own(*id, name) {
                    namespace.bindings.remove(role);
                }
            }
            Step::ApplyAccount(account, cluster) => {
                return self.apply_account(*account, *cluster);
            }
            Step::DeleteAccount(account) => drop(self.accounts.remove(account)),
            Step::RecordDrift { what, .. } => self.events.push(what.clone()),
        }
        Ok(())
    }

    /// What is on its way out goes, whatever is applied to it.
    fn apply_platform(&mut self, cluster: ClusterId) {
        match &mut self.platform {
            Some(there) if there.terminating.is_some() => {}
            Some(there) => {
                there.cluster = cluster;
                there.edited = false;
            }
            None => {
                self.platform = Some(SimPlatform {
                    cluster,
                    edited: false,
                    terminating: None,
                });
            }
        }
    }

    /// The namespace takes the accounts in it along. What another installation has put there stays.
    fn delete_platform(&mut self, cluster: ClusterId) {
        if let Some(there) = &mut self.platform
            && there.cluster == cluster
            && there.terminating.is_none()
        {
            there.terminating = Some(SHORTLY);
            self.accounts.clear();
        }
    }

    fn apply_account(&mut self, account: Account, cluster: ClusterId) -> Result<(), ClusterError> {
        let open = self
            .platform
            .as_ref()
            .is_some_and(|platform| platform.terminating.is_none());
        if !open {
            return Err(ClusterError::Conflict);
        }
        let fresh = self.uid();
        let there = self.accounts.entry(account).or_insert(SimAccount {
            cluster,
            secret: None,
        });
        there.secret.get_or_insert(fresh);
        Ok(())
    }

    fn apply_tenant(&mut self, spec: &TenantSpec) -> Result<(), ClusterError> {
        let fresh = self.uid();
        match self.tenant(spec) {
            Presence::Foreign => return Err(denied(format!("tenant {}", spec.name))),
            Presence::Terminating => return Ok(()),
            Presence::Absent | Presence::Current | Presence::Differs => {}
        }
        let there = self.tenants.entry(spec.name.clone()).or_insert(SimTenant {
            uid: fresh,
            spec: None,
            edited: false,
            terminating: false,
        });
        there.spec = Some(spec.clone());
        there.edited = false;
        Ok(())
    }

    fn apply_owner(&mut self, spec: &TenantSpec, owner: &Owner) {
        let object = SimOwner {
            tenant: spec.id,
            tenant_name: spec.name.clone(),
            cluster: spec.cluster,
        };
        self.owners.insert(owner_name(spec, owner), object);
    }

    /// Garbage collection takes its namespaces along.
    fn delete_tenant(&mut self, id: TenantId, name: &Name) {
        let ours = self.tenants.get_mut(name).filter(|tenant| {
            let spec = tenant.spec.as_ref();
            spec.is_some_and(|spec| spec.id == id)
        });
        if let Some(tenant) = ours {
            tenant.terminating = true;
            self.end_members(name);
        }
    }

    pub(super) fn end_members(&mut self, tenant: &Name) {
        for one in self.namespaces.values_mut() {
            if one.member_of.as_ref() == Some(tenant) {
                end(one);
            }
        }
    }

    fn apply_namespace(&mut self, spec: &ProjectSpec) -> Result<(), ClusterError> {
        let refused = || denied(format!("namespace {}", spec.namespace));
        if !self.tenants.contains_key(&spec.tenant_name) {
            return Err(refused());
        }
        let fresh = self.uid();
        if let Some(there) = self.namespaces.get_mut(&spec.namespace) {
            if there.spec.as_ref().is_none_or(|own| own.id != spec.id) {
                return Err(refused());
            }
            if there.terminating.is_none() {
                there.spec = Some(spec.clone());
                there.member_of = Some(spec.tenant_name.clone());
                there.edited = false;
            }
            return Ok(());
        }
        let namespace = SimNamespace {
            uid: fresh,
            spec: Some(spec.clone()),
            member_of: Some(spec.tenant_name.clone()),
            edited: false,
            foreign_labels: BTreeSet::new(),
            bindings: BTreeMap::new(),
            terminating: None,
        };
        self.namespaces.insert(spec.namespace.clone(), namespace);
        Ok(())
    }

    fn delete_namespace(&mut self, id: ProjectId, name: &Name) {
        if let Some(namespace) = self.own(id, name) {
            end(namespace);
        }
    }

    /// What gives access goes; namespaces and tenants stay, members of each other, and become foreign.
    fn release(&mut self, cluster: ClusterId) {
        self.delete_platform(cluster);
        self.accounts.retain(|_, one| one.cluster != cluster);
        self.owners.retain(|_, one| one.cluster != cluster);
        for tenant in self.tenants.values_mut() {
            tenant.spec.take_if(|spec| spec.cluster == cluster);
        }
        for namespace in self.namespaces.values_mut() {
            if namespace
                .spec
                .take_if(|spec| spec.cluster == cluster)
                .is_some()
            {
                namespace.bindings.clear();
            }
        }
    }
}

pub(super) fn end(namespace: &mut SimNamespace) {
    namespace.bindings.clear();
    namespace.terminating.get_or_insert(SHORTLY);
}
