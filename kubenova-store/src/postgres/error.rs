//! What the database says, in the domain's words: constraints become refusals, silence becomes away.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use kubenova_core::error::Noun;
use kubenova_core::ports::store::{CommitError, StoreError, Taken};

/// Why a transaction did not come to its end.
#[derive(Debug)]
pub(super) enum Failure {
    /// The database, or a precondition, refused it.
    Refused(CommitError),
    /// Others were in the way: the same again may work.
    Contended(Cause),
    /// Nothing was written: there was no connection, or it broke before the commit was sent.
    Unreached(Cause),
    /// The commit was sent and not answered, or an answer took too long.
    Unknown(Cause),
}

/// A failure that several callers are told of.
#[derive(Debug, Clone)]
pub(super) struct Cause(Arc<dyn StdError + Send + Sync>);

impl Cause {
    pub(super) fn new(err: impl StdError + Send + Sync + 'static) -> Self {
        Self(Arc::new(err))
    }

    pub(super) fn away(&self) -> StoreError {
        StoreError::Away(Box::new(self.clone()))
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl StdError for Cause {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source()
    }
}

/// It took too long.
#[derive(Debug, thiserror::Error)]
#[error("no answer in time")]
pub(super) struct Late;

/// Somebody looked, and it did not answer.
#[derive(Debug, thiserror::Error)]
#[error("the database is known to be away")]
pub(super) struct Gone;

/// Too many wait already.
#[derive(Debug, thiserror::Error)]
#[error("too many wait for a connection")]
pub(super) struct Busy;

/// The store was shut down.
#[derive(Debug, thiserror::Error)]
#[error("the store is shutting down")]
pub(super) struct Closed;

impl From<CommitError> for Failure {
    fn from(refusal: CommitError) -> Self {
        Self::Refused(refusal)
    }
}

impl From<sqlx::Error> for Failure {
    fn from(err: sqlx::Error) -> Self {
        let Some(database) = err.as_database_error() else {
            return match defect(&err) {
                Some(what) => Self::Refused(StoreError::Corrupt(what).into()),
                None => Self::Unreached(Cause::new(err)),
            };
        };
        // The constraint of a row names the aggregate; other classes say whether to try again.
        if let Some(refusal) = database.constraint().and_then(refusal) {
            return Self::Refused(refusal);
        }
        let code = database.code();
        match class(code.as_deref().unwrap_or_default()) {
            Class::Contended => Self::Contended(Cause::new(err)),
            Class::Away => Self::Unreached(Cause::new(err)),
            Class::Defect => {
                let what = format!(
                    "the database refused a statement ({})",
                    code.unwrap_or_default()
                );
                Self::Refused(StoreError::Corrupt(what).into())
            }
        }
    }
}

fn refusal(constraint: &str) -> Option<CommitError> {
    Some(match constraint {
        "clusters_name_key" => CommitError::Taken(Taken::ClusterName),
        "clusters_identity_key" => CommitError::Taken(Taken::ClusterIdentity),
        "tenants_name_key" => CommitError::Taken(Taken::TenantName),
        "projects_name_key" => CommitError::Taken(Taken::ProjectName),
        "projects_namespace_key" => CommitError::Taken(Taken::Namespace),
        "tenants_cluster_fkey" => CommitError::Closed(Noun::Cluster),
        "projects_tenant_fkey" => CommitError::Closed(Noun::Tenant),
        "members_project_fkey" => CommitError::Stale,
        _ => return None,
    })
}

enum Class {
    Contended,
    Away,
    Defect,
}

/// SQLSTATE (PostgreSQL, appendix A).
fn class(code: &str) -> Class {
    match code {
        // serialization failure, deadlock
        "40001" | "40P01" => Class::Contended,
        // lock or statement took too long, transaction sat idle
        "55P03" | "57014" | "25P03" => Class::Away,
        // connections, resources, an operator's intervention
        _ if ["08", "53", "57", "58"]
            .iter()
            .any(|class| code.starts_with(class)) =>
        {
            Class::Away
        }
        _ => Class::Defect,
    }
}

/// Whether the connection is of no use after this.
pub(super) fn breaks_connection(err: &sqlx::Error) -> bool {
    match err.as_database_error() {
        None => defect(err).is_none(),
        Some(database) => {
            let code = database.code().unwrap_or_default();
            code.starts_with("57P") || code.starts_with("25P")
        }
    }
}

/// What came back, or was sent, has not the shape that the code expects.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the driver's enum; everything else is about the connection"
)]
fn defect(err: &sqlx::Error) -> Option<String> {
    match err {
        sqlx::Error::ColumnDecode { index, .. } | sqlx::Error::ColumnNotFound(index) => {
            Some(format!("column {index}"))
        }
        sqlx::Error::Decode(_) => Some("a column".to_owned()),
        sqlx::Error::Encode(_) | sqlx::Error::TypeNotFound { .. } => Some("a parameter".to_owned()),
        sqlx::Error::RowNotFound => Some("a row that is always there".to_owned()),
        _ => None,
    }
}

/// What a failed read, or a failed look at the work set, is told as.
impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(CommitError::Store(err)) => err,
            Failure::Refused(other) => Self::Corrupt(other.to_string()),
            Failure::Contended(cause) | Failure::Unreached(cause) | Failure::Unknown(cause) => {
                cause.away()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_named_constraint_that_callers_can_hit_has_a_refusal() {
        let schema = include_str!("../../migrations/0001_tables.sql");
        let names = schema
            .split("constraint ")
            .skip(1)
            .filter_map(|rest| rest.split_whitespace().next());
        let mut seen = 0;
        for name in names.filter(|name| name.ends_with("_key") || name.ends_with("_fkey")) {
            assert!(refusal(name).is_some(), "{name}");
            seen += 1;
        }
        assert_eq!(seen, 8);
    }

    #[test]
    fn silence_is_away_and_deadlocks_are_tried_again() {
        assert!(matches!(
            Failure::from(sqlx::Error::WorkerCrashed),
            Failure::Unreached(_)
        ));
        assert!(matches!(class("40P01"), Class::Contended));
        assert!(matches!(class("57P01"), Class::Away));
        assert!(matches!(class("42703"), Class::Defect));
    }
}
