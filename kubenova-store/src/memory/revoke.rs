//! Revocations.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use kubenova_core::change::{Revoke, Work, WorkRequest};
use kubenova_core::domain::credential::{Grant, Token};

use super::tables::Tables;

impl Tables {
    pub(super) fn revoke_tokens(&mut self, which: &Revoke, at: Timestamp, now: Timestamp) {
        let living = |row: &&Arc<Token>| row.revoked_at.is_none();
        for row in self.tokens_of(which).into_iter().filter(|row| living(&row)) {
            let revoked = Token {
                revoked_at: Some(at),
                ..Token::clone(&row)
            };
            self.put_token(row.id, Some(revoked));
            self.note_revoked(now, row.id);
        }
    }

    /// Answers whether any was revoked, which asks for its work.
    pub(super) fn revoke_grants(&mut self, which: &Revoke, at: Timestamp, now: Instant) -> bool {
        let mut any = false;
        for row in self.grants_of(which) {
            if row.revocation.requested_at.is_some() {
                continue;
            }
            let mut revoked = Grant::clone(&row);
            revoked.revocation.requested_at = Some(at);
            self.put_grant(row.id, Some(revoked));
            let (item, cluster) = (Work::Grant(row.id), row.cluster);
            self.ask(
                WorkRequest {
                    item,
                    cluster,
                    after: Duration::ZERO,
                },
                now,
            );
            any = true;
        }
        any
    }

    fn tokens_of(&self, which: &Revoke) -> Vec<Arc<Token>> {
        match which {
            Revoke::Token(id) => self.tokens.get(*id).cloned().into_iter().collect(),
            Revoke::Grant(_) => Vec::new(),
            Revoke::Tenant(id) => self.tokens.of_tenant(*id).cloned().collect(),
            Revoke::Project(id) => self.tokens.of_project(*id).cloned().collect(),
            Revoke::SubjectInTenant(subject, id) => {
                let rows = self.tokens.of_tenant(*id);
                rows.filter(|row| row.subject == *subject)
                    .cloned()
                    .collect()
            }
            Revoke::SubjectInProject(subject, id) => {
                let tenant = self.projects.get(*id).map(|project| project.tenant);
                let rows = tenant.into_iter().flat_map(|id| self.tokens.of_tenant(id));
                let names_it = |row: &Token| row.projects.iter().flatten().any(|one| one == id);
                rows.filter(|row| row.subject == *subject && names_it(row))
                    .cloned()
                    .collect()
            }
        }
    }

    fn grants_of(&self, which: &Revoke) -> Vec<Arc<Grant>> {
        match which {
            Revoke::Token(_) => Vec::new(),
            Revoke::Grant(id) => self.grants.get(*id).cloned().into_iter().collect(),
            Revoke::Tenant(id) => self.grants.of_tenant(*id).cloned().collect(),
            Revoke::Project(id) => self.grants.of_project(*id).cloned().collect(),
            Revoke::SubjectInTenant(subject, id) => {
                let rows = self.grants.of_tenant(*id);
                rows.filter(|row| row.subject == *subject)
                    .cloned()
                    .collect()
            }
            Revoke::SubjectInProject(subject, id) => {
                let rows = self.grants.of_project(*id);
                rows.filter(|row| row.subject == *subject)
                    .cloned()
                    .collect()
            }
        }
    }
}
