//! What to write for a project.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::access::ProjectRole;
use crate::domain::credential::PLATFORM_NAMESPACE;
use crate::domain::project::Access;
use crate::ports::cluster::{BindingSubject, ObservedProject, Presence, ProjectSpec, Step};
use crate::value::{Subject, SubjectKind};

/// Who holds which role at `now`: members, and accounts of kubeconfigs that are neither revoked nor at their end.
pub fn holders(access: &Access, now: Timestamp) -> BTreeMap<ProjectRole, BTreeSet<BindingSubject>> {
    let mut held: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for member in &access.members {
        let subject = BindingSubject {
            kind: member.kind,
            subject: member.subject.clone(),
        };
        held.entry(member.role).or_default().insert(subject);
    }
    for grant in access.grants.iter().filter(|grant| grant.is_bound(now)) {
        // Always parses: the name is made of two uids.
        if let Ok(subject) = Subject::parse(&grant.account().full_name()) {
            let subject = BindingSubject {
                kind: SubjectKind::ServiceAccount,
                subject,
            };
            held.entry(grant.role).or_default().insert(subject);
        }
    }
    held
}

/// Whether what was seen differs from the intent by somebody else's doing. Kubeconfigs come and go without new intent: an
/// account of ours that is bound too long or not yet is no foreign change, a member or an issued account missing is one.
pub fn is_foreign_change(access: &Access, seen: &ObservedProject, now: Timestamp) -> bool {
    if seen.namespace != Presence::Current {
        return true;
    }
    let issued = access
        .grants
        .iter()
        .filter(|grant| grant.issued)
        .cloned()
        .collect();
    let expected = holders(
        &Access {
            members: access.members.clone(),
            grants: issued,
        },
        now,
    );
    ProjectRole::ALL.into_iter().any(|role| {
        let nobody = BTreeSet::new();
        let wanted = expected.get(&role).unwrap_or(&nobody);
        match seen.bindings.get(&role) {
            None => !wanted.is_empty(),
            Some(None) => true,
            Some(Some(there)) => {
                !wanted.is_subset(there) || there.difference(wanted).any(|who| !is_our_account(who))
            }
        }
    })
}

fn is_our_account(who: &BindingSubject) -> bool {
    let place = who.subject.service_account();
    who.kind == SubjectKind::ServiceAccount
        && place.is_some_and(|(namespace, _)| namespace == PLATFORM_NAMESPACE)
}

/// Steps that make namespace and bindings equal the intent.
pub fn converge(
    want: &ProjectSpec,
    held: &BTreeMap<ProjectRole, BTreeSet<BindingSubject>>,
    seen: &ObservedProject,
) -> Vec<Step> {
    [namespace(want, seen), bindings(want, held, seen)].concat()
}

/// Steps that make the namespace equal the intent. A foreign one of that name gets none.
pub fn namespace(want: &ProjectSpec, seen: &ObservedProject) -> Vec<Step> {
    match seen.namespace {
        Presence::Absent => vec![Step::CreateNamespace(want.clone())],
        Presence::Differs => vec![Step::ApplyNamespace(want.clone())],
        Presence::Current | Presence::Foreign | Presence::Terminating => Vec::new(),
    }
}

/// Steps that make the role bindings equal the intent, removals first. A namespace that is foreign or going gets none.
pub fn bindings(
    want: &ProjectSpec,
    held: &BTreeMap<ProjectRole, BTreeSet<BindingSubject>>,
    seen: &ObservedProject,
) -> Vec<Step> {
    if matches!(seen.namespace, Presence::Foreign | Presence::Terminating) {
        return Vec::new();
    }
    let mut removals = Vec::new();
    let mut additions = Vec::new();
    for role in ProjectRole::ALL {
        let wanted = held.get(&role).filter(|subjects| !subjects.is_empty());
        match (wanted, seen.bindings.get(&role)) {
            (None, None) => {}
            (None, Some(_)) => {
                removals.push(Step::DeleteBinding(want.id, want.namespace.clone(), role));
            }
            (Some(subjects), Some(Some(there))) if there == subjects => {}
            (Some(subjects), there) => {
                if there == Some(&None) {
                    // A role reference cannot be changed: delete, then create.
                    removals.push(Step::DeleteBinding(want.id, want.namespace.clone(), role));
                }
                additions.push(Step::ApplyBinding(want.clone(), role, subjects.clone()));
            }
        }
    }
    removals.append(&mut additions);
    removals
}

