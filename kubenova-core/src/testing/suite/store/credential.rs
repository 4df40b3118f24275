//! Records of tokens and kubeconfigs.

use super::kit::{a_place, insert_grant, insert_token, ok, refused, some, write, writes};
use crate::access::ProjectRole;
use crate::change::{Revoke, Write};
use crate::domain::credential::{CredentialState, Grant, Revocation};
use crate::ports::Store;
use crate::ports::store::{CommitError, GrantFilter, TokenFilter, TokenLookup};
use crate::testing::build::{a_grant, a_token, subject};
use crate::testing::clock::at;
use crate::value::{ClusterId, GrantId, Page, ProjectId, TenantId, TokenId};

/// What is written is read back, with the cluster of the token's tenant.
pub async fn tokens_round_trip(store: &dyn Store) {
    let (cluster, ..) = a_place(store).await;
    let lookup = |token: &crate::domain::credential::Token, cluster| TokenLookup {
        token: token.clone(),
        cluster,
    };
    let bound = a_token()
        .projects([ProjectId::nth(1), ProjectId::nth(2)])
        .build();
    let nothing = a_token().nth(2).projects([]).build();
    let admin = a_token().nth(3).admin().build();
    let orphan = a_token().nth(4).tenant(TenantId::nth(9)).build();
    for (token, at) in [
        (&bound, Some(cluster.id)),
        (&nothing, Some(cluster.id)),
        (&admin, None),
        (&orphan, None),
    ] {
        ok(write(store, insert_token(token)).await);
        assert_eq!(ok(store.token(token.id).await), Some(lookup(token, at)));
    }
    assert_eq!(ok(store.token(TokenId::nth(9)).await), None);
}

/// What is written is read back.
pub async fn grants_round_trip(store: &dyn Store) {
    a_place(store).await;
    let full = a_grant()
        .nth(2)
        .project(ProjectId::nth(1), ProjectRole::ReadOnly)
        .unissued()
        .revocation(Revocation {
            requested_at: Some(at(1)),
            binding_cut_at: Some(at(2)),
            secret_gone_at: Some(at(3)),
            credential_dead_at: Some(at(13)),
        })
        .build();
    for grant in [a_grant().build(), full] {
        ok(write(store, insert_grant(&grant)).await);
        assert_eq!(ok(store.grant(grant.id).await), Some(grant));
    }
    assert_eq!(ok(store.grant(GrantId::nth(9)).await), None);
}

/// Lists are ordered by (creation, id) and walked by cursor.
pub async fn lists_are_in_order_of_issue(store: &dyn Store) {
    a_place(store).await;
    let tokens = [
        a_token().nth(1).life(30, 90).build(),
        a_token().nth(2).life(-10, 90).build(),
        a_token().nth(3).life(20, 90).admin().build(),
        a_token().nth(5).life(20, 90).build(),
        a_token()
            .nth(4)
            .life(20, 90)
            .tenant(TenantId::nth(2))
            .build(),
    ];
    ok(store.commit(writes(tokens.iter().map(insert_token))).await);
    let walk = async |filter: TokenFilter| {
        let (mut ids, mut page) = (Vec::new(), Page::first(2));
        loop {
            let found = ok(store.tokens(filter.clone(), page.clone()).await);
            ids.extend(found.items.into_iter().map(|token| token.id));
            match found.next {
                Some(next) => page.after = Some(next),
                None => return ids,
            }
        }
    };
    let ids = |list: [u128; 5]| list.map(TokenId::nth).to_vec();
    assert_eq!(walk(TokenFilter::default()).await, ids([2, 3, 4, 5, 1]));
    let of_tenant = TokenFilter {
        tenant: Some(TenantId::nth(1)),
    };
    assert_eq!(walk(of_tenant).await, [2, 5, 1].map(TokenId::nth));
}

async fn grant_numbers(store: &dyn Store, filter: GrantFilter) -> Vec<u128> {
    let page = ok(store.grants(filter, Page::first(10)).await);
    page.items
        .iter()
        .map(|grant| grant.id.uuid().as_u128())
        .collect()
}

async fn all_sorts_of_grants(store: &dyn Store) {
    a_place(store).await;
    let revoked = Revocation {
        requested_at: Some(at(5)),
        ..Revocation::default()
    };
    let rows = [
        a_grant().nth(1).life(1, 100).build(),
        a_grant().nth(2).life(2, 100).of("bob").build(),
        a_grant()
            .nth(3)
            .life(3, 100)
            .project(ProjectId::nth(1), ProjectRole::ProjectDev)
            .build(),
        a_grant().nth(4).life(4, 100).revocation(revoked).build(),
        a_grant().nth(5).life(5, 20).build(),
        a_grant()
            .nth(6)
            .life(6, 100)
            .tenant(TenantId::nth(2), ClusterId::nth(1))
            .build(),
    ];
    ok(store.commit(writes(rows.iter().map(insert_grant))).await);
}

