//! Rows as the database has them, and the domain's values made of them.

pub(super) mod bounds;
pub(super) mod cluster;
pub(super) mod credential;
pub(super) mod project;
pub(super) mod tenant;

use std::collections::BTreeMap;
use std::fmt::Display;

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use kubenova_core::ports::store::StoreError;
use kubenova_core::value::{
    Condition, ConditionStatus, Generation, Name, Phase, Position, Status, Subject,
};

/// A row of a list.
pub(super) trait Row: for<'r> sqlx::FromRow<'r, PgRow> + Send + Unpin {
    /// What it becomes.
    type Value: Send;

    /// Where it stands in its list.
    fn position(&self) -> Position;

    /// Makes the value.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] naming the row.
    fn value(self) -> Result<Self::Value, StoreError>;
}

/// A row that labels are selected by.
pub(super) trait Labelled: Row {
    /// Its labels.
    fn labels(&self) -> &Map;
}

/// Labels and annotations.
pub(super) type Map = BTreeMap<String, String>;

/// A column of JSON, by its place.
pub(super) fn json<T: DeserializeOwned>(row: &PgRow, place: usize) -> Result<T, sqlx::Error> {
    let bytes = row.try_get_raw(place)?.as_bytes();
    let bytes = bytes.map_err(sqlx::Error::Decode)?;
    // The binary form of `jsonb` is its version, which is 1, and the text.
    let text = bytes.strip_prefix(&[1]).unwrap_or(bytes);
    serde_json::from_slice(text).map_err(|err| sqlx::Error::Decode(err.into()))
}

/// A condition as it is stored.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ConditionRow {
    kind: String,
    status: String,
    reason: String,
    message: String,
    since: Timestamp,
}

impl From<&Condition> for ConditionRow {
    fn from(condition: &Condition) -> Self {
        Self {
            kind: condition.kind.clone(),
            status: condition.status.as_str().to_owned(),
            reason: condition.reason.clone(),
            message: condition.message.clone(),
            since: condition.last_transition,
        }
    }
}

pub(super) fn conditions(status: &Status) -> Vec<ConditionRow> {
    status.conditions.iter().map(ConditionRow::from).collect()
}

/// Names a row that breaks an invariant, and what of it.
#[derive(Clone, Copy)]
pub(super) struct Place(pub(super) &'static str, pub(super) Uuid);

impl Place {
    pub(super) fn corrupt(self, what: impl Display) -> StoreError {
        StoreError::Corrupt(format!("{}/{}: {what}", self.0, self.1))
    }

    pub(super) fn name(self, text: &str) -> Result<Name, StoreError> {
        Name::parse(text).map_err(|_| self.corrupt("name"))
    }

    pub(super) fn subject(self, text: &str) -> Result<Subject, StoreError> {
        Subject::parse(text).map_err(|_| self.corrupt("subject"))
    }

    pub(super) fn word<T>(self, found: Option<T>, what: &'static str) -> Result<T, StoreError> {
        found.ok_or_else(|| self.corrupt(what))
    }

    pub(super) fn generation(self, n: i64) -> Result<Generation, StoreError> {
        let n = u64::try_from(n).map_err(|_| self.corrupt("generation"))?;
        Ok(Generation::new(n))
    }

    pub(super) fn status(
        self,
        phase: &str,
        observed: i64,
        rows: Vec<ConditionRow>,
    ) -> Result<Status, StoreError> {
        let mut conditions = Vec::with_capacity(rows.len());
        for row in rows {
            conditions.push(Condition {
                status: self.word(ConditionStatus::parse(&row.status), "condition")?,
                kind: row.kind,
                reason: row.reason,
                message: row.message,
                last_transition: row.since,
            });
        }
        Ok(Status {
            phase: self.word(Phase::parse(phase), "phase")?,
            observed: self.generation(observed)?,
            conditions,
        })
    }
}

/// A generation as the database has it; it never comes near the bound.
pub(super) fn number(generation: Generation) -> i64 {
    i64::try_from(generation.get()).unwrap_or(i64::MAX)
}

/// A moment that may be missing.
pub(super) fn moment(at: Option<jiff_sqlx::Timestamp>) -> Option<Timestamp> {
    at.map(jiff_sqlx::Timestamp::to_jiff)
}
