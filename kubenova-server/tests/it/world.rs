//! An installation in memory with two clusters and three tenants, and people who call it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::{
    Router,
    body::{Body, to_bytes},
};
use http::{HeaderMap, Method, Request, StatusCode};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;
use uuid::Uuid;

use kubenova_core::{
    access::{Actor, RequestId, Role, Roles},
    domain::service::{IssueToken, Ports, Tokens},
    ports::{Clock, Fleet, Ids, Store, cluster::ClusterState, cluster::Step},
    simulation::SimFleet,
    value::{ClusterId, ProjectId, Subject, TenantId, TokenId},
};
use kubenova_server::{
    SystemClock, SystemIds,
    auth::{self, Registry, SigningKey},
    config::Sources,
    http::{
        App,
        cursor::Cursors,
        rim::{Refused, Rim},
        router,
    },
    worker::Pool,
};
use kubenova_store::memory::MemoryStore;

use crate::log;

/// An answer, read whole.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }

    /// Demands a status and gives the body, or nothing where there is none.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        if self.text.is_empty() {
            Value::Null
        } else {
            self.json()
        }
    }

    /// Demands a refusal in the envelope and gives the fields it names.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16) -> Vec<String> {
        assert_eq!(self.status, status, "{}", self.text);
        let body = self.json();
        assert_eq!(body["code"], format!("KN-{status}"), "{body}");
        assert!(body["message"].is_string(), "{body}");
        let details = body["details"].as_array().cloned().unwrap_or_default();
        details
            .iter()
            .map(|detail| detail["field"].as_str().unwrap().to_owned())
            .collect()
    }

    /// A header's text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

/// A tenant with a project and its people.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) cluster: Uuid,
    pub(crate) tenant: Uuid,
    pub(crate) project: Uuid,
}

/// Somebody who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    Anon,
    Admin,
    Ops,
    Owner,
    Dev,
    Reader,
}

impl Who {
    pub(crate) const ALL: [Self; 6] = [
        Self::Anon,
        Self::Admin,
        Self::Ops,
        Self::Owner,
        Self::Dev,
        Self::Reader,
    ];
}

/// The installation.
pub(crate) struct World {
    pub(crate) router: Router,
    pub(crate) ports: Ports,
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) fleet: Arc<SimFleet>,
    pub(crate) signer: auth::Tokens,
    pub(crate) registry: Arc<Registry>,
    pub(crate) refused: Arc<Mutex<Vec<Refused>>>,
    stop: CancellationToken,
    workers: Mutex<Option<JoinHandle<()>>>,
}

impl Drop for World {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl World {
    /// Nothing but the server.
    pub(crate) fn empty() -> Self {
        log::keep();
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let ids: Arc<dyn Ids> = Arc::new(SystemIds);
        let store = Arc::new(MemoryStore::new(Arc::clone(&clock)));
        let fleet = Arc::new(SimFleet::new(Arc::clone(&clock)));
        let shared: Arc<dyn Store> = store.clone();
        let clusters: Arc<dyn Fleet> = fleet.clone();
        let ports = Ports {
            store: shared,
            fleet: clusters,
            clock,
            ids: Arc::clone(&ids),
        };
        let key = SigningKey::generate().unwrap();
        let cursors = Cursors::new(key.derive("cursor"));
        let signer = auth::Tokens::new(key, "kubenova", "kubenova-api");
        let registry = Registry::new(
            signer.clone(),
            ports.store.clone(),
            Arc::clone(&ports.clock),
        );
        let registry = Arc::new(registry);
        let stop = CancellationToken::new();
        let app = App::new(
            &ports,
            signer.clone(),
            Arc::clone(&registry),
            cursors,
            stop.clone(),
        );
        let refused = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&refused);
        let rim = Rim {
            ids,
            deadline: Duration::from_secs(75),
            refused: Arc::new(move |one| told.lock().unwrap().push(one)),
        };
        let router = router::router(app, rim);
        let workers = Mutex::new(None);
        Self {
            router,
            ports,
            store,
            fleet,
            signer,
            registry,
            refused,
            stop,
            workers,
        }
    }

    /// Two clusters; tenants `acme` (project `web`) and `other` on the first, `beta` (project `web`) on the second.
    pub(crate) async fn new() -> (Self, Place, Place) {
        let world = Self::empty();
        let admin = world.token(Role::Admin, "admin", None, None).await;
        let one = world.place(&admin, "c1", "acme").await;
        let two = world.place(&admin, "c2", "beta").await;
        (world, one, two)
    }

    /// Starts workers, so that clusters follow.
    pub(crate) fn work(&self) {
        let mut config = Sources::default().load().unwrap().reconcile;
        config.resync = Duration::from_secs(3600);
        let pool = Pool::new(self.ports.clone(), &config);
        *self.workers.lock().unwrap() = Some(tokio::spawn(pool.run(self.stop.clone())));
    }

    /// Tells everything to stop.
    pub(crate) fn stop(&self) {
        self.stop.cancel();
    }

    /// Stops workers and waits for them.
    pub(crate) async fn rest(&self) {
        self.stop.cancel();
        let workers = self.workers.lock().unwrap().take();
        workers.expect("workers were started").await.unwrap();
    }

