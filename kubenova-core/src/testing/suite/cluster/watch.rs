//! Watches: what is news and what is not. What each foreign change tells stands with the kind it concerns.

use super::Ground;
use super::kit::{Told, apply, discard, settled, user};
use crate::access::ProjectRole;
use crate::change::Work;
use crate::domain::tenant::Owner;
use crate::ports::cluster::{Signal, Step};
use crate::simulation::ForeignAct;
use crate::testing::build::subject;

/// Our own writes are no news, whatever they change; somebody else's undoing of one is.
pub async fn own_writes_are_no_news(on: &dyn Ground) {
    let (mut tenant, mut project) = settled(on).await;
    let mut told = Told::start(on, tenant.cluster).await;
    let about = [
        Signal::Changed(Work::Project(project.id)),
        Signal::Changed(Work::Tenant(tenant.id)),
    ];
    tenant.labels.insert("tier".to_owned(), "silver".to_owned());
    let bob = Owner::from(&subject("bob"));
    tenant.owners.insert(bob.clone());
    project.labels.insert("team".to_owned(), "red".to_owned());
    let role = ProjectRole::ProjectDev;
    for step in [
        Step::ApplyTenant(tenant.clone()),
        Step::ApplyOwner(tenant.clone(), bob),
        Step::ApplyNamespace(project.clone()),
        Step::ApplyBinding(project.clone(), role, [user("dev")].into()),
    ] {
        apply(on, step).await;
    }
    let heard = told.read_for(on.echo()).await;
    assert!(!heard.iter().any(|one| about.contains(one)), "{heard:?}");
    let undone = ForeignAct::DeleteBinding(project.namespace.clone(), role);
    on.act(undone).await;
    told.next(&about[0]).await;
    discard(on, &tenant, &[&project]).await;
}
