//! An API server in a few lines: objects by path, server-side apply by one manager, watches, and faults on demand.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Query, State};
use axum::http::{Method, Request, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::sync::broadcast;

use kubenova_k8s::tenancy::KubeCluster;

/// UID of `kube-system` on every fake.
pub(crate) const IDENTITY: &str = "11111111-2222-3333-4444-555555555555";

/// From `METHOD path`, with ` watch` behind it for watches.
type Fault = Arc<dyn Fn(&str) -> Option<Response> + Send + Sync>;

/// One cluster. Clones are the same.
#[derive(Clone)]
pub(crate) struct Fake {
    world: Arc<Mutex<World>>,
    events: broadcast::Sender<(String, Value)>,
}

#[derive(Default)]
struct World {
    objects: BTreeMap<String, Value>,
    /// What was last applied, by path.
    applied: BTreeMap<String, Value>,
    calls: Vec<String>,
    fault: Option<Fault>,
    version: u64,
    /// Nobody adds a reference to a labelled namespace.
    without_capsule: bool,
}

/// A refusal as an API server writes it.
pub(crate) fn refusal(code: u16, message: &str) -> Response {
    let reason = match code {
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "NotFound",
        409 => "Conflict",
        410 => "Expired",
        _ => "InternalError",
    };
    let status = json!({"kind": "Status", "reason": reason, "apiVersion": "v1", "status": "Failure", "code": code, "message": message});
    (StatusCode::from_u16(code).expect("a status"), Json(status)).into_response()
}

impl Fake {
    pub(crate) fn new() -> Self {
        let fake = Self {
            world: Arc::default(),
            events: broadcast::channel(256).0,
        };
        fake.put(
            "/api/v1/namespaces/kube-system",
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "kube-system", "uid": IDENTITY}}),
        );
        fake
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A client's view, with a short deadline.
    pub(crate) fn cluster(&self, identity: &str) -> KubeCluster {
        let router = Router::new().fallback(answer).with_state(self.clone());
        let service = tower::ServiceBuilder::new()
            .map_request(|request: Request<kube::client::Body>| request.map(Body::new))
            .service(router);
        let client = kube::Client::new(service, "default");
        KubeCluster::new(client, identity, Duration::from_millis(500))
    }

    /// What the answer to some calls is from now on, instead of the usual one.
    pub(crate) fn fault(&self, fault: impl Fn(&str) -> Option<Response> + Send + Sync + 'static) {
        self.world().fault = Some(Arc::new(fault));
    }

    /// From now on labels of Capsule mean nothing here.
    pub(crate) fn without_capsule(&self) {
        self.world().without_capsule = true;
    }

    /// Somebody else writes an object.
    pub(crate) fn put(&self, path: &str, mut object: Value) {
        let mut world = self.world();
        world.version += 1;
        object["metadata"]["resourceVersion"] = json!(world.version.to_string());
        if object["metadata"]["uid"].is_null() {
            object["metadata"]["uid"] = json!(format!("uid-{}", world.version));
        }
        let kind = if world.objects.contains_key(path) {
            "MODIFIED"
        } else {
            "ADDED"
        };
        world.objects.insert(path.to_owned(), object.clone());
        let _ = self
            .events
            .send((path.to_owned(), json!({"type": kind, "object": object})));
    }

    pub(crate) fn get(&self, path: &str) -> Option<Value> {
        self.world().objects.get(path).cloned()
    }

    /// Somebody deletes an object.
    pub(crate) fn remove(&self, path: &str) {
        let gone = self.world().objects.remove(path);
        if let Some(object) = gone {
            let _ = self.events.send((
                path.to_owned(),
                json!({"type": "DELETED", "object": object}),
            ));
        }
    }

    /// `METHOD path` of every call so far, with ` watch` behind it for watches.
    pub(crate) fn calls(&self) -> Vec<String> {
        self.world().calls.clone()
    }

    /// Calls that write.
    pub(crate) fn writes(&self) -> Vec<String> {
        let all = self.calls();
        all.into_iter()
            .filter(|call| !call.starts_with("GET"))
            .collect()
    }

    fn apply(&self, path: &str, manifest: &Value, force: bool) -> Response {
        let before = self
            .world()
            .applied
            .insert(path.to_owned(), manifest.clone());
        let manager = json!({"manager": "kubenova", "operation": "Apply"});
        let mut object = manifest.clone();
        if let Some(old) = self.get(path) {
            let mine = before.unwrap_or_default();
            object = old.clone();
            for field in ["labels", "annotations"] {
                for (key, value) in manifest["metadata"][field]
                    .as_object()
                    .into_iter()
                    .flatten()
                {
                    let there = &old["metadata"][field][key];
                    let theirs = mine["metadata"][field][key].is_null() && !there.is_null();
                    if theirs && there != value && !force {
                        return refusal(409, "conflict with another manager");
                    }
                }
                for (key, _) in mine["metadata"][field].as_object().into_iter().flatten() {
                    object["metadata"][field]
                        .as_object_mut()
                        .map(|map| map.remove(key));
                }
            }
            merge(&mut object, manifest);
        }
        let others = object["metadata"]["managedFields"].as_array().cloned();
        let mut managers: Vec<Value> = others.unwrap_or_default();
        managers.retain(|one| *one != manager);
        managers.push(manager);
        object["metadata"]["managedFields"] = json!(managers);
        let alone = self.world().without_capsule;
        if !alone {
            refer(&mut object);
        }
        self.put(path, object);
        Json(self.get(path)).into_response()
    }

    fn list(&self, path: &str, query: &BTreeMap<String, String>) -> Response {
        let below = format!("{path}/");
        let selector = query.get("labelSelector").cloned().unwrap_or_default();
        let found: Vec<Value> = self
            .world()
            .objects
            .iter()
            .filter(|(at, object)| in_list(at, &below) && matches(object, &selector))
            .map(|(_, object)| object.clone())
            .collect();
        let limit = query.get("limit").and_then(|text| text.parse().ok());
        let start: usize = query
            .get("continue")
            .and_then(|text| text.parse().ok())
            .unwrap_or(0);
        let end = start
            .saturating_add(limit.unwrap_or(usize::MAX))
            .min(found.len());
        let more = if end < found.len() {
            json!(end.to_string())
        } else {
            json!("")
        };
        let version = self.world().version.to_string();
        Json(json!({"kind": "List", "apiVersion": "v1", "metadata": {"resourceVersion": version, "continue": more}, "items": found[start..end]})).into_response()
    }

    fn watch(&self, path: &str, query: &BTreeMap<String, String>) -> Response {
        let below = format!("{path}/");
        let selector = query.get("labelSelector").cloned().unwrap_or_default();
        let events = self.events.subscribe();
        let stream = futures::stream::unfold(events, |mut events| async {
            let event = events.recv().await.ok()?;
            Some((event, events))
        });
        let stream = futures::StreamExt::filter_map(stream, move |(at, event)| {
            let told = in_list(&at, &below) && matches(&event["object"], &selector);
            let line = told.then(|| Ok::<_, std::io::Error>(Bytes::from(format!("{event}\n"))));
            std::future::ready(line)
        });
        Body::from_stream(stream).into_response()
    }
}

