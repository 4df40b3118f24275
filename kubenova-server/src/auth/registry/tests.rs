//! What is kept, how long, and what happens when the store or the feed is away.

use std::sync::Mutex;

use async_trait::async_trait;
use jiff::{Timestamp, ToSpan as _};

use kubenova_core::{
    access::{Role, Roles},
    domain::credential::{Grant, Token},
    ports::store::{GrantFilter, TokenFilter},
    value::{GrantId, Page, Paged, Subject, TenantId},
};

use super::*;
use crate::auth::SigningKey;

/// A store of one token that counts how often it is asked, and may be away.
#[derive(Default)]
struct Records {
    row: Mutex<Option<TokenLookup>>,
    revoked: Mutex<Vec<TokenId>>,
    away: Mutex<bool>,
    asked: Mutex<usize>,
}

impl Records {
    fn answer<T>(&self, value: T) -> Result<T, StoreError> {
        if *self.away.lock().unwrap() {
            return Err(StoreError::Away("gone".into()));
        }
        Ok(value)
    }

    fn revoke(&self) {
        let mut row = self.row.lock().unwrap();
        let token = &mut row.as_mut().unwrap().token;
        token.revoked_at = Some(token.created_at);
        self.revoked.lock().unwrap().push(token.id);
    }
}

#[async_trait]
impl CredentialReads for Records {
    async fn token(&self, id: TokenId) -> Result<Option<TokenLookup>, StoreError> {
        *self.asked.lock().unwrap() += 1;
        self.answer(
            self.row
                .lock()
                .unwrap()
                .clone()
                .filter(|found| found.token.id == id),
        )
    }
    async fn tokens(&self, _: TokenFilter, _: Page) -> Result<Paged<Token>, StoreError> {
        self.answer(Paged {
            items: Vec::new(),
            next: None,
        })
    }
    async fn revoked_within(&self, _: Duration) -> Result<Vec<TokenId>, StoreError> {
        self.answer(self.revoked.lock().unwrap().clone())
    }
    async fn has_admin(&self, _: Timestamp) -> Result<bool, StoreError> {
        self.answer(true)
    }
    async fn grant(&self, _: GrantId) -> Result<Option<Grant>, StoreError> {
        self.answer(None)
    }
    async fn grants(&self, _: GrantFilter, _: Page) -> Result<Paged<Grant>, StoreError> {
        self.answer(Paged {
            items: Vec::new(),
            next: None,
        })
    }
}

struct Still(Mutex<Timestamp>);

impl Clock for Still {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

struct World {
    registry: Registry,
    records: Arc<Records>,
    clock: Arc<Still>,
    bearer: String,
    tokens: Tokens,
}

impl World {
    fn new() -> Self {
        let now: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
        let tokens = Tokens::new(SigningKey::generate().unwrap(), "i", "a");
        let token = Token {
            id: TokenId::nth(7),
            subject: Subject::parse("alice").unwrap(),
            roles: Roles::one(Role::TenantOwner),
            tenant: Some(TenantId::nth(1)),
            projects: None,
            issued_by: Subject::parse("bob").unwrap(),
            created_at: now,
            expires_at: now + 1.hour(),
            revoked_at: None,
        };
        let bearer = tokens
            .sign(&token)
            .unwrap()
            .expose_str()
            .unwrap()
            .to_owned();
        let records = Arc::new(Records::default());
        *records.row.lock().unwrap() = Some(TokenLookup {
            token,
            cluster: Some(ClusterId::nth(3)),
        });
        let clock = Arc::new(Still(Mutex::new(now)));
        let registry = Registry::new(tokens.clone(), records.clone(), clock.clone());
        Self {
            registry,
            records,
            clock,
            bearer,
            tokens,
        }
    }

    async fn call(&self) -> Result<Actor, NoCaller> {
        let request = RequestId::parse("r").unwrap();
        self.registry.caller(&self.bearer, request).await
    }

