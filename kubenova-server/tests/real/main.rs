//! The real server binary as processes, on a real Kubernetes with Capsule and a real Postgres, driven over HTTP.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that cannot go on says where, and measured times are told"
)]

mod kit;

mod bounds;
mod crash;
mod drift;
mod hangup;
mod outage;
mod rights;
mod tour;
mod two_servers;

use kit::{api, eyes, place, server};