/// Steps that remove a project: bindings first, so that access ends at once.
pub fn remove(want: &ProjectSpec, seen: &ObservedProject) -> Vec<Step> {
    match seen.namespace {
        Presence::Absent | Presence::Foreign | Presence::Terminating => return Vec::new(),
        Presence::Current | Presence::Differs => {}
    }
    let mut steps = bindings(want, &BTreeMap::new(), seen);
    steps.push(Step::DeleteNamespace(want.id, want.namespace.clone()));
    steps
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{ClusterId, Name, ProjectId, TenantId};

    fn want() -> ProjectSpec {
        let name = |text: &str| Name::parse(text).unwrap();
        ProjectSpec {
            id: ProjectId::nth(1),
            tenant: TenantId::nth(1),
            cluster: ClusterId::nth(1),
            tenant_name: name("acme"),
            name: name("web"),
            namespace: name("acme-web"),
            labels: BTreeMap::new(),
            annotations: BTreeMap::new(),
            request: None,
        }
    }

    fn someone(name: &str) -> BindingSubject {
        BindingSubject {
            kind: SubjectKind::User,
            subject: Subject::parse(name).unwrap(),
        }
    }

    fn seen(namespace: Presence) -> ObservedProject {
        ObservedProject {
            namespace,
            bindings: BTreeMap::new(),
            stuck: None,
        }
    }

    #[test]
    fn a_foreign_namespace_is_never_adopted_nor_removed() {
        let foreign = seen(Presence::Foreign);
        let held = BTreeMap::from([(ProjectRole::ProjectDev, BTreeSet::from([someone("dev")]))]);
        assert_eq!(converge(&want(), &held, &foreign), []);
        assert_eq!(remove(&want(), &foreign), []);
    }

    #[test]
    fn a_binding_is_there_only_while_somebody_holds_it() {
        let held = BTreeMap::from([(ProjectRole::ProjectDev, BTreeSet::from([someone("dev")]))]);
        let mut there = seen(Presence::Current);
        assert_eq!(converge(&want(), &held, &there).len(), 1);
        there
            .bindings
            .insert(ProjectRole::ProjectDev, Some([someone("dev")].into()));
        assert_eq!(converge(&want(), &held, &there), []);
        let gone = converge(&want(), &BTreeMap::new(), &there);
        assert!(matches!(
            gone[..],
            [Step::DeleteBinding(_, _, ProjectRole::ProjectDev)]
        ));
    }

    #[test]
    fn an_account_of_ours_is_no_foreign_change_and_a_stranger_is() {
        let mut there = seen(Presence::Current);
        let subject = Subject::parse("system:serviceaccount:kubenova-system:grant-1").unwrap();
        let account = BindingSubject {
            kind: SubjectKind::ServiceAccount,
            subject,
        };
        there
            .bindings
            .insert(ProjectRole::ReadOnly, Some([account.clone()].into()));
        let now = Timestamp::UNIX_EPOCH;
        assert!(!is_foreign_change(&Access::default(), &there, now));
        there.bindings.insert(
            ProjectRole::ReadOnly,
            Some([account, someone("eve")].into()),
        );
        assert!(is_foreign_change(&Access::default(), &there, now));
        assert!(is_foreign_change(
            &Access::default(),
            &seen(Presence::Differs),
            now
        ));
    }

    #[test]
    fn a_subject_too_many_is_repaired_and_a_wrong_role_reference_replaced() {
        let held = BTreeMap::from([(ProjectRole::ReadOnly, BTreeSet::from([someone("dev")]))]);
        let mut there = seen(Presence::Current);
        there.bindings.insert(
            ProjectRole::ReadOnly,
            Some([someone("dev"), someone("eve")].into()),
        );
        assert!(matches!(
            converge(&want(), &held, &there)[..],
            [Step::ApplyBinding(..)]
        ));
        there.bindings.insert(ProjectRole::ReadOnly, None);
        let steps = converge(&want(), &held, &there);
        assert!(matches!(
            steps[..],
            [Step::DeleteBinding(..), Step::ApplyBinding(..)]
        ));
    }
}
