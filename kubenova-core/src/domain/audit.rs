//! Audit entries: who did or tried what, and how it ended.

use jiff::Timestamp;
use uuid::Uuid;

use crate::access::RequestId;
use crate::value::{Subject, TenantId, TokenId};

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The change was committed, in the same transaction as this entry.
    Done,
    /// It was not allowed, or not acceptable.
    Refused,
    /// It should have worked and did not.
    Failed,
}

impl Outcome {
    /// The word of the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

/// What an entry is about.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuditTarget {
    /// `cluster`, `tenant`, `project`, `token`, `grant`, or empty.
    pub kind: &'static str,
    /// Its uid.
    pub uid: Option<Uuid>,
    /// Its name, or nothing; never a body's text.
    pub name: String,
}

/// One entry. Sequence number and hash are given by the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// When.
    pub at: Timestamp,
    /// In which request.
    pub request: RequestId,
    /// Who; `None` where nobody was authenticated.
    pub subject: Option<Subject>,
    /// By which token.
    pub token: Option<TokenId>,
    /// What, e.g. `tenant.create`.
    pub action: &'static str,
    /// To what.
    pub target: AuditTarget,
    /// In which tenant.
    pub tenant: Option<TenantId>,
    /// How it ended.
    pub outcome: Outcome,
    /// The code of a refusal, e.g. `KN-403`; empty when done.
    pub code: &'static str,
}

impl AuditEntry {
    /// The bytes that the hash chain covers, in a fixed order with lengths, so that no two entries share them.
    pub fn canonical(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(256);
        let mut put = |text: &str| {
            out.extend_from_slice(&u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes());
            out.extend_from_slice(text.as_bytes());
        };
        // Stores keep microseconds: the hash must survive the round trip.
        put(&self.at.as_microsecond().to_string());
        put(self.request.as_str());
        put(self.subject.as_ref().map_or("", |s| s.as_str()));
        put(&self.token.map(|t| t.to_string()).unwrap_or_default());
        put(self.action);
        put(self.target.kind);
        put(&self.target.uid.map(|u| u.to_string()).unwrap_or_default());
        put(&self.target.name);
        put(&self.tenant.map(|t| t.to_string()).unwrap_or_default());
        put(self.outcome.as_str());
        put(self.code);
        out
    }
}
