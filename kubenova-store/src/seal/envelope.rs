//! The envelope: version, key id, the wrapped data key, and the secret sealed by that data key.
//!
//! ```text
//! 1 | id length | key id | nonce 12 | data key 32 + tag 16 | nonce 12 | secret + tag 16
//! ```

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use zeroize::Zeroizing;

use kubenova_core::value::Secret;

use super::SealError;
use super::keyring::SealKey;

pub(super) const KEY_BYTES: usize = 32;
const TAG: usize = 16;
const WRAPPED: usize = KEY_BYTES + TAG;
const VERSION: u8 = 1;

/// An envelope taken apart; nothing of it is trusted yet.
pub(super) struct Parts<'a> {
    pub(super) key_id: &'a str,
    wrap_nonce: &'a [u8],
    wrapped: &'a [u8],
    nonce: &'a [u8],
    body: &'a [u8],
}

pub(super) fn seal(key: &SealKey, context: &str, secret: &[u8]) -> Result<Vec<u8>, SealError> {
    let mut data_key = Zeroizing::new([0_u8; KEY_BYTES]);
    aws_lc_rs::rand::fill(&mut *data_key).map_err(|_| SealError::Crypto)?;
    let mut out = wrap(key, context, data_key.as_slice())?;
    // Sealed in place: the buffer holds the secret for a moment, and is wiped if sealing fails.
    let mut body = Zeroizing::new(Vec::with_capacity(secret.len() + TAG));
    body.extend_from_slice(secret);
    let nonce = data(data_key.as_slice())?
        .seal_in_place_append_tag(Aad::from(content_of(context)), &mut *body)
        .map_err(|_| SealError::Crypto)?;
    out.extend_from_slice(nonce.as_ref());
    out.extend_from_slice(&body);
    Ok(out)
}

pub(super) fn open(key: &SealKey, context: &str, parts: &Parts<'_>) -> Result<Secret, SealError> {
    let data_key = unwrap(key, context, parts)?;
    let mut body = Zeroizing::new(parts.body.to_vec());
    let plain = data(data_key.as_slice())?
        .open_in_place(
            nonce(parts.nonce)?,
            Aad::from(content_of(context)),
            &mut body,
        )
        .map_err(|_| SealError::Refused)?;
    Ok(Secret::new(&*plain))
}

pub(super) fn rewrap(
    old: &SealKey,
    new: &SealKey,
    context: &str,
    parts: &Parts<'_>,
) -> Result<Vec<u8>, SealError> {
    let data_key = unwrap(old, context, parts)?;
    let mut out = wrap(new, context, data_key.as_slice())?;
    out.extend_from_slice(parts.nonce);
    out.extend_from_slice(parts.body);
    Ok(out)
}

pub(super) fn split(sealed: &[u8]) -> Result<Parts<'_>, SealError> {
    let (&version, rest) = sealed.split_first().ok_or(SealError::Format)?;
    if version != VERSION {
        return Err(SealError::Format);
    }
    let (&id_len, rest) = rest.split_first().ok_or(SealError::Format)?;
    let (id, rest) = cut(rest, id_len.into())?;
    let (wrap_nonce, rest) = cut(rest, NONCE_LEN)?;
    let (wrapped, rest) = cut(rest, WRAPPED)?;
    let (nonce, body) = cut(rest, NONCE_LEN)?;
    if body.len() < TAG {
        return Err(SealError::Format);
    }
    let key_id = std::str::from_utf8(id).map_err(|_| SealError::Format)?;
    Ok(Parts {
        key_id,
        wrap_nonce,
        wrapped,
        nonce,
        body,
    })
}

/// Everything up to the content's nonce.
fn wrap(key: &SealKey, context: &str, data_key: &[u8]) -> Result<Vec<u8>, SealError> {
    let id_len = u8::try_from(key.id.len()).map_err(|_| SealError::Format)?;
    let mut wrapped = Zeroizing::new(Vec::with_capacity(WRAPPED));
    wrapped.extend_from_slice(data_key);
    let nonce = key
        .key
        .seal_in_place_append_tag(Aad::from(wrap_of(&key.id, context)), &mut *wrapped)
        .map_err(|_| SealError::Crypto)?;
    let mut out = vec![VERSION, id_len];
    out.extend_from_slice(key.id.as_bytes());
    out.extend_from_slice(nonce.as_ref());
    out.extend_from_slice(&wrapped);
    Ok(out)
}

fn unwrap(
    key: &SealKey,
    context: &str,
    parts: &Parts<'_>,
) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let mut wrapped = Zeroizing::new(parts.wrapped.to_vec());
    key.key
        .open_in_place(
            nonce(parts.wrap_nonce)?,
            Aad::from(wrap_of(&key.id, context)),
            &mut wrapped,
        )
        .map_err(|_| SealError::Refused)?;
    wrapped.truncate(KEY_BYTES);
    Ok(wrapped)
}

fn data(key: &[u8]) -> Result<RandomizedNonceKey, SealError> {
    RandomizedNonceKey::new(&AES_256_GCM, key).map_err(|_| SealError::Crypto)
}

fn nonce(bytes: &[u8]) -> Result<Nonce, SealError> {
    Nonce::try_assume_unique_for_key(bytes).map_err(|_| SealError::Format)
}

fn cut(bytes: &[u8], at: usize) -> Result<(&[u8], &[u8]), SealError> {
    bytes.split_at_checked(at).ok_or(SealError::Format)
}

// Two prefixes: a wrapped data key is never taken for content, nor content for a data key.
fn wrap_of(key_id: &str, context: &str) -> String {
    format!("kubenova/1/wrap/{key_id}/{context}")
}

fn content_of(context: &str) -> String {
    format!("kubenova/1/content/{context}")
}
