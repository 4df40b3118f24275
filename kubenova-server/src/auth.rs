//! Who is calling: keys that sign tokens, tokens that are believed, callers behind tokens.

mod bootstrap;
mod claims;
mod keys;
mod registry;
mod tokens;

pub(crate) use bootstrap::first_token;
pub use claims::Claims;
pub use keys::{InvalidKey, SigningKey};
pub use registry::{FRESH, NoCaller, Registry};
pub use tokens::{BadToken, SignError, Tokens};
