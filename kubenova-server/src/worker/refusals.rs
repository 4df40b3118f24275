//! Writes refusals to the audit log, off the path of requests and within a bound.

use std::{collections::HashMap, sync::Arc, time::Duration};

use axum::http::StatusCode;
use jiff::Timestamp;
use tokio::{
    sync::mpsc::{Receiver, Sender, channel, error::TrySendError},
    time::sleep,
};
use tokio_util::sync::CancellationToken;
use tracing::warn;
use uuid::Uuid;

use kubenova_core::{
    access::Action,
    change::ChangeSet,
    domain::audit::{AuditEntry, AuditTarget, Outcome},
    ports::Store,
    value::Name,
};

use crate::{
    http::{chain, rim::Refused, router::Operation},
    telemetry::name,
};

/// Refusals that wait to be written; more are counted and dropped.
const WAITING: usize = 1024;

/// Written in one commit.
const TOGETHER: usize = 128;

/// Between two commits: a flood becomes fewer entries, each with a count.
const PAUSE: Duration = Duration::from_millis(200);

/// The end that requests talk to. Never waits.
#[derive(Debug, Clone)]
pub struct Refusals(Sender<AuditEntry>);

impl Refusals {
    /// Both ends.
    pub fn channel() -> (Self, Receiver<AuditEntry>) {
        let (sender, receiver) = channel(WAITING);
        (Self(sender), receiver)
    }

    /// Takes note of a refusal, if it is one that is recorded.
    pub fn note(&self, refused: &Refused, now: Timestamp) {
        let Some(entry) = entry(refused, now) else {
            return;
        };
        match self.0.try_send(entry) {
            Ok(()) | Err(TrySendError::Closed(_)) => {}
            Err(TrySendError::Full(_)) => metrics::counter!(name::AUDIT_DROPPED).increment(1),
        }
    }
}

/// The entry of a refusal. Reads leave one when they are not allowed or find nothing, writes always; a `GET` that issues a
/// kubeconfig is a write.
fn entry(refused: &Refused, now: Timestamp) -> Option<AuditEntry> {
    let template = refused.route.as_ref()?.as_str();
    let operation = Operation::find(&refused.method, template)?;
    let action = operation.action?;
    let read = operation.method == "GET" && action != Action::IssueGrant;
    let told = matches!(
        refused.status,
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND
    );
    if read && !told {
        return None;
    }
    let failed = refused.status.is_server_error();
    let kind = action.as_str().split('.').next().unwrap_or_default();
    Some(AuditEntry {
        at: now,
        request: refused.request.clone(),
        subject: refused.who.as_ref().map(|who| who.subject.clone()),
        token: refused.who.as_ref().and_then(|who| who.token),
        action: action.as_str(),
        target: target(kind, template, &refused.path),
        tenant: refused.who.as_ref().and_then(|who| who.tenant),
        outcome: if failed {
            Outcome::Failed
        } else {
            Outcome::Refused
        },
        code: code(refused.status),
    })
}

/// What the path names last, if it is a uid or a name: no other text of a caller gets into the log.
fn target(kind: &'static str, template: &str, path: &str) -> AuditTarget {
    let segments = template.split('/').zip(path.split('/'));
    let named = segments
        .filter(|(template, _)| template.starts_with('{'))
        .last();
    let text = named.map_or("", |(_, text)| text);
    match Uuid::try_parse(text) {
        Ok(uid) => AuditTarget {
            kind,
            uid: Some(uid),
            name: String::new(),
        },
        Err(_) => {
            let name = if Name::parse(text).is_ok() {
                text.to_owned()
            } else {
                String::new()
            };
            AuditTarget {
                kind,
                uid: None,
                name,
            }
        }
    }
}

/// The public code of a status; the closed list of those that refuse.
fn code(status: StatusCode) -> &'static str {
    match status.as_u16() {
        400 => "KN-400",
        401 => "KN-401",
        403 => "KN-403",
        404 => "KN-404",
        408 => "KN-408",
        409 => "KN-409",
        412 => "KN-412",
        413 => "KN-413",
        415 => "KN-415",
        422 => "KN-422",
        503 => "KN-503",
        _ => "KN-500",
    }
}

