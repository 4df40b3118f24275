//! Revocations: every way to name what is revoked.

use std::collections::BTreeSet;
use std::time::Duration;

use super::kit::{a_place, claim, insert_grant, insert_token, items, ok, some, write, writes};
use crate::access::ProjectRole;
use crate::change::{Revoke, Work, Write};
use crate::ports::Store;
use crate::ports::store::{GrantFilter, TokenFilter};
use crate::testing::build::{a_grant, a_token, subject};
use crate::testing::clock::at;
use crate::value::{GrantId, Page, ProjectId, TenantId, TokenId};

const T1: TenantId = TenantId::nth(1);
const P1: ProjectId = ProjectId::nth(1);
const P2: ProjectId = ProjectId::nth(2);

fn ways() -> [(Revoke, &'static [u128]); 6] {
    [
        (Revoke::Token(TokenId::nth(1)), &[1]),
        (Revoke::Grant(GrantId::nth(1)), &[1]),
        (Revoke::Tenant(T1), &[1, 2, 3, 4, 5]),
        (Revoke::Project(P1), &[3, 4]),
        (Revoke::SubjectInTenant(subject("alice"), T1), &[1, 3, 5]),
        (Revoke::SubjectInProject(subject("alice"), P1), &[3]),
    ]
}

/// One token is revoked once, keeps its time, and is known to everybody who asks what was revoked lately.
pub async fn tokens_one_by_one(store: &dyn Store) {
    a_place(store).await;
    ok(store
        .commit(writes([
            insert_token(&a_token().build()),
            insert_token(&a_token().nth(2).build()),
        ]))
        .await);
    let window = Duration::from_secs(60);
    assert!(ok(store.revoked_within(window).await).is_empty());
    for time in [at(5), at(9)] {
        ok(write(
            store,
            Write::RevokeTokens(Revoke::Token(TokenId::nth(1)), time),
        )
        .await);
    }
    let found = some(ok(store.token(TokenId::nth(1)).await)).token;
    assert_eq!(found.revoked_at, Some(at(5)), "the first time stays");
    assert_eq!(
        some(ok(store.token(TokenId::nth(2)).await))
            .token
            .revoked_at,
        None
    );
    assert_eq!(ok(store.revoked_within(window).await), [TokenId::nth(1)]);
    ok(write(
        store,
        Write::RevokeTokens(Revoke::Token(TokenId::nth(9)), at(5)),
    )
    .await);
}

/// Tokens 1 (alice), 2 (bob) of the tenant; 3 (alice), 4 (bob) for project 1; 5 (alice) for both; 6 of another tenant.
pub async fn every_way_to_revoke_tokens(store: &dyn Store) {
    a_place(store).await;
    for (n, (which, expected)) in (0..).zip(ways()) {
        let id = |local: u128| 100 * n + local;
        let tokens = [
            a_token().nth(id(1)).build(),
            a_token().nth(id(2)).of("bob").build(),
            a_token().nth(id(3)).projects([P1]).build(),
            a_token().nth(id(4)).of("bob").projects([P1]).build(),
            a_token().nth(id(5)).projects([P1, P2]).build(),
            a_token().nth(id(6)).tenant(TenantId::nth(2)).build(),
        ];
        ok(store.commit(writes(tokens.iter().map(insert_token))).await);
        let time = at(i64::try_from(n).unwrap_or_default() + 1);
        ok(write(store, Write::RevokeTokens(which.clone(), time)).await);
        let all = ok(store.tokens(TokenFilter::default(), Page::first(200)).await).items;
        let revoked: BTreeSet<u128> = all
            .iter()
            .filter(|token| token.revoked_at == Some(time))
            .map(|token| token.id.uuid().as_u128())
            .filter(|id| id / 100 == n)
            .map(|id| id % 100)
            .collect();
        let expected: BTreeSet<u128> = match which {
            Revoke::Grant(_) => BTreeSet::new(),
            // Whoever is taken out of one project keeps no token that names it, whatever else it names.
            Revoke::SubjectInProject(..) => [3, 5].into(),
            Revoke::Token(_)
            | Revoke::Tenant(_)
            | Revoke::Project(_)
            | Revoke::SubjectInTenant(..) => expected.iter().copied().collect(),
        };
        assert_eq!(revoked, expected, "{which:?}");
    }
}

/// The same of grants.
pub async fn every_way_to_revoke_grants(store: &dyn Store) {
    let (cluster, ..) = a_place(store).await;
    let dev = ProjectRole::ProjectDev;
    for (n, (which, expected)) in (0..).zip(ways()) {
        let id = |local: u128| 100 * n + local;
        let grants = [
            a_grant().nth(id(1)).build(),
            a_grant().nth(id(2)).of("bob").build(),
            a_grant().nth(id(3)).project(P1, dev).build(),
            a_grant().nth(id(4)).of("bob").project(P1, dev).build(),
            a_grant().nth(id(5)).project(P2, dev).build(),
            a_grant()
                .nth(id(6))
                .tenant(TenantId::nth(2), cluster.id)
                .build(),
        ];
        ok(store.commit(writes(grants.iter().map(insert_grant))).await);
        let time = at(i64::try_from(n).unwrap_or_default() + 1);
        let which = match which {
            Revoke::Grant(_) => Revoke::Grant(GrantId::nth(id(1))),
            Revoke::Token(_)
            | Revoke::Tenant(_)
            | Revoke::Project(_)
            | Revoke::SubjectInTenant(..)
            | Revoke::SubjectInProject(..) => which,
        };
        ok(write(store, Write::RevokeGrants(which.clone(), time)).await);
        let all = ok(store.grants(GrantFilter::default(), Page::first(200)).await).items;
        let revoked: BTreeSet<u128> = all
            .iter()
            .filter(|grant| grant.revocation.requested_at == Some(time))
            .map(|grant| grant.id.uuid().as_u128())
            .filter(|id| id / 100 == n)
            .map(|id| id % 100)
            .collect();
        let expected: BTreeSet<u128> = match which {
            Revoke::Token(_) => BTreeSet::new(),
            Revoke::Grant(_)
            | Revoke::Tenant(_)
            | Revoke::Project(_)
            | Revoke::SubjectInTenant(..)
            | Revoke::SubjectInProject(..) => expected.iter().copied().collect(),
        };
        assert_eq!(revoked, expected, "{which:?}");
    }
}

/// Who is revoked is worked on; who was revoked before keeps his time and causes no work.
pub async fn revoking_grants_asks_for_their_work(store: &dyn Store) {
    a_place(store).await;
    let rows = [a_grant().nth(1).build(), a_grant().nth(2).build()];
    ok(store.commit(writes(rows.iter().map(insert_grant))).await);
    ok(write(
        store,
        Write::RevokeGrants(Revoke::Grant(GrantId::nth(1)), at(1)),
    )
    .await);
    let first = claim(store, 1, 10).await;
    assert_eq!(items(&first), [Work::Grant(GrantId::nth(1))]);
    assert_eq!(first[0].cluster, rows[0].cluster);
    ok(write(store, Write::RevokeGrants(Revoke::Tenant(T1), at(2))).await);
    assert_eq!(
        items(&claim(store, 2, 10).await),
        [Work::Grant(GrantId::nth(2))]
    );
    let kept = some(ok(store.grant(GrantId::nth(1)).await));
    assert_eq!(kept.revocation.requested_at, Some(at(1)));
}
