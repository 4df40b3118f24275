//! What somebody else does on a simulated cluster, and whom a token of it lets in.

use std::collections::{BTreeMap, BTreeSet};

use crate::access::ProjectRole;
use crate::change::Work;
use crate::domain::credential::Account;
use crate::ports::cluster::{BindingSubject, Signal};
use crate::simulation::state::{Objects, SimNamespace, SimTenant};
use crate::simulation::step::end;
use crate::value::{Name, Secret};

/// What somebody else does behind our back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ForeignAct {
    /// Makes a namespace of his own, of no tenant.
    CreateNamespace(Name),
    /// Deletes a namespace, whoever made it.
    DeleteNamespace(Name),
    /// Gives the label `team` of a namespace another value.
    EditNamespace(Name),
    /// Adds a label that nobody of us asked for.
    AddLabel(Name),
    /// Makes a Capsule Tenant of his own.
    CreateTenant(Name),
    /// Deletes a Capsule Tenant, whoever made it.
    DeleteTenant(Name),
    /// Gives the label `tier` of a Tenant another value.
    EditTenant(Name),
    /// Deletes the object of this name that makes somebody an owner.
    DeleteOwner(String),
    /// Deletes a role binding of ours.
    DeleteBinding(Name, ProjectRole),
    /// Puts somebody else into a role binding of ours.
    ReplaceSubjects(Name, ProjectRole, BTreeSet<BindingSubject>),
    /// Replaces a role binding of ours by one that points to another role.
    ForgeRole(Name, ProjectRole),
    /// Deletes the Secret that an account's tokens are bound to.
    DeleteSecret(Account),
    /// Adds a rule to a ClusterRole of ours.
    EditPlatform,
}

/// Something whose fingerprint can be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Thing {
    /// A namespace.
    Namespace(Name),
    /// A Capsule Tenant.
    Tenant(Name),
}

/// How a cluster answers a list of a namespace's pods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Knock {
    /// 200.
    Open,
    /// 403: it knows who asks, and he may not.
    Forbidden,
    /// 401: it does not accept the token.
    Unauthorized,
}

impl Objects {
    /// Carries it out; gives what watches tell of it.
    pub(super) fn suffer(&mut self, act: &ForeignAct) -> Option<Signal> {
        match act {
            ForeignAct::CreateNamespace(name) => self.foreign_namespace(name),
            ForeignAct::CreateTenant(name) => self.foreign_tenant(name),
            ForeignAct::DeleteTenant(name) => return self.lose_tenant(name),
            ForeignAct::EditTenant(name) => {
                let there = self.tenants.get_mut(name)?;
                there.edited = true;
                return concerned_tenant(there);
            }
            ForeignAct::DeleteOwner(name) => {
                let owner = self.owners.remove(name)?;
                return Some(Signal::Changed(Work::Tenant(owner.tenant)));
            }
            ForeignAct::DeleteSecret(account) => {
                self.accounts.get_mut(account)?.secret.take()?;
                return Some(Signal::Changed(Work::Grant(account.grant)));
            }
            ForeignAct::EditPlatform => {
                self.platform.as_mut()?.edited = true;
                return Some(Signal::Platform);
            }
            ForeignAct::DeleteNamespace(name)
            | ForeignAct::EditNamespace(name)
            | ForeignAct::AddLabel(name)
            | ForeignAct::DeleteBinding(name, _)
            | ForeignAct::ReplaceSubjects(name, _, _)
            | ForeignAct::ForgeRole(name, _) => {
                let there = self.namespaces.get_mut(name)?;
                inside(there, act);
                let spec = there.spec.as_ref()?;
                return Some(Signal::Changed(Work::Project(spec.id)));
            }
        }
        None
    }

    fn foreign_namespace(&mut self, name: &Name) {
        let foreign = SimNamespace {
            uid: self.uid(),
            spec: None,
            member_of: None,
            edited: false,
            foreign_labels: BTreeSet::new(),
            bindings: BTreeMap::new(),
            terminating: None,
        };
        self.namespaces.insert(name.clone(), foreign);
    }

    fn foreign_tenant(&mut self, name: &Name) {
        let foreign = SimTenant {
            uid: self.uid(),
            spec: None,
            edited: false,
            terminating: false,
        };
        self.tenants.insert(name.clone(), foreign);
    }

    fn lose_tenant(&mut self, name: &Name) -> Option<Signal> {
        self.end_members(name);
        let there = self.tenants.get_mut(name)?;
        there.terminating = true;
        concerned_tenant(there)
    }

    /// Changes with every change of the thing; `None` while it is absent.
    pub(super) fn fingerprint(&self, thing: &Thing) -> Option<String> {
        match thing {
            Thing::Namespace(name) => {
                let there = self.namespaces.get(name)?;
                Some(format!("{}: {there:?}", there.uid))
            }
            Thing::Tenant(name) => {
                let there = self.tenants.get(name)?;
                Some(format!("{}: {there:?}", there.uid))
            }
        }
    }

    /// The token of an account, bound to its Secret.
    pub(super) fn token(&self, account: Account) -> Option<Secret> {
        let secret = self.accounts.get(&account)?.secret?;
        Some(Secret::new(format!(
            "simulated-{}-{secret}",
            account.name()
        )))
    }

    pub(super) fn knock(&self, token: &Secret, namespace: &Name) -> Knock {
        let is = |account: &Account| {
            let living = self.token(*account);
            living.is_some_and(|living| living.expose() == token.expose())
        };
        let Some(account) = self.accounts.keys().find(|account| is(account)) else {
            return Knock::Unauthorized;
        };
        let name = account.full_name();
        let bindings = self
            .namespaces
            .get(namespace)
            .into_iter()
            .flat_map(|there| there.bindings.values().flatten());
        let named = bindings
            .flatten()
            .any(|subject| subject.subject.as_str() == name);
        if named { Knock::Open } else { Knock::Forbidden }
    }
}

fn concerned_tenant(there: &SimTenant) -> Option<Signal> {
    let spec = there.spec.as_ref()?;
    Some(Signal::Changed(Work::Tenant(spec.id)))
}

/// What concerns one namespace and what is in it.
fn inside(there: &mut SimNamespace, act: &ForeignAct) {
    match act {
        ForeignAct::DeleteNamespace(_) => end(there),
        ForeignAct::AddLabel(_) => drop(there.foreign_labels.insert("somebody".to_owned())),
        ForeignAct::DeleteBinding(_, role) => drop(there.bindings.remove(role)),
        ForeignAct::ReplaceSubjects(_, role, subjects) => {
            there.bindings.insert(*role, Some(subjects.clone()));
        }
        ForeignAct::ForgeRole(_, role) => drop(there.bindings.insert(*role, None)),
        ForeignAct::EditNamespace(_)
        | ForeignAct::CreateNamespace(_)
        | ForeignAct::CreateTenant(_)
        | ForeignAct::DeleteTenant(_)
        | ForeignAct::EditTenant(_)
        | ForeignAct::DeleteOwner(_)
        | ForeignAct::DeleteSecret(_)
        | ForeignAct::EditPlatform => there.edited = true,
    }
}
