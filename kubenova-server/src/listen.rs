//! Connections: hyper owns them, under limits that axum's own server does not offer.

mod accept;
mod limits;
mod tls;
mod unused;

pub use accept::{Listener, Peer, serve};
pub use limits::Limits;
pub use tls::{InvalidTls, acceptor};
