//! What a simulated cluster holds.

use std::collections::{BTreeMap, BTreeSet};

use crate::access::ProjectRole;
use crate::domain::credential::Account;
use crate::domain::tenant::Owner;
use crate::ports::cluster::{
    BindingSubject, ClusterError, Presence, ProjectSpec, Step, TenantSpec,
};
use crate::value::{Name, ProjectId, TenantId};

/// All objects of one simulated cluster.
#[derive(Debug, Clone, Default)]
pub(super) struct Objects {
    pub(super) platform: bool,
    pub(super) tenants: BTreeMap<Name, SimTenant>,
    pub(super) namespaces: BTreeMap<Name, SimNamespace>,
    pub(super) accounts: BTreeSet<Account>,
    pub(super) events: Vec<String>,
    /// How many steps changed something: idempotence is visible here.
    pub(super) writes: usize,
}

#[derive(Debug, Clone)]
pub(super) struct SimTenant {
    /// `None` for a foreign one.
    pub(super) spec: Option<TenantSpec>,
    pub(super) owners: BTreeSet<Owner>,
}

#[derive(Debug, Clone)]
pub(super) struct SimNamespace {
    /// `None` for a foreign one.
    pub(super) spec: Option<ProjectSpec>,
    pub(super) bindings: BTreeMap<ProjectRole, BTreeSet<BindingSubject>>,
    /// Looks left until a deletion is complete.
    pub(super) terminating: Option<u8>,
}

/// Ignores the request id, which is no intent.
fn same_tenant(a: &TenantSpec, b: &TenantSpec) -> bool {
    let plain = |s: &TenantSpec| TenantSpec {
        request: None,
        owners: BTreeSet::new(),
        ..s.clone()
    };
    plain(a) == plain(b)
}

fn same_project(a: &ProjectSpec, b: &ProjectSpec) -> bool {
    let plain = |s: &ProjectSpec| ProjectSpec {
        request: None,
        ..s.clone()
    };
    plain(a) == plain(b)
}

impl Objects {
    pub(super) fn tenant(&self, want: &TenantSpec) -> Presence {
        match self.tenants.get(&want.name).map(|tenant| &tenant.spec) {
            None => Presence::Absent,
            Some(Some(spec)) if spec.id != want.id => Presence::Foreign,
            Some(Some(spec)) if same_tenant(spec, want) => Presence::Current,
            Some(Some(_)) => Presence::Differs,
            Some(None) => Presence::Foreign,
        }
    }

    /// Looking moves a deletion on, as time would.
    pub(super) fn namespace(&mut self, want: &ProjectSpec) -> Presence {
        let Some(found) = self.namespaces.get_mut(&want.namespace) else {
            return Presence::Absent;
        };
        match &mut found.terminating {
            Some(0) => {
                self.namespaces.remove(&want.namespace);
                return Presence::Absent;
            }
            Some(left) => {
                *left -= 1;
                return Presence::Terminating;
            }
            None => {}
        }
        match &found.spec {
            Some(spec) if spec.id != want.id => Presence::Foreign,
            Some(spec) if same_project(spec, want) => Presence::Current,
            Some(_) => Presence::Differs,
            None => Presence::Foreign,
        }
    }

