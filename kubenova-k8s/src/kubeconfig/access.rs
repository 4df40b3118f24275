//! What a kubeconfig is reduced to: one address, one CA, one credential.

use std::fmt::Write as _;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use serde_json::json;
use zeroize::Zeroizing;

use kubenova_core::value::Secret;

use super::address::Host;
use super::{Class, Refused};

/// Where an API server, or a proxy in front of it, answers. Always https, without userinfo, query or fragment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// The host.
    pub host: Host,
    /// The port.
    pub port: u16,
    /// A prefix such as `/k8s/clusters/a`, or nothing.
    pub path: String,
}

impl Endpoint {
    /// Reads a URL.
    ///
    /// # Errors
    /// [`Refused`] of class `forbidden` for userinfo, `address` for the host, `format` for the rest.
    pub fn parse(text: &str) -> Result<Self, Refused> {
        let format = |why: &str| Refused::new(Class::Format, why);
        if text.len() > 2048 || text.bytes().any(|b| !b.is_ascii_graphic()) {
            return Err(format("the address must be printable ASCII without blanks"));
        }
        let Some(rest) = text.strip_prefix("https://") else {
            return Err(format("the address must begin with https://"));
        };
        let (authority, path) = match rest.find(['/', '?', '#']) {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        if authority.contains('@') {
            let why = "the address must not hold a user name or password";
            return Err(Refused::new(Class::Forbidden, why));
        }
        let unusable = || format("the port of the address is not usable");
        let (host, port) = split_port(authority).ok_or_else(unusable)?;
        let path = path.trim_end_matches('/');
        let plain = |b: u8| {
            b.is_ascii_alphanumeric() || matches!(b, b'/' | b'-' | b'.' | b'_' | b'~' | b':')
        };
        if !path.bytes().all(plain) || path.split('/').any(|part| part == "..") {
            return Err(format("the address must have a plain path and no query"));
        }
        Ok(Self {
            host: Host::parse(host)?,
            port,
            path: path.to_owned(),
        })
    }

    /// The URL, rebuilt.
    pub fn url(&self) -> String {
        let Self { host, port, path } = self;
        match host {
            Host::Address(address @ std::net::IpAddr::V6(_)) => {
                format!("https://[{address}]:{port}{path}")
            }
            Host::Address(address) => format!("https://{address}:{port}{path}"),
            Host::Name(name) => format!("https://{name}:{port}{path}"),
        }
    }
}

fn split_port(authority: &str) -> Option<(&str, u16)> {
    let after_bracket = authority.rfind(']').map_or(0, |at| at + 1);
    match authority[after_bracket..].rfind(':') {
        None => Some((authority, 443)),
        Some(at) => {
            let (host, port) = authority.split_at(after_bracket + at);
            let digits = &port[1..];
            let port: u16 = digits.parse().ok()?;
            (port != 0 && digits.bytes().all(|b| b.is_ascii_digit())).then_some((host, port))
        }
    }
}

/// How we authenticate.
#[derive(Debug, Clone)]
pub enum Credential {
    /// A bearer token.
    Token(Secret),
    /// A client certificate and its key, PEM.
    Certificate {
        /// The chain.
        cert: String,
        /// The private key.
        key: Secret,
    },
    /// None: for looking whether something answers.
    Anonymous,
}

/// Everything a client of one cluster is built from.
#[derive(Debug, Clone)]
pub struct ClusterAccess {
    /// Where.
    pub endpoint: Endpoint,
    /// PEM of the CA; `None` for the system's roots.
    pub ca_pem: Option<String>,
    /// The name the certificate must bear, where it is not the host.
    pub tls_server_name: Option<String>,
    /// As whom.
    pub credential: Credential,
}

impl ClusterAccess {
    /// The rebuilt kubeconfig: what is sealed and stored. JSON, which is YAML too.
    pub fn to_stored(&self) -> Secret {
        let data = |text: &str| BASE64.encode(text);
        let mut cluster = json!({"server": self.endpoint.url()});
        if let Some(ca) = &self.ca_pem {
            cluster["certificate-authority-data"] = data(ca).into();
        }
        if let Some(name) = &self.tls_server_name {
            cluster["tls-server-name"] = name.as_str().into();
        }
        let user = match &self.credential {
            Credential::Token(token) => json!({"token": token.expose_str().unwrap_or_default()}),
            Credential::Certificate { cert, key } => json!({
                "client-certificate-data": data(cert),
                "client-key-data": BASE64.encode(key.expose()),
            }),
            Credential::Anonymous => json!({}),
        };
        let whole = json!({
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "cluster", "cluster": cluster}],
            "users": [{"name": "user", "user": user}],
            "contexts": [{"name": "context", "context": {"cluster": "cluster", "user": "user"}}],
            "current-context": "context",
        });
        Secret::new(Zeroizing::new(whole.to_string()).as_bytes())
    }
}

