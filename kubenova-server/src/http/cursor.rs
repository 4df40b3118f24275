//! Cursors of lists: a position in a wrapper that only its own caller, route and filter can use.

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Uuid;

use kubenova_core::value::Position;

use super::Problem;

/// Bytes of the tag that are kept; 128 bits cannot be guessed.
const TAG: usize = 16;

/// The longest cursor that is looked at: the longest key with id and tag, encoded.
const LONGEST: usize = 512;

/// Makes and reads cursors. Every replica with the same signing key reads the cursors of the others.
#[derive(Debug, Clone)]
pub struct Cursors(hmac::Key);

impl Cursors {
    /// Cursors under a key derived for this purpose alone.
    pub const fn new(key: hmac::Key) -> Self {
        Self(key)
    }

    /// The cursor after `position`, good for `bound` only: caller, route and filter in an unambiguous form.
    pub fn encode(&self, position: &Position, bound: &[&str]) -> String {
        let mut text = position.id.as_bytes().to_vec();
        text.extend_from_slice(position.key.as_bytes());
        let tag = self.tag(&text, bound);
        text.extend_from_slice(tag.as_ref().get(..TAG).unwrap_or_default());
        URL_SAFE_NO_PAD.encode(text)
    }

    /// The position in a cursor that was made for the same `bound`.
    ///
    /// # Errors
    /// 400, whatever is wrong with it.
    pub fn decode(&self, cursor: &str, bound: &[&str]) -> Result<Position, Problem> {
        self.read(cursor, bound)
            .ok_or_else(|| Problem::parameter("cursor", "is not one of this list"))
    }

    fn read(&self, cursor: &str, bound: &[&str]) -> Option<Position> {
        if cursor.len() > LONGEST {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (text, tag) = bytes.split_at_checked(bytes.len().checked_sub(TAG)?)?;
        let expected = self.tag(text, bound);
        let expected = expected.as_ref().get(..TAG)?;
        aws_lc_rs::constant_time::verify_slices_are_equal(expected, tag).ok()?;
        let (id, key) = text.split_at_checked(16)?;
        let key = String::from_utf8(key.to_vec()).ok()?;
        Some(Position {
            key,
            id: Uuid::from_slice(id).ok()?,
        })
    }

    fn tag(&self, text: &[u8], bound: &[&str]) -> hmac::Tag {
        let mut context = hmac::Context::with_key(&self.0);
        for part in bound.iter().map(|part| part.as_bytes()).chain([text]) {
            // The length before each part: no two lists of parts give the same bytes.
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        context.sign()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cursors() -> Cursors {
        Cursors::new(hmac::Key::new(hmac::HMAC_SHA256, b"key"))
    }

    fn position() -> Position {
        Position {
            key: "acme".to_owned(),
            id: Uuid::from_u128(7),
        }
    }

    #[test]
    fn a_cursor_comes_back() {
        let cursor = cursors().encode(&position(), &["alice", "/tenants", "a=b"]);
        assert_eq!(
            cursors().decode(&cursor, &["alice", "/tenants", "a=b"]),
            Ok(position())
        );
    }

    #[test]
    fn attack_141_a_foreign_or_edited_cursor_is_refused() {
        let bound = ["alice", "/tenants", "a=b"];
        let cursor = cursors().encode(&position(), &bound);
        for other in [
            ["bob", "/tenants", "a=b"],
            ["alice", "/clusters", "a=b"],
            ["alice", "/tenants", "a=c"],
            ["alice/", "tenants", "a=b"],
        ] {
            assert!(cursors().decode(&cursor, &other).is_err(), "{other:?}");
        }
        let other = Cursors::new(hmac::Key::new(hmac::HMAC_SHA256, b"other"));
        assert!(other.decode(&cursor, &bound).is_err());
        for n in 0..cursor.len() {
            let mut edited = cursor.clone().into_bytes();
            edited[n] = if edited[n] == b'A' { b'B' } else { b'A' };
            let edited = String::from_utf8(edited).unwrap();
            assert!(
                edited == cursor || cursors().decode(&edited, &bound).is_err(),
                "{n}"
            );
        }
        for noise in [
            "",
            "a",
            "....",
            "%00",
            "\u{0}",
            &"A".repeat(100_000),
            "AAAAAAAAAAAAAAAAAAAAAAAA",
        ] {
            assert!(cursors().decode(noise, &bound).is_err());
        }
    }
}
