//! Admission, backends and proxies against scripted servers on loopback: real sockets, real TLS.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod admit;
mod client;
mod credential;
mod fleet;
mod logs;
mod proxy;
mod server;