/// Checks PEM certificates and returns them without anything else the text held.
pub(crate) fn certificates(pem: &[u8], place: &str) -> Result<String, Refused> {
    let bad = || Refused::new(Class::Format, format!("{place} holds no PEM certificates"));
    let (mut out, mut readable) = (String::new(), RootCertStore::empty());
    for one in CertificateDer::pem_slice_iter(pem) {
        let der = one.map_err(|_| bad())?;
        out.push_str(&block("CERTIFICATE", &der));
        readable.add(der).map_err(|_| bad())?;
    }
    if out.is_empty() { Err(bad()) } else { Ok(out) }
}

/// Checks a PEM private key and returns it without anything else the text held.
pub(crate) fn private_key(pem: &[u8], place: &str) -> Result<Secret, Refused> {
    let bad = || Refused::new(Class::Format, format!("{place} holds no PEM private key"));
    let key = PrivateKeyDer::from_pem_slice(pem).map_err(|_| bad())?;
    let label = match &key {
        PrivateKeyDer::Pkcs1(_) => "RSA PRIVATE KEY",
        PrivateKeyDer::Sec1(_) => "EC PRIVATE KEY",
        PrivateKeyDer::Pkcs8(_) | _ => "PRIVATE KEY",
    };
    Ok(Secret::new(
        Zeroizing::new(block(label, key.secret_der())).as_bytes(),
    ))
}

/// Whether the key is the certificate's, so that both can be shown to a server.
pub(crate) fn belong_together(cert: &str, key: &Secret, place: &str) -> Result<(), Refused> {
    let bad = || {
        let why = format!("{place}.client-key-data is not the key of the certificate");
        Refused::new(Class::Format, why)
    };
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(cert.as_bytes()).collect();
    let key = PrivateKeyDer::from_pem_slice(key.expose()).map_err(|_| bad())?;
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    let both = CertifiedKey::from_der(chain.map_err(|_| bad())?, key, &provider);
    both.map(|_| ()).map_err(|_| bad())
}

fn block(label: &str, der: &[u8]) -> String {
    let text = Zeroizing::new(BASE64.encode(der));
    let mut out = format!("-----BEGIN {label}-----\n");
    for line in text.as_bytes().chunks(64) {
        out.push_str(std::str::from_utf8(line).unwrap_or_default());
        out.push('\n');
    }
    // Writing to a text cannot fail.
    let _ = writeln!(out, "-----END {label}-----");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attack_56_only_https_is_an_address() {
        let bad = "http://a unix:/a ftp://a a //a https:// https:///x https://a:0 https://a:x https://a/?q https://a/../b";
        for text in bad.split_whitespace().chain([""]) {
            assert!(Endpoint::parse(text).is_err(), "{text}");
        }
        let userinfo = Endpoint::parse("https://u:p@a").unwrap_err();
        assert_eq!(userinfo.class, Class::Forbidden);
    }

    #[test]
    fn attack_76_an_address_cannot_carry_anything_else() {
        for text in [
            "https://a\nb",
            "https://a\"",
            "https://a#b",
            "https://a/{{b}}",
            "https://a exec:",
        ] {
            assert!(Endpoint::parse(text).is_err(), "{text:?}");
        }
        assert_eq!(
            Endpoint::parse("https://a.b/c/").unwrap().url(),
            "https://a.b:443/c"
        );
        assert_eq!(
            Endpoint::parse("https://[::1]:6443").unwrap().url(),
            "https://[::1]:6443"
        );
    }
}
