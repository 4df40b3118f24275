//! Configuration of the process: what may be set, where it is read from, what is refused.

mod auth;
mod check;
mod clusters;
mod http;
mod load;
mod log;
mod reconcile;
mod seal;
mod show;
mod store;

use serde::{Deserialize, Serialize};

pub use auth::Auth;
pub use clusters::{Backend, Cidr, Clusters};
pub use http::{Http, Metrics};
pub use load::{ConfigError, Sources};
pub use log::{Format, Log};
pub use reconcile::Reconcile;
pub use seal::Seal;
pub use store::{Store, StoreUrl};

/// All settings of a server. Every key is documented in `config.default.toml`, which is compiled in.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The API's listener.
    pub http: Http,
    /// The listener of metrics and probes.
    pub metrics: Metrics,
    /// Where intent is kept.
    pub store: Store,
    /// Tokens of the API.
    pub auth: Auth,
    /// Keys that seal secrets at rest.
    pub seal: Seal,
    /// How clusters are reached.
    pub clusters: Clusters,
    /// How clusters follow intent.
    pub reconcile: Reconcile,
    /// What is logged and how.
    pub log: Log,
}
