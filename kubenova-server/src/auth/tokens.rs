//! Signs tokens and decides whether one is believed. Pure: time is an argument.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, Header, Validation};
use serde::Deserialize;

use kubenova_core::{domain::credential::Token, value::Secret};

use super::{Claims, SigningKey, claims::Raw};

/// The media type of our tokens (RFC 9068); a token of another kind by the same key is none of ours.
const TYPE: &str = "at+jwt";

/// Longer texts are not looked at.
const LONGEST: usize = 8 * 1024;

/// The token is not believed. Deliberately without a reason: none is told to a stranger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the token is not accepted")]
pub struct BadToken;

/// The token could not be signed: a defect of ours.
#[derive(Debug, thiserror::Error)]
#[error("the token could not be signed")]
pub struct SignError(#[source] jsonwebtoken::errors::Error);

/// Signs and verifies tokens of one installation.
#[derive(Debug, Clone)]
pub struct Tokens {
    key: SigningKey,
    issuer: String,
    audience: String,
}

/// A token's header: these three members and no others, so that `crit`, `jku`, `jwk` and their like are refused.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OurHeader {
    alg: String,
    typ: String,
    kid: String,
}

impl Tokens {
    /// Tokens by `key`, of one issuer and for one audience.
    pub fn new(key: SigningKey, issuer: impl Into<String>, audience: impl Into<String>) -> Self {
        Self {
            key,
            issuer: issuer.into(),
            audience: audience.into(),
        }
    }

    /// The key behind them.
    pub const fn key(&self) -> &SigningKey {
        &self.key
    }

    /// The credential of a recorded token.
    ///
    /// # Errors
    /// [`SignError`].
    pub fn sign(&self, token: &Token) -> Result<Secret, SignError> {
        let mut header = Header::new(Algorithm::ES256);
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(self.key.id().to_owned());
        let claims = Raw::of(token, &self.issuer, &self.audience);
        let text = jsonwebtoken::encode(&header, &claims, self.key.signing()).map_err(SignError)?;
        Ok(Secret::new(text.into_bytes()))
    }

    /// What the token says, if it is ours and holds at `now`. Whether it was revoked is not known here.
    ///
    /// # Errors
    /// [`BadToken`].
    pub fn verify(&self, text: &str, now: Timestamp) -> Result<Claims, BadToken> {
        self.believed(text, now).ok_or(BadToken)
    }

    fn believed(&self, text: &str, now: Timestamp) -> Option<Claims> {
        if text.len() > LONGEST {
            return None;
        }
        let header = URL_SAFE_NO_PAD.decode(text.split('.').next()?).ok()?;
        let header: OurHeader = serde_json::from_slice(&header).ok()?;
        // The algorithm is the key's, never the token's; the token only has to agree.
        if header.alg != "ES256" || header.typ != TYPE || header.kid != self.key.id() {
            return None;
        }
        let mut signature_only = Validation::new(Algorithm::ES256);
        signature_only.required_spec_claims.clear();
        signature_only.validate_exp = false;
        signature_only.validate_aud = false;
        let read = jsonwebtoken::decode::<Raw>(text, self.key.verifying(), &signature_only).ok()?;
        read.claims.check(&self.issuer, &self.audience, now)
    }
}

#[cfg(test)]
mod tests;
