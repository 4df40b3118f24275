//! Ends: what goes with a row, and what stays as history.

use std::collections::BTreeSet;

use super::kit::{
    LONG, a_place, ask, ask_on, claim, insert_cluster, insert_grant, insert_project, insert_tenant,
    insert_token, items, ok, refused, some, update_tenant, write, writes,
};
use crate::access::ProjectRole;
use crate::change::{Work, Write};
use crate::domain::cluster::Cluster;
use crate::domain::project::Project;
use crate::domain::tenant::Tenant;
use crate::error::Noun;
use crate::ports::Store;
use crate::ports::store::{CommitError, TenantFilter};
use crate::testing::build::{a_cluster, a_grant, a_member, a_project, a_tenant, a_token, subject};
use crate::testing::clock::at;
use crate::value::{ClusterId, Generation, GrantId, Page, ProjectId, Ref, TenantId, TokenId};

/// A cluster takes everything with it but audit and tokens, which are revoked; its neighbour notices nothing.
pub async fn cluster(store: &dyn Store) {
    let (cluster, tenant, project) = a_place(store).await;
    let other = a_cluster().nth(2).build();
    let theirs = a_tenant().nth(2).on(other.id).label("team", "blue").build();
    let ours = a_tenant().nth(3).label("team", "blue").build();
    let rows = [
        insert_cluster(&other),
        insert_tenant(&theirs),
        insert_tenant(&ours),
        insert_token(&a_token().build()),
        insert_token(&a_token().nth(2).tenant(theirs.id).build()),
        insert_grant(&a_grant().build()),
        insert_grant(&a_grant().nth(2).tenant(theirs.id, other.id).build()),
        Write::SetMembers(
            project.id,
            BTreeSet::from([a_member("bob", ProjectRole::ReadOnly)]),
        ),
    ];
    ok(store.commit(writes(rows)).await);
    ask(store, Work::Tenant(tenant.id)).await;
    ask_on(
        store,
        Work::Tenant(theirs.id),
        other.id,
        std::time::Duration::ZERO,
    )
    .await;
    for _ in 0..2 {
        ok(write(store, Write::PurgeCluster(cluster.id, at(9))).await);
    }
    nothing_is_left_of(store, &cluster, &tenant, &project).await;
    the_other_is_untouched(store, &theirs).await;
    // Names and namespaces are free again, and the indexes hold nothing of what went.
    a_place(store).await;
    let filter = TenantFilter {
        cluster: Some(cluster.id),
        owner: Some(subject("alice")),
        ..TenantFilter::default()
    };
    assert_eq!(
        ok(store.tenants(filter, Page::first(10)).await).items.len(),
        1
    );
}

async fn nothing_is_left_of(
    store: &dyn Store,
    cluster: &Cluster,
    tenant: &Tenant,
    project: &Project,
) {
    assert_eq!(ok(store.cluster(&Ref::Id(cluster.id.uuid())).await), None);
    assert!(ok(store.credential(cluster.id).await).is_none());
    assert_eq!(ok(store.tenant(tenant.id).await), None);
    assert_eq!(ok(store.project(project.id).await), None);
    assert!(ok(store.members(project.id).await).is_empty());
    assert_eq!(ok(store.grant(GrantId::nth(1)).await), None);
    let token = some(ok(store.token(TokenId::nth(1)).await));
    assert_eq!(token.token.revoked_at, Some(at(9)));
    assert_eq!(token.cluster, None);
    assert_eq!(ok(store.revoked_within(LONG).await), [TokenId::nth(1)]);
}

async fn the_other_is_untouched(store: &dyn Store, theirs: &Tenant) {
    assert_eq!(items(&claim(store, 1, 10).await), [Work::Tenant(theirs.id)]);
    let left = ok(store
        .tenants(TenantFilter::default(), Page::first(10))
        .await);
    assert_eq!(left.items, std::slice::from_ref(theirs));
    let token = some(ok(store.token(TokenId::nth(2)).await));
    assert_eq!(token.token.revoked_at, None);
    assert!(ok(store.grant(GrantId::nth(2)).await).is_some());
}

