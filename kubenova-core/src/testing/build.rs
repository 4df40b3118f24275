//! Builders of aggregates: what a test does not say has a sensible value.

mod credential;
mod place;

pub use credential::{GrantBuilder, TokenBuilder, a_grant, a_token};
pub use place::{ClusterBuilder, ProjectBuilder, TenantBuilder, a_cluster, a_project, a_tenant};

use std::collections::BTreeMap;

use crate::access::{Action, Actor, ProjectRole, RequestId};
use crate::change::ChangeSet;
use crate::domain::audit::AuditTarget;
use crate::domain::bounds::Quotas;
use crate::domain::project::Member;
use crate::testing::clock::at;
use crate::value::{
    Annotations, Condition, ConditionStatus, Generation, Labels, Name, Phase, Status, Subject,
    SubjectKind,
};

/// A name from text that is one.
///
/// # Panics
/// For text that is no name.
#[expect(clippy::expect_used, reason = "tests only, with constants")]
pub fn name(text: &str) -> Name {
    Name::parse(text).expect("a name")
}

/// A subject from text that is one.
///
/// # Panics
/// For text that is no subject.
#[expect(clippy::expect_used, reason = "tests only, with constants")]
pub fn subject(text: &str) -> Subject {
    Subject::parse(text).expect("a subject")
}

/// Labels.
pub fn labels<const N: usize>(pairs: [(&str, &str); N]) -> Labels {
    Labels::trusted(map(pairs))
}

/// Annotations.
pub fn annotations<const N: usize>(pairs: [(&str, &str); N]) -> Annotations {
    Annotations::trusted(map(pairs))
}

/// Quotas from amounts that are some.
///
/// # Panics
/// For text that is no quota.
#[expect(clippy::expect_used, reason = "tests only, with constants")]
pub fn quotas<const N: usize>(pairs: &[(&str, &str); N]) -> Quotas {
    Quotas::parse(&map(*pairs)).expect("quotas")
}

fn map<const N: usize>(pairs: [(&str, &str); N]) -> BTreeMap<String, String> {
    let owned = pairs.map(|(key, value)| (key.to_owned(), value.to_owned()));
    BTreeMap::from(owned)
}

/// A member who is a user.
pub fn a_member(who: &str, role: ProjectRole) -> Member {
    Member {
        role,
        kind: SubjectKind::User,
        subject: subject(who),
    }
}

/// A status that reports on a generation, with one condition.
pub fn a_status(observed: u64, phase: Phase) -> Status {
    Status {
        phase,
        observed: Generation::new(observed),
        conditions: vec![Condition {
            kind: "Ready".to_owned(),
            status: ConditionStatus::True,
            reason: "AsAsked".to_owned(),
            message: format!("as asked in generation {observed}"),
            last_transition: at(i64::try_from(observed).unwrap_or_default()),
        }],
    }
}

/// A change by the system, with one audit entry that has this name as its target's.
///
/// # Panics
/// Never: the request id is a constant.
#[expect(clippy::expect_used, reason = "tests only, with a constant")]
pub fn a_change(target: &str) -> ChangeSet {
    let actor = Actor::system(RequestId::parse("request-1").expect("a request id"));
    let target = AuditTarget {
        kind: "tenant",
        uid: None,
        name: target.to_owned(),
    };
    ChangeSet::by(&actor, at(0), Action::CreateTenant, target, None)
}
