//! Projects: rows, keys, paths, members and access.

use std::collections::BTreeSet;

use super::kit::{
    a_place, insert_cluster, insert_grant, insert_project, insert_tenant, ok, refused, selector,
    some, write, writes,
};
use crate::access::ProjectRole;
use crate::change::Write;
use crate::domain::credential::Revocation;
use crate::domain::project::{Project, ProjectAt};
use crate::ports::Store;
use crate::ports::store::{CommitError, ProjectFilter, Taken};
use crate::testing::build::{a_cluster, a_grant, a_member, a_project, a_status, a_tenant, name};
use crate::testing::clock::at;
use crate::value::{ClusterId, Page, Phase, ProjectId, Ref, TenantId};

/// What is written is read back, every field of it; an update never touches status.
pub async fn round_trip(store: &dyn Store) {
    let (_, tenant, plain) = a_place(store).await;
    let full = a_project()
        .nth(2)
        .of(&tenant)
        .label("team", "blue")
        .annotations([("note", "x")])
        .generation(4)
        .deleting(5)
        .deployed(3)
        .build();
    ok(write(store, insert_project(&full)).await);
    assert_eq!(some(ok(store.project(full.id).await)), full);
    assert_eq!(some(ok(store.project(plain.id).await)), plain);
    assert_eq!(ok(store.project(ProjectId::nth(9)).await), None);
    let report = a_status(1, Phase::Deployed);
    ok(write(store, Write::ProjectStatus(plain.id, report.clone())).await);
    let new = a_project()
        .label("a", "b")
        .annotations([("c", "d")])
        .deleting(8)
        .generation(2)
        .build();
    ok(write(store, Write::UpdateProject(Box::new(new.clone()))).await);
    let expected = Project {
        status: report,
        ..new
    };
    assert_eq!(some(ok(store.project(plain.id).await)), expected);
    ok(write(
        store,
        Write::ProjectStatus(plain.id, a_status(0, Phase::Error)),
    )
    .await);
    assert_eq!(
        some(ok(store.project(plain.id).await)),
        expected,
        "reports never go back"
    );
}

/// A project's name is taken in its tenant; its namespace on its cluster, whoever reserved it.
pub async fn names_and_namespaces_are_reserved(store: &dyn Store) {
    let elsewhere = a_cluster().nth(2).build();
    let long = a_tenant().nth(1).named("a-b").build();
    let short = a_tenant().nth(2).named("a").build();
    let far = a_tenant().nth(3).named("a").on(elsewhere.id).build();
    let rows = [
        insert_cluster(&a_cluster().build()),
        insert_cluster(&elsewhere),
        insert_tenant(&long),
        insert_tenant(&short),
        insert_tenant(&far),
        insert_project(&a_project().nth(1).of(&long).named("c").build()),
    ];
    ok(store.commit(writes(rows)).await);
    let same_name = a_project().nth(2).of(&long).named("c").build();
    let refusal = refused(write(store, insert_project(&same_name)).await);
    assert!(
        matches!(refusal, CommitError::Taken(Taken::ProjectName)),
        "{refusal:?}"
    );
    let same_namespace = a_project().nth(2).of(&short).named("b-c").build();
    let refusal = refused(write(store, insert_project(&same_namespace)).await);
    assert!(
        matches!(refusal, CommitError::Taken(Taken::Namespace)),
        "{refusal:?}"
    );
    assert_eq!(ok(store.project(same_namespace.id).await), None);
    ok(write(
        store,
        insert_project(&a_project().nth(2).of(&far).named("b-c").build()),
    )
    .await);
}

/// A path means at most one project below a tenant, and perhaps several without one.
pub async fn paths_find_what_they_mean(store: &dyn Store) {
    let (cluster, tenant, here) = a_place(store).await;
    let other = a_tenant().nth(2).named("beta").build();
    let there = a_project().nth(2).of(&other).named("web").build();
    ok(store
        .commit(writes([insert_tenant(&other), insert_project(&there)]))
        .await);
    let find = async |cluster: Option<Ref>, tenant: Option<Ref>, project: Ref| {
        let found = ok(store
            .projects_at(&ProjectAt {
                cluster,
                tenant,
                project,
            })
            .await);
        found.into_iter().map(|one| one.id).collect::<Vec<_>>()
    };
    let web = || Ref::Name(name("web"));
    let id = |project: &Project| Ref::Id(project.id.uuid());
    let by_id = Some(Ref::Id(tenant.id.uuid()));
    let by_name = Some(Ref::Name(name("beta")));
    assert_eq!(find(None, by_id.clone(), web()).await, [here.id]);
    assert_eq!(find(None, by_name.clone(), web()).await, [there.id]);
    assert_eq!(
        find(Some(Ref::Name(cluster.name)), by_name.clone(), web()).await,
        [there.id]
    );
    assert_eq!(find(None, None, web()).await, [here.id, there.id]);
    assert_eq!(find(None, None, id(&there)).await, [there.id]);
    assert_eq!(find(None, by_name, id(&there)).await, [there.id]);
    assert!(
        find(None, by_id.clone(), id(&there)).await.is_empty(),
        "not below that tenant"
    );
    let nowhere = Some(Ref::Id(ClusterId::nth(9).uuid()));
    assert!(find(nowhere.clone(), by_id, web()).await.is_empty());
    assert!(find(nowhere, None, id(&here)).await.is_empty());
    assert!(find(None, None, Ref::Name(name("absent"))).await.is_empty());
}

