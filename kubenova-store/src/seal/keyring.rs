//! The keys that wrap data keys: several loaded, the newest seals, all of them open.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, RandomizedNonceKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use kubenova_core::value::Secret;

use super::SealError;
use super::envelope::{self, KEY_BYTES};

/// The longest key id.
const ID_MAX: usize = 64;

pub(super) struct SealKey {
    pub(super) id: String,
    pub(super) key: RandomizedNonceKey,
}

/// Sealing keys, newest first.
///
/// A key file holds the line `id: <key id>` (1..=64 of `[A-Za-z0-9._-]`) and the line of 32 random bytes in base64;
/// empty lines and lines that begin with `#` are skipped.
pub struct Keyring(Vec<SealKey>);

impl Keyring {
    /// Reads the contents of key files, newest first.
    ///
    /// # Errors
    /// [`SealError::KeyFile`] names the file by its place; [`SealError::NoKey`] for none.
    pub fn parse<'a>(files: impl IntoIterator<Item = &'a str>) -> Result<Self, SealError> {
        let mut keys: Vec<SealKey> = Vec::new();
        for (n, text) in files.into_iter().enumerate() {
            let bad = |why| SealError::KeyFile { file: n + 1, why };
            let key = parse_key(text).map_err(bad)?;
            if keys.iter().any(|other| other.id == key.id) {
                return Err(bad("has the id of a newer key"));
            }
            keys.push(key);
        }
        if keys.is_empty() {
            return Err(SealError::NoKey);
        }
        Ok(Self(keys))
    }

    /// The id of the key that seals.
    pub fn newest(&self) -> &str {
        self.0.first().map_or("", |key| &key.id)
    }

    /// Seals a secret under a data key of its own, for the one place that `context` names.
    ///
    /// # Errors
    /// [`SealError::Crypto`].
    pub fn seal(&self, context: &str, secret: &Secret) -> Result<Vec<u8>, SealError> {
        let key = self.0.first().ok_or(SealError::NoKey)?;
        envelope::seal(key, context, secret.expose())
    }

    /// Opens an envelope at the place it was sealed for.
    ///
    /// # Errors
    /// [`SealError::UnknownKey`], [`SealError::Format`], [`SealError::Refused`].
    pub fn open(&self, context: &str, sealed: &[u8]) -> Result<Secret, SealError> {
        let parts = envelope::split(sealed)?;
        envelope::open(self.find(parts.key_id)?, context, &parts)
    }

    /// The same secret wrapped by the newest key, or `None` where it is so already. The content is not touched.
    ///
    /// # Errors
    /// As [`Keyring::open`].
    pub fn rewrap(&self, context: &str, sealed: &[u8]) -> Result<Option<Vec<u8>>, SealError> {
        let parts = envelope::split(sealed)?;
        let newest = self.0.first().ok_or(SealError::NoKey)?;
        if parts.key_id == newest.id {
            return Ok(None);
        }
        envelope::rewrap(self.find(parts.key_id)?, newest, context, &parts).map(Some)
    }

    fn find(&self, id: &str) -> Result<&SealKey, SealError> {
        let unknown = || SealError::UnknownKey(id.to_owned());
        self.0.iter().find(|key| key.id == id).ok_or_else(unknown)
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|key| &key.id))
            .finish()
    }
}

/// The text of a new key file: a random id and 32 random bytes.
///
/// # Errors
/// [`SealError::Crypto`] without randomness.
pub fn generate_key_file_contents() -> Result<Secret, SealError> {
    let mut id = [0_u8; 8];
    let mut key = Zeroizing::new([0_u8; KEY_BYTES]);
    aws_lc_rs::rand::fill(&mut id).map_err(|_| SealError::Crypto)?;
    aws_lc_rs::rand::fill(&mut *key).map_err(|_| SealError::Crypto)?;
    let encoded = Zeroizing::new(STANDARD.encode(key.as_slice()));
    let id = u64::from_be_bytes(id);
    let text = format!("id: k-{id:016x}\n{}\n", *encoded);
    Ok(Secret::new(text.into_bytes()))
}

