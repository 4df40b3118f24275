//! An Event that says that a foreign change was undone.

use kube::api::{DynamicObject, PostParams};
use kubenova_core::ports::cluster::ClusterError;
use kubenova_core::value::Name;
use serde_json::json;

use super::call::{Calls, EVENT, MANAGER};

/// Where Kubernetes keeps events of cluster-scoped objects.
const DEFAULT: &str = "default";

pub(super) async fn record(
    calls: &Calls,
    namespace: Option<&Name>,
    what: &str,
) -> Result<(), ClusterError> {
    let place = namespace.map_or(DEFAULT, Name::as_str);
    let involved = match namespace {
        Some(name) => {
            json!({"apiVersion": "v1", "kind": "Namespace", "name": name.as_str(), "namespace": place})
        }
        None => json!({"kind": "Cluster", "namespace": place}),
    };
    let event = json!({
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"generateName": "kubenova-drift-", "namespace": place},
        "involvedObject": involved,
        "reason": "DriftRepaired",
        "message": what,
        "type": "Warning",
        "source": {"component": MANAGER},
        "reportingComponent": MANAGER,
    });
    let event: DynamicObject =
        serde_json::from_value(event).map_err(|_| ClusterError::BadAnswer)?;
    let api = calls.api(EVENT, Some(place));
    let params = PostParams::default();
    calls
        .within("create events", api.create(&params, &event))
        .await?;
    Ok(())
}
