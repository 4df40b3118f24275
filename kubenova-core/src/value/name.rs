//! Names: DNS labels (RFC 1123), as Kubernetes demands of namespaces.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use uuid::Uuid;

/// A DNS label of at most 63 characters that is not shaped like a UUID.
///
/// *Shape:* lower-case letters, digits and `-`; begins and ends with a letter or digit.
/// *Source:* RFC 1123 as Kubernetes applies it; contract, section 1 "Ids".
/// ```
/// use kubenova_core::value::Name;
/// assert_eq!(Name::parse("acme")?.as_str(), "acme");
/// assert!(Name::parse("Acme").is_err());
/// # Ok::<(), kubenova_core::value::InvalidName>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(Arc<str>);

/// Why a text is no [`Name`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidName {
    /// Nothing given.
    #[error("must not be empty")]
    Empty,
    /// Longer than allowed.
    #[error("must be at most {max} characters")]
    TooLong {
        /// The limit that holds here.
        max: usize,
    },
    /// A character outside the alphabet, or a hyphen at an end.
    #[error(
        "must be lower-case letters, digits and '-', beginning and ending with a letter or digit"
    )]
    Characters,
    /// Would be ambiguous in a path.
    #[error("must not have the shape of a UUID")]
    UuidShaped,
    /// Belongs to the platform.
    #[error("is reserved")]
    Reserved,
}

impl Name {
    /// The longest label.
    pub const MAX: usize = 63;

    /// Reads a name of at most 63 characters.
    ///
    /// # Errors
    /// [`InvalidName`] says what is wrong.
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        Self::parse_at_most(text, Self::MAX)
    }

    /// Reads a name of at most `max` characters.
    ///
    /// # Errors
    /// [`InvalidName`] says what is wrong.
    pub fn parse_at_most(text: &str, max: usize) -> Result<Self, InvalidName> {
        let edge = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        let bytes = text.as_bytes();
        if bytes.is_empty() {
            return Err(InvalidName::Empty);
        }
        if bytes.len() > max {
            return Err(InvalidName::TooLong { max });
        }
        let inner = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-';
        if !edge(bytes.first()) || !edge(bytes.last()) || !bytes.iter().all(inner) {
            return Err(InvalidName::Characters);
        }
        if Uuid::parse_str(text).is_ok() {
            return Err(InvalidName::UuidShaped);
        }
        Ok(Self(text.into()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.0)
    }
}

impl FromStr for Name {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn uuid_shapes_are_no_names() {
        let simple = Uuid::from_u128(0xabc).simple().to_string();
        assert_eq!(Name::parse(&simple), Err(InvalidName::UuidShaped));
    }

    #[test]
    fn length_counts_and_is_reported() {
        assert_eq!(
            Name::parse(&"a".repeat(64)),
            Err(InvalidName::TooLong { max: 63 })
        );
        assert!(Name::parse_at_most(&"a".repeat(40), 40).is_ok());
    }

    proptest! {
        #[test]
        fn whatever_parses_is_a_dns_label(text in ".{0,70}") {
            if let Ok(name) = Name::parse(&text) {
                prop_assert_eq!(name.as_str(), text.as_str());
                prop_assert!(text.len() <= 63 && !text.starts_with('-') && !text.ends_with('-'));
                prop_assert!(text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'));
            }
        }
    }
}
