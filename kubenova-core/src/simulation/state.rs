//! What a simulated cluster holds, and how it looks from outside.

use std::collections::{BTreeMap, BTreeSet};

use crate::access::ProjectRole;
use crate::domain::credential::Account;
use crate::domain::tenant::Owner;
use crate::ports::cluster::{
    BindingSubject, ObservedAccount, ObservedProject, ObservedTenant, Presence, ProjectSpec,
    TenantSpec,
};
use crate::value::{ClusterId, Name, ProjectId, TenantId};

/// All objects of one simulated cluster.
#[derive(Debug, Clone, Default)]
pub(super) struct Objects {
    pub(super) platform: Option<SimPlatform>,
    pub(super) tenants: BTreeMap<Name, SimTenant>,
    /// By object name. As on a real cluster they outlive their tenant.
    pub(super) owners: BTreeMap<String, SimOwner>,
    pub(super) namespaces: BTreeMap<Name, SimNamespace>,
    pub(super) accounts: BTreeMap<Account, SimAccount>,
    pub(super) events: Vec<String>,
    /// How many steps were carried out: idempotence is visible here.
    pub(super) writes: usize,
    /// The uid of the newest object.
    pub(super) uids: u64,
}

/// The accounts' namespace and the ClusterRoles.
#[derive(Debug, Clone)]
pub(super) struct SimPlatform {
    pub(super) cluster: ClusterId,
    pub(super) edited: bool,
    /// Looks left until a deletion is complete.
    pub(super) terminating: Option<u8>,
}

#[derive(Debug, Clone)]
pub(super) struct SimTenant {
    pub(super) uid: u64,
    /// `None` for a foreign one.
    pub(super) spec: Option<TenantSpec>,
    /// Somebody else has changed what we said.
    pub(super) edited: bool,
    /// It goes once its last namespace is gone.
    pub(super) terminating: bool,
}

#[derive(Debug, Clone)]
pub(super) struct SimOwner {
    pub(super) tenant: TenantId,
    pub(super) tenant_name: Name,
    pub(super) cluster: ClusterId,
}

#[derive(Debug, Clone)]
pub(super) struct SimNamespace {
    pub(super) uid: u64,
    /// `None` for a foreign one.
    pub(super) spec: Option<ProjectSpec>,
    /// The Capsule Tenant it is a member of, whoever made it.
    pub(super) member_of: Option<Name>,
    /// Somebody else has changed what we said.
    pub(super) edited: bool,
    /// Labels that somebody else has added.
    pub(super) foreign_labels: BTreeSet<String>,
    /// `None` where a binding of ours points to another role.
    pub(super) bindings: BTreeMap<ProjectRole, Option<BTreeSet<BindingSubject>>>,
    /// Looks left until a deletion is complete.
    pub(super) terminating: Option<u8>,
}

#[derive(Debug, Clone)]
pub(super) struct SimAccount {
    pub(super) cluster: ClusterId,
    /// The Secret's uid, which tokens are bound to.
    pub(super) secret: Option<u64>,
}

/// Looks that a deletion takes.
pub(super) const SHORTLY: u8 = 1;

/// Ignores the request id, which is no intent, and the owners, which are objects of their own.
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

/// Name of the object that makes somebody an owner.
pub(super) fn owner_name(want: &TenantSpec, owner: &Owner) -> String {
    format!("{}:{}:{}", want.name, owner.kind.as_str(), owner.subject)
}

impl Objects {
    /// A uid that no object has.
    pub(super) const fn uid(&mut self) -> u64 {
        self.uids += 1;
        self.uids
    }

    /// Looking moves a deletion on, as time would.
    fn look(&mut self) {
        for namespace in self.namespaces.values_mut() {
            namespace.terminating = namespace.terminating.map(|left| left.saturating_sub(1));
        }
        if let Some(platform) = &mut self.platform {
            platform.terminating = platform.terminating.map(|left| left.saturating_sub(1));
        }
    }