    async fn place(&self, admin: &str, cluster: &str, tenant: &str) -> Place {
        let wish = registration(cluster);
        let made = uid(&self.post(admin, "/api/v1/clusters", wish).await.expect(200));
        // What its first turn brings, so that kubeconfigs can be had without workers.
        let platform = Step::ApplyPlatform(ClusterId::new(made));
        self.fleet.cluster(cluster).apply(&platform).await.unwrap();
        let cluster = made;
        let tenants = format!("/api/v1/clusters/{cluster}/tenants");
        let body = json!({"name": tenant, "owners": [format!("owner-{tenant}")]});
        let tenant = uid(&self.post(admin, &tenants, body).await.expect(200));
        let projects = format!("{tenants}/{tenant}/projects");
        let project = uid(&self
            .post(admin, &projects, json!({"name": "web"}))
            .await
            .expect(200));
        Place {
            cluster,
            tenant,
            project,
        }
    }

    /// A token by the use case that the command line uses.
    pub(crate) async fn token(
        &self,
        role: Role,
        subject: &str,
        tenant: Option<Uuid>,
        project: Option<Uuid>,
    ) -> String {
        self.issued(role, subject, tenant, project).await.1
    }

    /// The same with its id.
    pub(crate) async fn issued(
        &self,
        role: Role,
        subject: &str,
        tenant: Option<Uuid>,
        project: Option<Uuid>,
    ) -> (TokenId, String) {
        let cmd = IssueToken {
            subject: Subject::parse(subject).unwrap(),
            roles: Roles::one(role),
            tenant: tenant.map(TenantId::new),
            projects: project.map(|project| vec![ProjectId::new(project)]),
            ttl: 3600,
        };
        let actor = Actor::system(RequestId::parse("test").unwrap());
        let token = Tokens::new(self.ports.clone())
            .issue(&actor, cmd)
            .await
            .unwrap();
        let text = self
            .signer
            .sign(&token)
            .unwrap()
            .expose_str()
            .unwrap()
            .to_owned();
        (token.id, text)
    }

    /// The token of somebody at a place; nothing for nobody.
    pub(crate) async fn token_of(&self, who: Who, place: &Place) -> Option<String> {
        let tenant = Some(place.tenant);
        Some(match who {
            Who::Anon => return None,
            Who::Admin => self.token(Role::Admin, "adm", None, None).await,
            Who::Ops => self.token(Role::Ops, "ops", None, None).await,
            Who::Owner => {
                self.token(Role::TenantOwner, "owner-acme", tenant, None)
                    .await
            }
            Who::Dev => {
                self.token(Role::ProjectDev, "dev", tenant, Some(place.project))
                    .await
            }
            Who::Reader => self.token(Role::ReadOnly, "reader", tenant, None).await,
        })
    }

    /// Sends one request.
    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let (head, body) = answer.into_parts();
        let bytes = to_bytes(body, 8 << 20).await.unwrap();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        Answer {
            status: head.status.as_u16(),
            headers: head.headers,
            text,
        }
    }

    /// Sends a request with a token and a JSON body.
    pub(crate) async fn call(&self, method: &str, token: &str, path: &str, body: &Value) -> Answer {
        self.send(request(method, Some(token), path, body)).await
    }

    pub(crate) async fn get(&self, token: &str, path: &str) -> Answer {
        self.call("GET", token, path, &Value::Null).await
    }

    pub(crate) async fn post(&self, token: &str, path: &str, body: Value) -> Answer {
        self.call("POST", token, path, &body).await
    }

    pub(crate) async fn put(&self, token: &str, path: &str, body: Value) -> Answer {
        self.call("PUT", token, path, &body).await
    }

    pub(crate) async fn delete(&self, token: &str, path: &str) -> Answer {
        self.call("DELETE", token, path, &Value::Null).await
    }

    /// Everything durable and everything on clusters, to show that a refusal changed nothing.
    pub(crate) fn fingerprint(&self) -> (usize, usize) {
        let writes = ["c1", "c2"].map(|name| self.fleet.cluster(name).writes());
        (self.store.audit().len(), writes.iter().sum())
    }
}

/// A request; `Value::Null` is no body.
pub(crate) fn request(
    method: &str,
    token: Option<&str>,
    path: &str,
    body: &Value,
) -> Request<Body> {
    let mut request = Request::builder()
        .method(Method::from_bytes(method.as_bytes()).unwrap())
        .uri(path);
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    if body.is_null() {
        return request.body(Body::empty()).unwrap();
    }
    let request = request.header("content-type", "application/json");
    request.body(Body::from(body.to_string())).unwrap()
}

/// A body that registers a simulated cluster.
pub(crate) fn registration(name: &str) -> Value {
    json!({"name": name, "kubeconfig": encoded(&SimFleet::kubeconfig_of(name))})
}

pub(crate) fn encoded(text: &str) -> String {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    STANDARD.encode(text)
}

#[track_caller]
pub(crate) fn uid(object: &Value) -> Uuid {
    object["uid"]
        .as_str()
        .and_then(|text| text.parse().ok())
        .unwrap_or_else(|| panic!("{object}"))
}

/// The path of a project.
pub(crate) fn project_path(place: &Place) -> String {
    let Place {
        cluster,
        tenant,
        project,
    } = place;
    format!("/api/v1/clusters/{cluster}/tenants/{tenant}/projects/{project}")
}

/// The path of a tenant.
pub(crate) fn tenant_path(place: &Place) -> String {
    format!(
        "/api/v1/clusters/{}/tenants/{}",
        place.cluster, place.tenant
    )
}

/// Whether a status says yes.
pub(crate) fn is_success(status: u16) -> bool {
    StatusCode::from_u16(status).unwrap().is_success()
}
