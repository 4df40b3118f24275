//! Who is calling: keys that sign tokens, and tokens that are believed.

mod claims;
mod keys;
mod tokens;

pub use claims::Claims;
pub use keys::{InvalidKey, SigningKey};
pub use tokens::{BadToken, Tokens};
