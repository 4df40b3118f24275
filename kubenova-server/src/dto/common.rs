//! What several bodies share: status, conditions, labels, read-only fields.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, de::IgnoredAny};
use utoipa::ToSchema;

use kubenova_core::{
    error::FieldError,
    value::{self, Annotations, InvalidMetadata, Labels},
};

use crate::http::Problem;

/// A field that only answers hold: accepted in a request whatever it holds, and ignored.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ReadOnly;

impl<'de> Deserialize<'de> for ReadOnly {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self)
    }
}

/// A body without fields: what operations take that need none.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nothing {}

/// One observation about an object.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Condition {
    /// What is observed, e.g. `Reachable`.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// `True`, `False` or `Unknown`.
    pub(crate) status: &'static str,
    /// Why, in one word.
    pub(crate) reason: String,
    /// Why, in a sentence.
    pub(crate) message: String,
    /// When `status` last changed.
    pub(crate) last_transition_time: Timestamp,
}

impl From<&value::Condition> for Condition {
    fn from(condition: &value::Condition) -> Self {
        Self {
            kind: condition.kind.clone(),
            status: condition.status.as_str(),
            reason: condition.reason.clone(),
            message: condition.message.clone(),
            last_transition_time: condition.last_transition,
        }
    }
}

/// How far the clusters follow.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Status {
    /// `Pending`, `Applying`, `Deployed`, `Drifted`, `Error` or `Deleting`.
    pub(crate) phase: &'static str,
    /// The newest version of the intent that was worked on.
    pub(crate) observed_generation: u64,
    /// One per type.
    pub(crate) conditions: Vec<Condition>,
}

/// The status as it is answered: what is on its way out says so, whatever was last observed.
pub(super) fn status(status: &value::Status, deleting: bool) -> Status {
    let phase = if deleting {
        value::Phase::Deleting
    } else {
        status.phase
    };
    Status {
        phase: phase.as_str(),
        observed_generation: status.observed.get(),
        conditions: status.conditions.iter().map(Condition::from).collect(),
    }
}

/// Reads the caller's labels.
pub(super) fn labels(map: BTreeMap<String, String>) -> Result<Labels, FieldError> {
    Labels::parse(map).map_err(|bad| metadata("labels", &bad))
}

/// Reads the caller's annotations.
pub(super) fn annotations(map: BTreeMap<String, String>) -> Result<Annotations, FieldError> {
    Annotations::parse(map).map_err(|bad| metadata("annotations", &bad))
}

fn metadata(field: &str, bad: &InvalidMetadata) -> FieldError {
    FieldError::new(format!("{field}.{}", bad.key), bad.why)
}

/// Collects everything that is wrong with a body, so that a caller learns it at once.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<FieldError>);

impl Faults {
    /// Takes a value, or notes what is wrong with it.
    pub(super) fn take<T>(&mut self, read: Result<T, FieldError>) -> Option<T> {
        read.map_err(|fault| self.0.push(fault)).ok()
    }

    /// Notes a fault.
    pub(super) fn note(&mut self, field: impl Into<String>, reason: impl Into<String>) {
        self.0.push(FieldError::new(field, reason));
    }

    /// Notes several.
    pub(super) fn take_all<T>(&mut self, read: Result<T, Vec<FieldError>>) -> Option<T> {
        read.map_err(|mut faults| self.0.append(&mut faults)).ok()
    }

    /// The whole, if every part was usable.
    pub(super) fn whole<T>(self, whole: Option<T>) -> Result<T, Problem> {
        match (whole, self.0.is_empty()) {
            (Some(whole), true) => Ok(whole),
            (_, _) => Err(kubenova_core::Error::Invalid(self.0).into()),
        }
    }
}
