//! Kubeconfigs and tokens: issued, bound, cut, swept.

use std::collections::BTreeSet;
use std::time::Duration;

use kubenova_core::access::{Actor, ProjectRole, RequestId, Role, Roles, Scope};
use kubenova_core::domain::credential::CredentialState;
use kubenova_core::domain::project::Project;
use kubenova_core::domain::service::grant::{GrantAt, IssueGrant};
use kubenova_core::domain::service::{IssueToken, IssuedKubeconfig};
use kubenova_core::domain::tenant::Tenant;
use kubenova_core::error::Error;
use kubenova_core::ports::Clock;
use kubenova_core::ports::cluster::{BindingSubject, ClusterError, ClusterState as _, Step};
use kubenova_core::reconcile::spec;
use kubenova_core::value::{Subject, SubjectKind, TokenId};

use crate::world::{World, at_project, at_tenant, name};

async fn ready(world: &World) -> (Tenant, Project) {
    let tenant = world.tenant("acme").await;
    let project = world.project(&tenant, "web").await;
    world.settled(&project).await;
    (tenant, project)
}

fn ask(project: &Project, role: ProjectRole, ttl: i64) -> IssueGrant {
    IssueGrant {
        at: GrantAt::Project(at_project(project)),
        role,
        ttl,
    }
}