fn parse_key(text: &str) -> Result<SealKey, &'static str> {
    let mut lines = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    let id = lines
        .next()
        .and_then(|line| line.strip_prefix("id:"))
        .map(str::trim)
        .ok_or("does not begin with the line `id: <key id>`")?;
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    if id.is_empty() || id.len() > ID_MAX || !id.bytes().all(fits) {
        return Err("has an id that is not 1 to 64 of [A-Za-z0-9._-]");
    }
    let encoded = lines.next().ok_or("has no line with the key")?;
    if lines.next().is_some() {
        return Err("has more lines than the id and the key");
    }
    let bytes = Zeroizing::new(
        STANDARD
            .decode(encoded)
            .map_err(|_| "has a key that is not base64")?,
    );
    if bytes.len() != KEY_BYTES {
        return Err("has a key that is not 32 bytes");
    }
    let key = RandomizedNonceKey::new(&AES_256_GCM, &bytes).map_err(|_| "has an unusable key")?;
    Ok(SealKey {
        id: id.to_owned(),
        key,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTEXT: &str = "clusters/1/kubeconfig";

    fn file() -> String {
        let made = generate_key_file_contents().unwrap();
        made.expose_str().unwrap().to_owned()
    }

    #[test]
    fn what_is_sealed_opens_only_where_it_belongs() {
        let ring = Keyring::parse([file().as_str()]).unwrap();
        let sealed = ring.seal(CONTEXT, &Secret::new("canary")).unwrap();
        assert!(!sealed.windows(6).any(|w| w == b"canary"));
        assert_eq!(ring.open(CONTEXT, &sealed).unwrap().expose(), b"canary");
        let elsewhere = ring.open("clusters/2/kubeconfig", &sealed).unwrap_err();
        assert_eq!(elsewhere, SealError::Refused);
        for n in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[n] ^= 1;
            assert!(ring.open(CONTEXT, &changed).is_err(), "byte {n}");
            assert!(ring.open(CONTEXT, &sealed[..n]).is_err(), "cut at {n}");
        }
    }

    #[test]
    fn two_seals_of_one_secret_differ() {
        let ring = Keyring::parse([file().as_str()]).unwrap();
        let seal = || ring.seal(CONTEXT, &Secret::new("same")).unwrap();
        assert_ne!(seal(), seal());
    }

    #[test]
    fn a_wrong_key_is_refused_even_under_the_right_id() {
        let (first, second) = (file(), file());
        let sealed = Keyring::parse([first.as_str()])
            .unwrap()
            .seal(CONTEXT, &Secret::new("x"))
            .unwrap();
        let other = Keyring::parse([second.as_str()]).unwrap();
        assert!(matches!(
            other.open(CONTEXT, &sealed),
            Err(SealError::UnknownKey(_))
        ));
        let id = first.lines().next().unwrap();
        let key = second.lines().nth(1).unwrap();
        let forged = format!("{id}\n{key}");
        let forged = Keyring::parse([forged.as_str()]).unwrap();
        assert_eq!(
            forged.open(CONTEXT, &sealed).unwrap_err(),
            SealError::Refused
        );
    }

    #[test]
    fn rotation_rewraps_and_the_old_key_may_go() {
        let (old, new) = (file(), file());
        let before = Keyring::parse([old.as_str()]).unwrap();
        let sealed = before.seal(CONTEXT, &Secret::new("kept")).unwrap();
        let both = Keyring::parse([new.as_str(), old.as_str()]).unwrap();
        assert_eq!(both.open(CONTEXT, &sealed).unwrap().expose(), b"kept");
        let rewrapped = both.rewrap(CONTEXT, &sealed).unwrap().unwrap();
        assert_eq!(both.rewrap(CONTEXT, &rewrapped), Ok(None));
        let after = Keyring::parse([new.as_str()]).unwrap();
        assert_eq!(after.open(CONTEXT, &rewrapped).unwrap().expose(), b"kept");
        assert!(after.open(CONTEXT, &sealed).is_err());
    }

    #[test]
    fn key_files_are_read_strictly_and_refusals_show_no_key() {
        let good = file();
        let key = good.lines().nth(1).unwrap();
        let bad = [
            String::new(),
            key.to_owned(),
            format!("id: a b\n{key}"),
            "id: a".to_owned(),
            format!("id: a\n{key}\nmore"),
            format!("id: a\n{}", &key[4..]),
            "id: a\nnot base64!".to_owned(),
        ];
        for text in &bad {
            let refused = Keyring::parse([text.as_str()]).unwrap_err();
            assert!(
                matches!(refused, SealError::KeyFile { file: 1, .. }),
                "{text}"
            );
            assert!(!refused.to_string().contains(&key[..8]));
        }
        assert_eq!(Keyring::parse([]).unwrap_err(), SealError::NoKey);
        let twice = Keyring::parse([good.as_str(), good.as_str()]).unwrap_err();
        assert!(matches!(twice, SealError::KeyFile { file: 2, .. }));
        let ring = Keyring::parse([good.as_str()]).unwrap();
        assert!(!format!("{ring:?}").contains(&key[..8]));
    }
}
