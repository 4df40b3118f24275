//! From a bearer token to a caller, without a database read on every request.
//!
//! What was verified once is kept, keyed by the SHA-256 of the whole token. That is safe because an entry is used only
//! while the revocation feed is fresh: every poll of the feed that began after a revocation was committed reports it, so
//! an entry outlives its revocation by at most [`FRESH`]. Without a fresh feed every request reads the store, and without
//! a store nobody is let in.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, RwLock, RwLockReadGuard, RwLockWriteGuard},
    time::Duration,
};

use aws_lc_rs::digest;
use tokio::time::Instant;

use kubenova_core::{
    access::{Actor, RequestId, Scope},
    domain::credential::CredentialState,
    ports::{
        Clock,
        store::{CredentialReads, StoreError, TokenLookup},
    },
    value::{ClusterId, TokenId},
};

use super::{BadToken, Claims, Tokens};

/// How old the last successful poll may be for a kept entry to be used.
pub const FRESH: Duration = Duration::from_secs(1);

/// Each poll asks for the revocations of this long: a lookup that raced with one is found by a later poll.
pub(super) const WINDOW: Duration = Duration::from_secs(30);

/// Entries kept at one time.
const CAPACITY: usize = 16_384;

type Fingerprint = [u8; 32];

/// Why there is no caller.
#[derive(Debug, thiserror::Error)]
pub enum NoCaller {
    /// The token is not believed, or was revoked, or its tenant is gone.
    #[error("the token is not accepted")]
    Refused,
    /// Nobody can tell now.
    #[error("tokens cannot be checked now")]
    Away(#[source] StoreError),
}

impl From<BadToken> for NoCaller {
    fn from(_: BadToken) -> Self {
        Self::Refused
    }
}

/// Knows callers by their tokens.
pub struct Registry {
    tokens: Tokens,
    store: Arc<dyn CredentialReads>,
    clock: Arc<dyn Clock>,
    kept: RwLock<Kept>,
}

#[derive(Default)]
struct Kept {
    entries: HashMap<Fingerprint, Arc<Entry>>,
    /// When the last successful poll began.
    polled: Option<Instant>,
}

struct Entry {
    claims: Claims,
    scope: Option<Scope>,
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Registry(..)")
    }
}

impl Registry {
    /// A registry over the records of a store.
    pub fn new(tokens: Tokens, store: Arc<dyn CredentialReads>, clock: Arc<dyn Clock>) -> Self {
        Self {
            tokens,
            store,
            clock,
            kept: RwLock::default(),
        }
    }

    /// The caller behind a token, in a request.
    ///
    /// # Errors
    /// [`NoCaller`].
    pub async fn caller(&self, token: &str, request: RequestId) -> Result<Actor, NoCaller> {
        let print = fingerprint(token);
        if let Some(entry) = self.kept(&print) {
            if entry.claims.is_over(self.clock.now()) {
                return Err(NoCaller::Refused);
            }
            return Ok(entry.actor(request));
        }
        let claims = self.tokens.verify(token, self.clock.now())?;
        let before = self.read().polled;
        let found = self.store.token(claims.id).await.map_err(NoCaller::Away)?;
        let found = found.ok_or(NoCaller::Refused)?;
        if !self.is_live(&found, &claims) {
            return Err(NoCaller::Refused);
        }
        let entry = Entry::new(claims, found.cluster);
        let actor = entry.actor(request);
        self.keep(print, Arc::new(entry), before);
        Ok(actor)
    }

    /// Asks the store once for what was revoked lately, and forgets it.
    ///
    /// # Errors
    /// [`StoreError`]; kept entries then stop being used within [`FRESH`].
    pub async fn poll(&self) -> Result<(), StoreError> {
        let began = Instant::now();
        let revoked = self.store.revoked_within(WINDOW).await?;
        let mut kept = self.write();
        // After a gap longer than the window a revocation may have been missed: nothing kept counts any more.
        if kept
            .polled
            .is_none_or(|last| began.duration_since(last) > WINDOW / 2)
        {
            kept.entries.clear();
        }
        if !revoked.is_empty() {
            kept.entries
                .retain(|_, entry| !revoked.contains(&entry.claims.id));
        }
        kept.polled = Some(began);
        Ok(())
    }

    /// Forgets a token that was revoked here, without waiting for the feed.
    pub fn forget(&self, id: TokenId) {
        self.write()
            .entries
            .retain(|_, entry| entry.claims.id != id);
    }

    /// The record agrees with what the token says, is not revoked, and its tenant exists.
    fn is_live(&self, found: &TokenLookup, claims: &Claims) -> bool {
        let token = &found.token;
        token.state(self.clock.now()) != CredentialState::Revoked
            && token.subject == claims.subject
            && token.roles == claims.roles
            && token.tenant == claims.tenant
            && token.projects == claims.projects
            && found.cluster.is_some() == token.tenant.is_some()
    }

    fn kept(&self, print: &Fingerprint) -> Option<Arc<Entry>> {
        let kept = self.read();
        let fresh = kept.polled.is_some_and(|polled| polled.elapsed() < FRESH);
        if fresh {
            kept.entries.get(print).cloned()
        } else {
            None
        }
    }

    /// Keeps what was looked up, unless a poll came between: it may have reported this very token.
    fn keep(&self, print: Fingerprint, entry: Arc<Entry>, before: Option<Instant>) {
        let mut kept = self.write();
        if kept.polled != before {
            return;
        }
        if kept.entries.len() >= CAPACITY {
            let now = self.clock.now();
            kept.entries.retain(|_, entry| !entry.claims.is_over(now));
        }
        if kept.entries.len() >= CAPACITY {
            // All of them live: any half will do, they come back with their next request.
            let mut keep = false;
            kept.entries.retain(|_, _| {
                keep = !keep;
                keep
            });
        }
        kept.entries.insert(print, entry);
    }

    fn read(&self) -> RwLockReadGuard<'_, Kept> {
        self.kept
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Kept> {
        self.kept
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Entry {
    fn new(claims: Claims, cluster: Option<ClusterId>) -> Self {
        let projects = claims.projects.as_deref().map(Arc::from);
        let scope = claims.tenant.zip(cluster);
        let scope = scope.map(|(tenant, cluster)| Scope {
            tenant,
            cluster,
            projects,
        });
        Self { claims, scope }
    }

    fn actor(&self, request: RequestId) -> Actor {
        Actor {
            subject: self.claims.subject.clone(),
            roles: self.claims.roles.clone(),
            scope: self.scope.clone(),
            token: Some(self.claims.id),
            expires_at: Some(self.claims.expires_at),
            request,
        }
    }
}

fn fingerprint(token: &str) -> Fingerprint {
    let mut print = [0; 32];
    print.copy_from_slice(digest::digest(&digest::SHA256, token.as_bytes()).as_ref());
    print
}

#[cfg(test)]
mod tests;
