//! What to write for a tenant.

use crate::ports::cluster::{ObservedTenant, Presence, Step, TenantSpec};

/// Steps that make the cluster equal the intent. A foreign Tenant of that name gets none: the caller reports it.
pub fn converge(want: &TenantSpec, seen: &ObservedTenant) -> Vec<Step> {
    let mut steps = Vec::new();
    match seen.tenant {
        Presence::Foreign | Presence::Terminating => return steps,
        Presence::Absent | Presence::Differs => steps.push(Step::ApplyTenant(want.clone())),
        Presence::Current => {}
    }
    let missing = want.owners.difference(&seen.owners);
    steps.extend(missing.map(|owner| Step::ApplyOwner(want.clone(), owner.clone())));
    // Applied owners that differed are repaired above; what remains under another name is nobody's.
    let strays = seen.stray_owners.iter();
    steps.extend(strays.map(|name| Step::DeleteOwner(want.id, name.clone())));
    steps
}

/// Steps that remove a tenant: owners first, so that nobody adds to what is being removed.
pub fn remove(want: &TenantSpec, seen: &ObservedTenant, owner_names: &[String]) -> Vec<Step> {
    let mut steps: Vec<Step> = owner_names
        .iter()
        .map(|name| Step::DeleteOwner(want.id, name.clone()))
        .collect();
    match seen.tenant {
        Presence::Current | Presence::Differs => {
            steps.push(Step::DeleteTenant(want.id, want.name.clone()));
        }
        Presence::Absent | Presence::Foreign | Presence::Terminating => {}
    }
    steps
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::domain::tenant::Owner;
    use crate::value::{ClusterId, Name, Subject, TenantId};

    fn owner(name: &str) -> Owner {
        Owner::from(&Subject::parse(name).unwrap())
    }

    fn want(owners: &[&str]) -> TenantSpec {
        TenantSpec {
            id: TenantId::nth(1),
            cluster: ClusterId::nth(1),
            name: Name::parse("acme").unwrap(),
            owners: owners.iter().map(|o| owner(o)).collect(),
            labels: BTreeMap::new(),
            annotations: BTreeMap::new(),
            bounds: crate::domain::bounds::Bounds::default(),
            request: None,
        }
    }

    fn seen(tenant: Presence, owners: &[&str], strays: &[&str]) -> ObservedTenant {
        ObservedTenant {
            tenant,
            usable: true,
            owners: owners.iter().map(|o| owner(o)).collect(),
            stray_owners: strays.iter().map(|&s| s.to_owned()).collect(),
            namespaces: BTreeSet::new(),
        }
    }

    #[test]
    fn nothing_differs_nothing_is_written() {
        let steps = converge(&want(&["alice"]), &seen(Presence::Current, &["alice"], &[]));
        assert_eq!(steps, []);
    }

    #[test]
    fn a_new_tenant_comes_before_its_owners() {
        let want = want(&["alice"]);
        let steps = converge(&want, &seen(Presence::Absent, &[], &["x"]));
        let expected = [
            Step::ApplyTenant(want.clone()),
            Step::ApplyOwner(want.clone(), owner("alice")),
            Step::DeleteOwner(want.id, "x".into()),
        ];
        assert_eq!(steps, expected);
    }

    #[test]
    fn what_is_not_ours_is_not_touched() {
        let foreign = seen(Presence::Foreign, &[], &["x"]);
        assert_eq!(converge(&want(&["alice"]), &foreign), []);
        assert_eq!(remove(&want(&[]), &foreign, &[]), []);
    }
}