    fn asked(&self) -> usize {
        *self.records.asked.lock().unwrap()
    }
}

#[tokio::test(start_paused = true)]
async fn a_verified_token_is_kept_while_the_feed_is_fresh() {
    let world = World::new();
    world.registry.poll().await.unwrap();
    for _ in 0..5 {
        let actor = world.call().await.unwrap();
        assert_eq!(actor.subject.as_str(), "alice");
        assert_eq!(actor.scope.unwrap().cluster, ClusterId::nth(3));
    }
    assert_eq!(world.asked(), 1);
    tokio::time::advance(FRESH).await;
    world.call().await.unwrap();
    assert_eq!(world.asked(), 2, "a stale feed means asking the store");
}

#[tokio::test(start_paused = true)]
async fn attack_27_a_revoked_token_is_refused_after_the_next_poll_and_for_ever() {
    let world = World::new();
    world.registry.poll().await.unwrap();
    world.call().await.unwrap();
    world.records.revoke();
    assert!(world.call().await.is_ok(), "the bound is one poll");
    world.registry.poll().await.unwrap();
    assert!(matches!(world.call().await, Err(NoCaller::Refused)));
    let restarted = Registry::new(
        world.tokens.clone(),
        world.records.clone(),
        world.clock.clone(),
    );
    let request = RequestId::parse("r").unwrap();
    let answer = restarted.caller(&world.bearer, request).await;
    assert!(matches!(answer, Err(NoCaller::Refused)));
}

#[tokio::test(start_paused = true)]
async fn without_a_fresh_feed_a_revocation_holds_at_once() {
    let world = World::new();
    world.call().await.unwrap();
    world.records.revoke();
    assert!(matches!(world.call().await, Err(NoCaller::Refused)));
}

#[tokio::test(start_paused = true)]
async fn nobody_is_let_in_without_a_store() {
    let world = World::new();
    world.registry.poll().await.unwrap();
    world.call().await.unwrap();
    *world.records.away.lock().unwrap() = true;
    assert!(world.call().await.is_ok(), "kept and fresh");
    tokio::time::advance(FRESH).await;
    assert!(world.registry.poll().await.is_err());
    assert!(matches!(world.call().await, Err(NoCaller::Away(_))));
}

#[tokio::test(start_paused = true)]
async fn a_gap_in_the_feed_empties_what_was_kept() {
    let world = World::new();
    world.registry.poll().await.unwrap();
    world.call().await.unwrap();
    tokio::time::advance(WINDOW).await;
    // Revoked in the gap, and out of the window by now.
    world.records.revoke();
    world.records.revoked.lock().unwrap().clear();
    world.registry.poll().await.unwrap();
    assert!(matches!(world.call().await, Err(NoCaller::Refused)));
}

#[tokio::test(start_paused = true)]
async fn a_kept_token_still_ends_in_time() {
    let world = World::new();
    world.registry.poll().await.unwrap();
    world.call().await.unwrap();
    let later = world.clock.now() + 1.hour() + 6.seconds();
    *world.clock.0.lock().unwrap() = later;
    assert!(matches!(world.call().await, Err(NoCaller::Refused)));
}

#[tokio::test]
async fn a_record_that_says_otherwise_or_a_tenant_that_is_gone_refuses() {
    let changes: [fn(&mut TokenLookup); 4] = [
        |found| found.token.roles = Roles::one(Role::ReadOnly),
        |found| found.token.subject = Subject::parse("eve").unwrap(),
        |found| found.token.tenant = Some(TenantId::nth(2)),
        |found| found.cluster = None,
    ];
    for change in changes {
        let world = World::new();
        change(world.records.row.lock().unwrap().as_mut().unwrap());
        assert!(matches!(world.call().await, Err(NoCaller::Refused)));
    }
    let world = World::new();
    *world.records.row.lock().unwrap() = None;
    assert!(matches!(world.call().await, Err(NoCaller::Refused)));
}

#[tokio::test]
async fn what_is_kept_is_bounded() {
    let world = World::new();
    world.registry.poll().await.unwrap();
    let found = world.records.row.lock().unwrap().clone().unwrap();
    let claims = world
        .tokens
        .verify(&world.bearer, world.clock.now())
        .unwrap();
    let polled = world.registry.read().polled;
    for n in 0..CAPACITY * 2 {
        let entry = Arc::new(Entry::new(claims.clone(), found.cluster));
        world
            .registry
            .keep(fingerprint(&n.to_string()), entry, polled);
    }
    assert!(world.registry.read().entries.len() <= CAPACITY);
}
