//! What a turn reports: phase, conditions, observed generation. Pure.

use jiff::Timestamp;

use crate::domain::cluster::conditions::{DRIFT, READY};
use crate::ports::cluster::{ClusterError, Step};
use crate::value::{ConditionStatus, Generation, Phase, Status};

/// Whether steps that are due now undo a foreign change: the same intent had been reported as deployed before.
pub fn is_drift(status: &Status, generation: Generation) -> bool {
    let settled = matches!(status.phase, Phase::Deployed | Phase::Drifted);
    settled && status.observed == generation
}

/// The cluster equals the intent.
pub fn deployed(old: &Status, generation: Generation, now: Timestamp) -> Status {
    let mut status = observed(old, Phase::Deployed, generation);
    let why = ("Deployed", "the cluster equals the intent");
    status.set(READY, ConditionStatus::True, why, now);
    status
}

/// The cluster is on the way to the intent. `observed` stays: it says which intent the cluster equals, or has failed.
pub fn applying(old: &Status, why: (&str, &str), now: Timestamp) -> Status {
    let mut status = Status {
        phase: Phase::Applying,
        ..old.clone()
    };
    status.set(READY, ConditionStatus::False, why, now);
    status
}

/// The last attempt failed.
pub fn failed(old: &Status, generation: Generation, why: (&str, &str), now: Timestamp) -> Status {
    let mut status = observed(old, Phase::Error, generation);
    status.set(READY, ConditionStatus::False, why, now);
    status
}

/// The last attempt failed on the cluster.
pub fn cluster_failed(
    old: &Status,
    generation: Generation,
    err: &ClusterError,
    now: Timestamp,
) -> Status {
    failed(old, generation, (err.reason(), &err.to_string()), now)
}

/// On the way out.
pub fn deleting(old: &Status, generation: Generation, why: (&str, &str), now: Timestamp) -> Status {
    let mut status = observed(old, Phase::Deleting, generation);
    status.set(READY, ConditionStatus::False, why, now);
    status
}

/// A foreign change was found and undone.
pub fn repaired(status: &mut Status, what: &str, now: Timestamp) {
    // The time must move with each repair, so that a second drift is seen.
    status.unset(DRIFT);
    status.set(DRIFT, ConditionStatus::True, ("Restored", what), now);
}

/// What the steps concern, for people.
pub fn describe(steps: &[Step]) -> String {
    let mut parts: Vec<&str> = steps.iter().map(noun).collect();
    parts.sort_unstable();
    parts.dedup();
    format!(
        "{} had been changed by somebody else and was restored",
        parts.join(", ")
    )
}

const fn noun(step: &Step) -> &'static str {
    match step {
        Step::ApplyPlatform(_) | Step::DeletePlatform(_) | Step::ReleaseAll(_) => {
            "a platform object"
        }
        Step::ApplyTenant(_) | Step::DeleteTenant(..) => "the Capsule Tenant",
        Step::ApplyOwner(..) | Step::DeleteOwner(..) => "an owner of the Capsule Tenant",
        Step::ApplyNamespace(_) | Step::CreateNamespace(_) | Step::DeleteNamespace(..) => {
            "the namespace"
        }
        Step::ApplyBinding(..) | Step::DeleteBinding(..) => "a RoleBinding",
        Step::ApplyAccount(..) | Step::DeleteAccount(_) => "an account",
        Step::RecordDrift { .. } => "an Event",
    }
}

fn observed(old: &Status, phase: Phase, generation: Generation) -> Status {
    Status {
        phase,
        observed: old.observed.max(generation),
        conditions: old.conditions.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_turn_never_lowers_what_was_observed() {
        let now = Timestamp::UNIX_EPOCH;
        let newer = deployed(&Status::pending(), Generation::new(5), now);
        let older = failed(&newer, Generation::new(3), ("X", "x"), now);
        assert_eq!(older.observed, Generation::new(5));
    }

    #[test]
    fn new_intent_is_no_drift() {
        let status = deployed(&Status::pending(), Generation::FIRST, Timestamp::UNIX_EPOCH);
        assert!(is_drift(&status, Generation::FIRST));
        assert!(!is_drift(&status, Generation::new(2)));
    }
}