/// What Capsule's webhook adds to a labelled namespace within the same write.
fn refer(object: &mut Value) {
    let label = &object["metadata"]["labels"]["capsule.clastix.io/tenant"];
    if let Some(tenant) = label.as_str().map(str::to_owned) {
        object["metadata"]["ownerReferences"] = json!([{"apiVersion": "capsule.clastix.io/v1beta2", "kind": "Tenant", "name": tenant, "uid": "t"}]);
    }
}

/// Whether an object's path is in a list, which may go over all namespaces.
fn in_list(at: &str, below: &str) -> bool {
    if let Some(rest) = at.strip_prefix(below) {
        return !rest.contains('/');
    }
    let Some((group, plural)) = below.trim_end_matches('/').rsplit_once('/') else {
        return false;
    };
    at.strip_prefix(&format!("{group}/namespaces/"))
        .is_some_and(|rest| rest.split('/').nth(1) == Some(plural) && rest.split('/').count() == 3)
}

fn matches(object: &Value, selector: &str) -> bool {
    let labels = &object["metadata"]["labels"];
    selector
        .split(',')
        .filter(|part| !part.is_empty())
        .all(|part| match part.split_once('=') {
            Some((key, value)) => labels[key].as_str() == Some(value),
            None => labels[part].is_string(),
        })
}

fn merge(into: &mut Value, patch: &Value) {
    let Some(patch) = patch.as_object() else {
        *into = patch.clone();
        return;
    };
    if !into.is_object() {
        *into = json!({});
    }
    for (key, value) in patch {
        if value.is_null() {
            into.as_object_mut().map(|map| map.remove(key));
        } else {
            merge(&mut into[key], value);
        }
    }
}

async fn answer(
    State(fake): State<Fake>,
    method: Method,
    uri: Uri,
    Query(query): Query<BTreeMap<String, String>>,
    request: Request<Body>,
) -> Response {
    let path = uri.path();
    let is_watch = query.get("watch").is_some_and(|on| on == "true");
    let call = format!("{method} {path}{}", if is_watch { " watch" } else { "" });
    let fault = {
        let mut world = fake.world();
        world.calls.push(call.clone());
        world.fault.clone()
    };
    if let Some(instead) = fault.and_then(|fault| fault(&call)) {
        return instead;
    }
    let kind = request.headers().get("content-type").cloned();
    let is_apply = kind.is_some_and(|kind| kind.to_str().is_ok_and(|kind| kind.contains("apply")));
    let body = axum::body::to_bytes(request.into_body(), 1 << 20).await;
    let body: Value = serde_json::from_slice(&body.unwrap_or_default()).unwrap_or_default();
    let there = fake.get(path);
    match (method.as_str(), there) {
        ("GET", _) if is_watch => fake.watch(path, &query),
        ("GET", Some(object)) => Json(object).into_response(),
        ("GET", None) if is_collection(path) => fake.list(path, &query),
        ("PATCH", _) if is_apply => {
            let force = query.get("force").is_some_and(|on| on == "true");
            fake.apply(path, &body, force)
        }
        ("PATCH", Some(mut object)) => {
            let read = body["metadata"]["resourceVersion"].clone();
            if !read.is_null() && read != object["metadata"]["resourceVersion"] {
                return refusal(409, "the object has been modified");
            }
            merge(&mut object, &body);
            fake.put(path, object);
            Json(fake.get(path)).into_response()
        }
        ("DELETE", Some(object)) => {
            let wanted = &body["preconditions"]["uid"];
            if !wanted.is_null() && *wanted != object["metadata"]["uid"] {
                return refusal(409, "the UID in the precondition does not match");
            }
            fake.remove(path);
            Json(object).into_response()
        }
        _ => refusal(404, "not found"),
    }
}

/// Paths of lists end in a plural: `/api/v1/x`, `/apis/g/v/x`, `.../namespaces/n/x`.
fn is_collection(path: &str) -> bool {
    let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let rest = if parts.first() == Some(&"api") {
        parts.len() - 2
    } else {
        parts.len() - 3
    };
    rest == 1 || rest == 3
}