async fn issue(world: &World, project: &Project) -> IssuedKubeconfig {
    let cmd = ask(project, ProjectRole::ReadOnly, 0);
    world.grants().issue(&world.me, cmd).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn in_a_project_that_goes_a_kubeconfig_writes_no_binding_and_is_cut_all_the_same() {
    let world = World::new().await;
    let (_, project) = ready(&world).await;
    let issued = issue(&world, &project).await;
    let going = world.projects();
    going
        .delete(&world.me, &at_project(&project), None)
        .await
        .unwrap();
    // The request's own cut comes before the project's turn: the binding is that one's to remove.
    let (id, binding) = (issued.grant.id, "binding/acme-web/readOnly");
    let cut = world.grants().revoke(&world.me, id).await.unwrap();
    assert_eq!(cut.revocation.binding_cut_at, None);
    assert!(world.sim.inventory().contains(binding));
    let dead = || async {
        let grant = world.ports.store.grant(id).await.unwrap().unwrap();
        grant.revocation.credential_dead_at.is_some()
    };
    world.work_until("the kubeconfig is dead", dead).await;
    let cut = world.grants().get(&world.me, id).await.unwrap();
    assert!(cut.revocation.binding_cut_at.is_some());
    assert!(!world.sim.inventory().contains(binding));
}

#[tokio::test(start_paused = true)]
async fn a_kubeconfig_is_bound_before_the_answer_and_cut_by_its_revocation() {
    let world = World::new().await;
    let (_, project) = ready(&world).await;
    let before = world.sim.inventory();
    let issued = issue(&world, &project).await;
    let account = format!("account/{}", issued.grant.account().name());
    assert!(world.sim.inventory().contains(&account));
    assert!(world.sim.inventory().contains("binding/acme-web/readOnly"));
    assert_eq!(
        issued.grant.expires_at,
        world.clock.now() + jiff::SignedDuration::from_hours(1)
    );

    let cut = world
        .grants()
        .revoke(&world.me, issued.grant.id)
        .await
        .unwrap();
    assert_eq!(cut.state(world.clock.now()), CredentialState::Revoked);
    assert!(cut.revocation.binding_cut_at.is_some() && cut.revocation.credential_dead_at.is_none());
    assert_eq!(
        world.sim.inventory(),
        before,
        "account and binding are gone with the answer"
    );
    let dead = || async {
        let grant = world
            .ports
            .store
            .grant(issued.grant.id)
            .await
            .unwrap()
            .unwrap();
        grant.revocation.credential_dead_at.is_some()
    };
    world
        .work_until("the API server's cache ran out", dead)
        .await;
}

/// A turn that had read who has access before the revocation, and writes after the cut.
#[tokio::test(start_paused = true)]
async fn a_binding_that_a_late_turn_made_again_does_not_stay() {
    let world = World::new().await;
    let (_, project) = ready(&world).await;
    let before = world.sim.inventory();
    let issued = issue(&world, &project).await;
    let account = Subject::parse(&issued.grant.account().full_name()).unwrap();
    let stale = Step::ApplyBinding(
        spec::project(&project),
        ProjectRole::ReadOnly,
        [BindingSubject {
            kind: SubjectKind::ServiceAccount,
            subject: account,
        }]
        .into(),
    );
    // Nothing of the issue is left to do that could look by chance.
    while world.work().await > 0 {}
    let cut = world
        .grants()
        .revoke(&world.me, issued.grant.id)
        .await
        .unwrap();
    assert!(cut.revocation.binding_cut_at.is_some());
    world.sim.apply(&stale).await.unwrap();
    assert_ne!(world.sim.inventory(), before);
    world.work().await;
    assert_eq!(world.sim.inventory(), before, "the next round looks again");
}

#[tokio::test(start_paused = true)]
async fn an_expired_kubeconfig_is_swept() {
    let world = World::new().await;
    let (_, project) = ready(&world).await;
    let before = world.sim.inventory();
    let cmd = ask(&project, ProjectRole::ReadOnly, 30);
    let issued = world.grants().issue(&world.me, cmd).await.unwrap();
    assert!(
        world.sim.inventory() != before,
        "shorter than any token, ended by us"
    );
    let dead = || async {
        let grant = world
            .ports
            .store
            .grant(issued.grant.id)
            .await
            .unwrap()
            .unwrap();
        grant.revocation.credential_dead_at.is_some()
    };
    world.work_until("it is swept", dead).await;
    assert_eq!(world.sim.inventory(), before);
}

#[tokio::test(start_paused = true)]
async fn attack_122_a_cluster_that_is_away_gives_no_kubeconfig_and_keeps_none() {
    let world = World::new().await;
    let (_, project) = ready(&world).await;
    let before = world.sim.inventory();
    world.sim.fail(Some(ClusterError::Unreachable));
    let refused = world
        .grants()
        .issue(&world.me, ask(&project, ProjectRole::ReadOnly, 0))
        .await;
    assert!(matches!(refused, Err(Error::Away { .. })), "{refused:?}");
    world.sim.fail(None);
    for _ in 0..20 {
        world.pass(Duration::from_secs(10)).await;
        while world.work().await > 0 {}
    }
    assert_eq!(world.sim.inventory(), before);
}

fn owner_of(tenant: &Tenant, subject: Subject, token: TokenId) -> Actor {
    let (tenant, cluster) = (tenant.id, tenant.cluster);
    Actor {
        subject,
        roles: Roles::one(Role::TenantOwner),
        scope: Some(Scope {
            tenant,
            cluster,
            projects: None,
        }),
        token: Some(token),
        expires_at: None,
        request: RequestId::parse("r-1").unwrap(),
    }
}

#[tokio::test(start_paused = true)]
async fn who_is_taken_out_loses_tokens_and_kubeconfigs_at_once() {
    let world = World::new().await;
    let (tenant, project) = ready(&world).await;
    let alice = Subject::parse("alice").unwrap();
    let cmd = IssueToken {
        subject: alice.clone(),
        roles: Roles::one(Role::TenantOwner),
        tenant: Some(tenant.id),
        projects: None,
        ttl: 3600,
    };
    let token = world.tokens().issue(&world.me, cmd).await.unwrap();
    let owner = owner_of(&tenant, alice, token.id);
    let cmd = ask(&project, ProjectRole::TenantOwner, 0);
    let issued = world.grants().issue(&owner, cmd).await.unwrap();
    let bob = BTreeSet::from([Subject::parse("bob").unwrap()]);
    world
        .tenants()
        .set_owners(&world.me, &at_tenant(&tenant), bob, None)
        .await
        .unwrap();
    let token = world
        .ports
        .store
        .token(token.id)
        .await
        .unwrap()
        .unwrap()
        .token;
    assert!(token.revoked_at.is_some());
    let grant = world
        .ports
        .store
        .grant(issued.grant.id)
        .await
        .unwrap()
        .unwrap();
    assert!(grant.revocation.requested_at.is_some());
    let recent = world
        .ports
        .store
        .revoked_within(Duration::from_secs(5))
        .await
        .unwrap();
    assert!(
        recent.contains(&token.id),
        "what replicas hear within a second"
    );
}

#[tokio::test(start_paused = true)]
async fn attack_20_nobody_gives_more_than_he_has() {
    let world = World::new().await;
    let (tenant, project) = ready(&world).await;
    let scope = Scope {
        tenant: tenant.id,
        cluster: tenant.cluster,
        projects: None,
    };
    let mut reader = world.me.clone();
    reader.roles = Roles::one(Role::ReadOnly);
    reader.scope = Some(scope);
    for role in [ProjectRole::ProjectDev, ProjectRole::TenantOwner] {
        let refused = world.grants().issue(&reader, ask(&project, role, 0)).await;
        assert!(
            matches!(refused, Err(Error::Forbidden)),
            "{role:?} {refused:?}"
        );
    }
    let at = GrantAt::Tenant(at_tenant(&tenant), Some(name("web")));
    let own = IssueGrant {
        at,
        role: ProjectRole::ReadOnly,
        ttl: 0,
    };
    assert!(world.grants().issue(&reader, own).await.is_ok());
    let mut ops = world.me.clone();
    ops.roles = Roles::one(Role::Ops);
    let cmd = IssueToken {
        subject: Subject::parse("eve").unwrap(),
        roles: Roles::one(Role::Admin),
        tenant: None,
        projects: None,
        ttl: 3600,
    };
    assert!(matches!(
        world.tokens().issue(&ops, cmd).await,
        Err(Error::Forbidden)
    ));
}
