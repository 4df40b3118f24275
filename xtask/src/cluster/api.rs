//! One HTTP client for everything the commands ask a cluster: raw paths, JSON values, a deadline on every call.

use std::path::Path;
use std::time::{Duration, Instant};

use http::{Method, Request, header};
use kube::Client;
use kube::config::{Config, KubeConfigOptions, Kubeconfig};
use serde_json::Value;

use crate::host::files;
use crate::{Context as _, Failure, Result};

const DEADLINE: Duration = Duration::from_secs(15);

/// A client of one cluster as one identity.
#[derive(Clone)]
pub struct Api {
    client: Client,
}

impl std::fmt::Debug for Api {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Api").finish_non_exhaustive()
    }
}

impl Api {
    /// A client as the kubeconfig says; proxies of the environment are not asked.
    ///
    /// # Errors
    /// When the kubeconfig is unusable.
    pub async fn from_file(file: &Path) -> Result<Self> {
        let document = Kubeconfig::from_yaml(&files::read(file)?).context("read a kubeconfig")?;
        let options = KubeConfigOptions::default();
        let mut config = Config::from_custom_kubeconfig(document, &options)
            .await
            .context("use a kubeconfig")?;
        config.proxy_url = None;
        config.default_retry = false;
        Ok(Self {
            client: Client::try_from(config).context("make a client")?,
        })
    }

    /// The object at `path`, `None` if there is none.
    ///
    /// # Errors
    /// When the API server refuses or does not answer.
    pub async fn get(&self, path: &str) -> Result<Option<Value>> {
        match self.send(Method::GET, path, "application/json", None).await {
            Ok(found) => Ok(Some(found)),
            Err(kube::Error::Api(status)) if status.code == 404 => Ok(None),
            Err(err) => Err(Failure::new(format!("GET {path}: {err}"))),
        }
    }

    /// Writes the whole object by server-side apply.
    ///
    /// # Errors
    /// When the API server refuses or does not answer.
    pub async fn apply(&self, object: &Value) -> Result<()> {
        let path = format!("{}?fieldManager=xtask&force=true", path_of(object)?);
        self.write(Method::PATCH, &path, "application/apply-patch+yaml", object)
            .await
            .map(drop)
    }

    /// Writes an object as a whole over the one at `path`.
    ///
    /// # Errors
    /// When the API server refuses or does not answer.
    pub async fn replace(&self, path: &str, object: &Value) -> Result<()> {
        self.write(Method::PUT, path, "application/json", object)
            .await
            .map(drop)
    }

    /// Changes the object at `path` by a merge patch.
    ///
    /// # Errors
    /// When the API server refuses or does not answer.
    pub async fn merge(&self, path: &str, patch: &Value) -> Result<()> {
        self.write(Method::PATCH, path, "application/merge-patch+json", patch)
            .await
            .map(drop)
    }

    /// Posts an object to the collection or subresource at `path`.
    ///
    /// # Errors
    /// When the API server refuses or does not answer.
    pub async fn create(&self, path: &str, object: &Value) -> Result<Value> {
        self.write(Method::POST, path, "application/json", object)
            .await
    }

    /// Deletes the object or collection at `path`; absence is fine.
    ///
    /// # Errors
    /// When the API server refuses or does not answer.
    pub async fn delete(&self, path: &str) -> Result<()> {
        match self
            .send(Method::DELETE, path, "application/json", None)
            .await
        {
            Ok(_) => Ok(()),
            Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
            Err(err) => Err(Failure::new(format!("DELETE {path}: {err}"))),
        }
    }

    /// Whether the API server says that it is ready.
    pub async fn is_ready(&self) -> bool {
        let Ok(request) = Request::get("/readyz").body(Vec::new()) else {
            return false;
        };
        let asked = tokio::time::timeout(Duration::from_secs(2), self.client.request_text(request));
        matches!(asked.await, Ok(Ok(text)) if text.trim() == "ok")
    }

    async fn write(&self, how: Method, path: &str, kind: &str, body: &Value) -> Result<Value> {
        let sent = self.send(how.clone(), path, kind, Some(body)).await;
        sent.context(format!("{how} {path}"))
    }

    async fn send(
        &self,
        how: Method,
        path: &str,
        kind: &str,
        body: Option<&Value>,
    ) -> std::result::Result<Value, kube::Error> {
        let bytes = body
            .map(|value| value.to_string().into_bytes())
            .unwrap_or_default();
        let request = Request::builder()
            .method(how)
            .uri(path)
            .header(header::CONTENT_TYPE, kind)
            .body(bytes);
        let request = request.map_err(kube::Error::HttpError)?;
        match tokio::time::timeout(DEADLINE, self.client.request(request)).await {
            Ok(answer) => answer,
            Err(_) => Err(kube::Error::Service("no answer within 15 s".into())),
        }
    }
}

/// Path of an object: the plural is the kind in small letters with an `s`, true for all kinds used here.
///
/// # Errors
/// When it has no kind or name.
pub fn path_of(object: &Value) -> Result<String> {
    let version = object["apiVersion"]
        .as_str()
        .context("an object without apiVersion")?;
    let kind = object["kind"]
        .as_str()
        .context("an object without kind")?
        .to_lowercase();
    let name = object["metadata"]["name"]
        .as_str()
        .context("an object without name")?;
    let root = if version.contains('/') { "apis" } else { "api" };
    let within = match object["metadata"]["namespace"].as_str() {
        Some(namespace) => format!("namespaces/{namespace}/"),
        None => String::new(),
    };
    Ok(format!("/{root}/{version}/{within}{kind}s/{name}"))
}

/// Asks again every 50 ms until there is an answer; `alive` may end the wait early.
///
/// # Errors
/// When the deadline passes, or what `alive` says.
pub async fn until<T, F>(
    what: &str,
    patience: Duration,
    alive: impl Fn() -> Result<()>,
    mut ask: impl FnMut() -> F,
) -> Result<T>
where
    F: Future<Output = Option<T>>,
{
    let deadline = Instant::now() + patience;
    loop {
        if let Some(found) = ask().await {
            return Ok(found);
        }
        alive()?;
        if Instant::now() >= deadline {
            return Err(Failure::new(format!(
                "{what}: nothing after {} s",
                patience.as_secs()
            )));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The documents of a YAML text.
///
/// # Errors
/// When it is not YAML.
pub fn documents(text: &str) -> Result<Vec<Value>> {
    let all: Vec<Value> = serde_saphyr::from_multiple(text).context("read YAML")?;
    Ok(all.into_iter().filter(Value::is_object).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_follow_kind_and_scope() {
        let account = json!({"apiVersion": "v1", "kind": "ServiceAccount",
            "metadata": {"name": "x", "namespace": "y"}});
        assert_eq!(
            path_of(&account).unwrap(),
            "/api/v1/namespaces/y/serviceaccounts/x"
        );
        let role = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
            "metadata": {"name": "x"}});
        assert_eq!(
            path_of(&role).unwrap(),
            "/apis/rbac.authorization.k8s.io/v1/clusterroles/x"
        );
    }
}
