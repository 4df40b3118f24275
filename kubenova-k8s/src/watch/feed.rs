//! From the events of one watch to signals.

use std::collections::HashSet;
use std::sync::Arc;

use kube::api::DynamicObject;
use kube::runtime::watcher::{Error, Event};

use kubenova_core::ports::cluster::Signal;

use super::Echo;
use super::echo::{Place, place};
use crate::tenancy::call::Kind;

/// What one watch has told so far.
pub(super) struct Feed {
    kind: Kind,
    echo: Arc<Echo>,
    listed: HashSet<Place>,
    /// The next complete list comes after a gap, in which changes may have been missed.
    gap: bool,
}

impl Feed {
    pub(super) fn new(kind: Kind, echo: Arc<Echo>) -> Self {
        Self {
            kind,
            echo,
            listed: HashSet::new(),
            gap: false,
        }
    }

    /// The first list is the start and no news, unless it took several attempts.
    pub(super) fn told(&mut self, event: Result<Event<DynamicObject>, Error>) -> Option<Signal> {
        match event {
            Err(failure) => {
                tracing::debug!(kind = self.kind.plural, error = %failure, "A watch was interrupted");
                // A resumed watch misses nothing. If it cannot be resumed, a list follows and asks this.
                self.gap = true;
                None
            }
            Ok(Event::Init) => {
                self.listed.clear();
                None
            }
            Ok(Event::InitApply(object)) => {
                self.echo.remember(self.kind, &object);
                self.listed.insert(place(self.kind, &object));
                None
            }
            Ok(Event::InitDone) => {
                self.echo.keep_only(self.kind, &self.listed);
                self.listed = HashSet::new();
                std::mem::replace(&mut self.gap, true).then_some(Signal::Resync)
            }
            Ok(Event::Apply(object)) => self.echo.changed(self.kind, &object),
            Ok(Event::Delete(object)) => self.echo.gone(self.kind, &object),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use kubenova_core::change::Work;
    use kubenova_core::value::{ClusterId, ProjectId, TenantId};

    use super::*;
    use crate::manifest::namespace::tests::spec;
    use crate::manifest::{labels, namespace, rbac, tenant};
    use crate::tenancy::call::{BINDING, CLUSTER_ROLE, NAMESPACE, OWNER};

    fn object(value: &Value) -> DynamicObject {
        serde_json::from_value(value.clone()).unwrap()
    }

    fn binding() -> Value {
        use kubenova_core::access::ProjectRole;
        rbac::binding(&spec(), ProjectRole::ReadOnly, &[].into())
    }

    fn feed(kind: Kind) -> (Feed, Arc<Echo>) {
        let echo = Arc::new(Echo::default());
        let mut feed = Feed::new(kind, Arc::clone(&echo));
        assert_eq!(feed.told(Ok(Event::Init)), None);
        (feed, echo)
    }

    const fn project() -> Signal {
        Signal::Changed(Work::Project(ProjectId::nth(3)))
    }

    #[test]
    fn the_first_list_is_quiet_and_one_after_a_gap_is_not() {
        let (mut feed, _) = feed(BINDING);
        assert_eq!(feed.told(Ok(Event::InitApply(object(&binding())))), None);
        assert_eq!(feed.told(Ok(Event::InitDone)), None);
        assert_eq!(feed.told(Ok(Event::Init)), None);
        assert_eq!(feed.told(Ok(Event::InitDone)), Some(Signal::Resync));
    }

    #[test]
    fn lists_that_fail_say_nothing_until_one_succeeds() {
        let (mut feed, _) = feed(BINDING);
        for _ in 0..3 {
            assert_eq!(feed.told(Err(Error::NoResourceVersion)), None);
            assert_eq!(feed.told(Ok(Event::Init)), None);
        }
        assert_eq!(feed.told(Ok(Event::InitDone)), Some(Signal::Resync));
    }

    #[test]
    fn our_own_writes_are_no_news_and_foreign_ones_are() {
        let (mut feed, echo) = feed(BINDING);
        feed.told(Ok(Event::InitDone));
        echo.expect(BINDING, &binding());
        assert_eq!(feed.told(Ok(Event::Apply(object(&binding())))), None);
        let mut foreign = binding();
        foreign["subjects"] =
            json!([{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "eve"}]);
        assert_eq!(
            feed.told(Ok(Event::Apply(object(&foreign)))),
            Some(project())
        );
        // Told once: the same content again is no news.
        assert_eq!(feed.told(Ok(Event::Apply(object(&foreign)))), None);
        assert_eq!(
            feed.told(Ok(Event::Delete(object(&foreign)))),
            Some(project())
        );
        echo.expect(BINDING, &binding());
        echo.forget(BINDING, Some("acme-web"), "kubenova:readOnly");
        assert_eq!(feed.told(Ok(Event::Delete(object(&binding())))), None);
    }

    #[test]
    fn what_capsule_and_the_platform_add_is_no_news() {
        let (mut feed, echo) = feed(NAMESPACE);
        feed.told(Ok(Event::InitDone));
        let ours = namespace::namespace(&spec());
        echo.expect(NAMESPACE, &ours);
        let mut there = ours;
        there["metadata"]["labels"]["kubernetes.io/metadata.name"] = json!("acme-web");
        there["metadata"]["annotations"]["capsule.clastix.io/storage-classes"] = json!("");
        there["metadata"]["ownerReferences"] = json!([{"apiVersion": "capsule.clastix.io/v1beta2", "kind": "Tenant", "name": "acme", "uid": "1"}]);
        there["status"] = json!({"phase": "Active"});
        assert_eq!(feed.told(Ok(Event::Apply(object(&there)))), None);
        there["status"] = json!({"phase": "Terminating"});
        assert_eq!(
            feed.told(Ok(Event::Apply(object(&there)))),
            None,
            "status alone"
        );
        let mut detached = there.clone();
        detached["metadata"]["ownerReferences"] = json!([]);
        assert_eq!(
            feed.told(Ok(Event::Apply(object(&detached)))),
            Some(project())
        );
        there["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
        assert_eq!(feed.told(Ok(Event::Apply(object(&there)))), Some(project()));
    }

    #[test]
    fn a_mark_taken_away_or_forged_is_told_about_its_true_owner() {
        for forged in [Value::Null, json!(ProjectId::nth(99).to_string())] {
            let (mut feed, echo) = feed(BINDING);
            feed.told(Ok(Event::InitDone));
            echo.expect(BINDING, &binding());
            let mut other = binding();
            other["metadata"]["labels"][labels::PROJECT_UID] = forged;
            if other["metadata"]["labels"][labels::PROJECT_UID].is_null() {
                other["metadata"]["labels"]
                    .as_object_mut()
                    .unwrap()
                    .remove(labels::PROJECT_UID);
            }
            assert_eq!(feed.told(Ok(Event::Apply(object(&other)))), Some(project()));
        }
    }

    #[test]
    fn kinds_lead_to_their_work() {
        let (mut roles, _) = feed(CLUSTER_ROLE);
        roles.told(Ok(Event::InitDone));
        let role = &rbac::cluster_roles(ClusterId::nth(1))[0];
        assert_eq!(
            roles.told(Ok(Event::Apply(object(role)))),
            Some(Signal::Platform)
        );
        let (mut owners, _) = feed(OWNER);
        owners.told(Ok(Event::InitDone));
        let want = tenant::tests::spec();
        let owner = tenant::owner(&want, want.owners.first().unwrap());
        let told = owners.told(Ok(Event::Apply(object(&owner))));
        assert_eq!(told, Some(Signal::Changed(Work::Tenant(TenantId::nth(2)))));
    }

    #[test]
    fn what_went_during_a_gap_is_forgotten() {
        let (mut feed, echo) = feed(BINDING);
        feed.told(Ok(Event::InitApply(object(&binding()))));
        feed.told(Ok(Event::InitDone));
        assert_eq!(echo.len(), 1);
        feed.told(Ok(Event::Init));
        feed.told(Ok(Event::InitDone));
        assert_eq!(echo.len(), 0);
    }
}
