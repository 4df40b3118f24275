//! The allow-list parser: a kubeconfig is a program, and ours only reads.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use kubenova_core::value::Secret;

use super::access::{
    ClusterAccess, Credential, Endpoint, belong_together, certificates, private_key,
};
use super::shape::{CLUSTER, CONFIG, CONTEXT, ENTRY, USER, object, text};
use super::{Class, Refused};

/// The largest kubeconfig, in bytes.
pub const MAX_BYTES: usize = 256 * 1024;
/// The most entries of one list.
const MAX_ENTRIES: usize = 64;

/// Reads the current context of a kubeconfig. Every entry is checked, even those that are not used.
///
/// # Errors
/// [`Refused`] with the class and the place of what cannot be accepted.
pub fn parse(kubeconfig: &Secret) -> Result<ClusterAccess, Refused> {
    let whole = document(kubeconfig)?;
    let config = object(&whole, "kubeconfig", &CONFIG)?;
    for (field, wanted) in [("apiVersion", "v1"), ("kind", "Config")] {
        if text(config, field, "kubeconfig")?.is_some_and(|found| found != wanted) {
            return Err(format(format!("kubeconfig.{field} must be {wanted}")));
        }
    }
    if !is_empty(config.get("preferences")) {
        return Err(Refused::new(
            Class::Forbidden,
            "kubeconfig.preferences must be empty",
        ));
    }
    // Everything is looked at, so that nothing hides beside what is used.
    let clusters = read_all(&entries(config, "clusters", "cluster")?, cluster)?;
    let users = read_all(&entries(config, "users", "user")?, user)?;
    let links = read_all(&entries(config, "contexts", "context")?, context)?;
    let current = text(config, "current-context", "kubeconfig")?.unwrap_or_default();
    let (cluster, user) = take(links, current, "current-context names no context")?;
    let (endpoint, ca_pem, tls_server_name) =
        take(clusters, &cluster, "the current context names no cluster")?;
    let credential = take(users, &user, "the current context names no user")?;
    let none = || format("the current user has neither a token nor a client certificate");
    Ok(ClusterAccess {
        endpoint,
        ca_pem,
        tls_server_name,
        credential: credential.ok_or_else(none)?,
    })
}

fn format(why: impl Into<String>) -> Refused {
    Refused::new(Class::Format, why)
}

fn document(kubeconfig: &Secret) -> Result<Value, Refused> {
    if kubeconfig.expose().len() > MAX_BYTES {
        return Err(format("the kubeconfig is larger than 256 KiB"));
    }
    let text = kubeconfig
        .expose_str()
        .ok_or_else(|| format("the kubeconfig is no UTF-8"))?;
    let mut budget = serde_saphyr::Budget::default();
    budget.max_events = 20_000;
    budget.max_aliases = 0;
    budget.max_anchors = 0;
    budget.max_depth = 16;
    budget.max_documents = 2;
    let options = serde_saphyr::options! {
        budget: Some(budget),
        strict_booleans: true,
    };
    // The library's message would quote the text: only the fact is told.
    let unreadable =
        "the kubeconfig is no plain YAML: doubled keys, aliases and deep nesting are refused too";
    let documents: Vec<Value> =
        serde_saphyr::from_multiple_with_options(text, options).map_err(|_| format(unreadable))?;
    let [whole] = <[Value; 1]>::try_from(documents)
        .map_err(|_| format("the kubeconfig must be exactly one YAML document"))?;
    Ok(whole)
}

fn is_empty(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => true,
        Some(Value::Object(map)) => map.is_empty(),
        Some(_) => false,
    }
}

type Entry<'a> = (String, &'a Value, String);

/// Named entries of a list: name, content, and place for messages.
fn entries<'a>(
    config: &'a Map<String, Value>,
    list: &str,
    field: &str,
) -> Result<Vec<Entry<'a>>, Refused> {
    let found = match config.get(list) {
        None | Some(Value::Null) => &[][..],
        Some(Value::Array(found)) => found.as_slice(),
        Some(_) => return Err(format(format!("kubeconfig.{list} must be a list"))),
    };
    if found.len() > MAX_ENTRIES {
        return Err(format(format!(
            "kubeconfig.{list} has more than {MAX_ENTRIES} entries"
        )));
    }
    let mut named: Vec<Entry<'a>> = Vec::new();
    for (n, entry) in found.iter().enumerate() {
        let place = format!("{list}[{n}]");
        let map = object(entry, &place, &ENTRY)?;
        if map.keys().any(|key| key != "name" && key != field) {
            let why = format!("{place} has a field that is not allowed");
            return Err(Refused::new(Class::Forbidden, why));
        }
        let name = text(map, "name", &place)?.unwrap_or_default().to_owned();
        if name.is_empty() || named.iter().any(|(other, ..)| *other == name) {
            return Err(format(format!("{place}.name must be there and unique")));
        }
        let content = map.get(field).unwrap_or(&Value::Null);
        named.push((name, content, format!("{place}.{field}")));
    }
    Ok(named)
}