    /// What has been looked at often enough is gone.
    fn bury(&mut self) {
        self.namespaces
            .retain(|_, namespace| namespace.terminating != Some(0));
        self.platform
            .take_if(|platform| platform.terminating == Some(0));
        let namespaces = &self.namespaces;
        self.tenants.retain(|name, tenant| {
            let inhabited = namespaces
                .values()
                .any(|one| one.member_of.as_ref() == Some(name));
            !tenant.terminating || inhabited
        });
    }

    pub(super) fn observe_platform(&mut self, cluster: ClusterId) -> Presence {
        self.bury();
        let presence = match &self.platform {
            None => Presence::Absent,
            Some(there) if there.terminating.is_some() => Presence::Terminating,
            Some(there) if there.cluster == cluster && !there.edited => Presence::Current,
            Some(_) => Presence::Differs,
        };
        self.look();
        presence
    }

    pub(super) fn tenant(&self, want: &TenantSpec) -> Presence {
        let Some(there) = self.tenants.get(&want.name) else {
            return Presence::Absent;
        };
        match &there.spec {
            Some(spec) if spec.id == want.id => {
                if there.terminating {
                    Presence::Terminating
                } else if same_tenant(spec, want) && !there.edited {
                    Presence::Current
                } else {
                    Presence::Differs
                }
            }
            Some(_) | None => Presence::Foreign,
        }
    }

    pub(super) fn observe_tenant(&mut self, want: &TenantSpec) -> ObservedTenant {
        self.bury();
        let wanted: BTreeMap<String, &Owner> = want
            .owners
            .iter()
            .map(|owner| (owner_name(want, owner), owner))
            .collect();
        let current =
            |there: &SimOwner| there.tenant_name == want.name && there.cluster == want.cluster;
        let ours = self
            .owners
            .iter()
            .filter(|(_, there)| there.tenant == want.id);
        let (mut owners, mut stray_owners) = (BTreeSet::new(), BTreeSet::new());
        for (name, there) in ours {
            match wanted.get(name) {
                Some(owner) if current(there) => drop(owners.insert((*owner).clone())),
                Some(_) => {}
                None => drop(stray_owners.insert(name.clone())),
            }
        }
        let inside = self
            .namespaces
            .iter()
            .filter(|(_, one)| one.member_of.as_ref() == Some(&want.name));
        let seen = ObservedTenant {
            tenant: self.tenant(want),
            usable: self
                .tenants
                .get(&want.name)
                .is_some_and(|there| !there.terminating),
            owners,
            stray_owners,
            namespaces: inside.map(|(name, _)| name.to_string()).collect(),
        };
        self.look();
        seen
    }

    fn namespace(&self, want: &ProjectSpec) -> Presence {
        let Some(there) = self.namespaces.get(&want.namespace) else {
            return Presence::Absent;
        };
        match &there.spec {
            Some(spec) if spec.id == want.id => {
                if there.terminating.is_some() {
                    Presence::Terminating
                } else if same_project(spec, want) && !there.edited {
                    Presence::Current
                } else {
                    Presence::Differs
                }
            }
            Some(_) | None => Presence::Foreign,
        }
    }

    pub(super) fn observe_project(&mut self, want: &ProjectSpec) -> ObservedProject {
        self.bury();
        let namespace = self.namespace(want);
        let there = match namespace {
            Presence::Foreign => None,
            Presence::Absent | Presence::Current | Presence::Differs | Presence::Terminating => {
                self.namespaces.get(&want.namespace)
            }
        };
        let bindings = there.map(|there| there.bindings.clone());
        self.look();
        ObservedProject {
            namespace,
            bindings: bindings.unwrap_or_default(),
            stuck: None,
        }
    }

    pub(super) fn observe_account(&self, account: Account) -> ObservedAccount {
        let there = self.accounts.get(&account);
        ObservedAccount {
            account: there.is_some(),
            secret: there.is_some_and(|there| there.secret.is_some()),
        }
    }

    /// A namespace of ours that is not on its way out.
    pub(super) fn own(&mut self, id: ProjectId, name: &Name) -> Option<&mut SimNamespace> {
        let found = self.namespaces.get_mut(name)?;
        let ours = found.spec.as_ref().is_some_and(|spec| spec.id == id);
        (ours && found.terminating.is_none()).then_some(found)
    }
}
