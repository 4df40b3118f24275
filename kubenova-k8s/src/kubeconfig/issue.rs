//! Writes kubeconfigs: one cluster, one user, one context, by a serializer, so that no text can become structure.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kubenova_core::value::Secret;
use serde::Serialize;
use zeroize::Zeroizing;

/// What goes into a kubeconfig. Every text may hold anything; it stays a text.
#[derive(Debug)]
pub struct Issue<'a> {
    /// `https://host[:port][/path]`, from a checked [`Server`](super::Server).
    pub server: &'a str,
    /// PEM of the CA; `None` where the client's own roots are right.
    pub ca_pem: Option<&'a str>,
    /// The name the certificate must have, where it is not the server's.
    pub tls_server_name: Option<&'a str>,
    /// Name of the cluster and of the context.
    pub cluster_name: &'a str,
    /// Name of the user.
    pub user_name: &'a str,
    /// Namespace of the context.
    pub namespace: Option<&'a str>,
    /// What the user shows.
    pub user: IssueUser<'a>,
}

/// The credential in it.
#[derive(Debug)]
pub enum IssueUser<'a> {
    /// A bearer token.
    Token(&'a Secret),
    /// A client certificate with its key, both PEM.
    Certificate(&'a str, &'a Secret),
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Config<'a> {
    #[serde(rename = "apiVersion")]
    api_version: &'static str,
    kind: &'static str,
    clusters: [NamedCluster<'a>; 1],
    users: [NamedUser<'a>; 1],
    contexts: [NamedContext<'a>; 1],
    current_context: &'a str,
}

#[derive(Serialize)]
struct NamedCluster<'a> {
    name: &'a str,
    cluster: Cluster<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Cluster<'a> {
    server: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate_authority_data: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tls_server_name: Option<&'a str>,
}

#[derive(Serialize)]
struct NamedUser<'a> {
    name: &'a str,
    user: User<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct User<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_certificate_data: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_key_data: Option<Zeroizing<String>>,
}

#[derive(Serialize)]
struct NamedContext<'a> {
    name: &'a str,
    context: Context<'a>,
}

#[derive(Serialize)]
struct Context<'a> {
    cluster: &'a str,
    user: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'a str>,
}

/// A kubeconfig that cannot be written: a credential that is no text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the kubeconfig cannot be written")]
pub struct NotWritable;

/// The YAML text. A reader of YAML or JSON takes it.
///
/// # Errors
/// [`NotWritable`] where the token is not UTF-8.
pub fn issue(parts: &Issue<'_>) -> Result<Secret, NotWritable> {
    let user = match parts.user {
        IssueUser::Token(token) => User {
            token: Some(token.expose_str().ok_or(NotWritable)?),
            client_certificate_data: None,
            client_key_data: None,
        },
        IssueUser::Certificate(cert, key) => User {
            token: None,
            client_certificate_data: Some(STANDARD.encode(cert)),
            client_key_data: Some(Zeroizing::new(STANDARD.encode(key.expose()))),
        },
    };
    let config = Config {
        api_version: "v1",
        kind: "Config",
        clusters: [NamedCluster {
            name: parts.cluster_name,
            cluster: Cluster {
                server: parts.server,
                certificate_authority_data: parts.ca_pem.map(|pem| STANDARD.encode(pem)),
                tls_server_name: parts.tls_server_name,
            },
        }],
        users: [NamedUser {
            name: parts.user_name,
            user,
        }],
        contexts: [NamedContext {
            name: parts.cluster_name,
            context: Context {
                cluster: parts.cluster_name,
                user: parts.user_name,
                namespace: parts.namespace,
            },
        }],
        current_context: parts.cluster_name,
    };
    let text = serde_saphyr::to_string_with_options(&config, options());
    let text = Zeroizing::new(text.map_err(|_| NotWritable)?);
    Ok(Secret::new(text.as_bytes()))
}

/// Every text in quotes: no scalar can be read as a number, a boolean or anything else.
fn options() -> serde_saphyr::SerializerOptions {
    serde_saphyr::ser_options! {
        quote_all: true,
        prefer_block_scalars: false,
    }
}
