//! A turn on a kubeconfig: nothing while it lives; at its end the binding is cut first, then the account removed.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::change::{ChangeSet, Receipt, Require, Revoke, Work, Write};
use crate::domain::cluster::Cluster;
use crate::domain::credential::{CredentialState, Grant};
use crate::domain::project::Project;
use crate::domain::service::Ports;
use crate::ports::cluster::Step;
use crate::ports::fleet::Backends;
use crate::ports::store::{Finish, ProjectFilter};
use crate::reconcile::{TurnError, is_closed, project};
use crate::value::{GrantId, LabelSelector, Page, ProjectId, Ref};

/// The API server answers from its cache of good tokens for so long (kube-apiserver, `TokenReview` success cache).
const TOKEN_CACHE: SignedDuration = SignedDuration::from_secs(10);
/// A grant that was not handed out after this long was interrupted.
const INTERRUPTED: SignedDuration = SignedDuration::from_secs(50);
/// How soon to look again while a project that is being deleted loses its bindings.
const SOON: Duration = Duration::from_millis(500);
/// How soon to look again while somebody else has to act.
const LATER: Duration = Duration::from_secs(30);

pub(super) async fn turn(
    ports: &Ports,
    id: GrantId,
    receipt: Receipt,
) -> Result<Finish, TurnError> {
    let Some(grant) = ports.store.grant(id).await? else {
        return Ok(Finish::Done);
    };
    let now = ports.clock.now();
    if grant.state(now) == CredentialState::Active {
        return living(ports, &grant, receipt, now).await;
    }
    cut(ports, id, Some(receipt)).await
}

/// A grant that lives needs nothing until its end, unless its issue was interrupted.
async fn living(
    ports: &Ports,
    grant: &Grant,
    receipt: Receipt,
    now: Timestamp,
) -> Result<Finish, TurnError> {
    if !grant.issued && now.duration_since(grant.created_at) > INTERRUPTED {
        let changes = ChangeSet::new()
            .require(Require::Holds(receipt))
            .write(Write::RevokeGrants(Revoke::Grant(grant.id), now));
        ports.store.commit(changes).await?;
        return Ok(Finish::Again(Duration::ZERO));
    }
    let ends = if grant.issued {
        grant.expires_at
    } else {
        now + SignedDuration::from_secs(10)
    };
    let left = Duration::try_from(ends.duration_since(now)).unwrap_or_default();
    Ok(Finish::Again(left + Duration::from_millis(50)))
}

/// Carries a revocation or an end as far as it goes now. Without a receipt it is called beside the work set, by the
/// request that asked for it: every step is idempotent, and recorded times never move.
pub(crate) async fn cut(
    ports: &Ports,
    id: GrantId,
    receipt: Option<Receipt>,
) -> Result<Finish, TurnError> {
    let Some(mut grant) = ports.store.grant(id).await? else {
        return Ok(Finish::Done);
    };
    if grant.revocation.credential_dead_at.is_some() {
        return Ok(Finish::Done);
    }
    let at = Ref::Id(grant.cluster.uuid());
    let Some(cluster) = ports.store.cluster(&at).await? else {
        return Ok(Finish::Done);
    };
    if is_closed(&cluster) {
        return Ok(Finish::Again(LATER));
    }
    let before = grant.revocation;
    let cut = advance(ports, &cluster, &mut grant).await?;
    if grant.revocation != before {
        let mut changes = ChangeSet::new().write(Write::UpdateGrant(Box::new(grant.clone())));
        // A turn that read who has access before the revocation may bind the account again after us: it, or the turn
        // after it, looks once more.
        for project in cut {
            changes = changes.ask(Work::Project(project), cluster.id);
        }
        if let Some(receipt) = receipt {
            changes = changes.require(Require::Holds(receipt));
        }
        ports.store.commit(changes).await?;
    }
    let done = grant.revocation;
    Ok(if done.credential_dead_at.is_some() {
        Finish::Done
    } else if done.binding_cut_at.is_none() {
        Finish::Again(SOON)
    } else {
        Finish::Again(Duration::try_from(TOKEN_CACHE).unwrap_or_default())
    })
}

/// One step further; answers the projects whose bindings were cut by it.
async fn advance(
    ports: &Ports,
    cluster: &Cluster,
    grant: &mut Grant,
) -> Result<Vec<ProjectId>, TurnError> {
    let backends = ports.fleet.backends(cluster).await?;
    let mut cut = Vec::new();
    if grant.revocation.binding_cut_at.is_none() {
        let all;
        (cut, all) = cut_bindings(ports, grant, &backends).await?;
        grant.revocation.binding_cut_at = all.then(|| ports.clock.now());
    }
    let account = grant.account();
    let seen = backends.cluster.observe_account(account).await?;
    if seen.account || seen.secret {
        backends
            .cluster
            .apply(&Step::DeleteAccount(account))
            .await?;
        let left = backends.cluster.observe_account(account).await?;
        if left.account || left.secret {
            return Ok(cut);
        }
    }
    let now = ports.clock.now();
    let gone = *grant.revocation.secret_gone_at.get_or_insert(now);
    let is_cut = grant.revocation.binding_cut_at.is_some();
    if is_cut && now.duration_since(gone) >= TOKEN_CACHE {
        grant.revocation.credential_dead_at = Some(now);
    }
    Ok(cut)
}

/// Takes the account out of the bindings of every project it opened. Answers the projects whose bindings were written, and
/// whether it is out of all: a project that is being deleted loses its bindings by its own turn.
async fn cut_bindings(
    ports: &Ports,
    grant: &Grant,
    backends: &Backends,
) -> Result<(Vec<ProjectId>, bool), TurnError> {
    let (mut cut, mut all) = (Vec::new(), true);
    if let Some(id) = grant.project {
        if let Some(project) = ports.store.project(id).await? {
            all = cut_one(ports, grant, &project, backends).await?;
            cut.extend(project.deleting.is_none().then_some(id));
        }
        return Ok((cut, all));
    }
    let mut page = Page::first(Page::MAX);
    loop {
        let of_tenant = ProjectFilter {
            tenant: grant.tenant,
            only: None,
            selector: LabelSelector::default(),
        };
        let found = ports.store.projects(of_tenant, page).await?;
        for project in &found.items {
            all &= cut_one(ports, grant, project, backends).await?;
            cut.extend(project.deleting.is_none().then_some(project.id));
        }
        match found.next {
            Some(next) => {
                page = Page {
                    limit: Page::MAX,
                    after: Some(next),
                }
            }
            None => return Ok((cut, all)),
        }
    }
}

/// Whether the account is out of a project's bindings.
async fn cut_one(
    ports: &Ports,
    grant: &Grant,
    one: &Project,
    backends: &Backends,
) -> Result<bool, TurnError> {
    if one.deleting.is_some() {
        let account = grant.account().full_name();
        return Ok(project::is_unbound(one, &account, backends).await?);
    }
    let access = ports.store.access(one.id).await?;
    project::bind(one, &access, backends, ports.clock.now()).await?;
    Ok(true)
}
