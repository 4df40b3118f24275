//! Builds change sets.

use jiff::Timestamp;

use crate::access::{Action, Actor};
use crate::change::work::WorkRequest;
use crate::change::write::{Require, Write};
use crate::domain::audit::{AuditEntry, AuditTarget, Outcome};
use crate::value::TenantId;

/// Everything one use case changes, as one value.
#[derive(Debug, Clone, Default)]
pub struct ChangeSet {
    /// What must hold.
    pub requires: Vec<Require>,
    /// What to write, in this order: parents before children.
    pub writes: Vec<Write>,
    /// What to reconcile afterwards.
    pub work: Vec<WorkRequest>,
    /// What to remember of it.
    pub audit: Vec<AuditEntry>,
}

impl ChangeSet {
    /// A change without an author: what a reconciler saw.
    pub fn new() -> Self {
        Self::default()
    }

    /// A change by somebody, with its audit entry.
    pub fn by(
        actor: &Actor,
        now: Timestamp,
        action: Action,
        target: AuditTarget,
        tenant: Option<TenantId>,
    ) -> Self {
        let entry = AuditEntry {
            at: now,
            request: actor.request.clone(),
            subject: Some(actor.subject.clone()),
            token: actor.token,
            action: action.as_str(),
            target,
            tenant,
            outcome: Outcome::Done,
            code: "",
        };
        Self {
            audit: vec![entry],
            ..Self::default()
        }
    }

    /// Adds a precondition.
    #[must_use]
    pub fn require(mut self, require: Require) -> Self {
        self.requires.push(require);
        self
    }

    /// Adds a write.
    #[must_use]
    pub fn write(mut self, write: Write) -> Self {
        self.writes.push(write);
        self
    }

    /// Adds work that is due at once.
    #[must_use]
    pub fn ask(mut self, item: crate::change::Work, cluster: crate::value::ClusterId) -> Self {
        self.work.push(WorkRequest {
            item,
            cluster,
            after: std::time::Duration::ZERO,
        });
        self
    }
}