/// A member list replaces the one before as a whole; a project that is gone has none to replace.
pub async fn members_are_replaced(store: &dyn Store) {
    let (_, _, project) = a_place(store).await;
    assert!(ok(store.members(project.id).await).is_empty());
    let (dev, reader) = (ProjectRole::ProjectDev, ProjectRole::ReadOnly);
    let first = BTreeSet::from([
        a_member("alice", dev),
        a_member("alice", reader),
        a_member("bob", dev),
    ]);
    let second = BTreeSet::from([a_member("bob", dev), a_member("carol", reader)]);
    for members in [&first, &second, &BTreeSet::new()] {
        ok(write(store, Write::SetMembers(project.id, members.clone())).await);
        assert_eq!(&ok(store.members(project.id).await), members);
    }
    let refusal = refused(write(store, Write::SetMembers(ProjectId::nth(9), first)).await);
    assert!(matches!(refusal, CommitError::Stale), "{refusal:?}");
    assert!(ok(store.members(ProjectId::nth(9)).await).is_empty());
}

/// Access tells the members and every kubeconfig that may still open the project.
pub async fn access_knows_who_opens_it(store: &dyn Store) {
    let (cluster, tenant, project) = a_place(store).await;
    let dev = ProjectRole::ProjectDev;
    let cut = Revocation {
        requested_at: Some(at(1)),
        binding_cut_at: Some(at(2)),
        ..Revocation::default()
    };
    let requested = Revocation {
        binding_cut_at: None,
        ..cut
    };
    let opens = [
        a_grant().nth(1).build(),
        a_grant().nth(2).project(project.id, dev).build(),
        a_grant()
            .nth(3)
            .project(project.id, dev)
            .revocation(requested)
            .build(),
        a_grant().nth(4).life(-20, -10).unissued().build(),
    ];
    let others = [
        a_grant().nth(5).revocation(cut).build(),
        a_grant().nth(6).project(ProjectId::nth(8), dev).build(),
        a_grant()
            .nth(7)
            .tenant(TenantId::nth(8), cluster.id)
            .build(),
    ];
    ok(store
        .commit(writes(opens.iter().chain(&others).map(insert_grant)))
        .await);
    let members = BTreeSet::from([a_member("bob", dev)]);
    ok(write(store, Write::SetMembers(project.id, members.clone())).await);
    let mut found = ok(store.access(project.id).await);
    found.grants.sort_by_key(|grant| grant.id);
    assert_eq!(found.members, members);
    assert_eq!(found.grants, opens);
    assert_eq!(tenant.id, opens[0].tenant);
    let nothing = ok(store.access(ProjectId::nth(9)).await);
    assert!(nothing.grants.is_empty() && nothing.members.is_empty());
}

/// Lists show what the filter says, in order of names.
pub async fn lists_narrow_and_select(store: &dyn Store) {
    let (_, tenant, web) = a_place(store).await;
    let api = a_project()
        .nth(2)
        .of(&tenant)
        .named("api")
        .label("tier", "1")
        .build();
    let db = a_project()
        .nth(3)
        .of(&tenant)
        .named("db")
        .label("tier", "2")
        .build();
    ok(store
        .commit(writes([insert_project(&api), insert_project(&db)]))
        .await);
    let names = async |only: Option<Vec<ProjectId>>, labels: &str| {
        let filter = ProjectFilter {
            tenant: tenant.id,
            only: only.map(Into::into),
            selector: selector(labels),
        };
        let page = ok(store.projects(filter, Page::first(10)).await);
        page.items
            .iter()
            .map(|one| one.name.to_string())
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(names(None, "").await, "api db web");
    assert_eq!(names(None, "tier=1").await, "api");
    assert_eq!(names(None, "tier>1").await, "db");
    assert_eq!(names(None, "tier=3").await, "");
    assert_eq!(
        names(Some(vec![web.id, api.id, ProjectId::nth(9)]), "").await,
        "api web"
    );
    assert_eq!(names(Some(vec![web.id, api.id]), "tier").await, "api");
    assert_eq!(
        names(Some(Vec::new()), "").await,
        "",
        "an empty list sees nothing"
    );
    let nobody = ProjectFilter {
        tenant: TenantId::nth(9),
        only: None,
        selector: selector(""),
    };
    assert!(
        ok(store.projects(nobody, Page::first(10)).await)
            .items
            .is_empty()
    );
}
