//! The allow-list: everything a kubeconfig may hold, entry by entry; whatever else it holds refuses it.

mod fields;
mod user;

use kubenova_core::value::Secret;
use rustls::pki_types::ServerName;

use super::access::ClusterAccess;
use super::fault::Fault;
use super::node::{self, Node};
use super::pem;
use super::server::Server;
use fields::Fields;

const TOP: &[&str] = &[
    "apiVersion",
    "kind",
    "clusters",
    "users",
    "contexts",
    "current-context",
    "preferences",
];
const CLUSTER: &[&str] = &[
    "server",
    "certificate-authority-data",
    "tls-server-name",
    "insecure-skip-tls-verify",
];
/// What a cluster must not have, and what it would do.
const CLUSTER_FORBIDDEN: &[(&str, &str)] = &[
    (
        "certificate-authority",
        "would read a file; give certificate-authority-data",
    ),
    ("proxy-url", "would send everything through another server"),
    ("extensions", "is not allowed"),
];
const CONTEXT: &[&str] = &["cluster", "user", "namespace"];
const CONTEXT_FORBIDDEN: &[(&str, &str)] = &[("extensions", "is not allowed")];

struct Endpoint {
    server: Server,
    ca_pem: Option<String>,
    tls_server_name: Option<String>,
}

struct Context {
    cluster: String,
    user: String,
}

/// Reads a kubeconfig. Every entry is checked, not only the ones in use; no program runs, no file is read, nothing is
/// resolved or connected to.
///
/// # Errors
/// Every [`Fault`] found, in the order of the text.
pub fn parse(text: &Secret) -> Result<ClusterAccess, Vec<Fault>> {
    let text = text
        .expose_str()
        .ok_or_else(|| vec![Fault::format("the text is not UTF-8")])?;
    let root = node::read(text).map_err(|fault| vec![fault])?;
    let mut faults = Vec::new();
    let access = whole(&root, &mut faults);
    match access {
        Some(access) if faults.is_empty() => Ok(access),
        Some(_) | None => Err(faults),
    }
}

fn whole(root: &Node, faults: &mut Vec<Fault>) -> Option<ClusterAccess> {
    let top = Fields::of(root, "the top level", faults)?;
    top.only(TOP, &[("extensions", "is not allowed")], faults);
    let kind = take(top.text("kind"), faults).flatten();
    let version = take(top.text("apiVersion"), faults).flatten();
    if kind != Some("Config") || version != Some("v1") {
        faults.push(Fault::format("the text is not a Config of apiVersion v1"));
    }
    if !top
        .get("preferences")
        .is_none_or(|node| matches!(node, Node::Map(all) if all.is_empty()))
    {
        faults.push(Fault::forbidden("preferences must be empty"));
    }
    let clusters = entries(&top, "clusters", "cluster", endpoint, faults);
    let users = entries(&top, "users", "user", user::credential, faults);
    let contexts = entries(&top, "contexts", "context", context, faults);
    let current = take(top.text("current-context"), faults).flatten();
    if !faults.is_empty() {
        return None;
    }
    let chosen = current
        .filter(|name| !name.is_empty())
        .and_then(|name| find(&contexts, name));
    let Some(chosen) = chosen else {
        faults.push(Fault::format("current-context names no context"));
        return None;
    };
    let cluster = find(&clusters, &chosen.cluster);
    let user = find(&users, &chosen.user);
    let (Some(cluster), Some(user)) = (cluster, user) else {
        faults.push(Fault::format(
            "the current context names a cluster or user that is not there",
        ));
        return None;
    };
    Some(ClusterAccess {
        server: cluster.server.clone(),
        ca_pem: cluster.ca_pem.clone(),
        tls_server_name: cluster.tls_server_name.clone(),
        credential: user.clone(),
    })
}

fn find<'a, T>(all: &'a [(String, T)], name: &str) -> Option<&'a T> {
    all.iter()
        .find(|(found, _)| found == name)
        .map(|(_, one)| one)
}

fn take<T>(read: Result<T, Fault>, faults: &mut Vec<Fault>) -> Option<T> {
    read.map_err(|fault| faults.push(fault)).ok()
}