/// Every filter of grants holds, alone and together.
pub async fn grants_are_filtered(store: &dyn Store) {
    all_sorts_of_grants(store).await;
    let list = async |filter| grant_numbers(store, filter).await;
    let all = GrantFilter::default;
    let project = Some(ProjectId::nth(1));
    assert_eq!(list(all()).await, [1, 2, 3, 4, 5, 6]);
    assert_eq!(
        list(GrantFilter {
            tenant: Some(TenantId::nth(2)),
            ..all()
        })
        .await,
        [6]
    );
    assert_eq!(list(GrantFilter { project, ..all() }).await, [3]);
    assert_eq!(
        list(GrantFilter {
            subject: Some(subject("bob")),
            ..all()
        })
        .await,
        [2]
    );
    let state = Some((CredentialState::Active, at(50)));
    let several = GrantFilter {
        tenant: Some(TenantId::nth(1)),
        project,
        state,
        ..all()
    };
    assert_eq!(list(several).await, [3]);
    let none = GrantFilter {
        tenant: Some(TenantId::nth(2)),
        project,
        ..all()
    };
    assert_eq!(list(none).await, []);
}

/// Lists by state know what is active, revoked and expired at a moment, page by page.
pub async fn grants_are_listed_by_state(store: &dyn Store) {
    all_sorts_of_grants(store).await;
    let by = |state| GrantFilter {
        state: Some((state, at(50))),
        ..GrantFilter::default()
    };
    assert_eq!(
        grant_numbers(store, by(CredentialState::Active)).await,
        [1, 2, 3, 6]
    );
    assert_eq!(
        grant_numbers(store, by(CredentialState::Revoked)).await,
        [4]
    );
    assert_eq!(
        grant_numbers(store, by(CredentialState::Expired)).await,
        [5]
    );
    let page = Page::first(2);
    let first = ok(store
        .grants(by(CredentialState::Active), page.clone())
        .await);
    let next = Page {
        after: first.next,
        ..page
    };
    let second = ok(store.grants(by(CredentialState::Active), next).await);
    assert_eq!(second.items.len(), 2);
    assert_eq!(second.next, None);
}

/// An admin's token counts while it works, and only an admin's.
pub async fn admins_are_found(store: &dyn Store) {
    a_place(store).await;
    ok(write(store, insert_token(&a_token().build())).await);
    assert!(!ok(store.has_admin(at(1)).await));
    let admin = a_token().nth(2).admin().life(0, 10).build();
    ok(write(store, insert_token(&admin)).await);
    assert!(ok(store.has_admin(at(9)).await));
    assert!(!ok(store.has_admin(at(10)).await), "expired");
    ok(write(store, Write::RevokeTokens(Revoke::Token(admin.id), at(5))).await);
    assert!(!ok(store.has_admin(at(9)).await), "revoked");
}

/// A time that was recorded of a revocation stays; what was handed out stays handed out.
pub async fn times_are_set_once(store: &dyn Store) {
    a_place(store).await;
    let grant = a_grant().unissued().build();
    ok(write(store, insert_grant(&grant)).await);
    let step = async |revocation: Revocation, issued: bool| {
        let new = Grant {
            revocation,
            issued,
            expires_at: at(60),
            ..grant.clone()
        };
        ok(write(store, Write::UpdateGrant(Box::new(new))).await);
        some(ok(store.grant(grant.id).await))
    };
    let none = Revocation::default();
    assert!(step(none, true).await.issued);
    let requested = Revocation {
        requested_at: Some(at(1)),
        ..none
    };
    step(requested, true).await;
    let other = Revocation {
        requested_at: Some(at(7)),
        binding_cut_at: Some(at(8)),
        ..none
    };
    let found = step(other, false).await;
    let expected = Revocation {
        binding_cut_at: Some(at(8)),
        ..requested
    };
    assert_eq!(
        (found.revocation, found.issued, found.expires_at),
        (expected, true, at(60))
    );
    let found = step(none, true).await;
    assert_eq!(found.revocation, expected, "an old copy takes nothing back");
    let gone = Write::UpdateGrant(Box::new(a_grant().nth(9).build()));
    let refusal = refused(write(store, gone).await);
    assert!(matches!(refusal, CommitError::Stale), "{refusal:?}");
}
