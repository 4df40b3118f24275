//! Sections `http` and `metrics`: the two listeners of the process.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use serde::{Deserialize, Serialize};

/// The API's listener.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    /// Address and port; port 0 takes a free one.
    pub listen: SocketAddr,
    /// PEM file with the certificate chain; together with `tls_key` or not at all.
    pub tls_cert: Option<PathBuf>,
    /// PEM file with the private key of the certificate.
    pub tls_key: Option<PathBuf>,
    /// Plain HTTP on addresses that are not loopback.
    pub insecure: bool,
    /// Connections open at one time.
    pub max_connections: usize,
    /// How long a connection may take to send a request's head, or stay idle.
    #[serde(with = "humantime_serde")]
    pub header_timeout: Duration,
    /// How long an answer may take to begin.
    #[serde(with = "humantime_serde")]
    pub request_timeout: Duration,
    /// How long requests may finish after the process was told to stop.
    #[serde(with = "humantime_serde")]
    pub drain_timeout: Duration,
}

/// The listener of metrics and probes.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Metrics {
    /// Address and port; port 0 takes a free one.
    pub listen: SocketAddr,
}
