//! The accounts behind kubeconfigs: issue, cut, death.

use std::collections::BTreeSet;
use std::time::Duration;

use super::Ground;
use super::kit::{Told, account, apply, discard, ok, project, settled, tenant, until, user, who};
use crate::access::ProjectRole;
use crate::change::Work;
use crate::domain::credential::Account;
use crate::ports::cluster::{
    ClusterError, IssuedToken, ObservedAccount, ProjectSpec, Signal, Step,
};
use crate::simulation::{ForeignAct, Knock};
use crate::value::Name;

const ROLE: ProjectRole = ProjectRole::ReadOnly;
const TTL: Duration = Duration::from_secs(600);

fn there(account: bool, secret: bool) -> ObservedAccount {
    ObservedAccount { account, secret }
}

async fn see(on: &dyn Ground, one: Account) -> ObservedAccount {
    ok(on.cluster().observe_account(one).await)
}

async fn issue(on: &dyn Ground, one: Account) -> IssuedToken {
    ok(on.cluster().issue(one, TTL).await)
}

async fn until_knock(on: &dyn Ground, issued: &IssuedToken, at: &Name, wanted: Knock) {
    until(on, &format!("{wanted:?} at {at}"), || async {
        on.knock(&issued.token, at).await == wanted
    })
    .await;
}

fn bind(want: &ProjectSpec, one: Account) -> Step {
    Step::ApplyBinding(want.clone(), ROLE, [who(one), user("dev")].into())
}

/// What is not there has no token, and removing it is no fault.
pub async fn absent_is_absent(on: &dyn Ground) {
    let _shared = on.platform().await;
    let one = account(on, &tenant(on, &[]));
    assert_eq!(see(on, one).await, there(false, false));
    let refused = on.cluster().issue(one, TTL).await;
    assert_eq!(refused.err(), Some(ClusterError::Conflict));
    apply(on, Step::DeleteAccount(one)).await;
    assert_eq!(see(on, one).await, there(false, false));
}

/// Applied twice it is the same account: tokens stay good. A longer life ends later. Removed twice is removed.
pub async fn lives_until_it_is_removed(on: &dyn Ground) {
    let _shared = on.platform().await;
    let (tenant, want) = settled(on).await;
    let one = account(on, &tenant);
    apply(on, Step::ApplyAccount(one, tenant.cluster)).await;
    assert_eq!(see(on, one).await, there(true, true));
    let short = issue(on, one).await;
    let long = ok(on.cluster().issue(one, TTL * 2).await);
    let longer = long.expires_at.duration_since(short.expires_at);
    assert!(longer.as_secs() >= 595, "{longer:?}");
    apply(on, Step::ApplyAccount(one, tenant.cluster)).await;
    for token in [&short, &long] {
        until_knock(on, token, &want.namespace, Knock::Forbidden).await;
    }
    for _ in 0..2 {
        apply(on, Step::DeleteAccount(one)).await;
        assert_eq!(see(on, one).await, there(false, false));
    }
    discard(on, &tenant, &[&want]).await;
}

/// A binding opens its project and no other; without it the door is shut; without the Secret the token is dead.
pub async fn access_follows_the_bindings(on: &dyn Ground) {
    let _shared = on.platform().await;
    let (tenant, want) = settled(on).await;
    let other = project(on, &tenant, "api");
    apply(on, Step::ApplyNamespace(other.clone())).await;
    let one = account(on, &tenant);
    apply(on, Step::ApplyAccount(one, tenant.cluster)).await;
    let issued = issue(on, one).await;
    let knock = async |at: &ProjectSpec| on.knock(&issued.token, &at.namespace).await;
    assert_eq!(knock(&want).await, Knock::Forbidden);
    apply(on, bind(&want, one)).await;
    until_knock(on, &issued, &want.namespace, Knock::Open).await;
    assert_eq!(knock(&other).await, Knock::Forbidden);

    let without = Step::ApplyBinding(want.clone(), ROLE, BTreeSet::from([user("dev")]));
    apply(on, without).await;
    until_knock(on, &issued, &want.namespace, Knock::Forbidden).await;
    apply(on, Step::DeleteAccount(one)).await;
    until_knock(on, &issued, &want.namespace, Knock::Unauthorized).await;
    discard(on, &tenant, &[&want, &other]).await;
}

/// A Secret that somebody removed is told of; without it there is no token. A new one does not wake old tokens.
pub async fn tokens_die_with_their_secret(on: &dyn Ground) {
    let _shared = on.platform().await;
    let (tenant, want) = settled(on).await;
    let one = account(on, &tenant);
    apply(on, Step::ApplyAccount(one, tenant.cluster)).await;
    apply(on, bind(&want, one)).await;
    let old = issue(on, one).await;
    until_knock(on, &old, &want.namespace, Knock::Open).await;
    let mut told = Told::start(on, tenant.cluster).await;
    on.act(ForeignAct::DeleteSecret(one)).await;
    told.next(&Signal::Changed(Work::Grant(one.grant))).await;
    assert_eq!(see(on, one).await, there(true, false));
    let refused = on.cluster().issue(one, TTL).await;
    assert_eq!(refused.err(), Some(ClusterError::Conflict));
    apply(on, Step::ApplyAccount(one, tenant.cluster)).await;
    assert_eq!(see(on, one).await, there(true, true));
    let new = issue(on, one).await;
    until_knock(on, &old, &want.namespace, Knock::Unauthorized).await;
    until_knock(on, &new, &want.namespace, Knock::Open).await;
    apply(on, Step::DeleteAccount(one)).await;
    discard(on, &tenant, &[&want]).await;
}
