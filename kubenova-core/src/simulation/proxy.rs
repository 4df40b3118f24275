//! The access proxy of a simulated cluster: kubeconfigs like those of a real one, which open nothing.

use std::fmt::Write as _;

use async_trait::async_trait;

use crate::domain::cluster::{Proxy, ProxyKind};
use crate::ports::cluster::{ClusterError, Report};
use crate::ports::proxy::{KubeconfigParts, ProxyBackend};
use crate::simulation::SimCluster;
use crate::value::{Name, Secret};

/// Writes kubeconfigs that say of themselves that they open nothing.
#[derive(Debug, Clone)]
pub struct SimProxy {
    kind: ProxyKind,
    server: String,
    ca_pem: Option<String>,
    behind: SimCluster,
}

impl SimProxy {
    /// The registered proxy, or the cluster's own address where there is none.
    pub fn new(cluster: &Name, proxy: Option<Proxy>, behind: SimCluster) -> Self {
        match proxy {
            None => Self {
                kind: ProxyKind::Direct,
                server: format!("https://{cluster}.invalid:443"),
                ca_pem: None,
                behind,
            },
            Some(proxy) => Self {
                kind: proxy.kind,
                server: proxy.url,
                ca_pem: proxy.ca_pem,
                behind,
            },
        }
    }
}

/// A text as JSON quotes it, which YAML reads too: no value can become a field.
fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => {
                // Writing to a text cannot fail. Control characters have at most four hexadecimal digits.
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Base64 with padding (RFC 4648, section 4), as kubeconfigs hold certificates.
pub(crate) fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let of = |nth: usize| u32::from(chunk.get(nth).copied().unwrap_or_default());
        let bits = of(0) << 16 | of(1) << 8 | of(2);
        for nth in 0..4 {
            let sextet = usize::try_from(bits >> (18 - 6 * nth) & 63).unwrap_or_default();
            let there = nth <= chunk.len();
            out.push(if there {
                char::from(ALPHABET[sextet])
            } else {
                '='
            });
        }
    }
    out
}

#[async_trait]
impl ProxyBackend for SimProxy {
    fn kind(&self) -> ProxyKind {
        self.kind
    }

    async fn kubeconfig(&self, parts: KubeconfigParts) -> Result<Secret, ClusterError> {
        let token = quoted(parts.token.expose_str().ok_or(ClusterError::BadAnswer)?);
        let (name, user) = (
            quoted(parts.cluster_name.as_str()),
            quoted(&parts.user_name),
        );
        let server = quoted(&self.server);
        let ca = self.ca_pem.as_deref().map(|pem| base64(pem.as_bytes()));
        let ca = ca.map(|data| format!(", \"certificate-authority-data\": \"{data}\""));
        let ca = ca.unwrap_or_default();
        let namespace = parts
            .namespace
            .map(|ns| format!(", \"namespace\": \"{ns}\""));
        let namespace = namespace.unwrap_or_default();
        Ok(Secret::new(format!(
            "# simulated: opens nothing\n\
             {{\"apiVersion\": \"v1\", \"kind\": \"Config\",\n\
             \"clusters\": [{{\"name\": {name}, \"cluster\": {{\"server\": {server}{ca}}}}}],\n\
             \"users\": [{{\"name\": {user}, \"user\": {{\"token\": {token}}}}}],\n\
             \"contexts\": [{{\"name\": {name}, \"context\": {{\"cluster\": {name}, \"user\": {user}{namespace}}}}}],\n\
             \"current-context\": {name}}}\n"
        )))
    }

    async fn verify(&self) -> Result<Report, ClusterError> {
        if self.kind != ProxyKind::Direct
            && let Err(err) = self.behind.reachable()
        {
            return Ok(Report {
                ready: false,
                reason: err.reason(),
                message: format!("the access proxy: {err}"),
            });
        }
        let reason = match self.kind {
            ProxyKind::Direct => "Direct",
            ProxyKind::CapsuleProxy => "Verified",
            ProxyKind::Custom => "Answering",
        };
        Ok(Report {
            ready: true,
            reason,
            message: "the access proxy is simulated in memory".to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_quoted_stays_one_value() {
        assert_eq!(quoted("a\"b\\c\n\u{7f}"), r#""a\"b\\c\u000a\u007f""#);
    }

    #[test]
    fn bytes_read_as_base64_does() {
        let known = [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
        ];
        for (plain, coded) in known {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
    }
}
