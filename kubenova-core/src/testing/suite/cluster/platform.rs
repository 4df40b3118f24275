//! The platform objects: the accounts' namespace and the ClusterRoles.

use super::Ground;
use super::kit::{Told, account, apply, ok, tenant, until};
use crate::ports::cluster::{ClusterError, Presence, Signal, Step};
use crate::simulation::ForeignAct;
use crate::value::ClusterId;

async fn see(on: &dyn Ground) -> Presence {
    ok(on.cluster().observe_platform(on.installation()).await)
}

/// Applying twice is applying once; somebody else's installation neither takes them for its own nor takes them away;
/// removed, they are absent in the end, and removing what is not there is no fault.
pub async fn comes_and_goes(on: &dyn Ground) {
    drop(on.platform().await);
    let _alone = on.alone().await;
    let (ours, another) = (on.installation(), ClusterId::nth(on.unique()));
    apply(on, Step::ApplyPlatform(ours)).await;
    assert_eq!(see(on).await, Presence::Current);
    let theirs = ok(on.cluster().observe_platform(another).await);
    assert_eq!(theirs, Presence::Differs);
    apply(on, Step::DeletePlatform(another)).await;
    assert_eq!(see(on).await, Presence::Current);
    apply(on, Step::DeletePlatform(ours)).await;
    assert_ne!(see(on).await, Presence::Current);
    until(on, "the platform is gone", || async {
        see(on).await == Presence::Absent
    })
    .await;
    apply(on, Step::DeletePlatform(ours)).await;
    assert_eq!(see(on).await, Presence::Absent);
}

/// Without its namespace no account can be made: trying again makes sense. What went with the namespace is gone.
pub async fn carries_the_accounts(on: &dyn Ground) {
    let there = account(on, &tenant(on, &[]));
    let held = on.platform().await;
    apply(on, Step::ApplyAccount(there, on.installation())).await;
    drop(held);
    let _alone = on.alone().await;
    apply(on, Step::DeletePlatform(on.installation())).await;
    until(on, "the platform is gone", || async {
        see(on).await == Presence::Absent
    })
    .await;
    let seen = ok(on.cluster().observe_account(there).await);
    assert!(!seen.account && !seen.secret);
    let step = Step::ApplyAccount(there, on.installation());
    let refused = on.cluster().apply(&step).await;
    assert_eq!(refused, Err(ClusterError::Conflict));
    apply(on, Step::DeleteAccount(there)).await;
}

/// A ClusterRole that somebody has edited differs, is told of, and one step restores it.
pub async fn shows_foreign_changes(on: &dyn Ground) {
    drop(on.platform().await);
    let _alone = on.alone().await;
    apply(on, Step::ApplyPlatform(on.installation())).await;
    let mut told = Told::start(on, on.installation()).await;
    on.act(ForeignAct::EditPlatform).await;
    told.next(&Signal::Platform).await;
    assert_eq!(see(on).await, Presence::Differs);
    apply(on, Step::ApplyPlatform(on.installation())).await;
    assert_eq!(see(on).await, Presence::Current);
}
