//! Who is calling: keys that sign tokens, tokens that are believed, callers behind tokens.

mod claims;
mod keys;
mod registry;
mod tokens;

pub use claims::Claims;
pub use keys::{InvalidKey, SigningKey};
pub use registry::{FRESH, NoCaller, Registry};
pub use tokens::{BadToken, SignError, Tokens};