/// Writes what was noted until told to stop, and then the rest.
pub async fn record_refusals(
    store: Arc<dyn Store>,
    mut noted: Receiver<AuditEntry>,
    stop: CancellationToken,
) {
    let mut batch = Vec::with_capacity(TOGETHER);
    loop {
        let waited = stop
            .run_until_cancelled(noted.recv_many(&mut batch, TOGETHER))
            .await;
        match waited {
            Some(0) => return,
            Some(_) => write(&store, &mut batch).await,
            None => break,
        }
        if stop.run_until_cancelled(sleep(PAUSE)).await.is_none() {
            break;
        }
    }
    noted.close();
    while noted.recv_many(&mut batch, TOGETHER).await > 0 {
        write(&store, &mut batch).await;
    }
}

async fn write(store: &Arc<dyn Store>, batch: &mut Vec<AuditEntry>) {
    let count = batch.len();
    let audit = counted(std::mem::take(batch));
    let changes = ChangeSet {
        audit,
        ..ChangeSet::new()
    };
    if let Err(error) = store.commit(changes).await {
        metrics::counter!(name::AUDIT_DROPPED).increment(u64::try_from(count).unwrap_or(u64::MAX));
        warn!(error = %chain(&error), audit.count = count, "Could not record refusals");
    }
}

/// Counts what nobody in particular was refused in one entry a kind: a flood of bad tokens stays small.
fn counted(batch: Vec<AuditEntry>) -> Vec<AuditEntry> {
    let mut audit: Vec<AuditEntry> = Vec::with_capacity(batch.len());
    let mut seen: HashMap<(&str, &str), (usize, usize)> = HashMap::new();
    for entry in batch {
        if entry.subject.is_some() {
            audit.push(entry);
            continue;
        }
        let place = audit.len();
        let known = seen.entry((entry.action, entry.code)).or_insert((place, 0));
        known.1 += 1;
        if known.1 == 1 {
            audit.push(entry);
        }
    }
    for (place, count) in seen.into_values().filter(|(_, count)| *count > 1) {
        if let Some(entry) = audit.get_mut(place) {
            entry.target.uid = None;
            entry.target.name = format!("{count} requests");
        }
    }
    audit
}

#[cfg(test)]
mod tests {
    use kubenova_core::{access::RequestId, value::Subject};

    use super::*;

    fn entry(subject: Option<&str>, code: &'static str) -> AuditEntry {
        AuditEntry {
            at: Timestamp::UNIX_EPOCH,
            request: RequestId::parse("r").unwrap(),
            subject: subject.map(|text| Subject::parse(text).unwrap()),
            token: None,
            action: "me.read",
            target: AuditTarget {
                kind: "me",
                uid: None,
                name: String::new(),
            },
            tenant: None,
            outcome: Outcome::Refused,
            code,
        }
    }

    #[test]
    fn attack_18_a_flood_of_bad_tokens_is_counted_in_one_entry() {
        let mut batch: Vec<_> = (0..100).map(|_| entry(None, "KN-401")).collect();
        batch.insert(50, entry(Some("alice"), "KN-403"));
        batch.insert(60, entry(Some("alice"), "KN-403"));
        let audit = counted(batch);
        assert_eq!(audit.len(), 3);
        assert_eq!(audit[0].target.name, "100 requests");
        assert_eq!(
            audit.iter().filter(|entry| entry.subject.is_some()).count(),
            2
        );
    }

    #[test]
    fn only_names_and_uids_of_a_path_are_kept() {
        let template = "/api/v1/clusters/{c}/tenants/{t}/owners";
        let of = |path: &str| target("tenant", template, path);
        assert_eq!(of("/api/v1/clusters/c1/tenants/acme/owners").name, "acme");
        let uid = Uuid::from_u128(7);
        assert_eq!(
            of(&format!("/api/v1/clusters/c1/tenants/{uid}/owners")).uid,
            Some(uid)
        );
        let hostile = of("/api/v1/clusters/c1/tenants/%0a%1b[31m/owners");
        assert_eq!((hostile.name.as_str(), hostile.uid), ("", None));
    }
}