type Reader<T> = fn(&Fields<'_>, &mut Vec<Fault>) -> Option<T>;

/// The entries of `clusters`, `users` or `contexts`: each a name and one inner mapping, no name twice.
fn entries<T>(
    top: &Fields<'_>,
    list: &'static str,
    inner: &'static str,
    read: Reader<T>,
    faults: &mut Vec<Fault>,
) -> Vec<(String, T)> {
    let mut found: Vec<(String, T)> = Vec::new();
    for (index, item) in take(top.list(list), faults)
        .unwrap_or_default()
        .iter()
        .enumerate()
    {
        let place = format!("{list}[{index}]");
        let Some(entry) = Fields::of(item, &place, faults) else {
            continue;
        };
        entry.only(
            &["name", inner],
            &[("extensions", "is not allowed")],
            faults,
        );
        let name = take(entry.text("name"), faults)
            .flatten()
            .filter(|name| !name.is_empty());
        let Some(name) = name else {
            faults.push(Fault::format(format!("{place} has no name")));
            continue;
        };
        if found.iter().any(|(other, _)| other == name) {
            faults.push(Fault::forbidden(format!(
                "{place} has the name of an earlier entry"
            )));
        }
        let Some(body) = entry.get(inner) else {
            faults.push(Fault::format(format!("{place}.{inner} is missing")));
            continue;
        };
        let value = Fields::of(body, &format!("{place}.{inner}"), faults)
            .and_then(|body| read(&body, faults));
        found.extend(value.map(|value| (name.to_owned(), value)));
    }
    found
}

fn endpoint(fields: &Fields<'_>, faults: &mut Vec<Fault>) -> Option<Endpoint> {
    fields.only(CLUSTER, CLUSTER_FORBIDDEN, faults);
    match fields.get("insecure-skip-tls-verify") {
        None | Some(Node::Bool(false)) => {}
        Some(Node::Bool(true)) => faults.push(Fault::forbidden(format!(
            "{} would trust any certificate; give certificate-authority-data",
            fields.at("insecure-skip-tls-verify")
        ))),
        Some(Node::Null | Node::Number | Node::Text(_) | Node::List(_) | Node::Map(_)) => {
            faults.push(Fault::format(format!(
                "{} must be true or false",
                fields.at("insecure-skip-tls-verify")
            )));
        }
    }
    let tls_server_name =
        take(fields.text("tls-server-name"), faults)?.filter(|name| !name.is_empty());
    if tls_server_name.is_some_and(|name| ServerName::try_from(name).is_err()) {
        let place = fields.at("tls-server-name");
        faults.push(Fault::format(format!("{place} is no host name")));
    }
    let ca_pem = match take(fields.decoded("certificate-authority-data"), faults)? {
        None => None,
        Some(pem) => match pem::certificates(&pem) {
            Some(all) => Some(pem::write_certificates(&all)),
            None => {
                let place = fields.at("certificate-authority-data");
                faults.push(Fault::format(format!("{place} holds no PEM certificates")));
                None
            }
        },
    };
    let Some(server) = take(fields.text("server"), faults)? else {
        faults.push(Fault::format(format!("{} is missing", fields.at("server"))));
        return None;
    };
    Some(Endpoint {
        server: take(Server::parse(server, &fields.at("server")), faults)?,
        ca_pem,
        tls_server_name: tls_server_name.map(str::to_ascii_lowercase),
    })
}

fn context(fields: &Fields<'_>, faults: &mut Vec<Fault>) -> Option<Context> {
    fields.only(CONTEXT, CONTEXT_FORBIDDEN, faults);
    take(fields.text("namespace"), faults);
    let cluster = take(fields.text("cluster"), faults)?;
    let user = take(fields.text("user"), faults)?;
    let (Some(cluster), Some(user)) = (cluster, user) else {
        let place = fields.at("cluster");
        faults.push(Fault::format(format!(
            "{place} or the user beside it is missing"
        )));
        return None;
    };
    Some(Context {
        cluster: cluster.to_owned(),
        user: user.to_owned(),
    })
}