fn read_all<T>(
    entries: &[Entry<'_>],
    read: impl Fn(&Value, &str) -> Result<T, Refused>,
) -> Result<Vec<(String, T)>, Refused> {
    let one = |(name, value, place): &Entry<'_>| Ok((name.clone(), read(value, place)?));
    entries.iter().map(one).collect()
}

fn take<T>(list: Vec<(String, T)>, name: &str, missing: &str) -> Result<T, Refused> {
    let found = list
        .into_iter()
        .find(|(other, _)| other == name && !name.is_empty());
    found.map(|(_, value)| value).ok_or_else(|| format(missing))
}

/// The names of cluster and user; the namespace is read and not used.
fn context(value: &Value, place: &str) -> Result<(String, String), Refused> {
    let map = object(value, place, &CONTEXT)?;
    text(map, "namespace", place)?;
    let link = |field| text(map, field, place).map(|name| name.unwrap_or_default().to_owned());
    Ok((link("cluster")?, link("user")?))
}

fn cluster(
    value: &Value,
    place: &str,
) -> Result<(Endpoint, Option<String>, Option<String>), Refused> {
    let map = object(value, place, &CLUSTER)?;
    match map.get("insecure-skip-tls-verify") {
        None | Some(Value::Null | Value::Bool(false)) => {}
        Some(_) => {
            let why = format!("{place}.insecure-skip-tls-verify switches TLS verification off");
            return Err(Refused::new(Class::Forbidden, why));
        }
    }
    let server = text(map, "server", place)?.unwrap_or_default();
    let endpoint = Endpoint::parse(server)?;
    let ca = match data(map, "certificate-authority-data", place)? {
        Some(pem) => Some(certificates(
            &pem,
            &format!("{place}.certificate-authority-data"),
        )?),
        None => None,
    };
    let name = text(map, "tls-server-name", place)?.map(str::to_owned);
    if name
        .as_deref()
        .is_some_and(|name| super::address::Host::parse(name).is_err())
    {
        return Err(format(format!("{place}.tls-server-name is no host name")));
    }
    Ok((endpoint, ca, name))
}

fn user(value: &Value, place: &str) -> Result<Option<Credential>, Refused> {
    let map = object(value, place, &USER)?;
    let token = text(map, "token", place)?;
    let cert = data(map, "client-certificate-data", place)?;
    let key = data(map, "client-key-data", place)?;
    match (token, cert, key) {
        (None, None, None) => Ok(None),
        (Some(token), None, None) => {
            let printable = token.bytes().all(|b| b.is_ascii_graphic());
            if token.is_empty() || token.len() > 16 * 1024 || !printable {
                return Err(format(format!("{place}.token is no bearer token")));
            }
            Ok(Some(Credential::Token(Secret::new(token))))
        }
        (None, Some(cert), Some(key)) => {
            let cert = certificates(&cert, &format!("{place}.client-certificate-data"))?;
            let key = private_key(&key, &format!("{place}.client-key-data"))?;
            belong_together(&cert, &key, place)?;
            Ok(Some(Credential::Certificate { cert, key }))
        }
        (Some(_), ..) => Err(format(format!("{place} has two kinds of credentials"))),
        (None, ..) => Err(format(format!("{place} has half a client certificate"))),
    }
}

fn data(
    map: &Map<String, Value>,
    field: &str,
    place: &str,
) -> Result<Option<Zeroizing<Vec<u8>>>, Refused> {
    let Some(encoded) = text(map, field, place)? else {
        return Ok(None);
    };
    let bad = |_| format(format!("{place}.{field} is no base64"));
    Ok(Some(Zeroizing::new(BASE64.decode(encoded).map_err(bad)?)))
}

#[cfg(test)]
mod tests;
