//! Conditions and phases: how far the clusters follow the intent.

use jiff::Timestamp;

use super::version::Generation;

/// Whether a condition holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConditionStatus {
    /// It holds.
    True,
    /// It does not hold.
    False,
    /// Nobody could look.
    Unknown,
}

impl ConditionStatus {
    /// The word of the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::True => "True",
            Self::False => "False",
            Self::Unknown => "Unknown",
        }
    }

    /// Reads the word of the API.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::True, Self::False, Self::Unknown]
            .into_iter()
            .find(|s| s.as_str() == text)
    }
}

/// One observation about an object (the shape of `metav1.Condition`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// What is observed, e.g. `Reachable`; `CamelCase`.
    pub kind: String,
    /// Whether it holds.
    pub status: ConditionStatus,
    /// Why, in one `CamelCase` word a program can act on.
    pub reason: String,
    /// Why, in a sentence a person can act on; never text of a cluster or library that could hold a secret.
    pub message: String,
    /// When `status` last changed; a new reason alone does not move it.
    pub last_transition: Timestamp,
}

/// How far the clusters follow (contract, section 1 "Common status").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Nothing was tried yet.
    Pending,
    /// The newest intent is being applied.
    Applying,
    /// The cluster equals the intent of `observed_generation`.
    Deployed,
    /// A foreign change was found and is not repaired yet.
    Drifted,
    /// The last attempt failed; the conditions say why.
    Error,
    /// On the way out; the name stays taken.
    Deleting,
}

impl Phase {
    const ALL: [Self; 6] = [
        Self::Pending,
        Self::Applying,
        Self::Deployed,
        Self::Drifted,
        Self::Error,
        Self::Deleting,
    ];

    /// The word of the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Applying => "Applying",
            Self::Deployed => "Deployed",
            Self::Drifted => "Drifted",
            Self::Error => "Error",
            Self::Deleting => "Deleting",
        }
    }

    /// Reads the word of the API.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.as_str() == text)
    }
}

/// What reconcilers report of an object; users never write it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The summary.
    pub phase: Phase,
    /// The newest generation that a reconcile has worked on; never falls.
    pub observed: Generation,
    /// One per kind, in order of first appearance.
    pub conditions: Vec<Condition>,
}

impl Status {
    /// The status of a new object.
    pub const fn pending() -> Self {
        Self {
            phase: Phase::Pending,
            observed: Generation::NONE,
            conditions: Vec::new(),
        }
    }

    /// The condition of that kind.
    pub fn condition(&self, kind: &str) -> Option<&Condition> {
        self.conditions.iter().find(|c| c.kind == kind)
    }

    /// Sets one condition; the transition time moves only when `status` changes.
    pub fn set(&mut self, kind: &str, status: ConditionStatus, why: (&str, &str), now: Timestamp) {
        let (reason, message) = why;
        if let Some(old) = self.conditions.iter_mut().find(|c| c.kind == kind) {
            if old.status != status {
                old.last_transition = now;
            }
            old.status = status;
            reason.clone_into(&mut old.reason);
            message.clone_into(&mut old.message);
            return;
        }
        self.conditions.push(Condition {
            kind: kind.to_owned(),
            status,
            reason: reason.to_owned(),
            message: message.to_owned(),
            last_transition: now,
        });
    }

    /// Removes one condition.
    pub fn unset(&mut self, kind: &str) {
        self.conditions.retain(|c| c.kind != kind);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_transition_time_moves_only_with_the_status() {
        let at = |s| Timestamp::from_second(s).unwrap();
        let mut status = Status::pending();
        status.set("Ready", ConditionStatus::False, ("A", "a"), at(1));
        status.set("Ready", ConditionStatus::False, ("B", "b"), at(2));
        assert_eq!(status.condition("Ready").unwrap().last_transition, at(1));
        assert_eq!(status.condition("Ready").unwrap().reason, "B");
        status.set("Ready", ConditionStatus::True, ("C", ""), at(3));
        assert_eq!(status.condition("Ready").unwrap().last_transition, at(3));
    }
}
