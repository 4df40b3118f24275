//! Letting go of a cluster: what gives access goes, what tenants have stays.

use std::time::Duration;

use super::Ground;
use super::kit::{
    account, apply, discard, never_adopted, ok, rests, see_project, see_tenant, settled, until, who,
};
use crate::access::ProjectRole;
use crate::domain::credential::Account;
use crate::ports::cluster::{IssuedToken, Presence, ProjectSpec, Step, TenantSpec};
use crate::simulation::{ForeignAct, Knock, Thing};

/// Bindings, accounts and owners are gone, tenants and namespaces stay and are not ours any more: they are neither taken
/// back nor removed. Twice is once. What another installation has on the cluster is untouched.
pub async fn orphans_keep_what_tenants_have(on: &dyn Ground) {
    let _shared = on.platform().await;
    let (bystander, neighbour) = settled(on).await;
    let (tenant, project) = settled(on).await;
    let (one, issued) = a_grant(on, &tenant, &project).await;
    for _ in 0..2 {
        apply(on, Step::ReleaseAll(tenant.cluster)).await;
    }
    gives_no_access(on, &tenant, &project, one, &issued).await;
    let seen = see_tenant(on, &tenant).await;
    let members = [project.namespace.to_string()].into();
    assert_eq!((seen.tenant, seen.namespaces), (Presence::Foreign, members));
    never_adopted(on, &Step::ApplyTenant(tenant.clone())).await;
    never_adopted(on, &Step::ApplyNamespace(project.clone())).await;
    let (id, namespace) = (project.id, project.namespace.clone());
    apply(on, Step::DeleteNamespace(id, namespace.clone())).await;
    apply(on, Step::DeleteTenant(tenant.id, tenant.name.clone())).await;
    let kept = on.fingerprint(Thing::Namespace(namespace)).await;
    assert!(kept.is_some(), "not removed");

    let seen = see_project(on, &neighbour).await;
    assert_eq!(seen.namespace, Presence::Current);
    assert!(rests(&bystander, &see_tenant(on, &bystander).await));
    on.act(ForeignAct::DeleteTenant(tenant.name.clone())).await;
    discard(on, &bystander, &[&neighbour]).await;
}

async fn a_grant(
    on: &dyn Ground,
    tenant: &TenantSpec,
    project: &ProjectSpec,
) -> (Account, IssuedToken) {
    let one = account(on, tenant);
    apply(on, Step::ApplyAccount(one, tenant.cluster)).await;
    let role = ProjectRole::ProjectDev;
    let bind = Step::ApplyBinding(project.clone(), role, [who(one)].into());
    apply(on, bind).await;
    let issued = on.cluster().issue(one, Duration::from_secs(600)).await;
    (one, ok(issued))
}

async fn gives_no_access(
    on: &dyn Ground,
    tenant: &TenantSpec,
    project: &ProjectSpec,
    one: Account,
    issued: &IssuedToken,
) {
    let seen = see_tenant(on, tenant).await;
    assert!(
        seen.owners.is_empty() && seen.stray_owners.is_empty(),
        "{seen:?}"
    );
    let seen = see_project(on, project).await;
    assert_eq!(seen.namespace, Presence::Foreign);
    assert!(seen.bindings.is_empty());
    let left = ok(on.cluster().observe_account(one).await);
    assert!(!left.account && !left.secret);
    until(on, "the token is dead", || async {
        on.knock(&issued.token, &project.namespace).await == Knock::Unauthorized
    })
    .await;
}