    pub(super) fn apply(&mut self, step: &Step) -> Result<(), ClusterError> {
        self.writes += 1;
        match step {
            Step::ApplyPlatform(_) => self.platform = true,
            Step::DeletePlatform(_) => self.platform = false,
            Step::ReleaseAll(_) => self.release(),
            Step::ApplyTenant(spec) => return self.apply_tenant(spec),
            Step::ApplyOwner(spec, owner) => {
                let tenant = self
                    .tenants
                    .get_mut(&spec.name)
                    .ok_or(ClusterError::Conflict)?;
                tenant.owners.insert(owner.clone());
            }
            Step::DeleteOwner(id, name) => self.delete_owner(*id, name),
            Step::DeleteTenant(id, name) => self.delete_tenant(*id, name),
            Step::ApplyNamespace(spec) => return self.apply_namespace(spec),
            Step::DeleteNamespace(id, name) => self.delete_namespace(*id, name),
            Step::ApplyBinding(spec, role, subjects) => {
                let namespace = self
                    .own(spec.id, &spec.namespace)
                    .ok_or(ClusterError::Conflict)?;
                namespace.bindings.insert(*role, subjects.clone());
            }
            Step::DeleteBinding(id, name, role) => {
                if let Some(namespace) = self.own(*id, name) {
                    namespace.bindings.remove(role);
                }
            }
            Step::ApplyAccount(account, _) => drop(self.accounts.insert(*account)),
            Step::DeleteAccount(account) => drop(self.accounts.remove(account)),
            Step::RecordDrift { what, .. } => self.events.push(what.clone()),
        }
        Ok(())
    }

    fn own(&mut self, id: ProjectId, name: &Name) -> Option<&mut SimNamespace> {
        let found = self.namespaces.get_mut(name)?;
        found
            .spec
            .as_ref()
            .is_some_and(|spec| spec.id == id)
            .then_some(found)
    }

    fn apply_tenant(&mut self, spec: &TenantSpec) -> Result<(), ClusterError> {
        if self.tenant(spec) == Presence::Foreign {
            return Err(ClusterError::Denied {
                what: format!("tenant {}", spec.name),
            });
        }
        let owners = self
            .tenants
            .get(&spec.name)
            .map(|t| t.owners.clone())
            .unwrap_or_default();
        let tenant = SimTenant {
            spec: Some(spec.clone()),
            owners,
        };
        self.tenants.insert(spec.name.clone(), tenant);
        Ok(())
    }

    fn delete_owner(&mut self, id: TenantId, name: &str) {
        let ours = |tenant: &SimTenant| tenant.spec.as_ref().is_some_and(|spec| spec.id == id);
        for tenant in self.tenants.values_mut().filter(|tenant| ours(tenant)) {
            tenant.owners.retain(|owner| owner.subject.as_str() != name);
        }
    }

    fn delete_tenant(&mut self, id: TenantId, name: &Name) {
        let ours = self
            .tenants
            .get(name)
            .and_then(|tenant| tenant.spec.as_ref());
        if ours.is_some_and(|spec| spec.id == id) {
            self.tenants.remove(name);
        }
    }

    fn apply_namespace(&mut self, spec: &ProjectSpec) -> Result<(), ClusterError> {
        let denied = || ClusterError::Denied {
            what: format!("namespace {}", spec.namespace),
        };
        if !self.tenants.contains_key(&spec.tenant_name) {
            return Err(denied());
        }
        let bindings = match self.namespaces.get(&spec.namespace) {
            Some(there) if there.spec.as_ref().is_none_or(|own| own.id != spec.id) => {
                return Err(denied());
            }
            Some(there) if there.terminating.is_some() => return Err(ClusterError::Conflict),
            Some(there) => there.bindings.clone(),
            None => BTreeMap::new(),
        };
        let namespace = SimNamespace {
            spec: Some(spec.clone()),
            bindings,
            terminating: None,
        };
        self.namespaces.insert(spec.namespace.clone(), namespace);
        Ok(())
    }

    fn delete_namespace(&mut self, id: ProjectId, name: &Name) {
        if let Some(namespace) = self.own(id, name) {
            namespace.bindings.clear();
            namespace.terminating = Some(1);
        }
    }

    /// Namespaces and tenants stay and become foreign.
    fn release(&mut self) {
        self.platform = false;
        self.accounts.clear();
        for tenant in self.tenants.values_mut() {
            tenant.spec = None;
            tenant.owners.clear();
        }
        for namespace in self.namespaces.values_mut() {
            namespace.spec = None;
            namespace.bindings.clear();
        }
    }
}
