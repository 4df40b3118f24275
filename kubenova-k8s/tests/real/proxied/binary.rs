//! A real capsule-proxy, where `CAPSULE_PROXY_BIN` names one: no pinned module gives it, so none comes with the test cluster.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use k8s_openapi::api::core::v1::ServiceAccount;
use k8s_openapi::api::rbac::v1::{ClusterRoleBinding, RoleRef, Subject};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{ObjectMeta, Patch, PatchParams, PostParams};
use kube::{Api, Client};
use serde_json::{Value, json};
use tokio::sync::{Mutex, MutexGuard};

use kubenova_core::value::{Name, Secret};

use super::Front;
use super::stand_in::certificate;
use crate::access::handed_out;

const NAME: &str = "capsule-proxy";
const PLACE: &str = "capsule-system";

/// Its probe port is fixed: one at a time.
static ALONE: Mutex<()> = Mutex::const_new(());

/// The named binary.
pub(crate) fn named() -> Option<PathBuf> {
    std::env::var_os("CAPSULE_PROXY_BIN").map(PathBuf::from)
}

/// A running proxy: it and its files go with this.
pub(crate) struct Running {
    child: Child,
    folder: PathBuf,
    _alone: MutexGuard<'static, ()>,
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

/// Starts it in front of the test cluster. It answers a moment later.
pub(crate) async fn start(binary: &PathBuf, admin: &Client) -> Front {
    let alone = ALONE.lock().await;
    prepare(admin).await;
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let folder = std::env::temp_dir().join(format!("{NAME}-{port}"));
    std::fs::create_dir_all(&folder).unwrap();
    let (cert, key, ca_pem) = certificate();
    let token = token(admin).await;
    let config = handed_out(token, &Name::parse(PLACE).unwrap()).await;
    for (file, content) in [
        ("tls.crt", cert.as_bytes()),
        ("tls.key", key.as_bytes()),
        ("kubeconfig", config.expose()),
    ] {
        std::fs::write(folder.join(file), content).unwrap();
    }
    let path = |file: &str| folder.join(file).display().to_string();
    let log = std::fs::File::create(std::env::temp_dir().join("capsule-proxy.log")).unwrap();
    let child = Command::new(binary)
        .args([
            format!("--listening-port={port}"),
            "--enable-ssl=true".to_owned(),
            format!("--ssl-cert-path={}", path("tls.crt")),
            format!("--ssl-key-path={}", path("tls.key")),
            "--auth-preferred-types=BearerToken".to_owned(),
            "--metrics-addr=127.0.0.1:0".to_owned(),
            "--client-connection-qps=200".to_owned(),
            "--client-connection-burst=400".to_owned(),
            "--enable-reflector".to_owned(),
        ])
        .env("NAMESPACE", PLACE)
        .env("KUBECONFIG", path("kubeconfig"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .expect("CAPSULE_PROXY_BIN names a program");
    let running = Running {
        child,
        folder,
        _alone: alone,
    };
    Front {
        url: format!("https://127.0.0.1:{port}"),
        ca_pem,
        _running: Some(running),
    }
}

/// What its chart brings: two kinds, and an account that may do everything. They stay on the test cluster.
async fn prepare(admin: &Client) {
    let params = PatchParams::apply("capsule-proxy-tests").force();
    let kinds: Api<CustomResourceDefinition> = Api::all(admin.clone());
    for (kind, plural, scope) in [
        ("ProxySetting", "proxysettings", "Namespaced"),
        ("GlobalProxySettings", "globalproxysettings", "Cluster"),
    ] {
        let made = definition(kind, plural, scope);
        let name = format!("{plural}.capsule.clastix.io");
        let patch = Patch::Apply(made);
        kinds.patch(&name, &params, &patch).await.unwrap();
    }
    let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": NAME}});
    let accounts: Api<ServiceAccount> = Api::namespaced(admin.clone(), PLACE);
    let patch = Patch::Apply(account);
    accounts.patch(NAME, &params, &patch).await.unwrap();
    let binding = ClusterRoleBinding {
        metadata: ObjectMeta {
            name: Some(NAME.to_owned()),
            ..ObjectMeta::default()
        },
        role_ref: RoleRef {
            api_group: "rbac.authorization.k8s.io".to_owned(),
            kind: "ClusterRole".to_owned(),
            name: "cluster-admin".to_owned(),
        },
        subjects: Some(vec![Subject {
            kind: "ServiceAccount".to_owned(),
            name: NAME.to_owned(),
            namespace: Some(PLACE.to_owned()),
            ..Subject::default()
        }]),
    };
    let bindings: Api<ClusterRoleBinding> = Api::all(admin.clone());
    let patch = Patch::Apply(binding);
    bindings.patch(NAME, &params, &patch).await.unwrap();
}

fn definition(kind: &str, plural: &str, scope: &str) -> Value {
    let anything = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("{plural}.capsule.clastix.io")},
        "spec": {
            "group": "capsule.clastix.io",
            "scope": scope,
            "names": {"kind": kind, "listKind": format!("{kind}List"), "plural": plural, "singular": kind.to_lowercase()},
            "versions": [{
                "name": "v1beta1", "served": true, "storage": true,
                "schema": {"openAPIV3Schema": anything},
                "subresources": {"status": {}},
            }],
        },
    })
}

async fn token(admin: &Client) -> Secret {
    let accounts: Api<ServiceAccount> = Api::namespaced(admin.clone(), PLACE);
    let asked = json!({"spec": {"audiences": [], "expirationSeconds": 86_400}});
    let (asked, new) = (
        serde_json::from_value(asked).unwrap(),
        PostParams::default(),
    );
    let made = accounts.create_token_request(NAME, &new, &asked).await;
    Secret::new(made.unwrap().status.unwrap().token)
}
