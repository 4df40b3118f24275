//! An Event that says that a foreign change was undone. Repetitions within minutes become one Event with a count.

use k8s_openapi::api::core::v1::ObjectReference;
use kube::runtime::events::{Event, EventType, Recorder, Reporter};

use kubenova_core::domain::credential::PLATFORM_NAMESPACE;
use kubenova_core::ports::cluster::ClusterError;
use kubenova_core::value::Name;

use super::call::{Calls, MANAGER};

/// One per cluster: it remembers what it told.
pub(super) fn recorder(client: kube::Client) -> Recorder {
    let reporter = Reporter {
        controller: MANAGER.to_owned(),
        instance: Some(MANAGER.to_owned()),
    };
    Recorder::new(client, reporter)
}

/// About a namespace in it; about cluster-wide objects in `default`, where Kubernetes keeps such events.
pub(super) async fn record(
    calls: &Calls,
    recorder: &Recorder,
    namespace: Option<&Name>,
    what: &str,
) -> Result<(), ClusterError> {
    let about = ObjectReference {
        api_version: Some("v1".to_owned()),
        kind: Some("Namespace".to_owned()),
        name: Some(
            namespace
                .map_or(PLATFORM_NAMESPACE, Name::as_str)
                .to_owned(),
        ),
        namespace: namespace.map(ToString::to_string),
        ..ObjectReference::default()
    };
    let event = Event {
        type_: EventType::Warning,
        reason: "DriftRepaired".to_owned(),
        note: Some(what.to_owned()),
        action: "Repair".to_owned(),
        secondary: None,
    };
    calls
        .within("create events", recorder.publish(&event, &about))
        .await
}