/// A tenant goes when it has no project; its tokens are revoked, its grants stay.
pub async fn tenant(store: &dyn Store) {
    let (cluster, tenant, project) = a_place(store).await;
    let rows = [
        insert_token(&a_token().build()),
        insert_grant(&a_grant().build()),
    ];
    ok(store.commit(writes(rows)).await);
    let purge = || Write::PurgeTenant(tenant.id, at(9));
    let refusal = refused(write(store, purge()).await);
    assert!(
        matches!(refusal, CommitError::NotEmpty(Noun::Tenant)),
        "{refusal:?}"
    );
    assert!(ok(store.tenant(tenant.id).await).is_some());
    assert_eq!(
        some(ok(store.token(TokenId::nth(1)).await))
            .token
            .revoked_at,
        None
    );
    ok(write(store, Write::PurgeProject(project.id, at(9))).await);
    for _ in 0..2 {
        ok(write(store, purge()).await);
    }
    assert_eq!(ok(store.tenant(tenant.id).await), None);
    assert_eq!(
        some(ok(store.token(TokenId::nth(1)).await))
            .token
            .revoked_at,
        Some(at(9))
    );
    assert!(ok(store.grant(GrantId::nth(1)).await).is_some(), "history");
    let filter = TenantFilter {
        cluster: Some(cluster.id),
        owner: Some(subject("alice")),
        ..TenantFilter::default()
    };
    assert!(
        ok(store.tenants(filter, Page::first(10)).await)
            .items
            .is_empty()
    );
    ok(write(
        store,
        insert_tenant(&a_tenant().nth(2).named("acme").build()),
    )
    .await);
}

/// A project takes its members and its namespace's reservation with it; its grants stay.
pub async fn project(store: &dyn Store) {
    let (_, tenant, project) = a_place(store).await;
    let dev = ProjectRole::ProjectDev;
    let rows = [
        insert_grant(&a_grant().project(project.id, dev).build()),
        Write::SetMembers(project.id, BTreeSet::from([a_member("bob", dev)])),
    ];
    ok(store.commit(writes(rows)).await);
    for _ in 0..2 {
        ok(write(store, Write::PurgeProject(project.id, at(9))).await);
    }
    assert_eq!(ok(store.project(project.id).await), None);
    assert!(ok(store.members(project.id).await).is_empty());
    assert!(ok(store.grant(GrantId::nth(1)).await).is_some(), "history");
    ok(write(
        store,
        insert_project(&a_project().nth(2).of(&tenant).named("web").build()),
    )
    .await);
}

/// All projects of a tenant are marked, those that are not yet, and worked on.
pub async fn deleting_all_projects(store: &dyn Store) {
    let (_, tenant, first) = a_place(store).await;
    let second = a_project()
        .nth(2)
        .of(&tenant)
        .deleting(3)
        .generation(5)
        .build();
    let other = a_tenant().nth(2).build();
    let theirs = a_project().nth(3).of(&other).build();
    ok(store
        .commit(writes([
            insert_project(&second),
            insert_tenant(&other),
            insert_project(&theirs),
        ]))
        .await);
    let changes = writes([
        update_tenant(&a_tenant().deleting(8).generation(2).build()),
        Write::DeleteProjectsOf(tenant.id, at(8)),
    ]);
    ok(store.commit(changes).await);
    let read = async |id: ProjectId| {
        let found = some(ok(store.project(id).await));
        (found.deleting, found.generation)
    };
    assert_eq!(read(first.id).await, (Some(at(8)), Generation::new(2)));
    assert_eq!(
        read(second.id).await,
        (Some(at(3)), Generation::new(5)),
        "marked before"
    );
    assert_eq!(read(theirs.id).await, (None, Generation::new(1)));
    let claims = claim(store, 1, 10).await;
    assert_eq!(items(&claims), [Work::Project(first.id)]);
    assert_eq!(claims[0].cluster, ClusterId::nth(1));
    ok(write(store, Write::DeleteProjectsOf(TenantId::nth(9), at(8))).await);
}

/// History of a kubeconfig goes when it is told to.
pub async fn grants(store: &dyn Store) {
    a_place(store).await;
    ok(store
        .commit(writes([
            insert_grant(&a_grant().build()),
            insert_grant(&a_grant().nth(2).build()),
        ]))
        .await);
    for _ in 0..2 {
        ok(write(store, Write::PurgeGrant(GrantId::nth(1))).await);
    }
    assert_eq!(ok(store.grant(GrantId::nth(1)).await), None);
    assert!(ok(store.grant(GrantId::nth(2)).await).is_some());
}
