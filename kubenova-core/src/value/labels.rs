//! Labels and annotations of callers: Kubernetes' syntax, without the keys that belong to the platform.

use std::collections::BTreeMap;

/// Labels a caller set.
///
/// *Shape:* qualified names (`[prefix/]name`) to values of at most 63 characters; at most 64 entries.
/// *Errors:* [`InvalidMetadata`] names the key. *Source:* Kubernetes "Labels and Selectors"; contract, section 5 "Reserved keys".
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Labels(BTreeMap<String, String>);

/// Annotations a caller set: keys as labels', values of any text without U+0000, which no database keeps; 64 KiB together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Annotations(BTreeMap<String, String>);

/// Why labels or annotations were refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {why}")]
pub struct InvalidMetadata {
    /// The key, escaped and cut to 80 characters.
    pub key: String,
    /// The reason.
    pub why: &'static str,
}

impl InvalidMetadata {
    fn new(key: &str, why: &'static str) -> Self {
        Self {
            key: key.escape_debug().take(80).collect(),
            why,
        }
    }
}

const MAX_ENTRIES: usize = 64;
const MAX_ANNOTATION_BYTES: usize = 64 * 1024;

/// Domains whose keys, and those of their subdomains, only platforms write.
const RESERVED_DOMAINS: [&str; 6] = [
    "kubenova.io",
    "capsule.clastix.io",
    "projectcapsule.dev",
    "oam.dev",
    "kubernetes.io",
    "k8s.io",
];

/// Whether a key belongs to a platform and is refused from callers.
pub fn is_reserved(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    if key == "kubenova" || key.starts_with("kubenova.") {
        return true;
    }
    key.split_once('/').is_some_and(|(prefix, _)| {
        RESERVED_DOMAINS.iter().any(|domain| {
            prefix == *domain
                || prefix
                    .strip_suffix(domain)
                    .is_some_and(|rest| rest.ends_with('.'))
        })
    })
}

/// Whether a text is a qualified name: an optional DNS subdomain of at most 253 characters, `/`, and a name of at most 63.
pub fn is_qualified_name(key: &str) -> bool {
    let (prefix, name) = match key.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, key),
    };
    prefix.is_none_or(is_subdomain) && !name.is_empty() && is_label_value(name)
}

/// Whether a text is a label value: empty, or at most 63 of `[A-Za-z0-9._-]` with alphanumeric ends.
pub fn is_label_value(value: &str) -> bool {
    let bytes = value.as_bytes();
    let edge = |b: Option<&u8>| b.is_none_or(u8::is_ascii_alphanumeric);
    bytes.len() <= 63
        && edge(bytes.first())
        && edge(bytes.last())
        && bytes
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

fn is_subdomain(text: &str) -> bool {
    let label = |l: &str| super::name::Name::parse(l).is_ok_and(|_| true) || uuid_like_label(l);
    text.len() <= 253 && text.split('.').all(label)
}

/// A DNS label that [`super::Name`] refuses only because it is shaped like a UUID.
fn uuid_like_label(label: &str) -> bool {
    super::name::Name::parse(label) == Err(super::name::InvalidName::UuidShaped)
}

fn check_key(key: &str) -> Result<(), InvalidMetadata> {
    if !is_qualified_name(key) {
        return Err(InvalidMetadata::new(key, "is not a qualified name"));
    }
    if is_reserved(key) {
        return Err(InvalidMetadata::new(key, "is reserved"));
    }
    Ok(())
}

impl Labels {
    /// Checks a caller's labels.
    ///
    /// # Errors
    /// [`InvalidMetadata`] for the first bad entry, in key order.
    pub fn parse(map: BTreeMap<String, String>) -> Result<Self, InvalidMetadata> {
        for (n, (key, value)) in map.iter().enumerate() {
            check_key(key)?;
            if !is_label_value(value) {
                return Err(InvalidMetadata::new(
                    key,
                    "has a value that is no label value",
                ));
            }
            if n >= MAX_ENTRIES {
                return Err(InvalidMetadata::new(key, "is one label too many (64)"));
            }
        }
        Ok(Self(map))
    }

    /// Takes what a store kept, which was checked when it was written.
    pub const fn trusted(map: BTreeMap<String, String>) -> Self {
        Self(map)
    }

    /// The entries.
    pub const fn as_map(&self) -> &BTreeMap<String, String> {
        &self.0
    }
}

impl Annotations {
    /// Checks a caller's annotations.
    ///
    /// # Errors
    /// [`InvalidMetadata`] for the first bad entry, in key order.
    pub fn parse(map: BTreeMap<String, String>) -> Result<Self, InvalidMetadata> {
        let mut bytes = 0;
        for (key, value) in &map {
            check_key(key)?;
            if value.contains('\0') {
                return Err(InvalidMetadata::new(key, "holds the character U+0000"));
            }
            bytes += key.len() + value.len();
            if bytes > MAX_ANNOTATION_BYTES {
                return Err(InvalidMetadata::new(
                    key,
                    "takes the annotations over 64 KiB",
                ));
            }
        }
        Ok(Self(map))
    }

    /// Takes what a store kept, which was checked when it was written.
    pub const fn trusted(map: BTreeMap<String, String>) -> Self {
        Self(map)
    }

    /// The entries.
    pub const fn as_map(&self) -> &BTreeMap<String, String> {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(key: &str, value: &str) -> Result<Labels, InvalidMetadata> {
        Labels::parse(BTreeMap::from([(key.to_owned(), value.to_owned())]))
    }

    #[test]
    fn attack_82_reserved_keys_are_refused_by_name() {
        let keys = [
            "pod-security.kubernetes.io/enforce",
            "capsule.clastix.io/tenant",
            "projectcapsule.dev/x",
            "kubernetes.io/x",
            "kubenova.io/x",
            "app.oam.dev/x",
            "kubenova.cluster",
            "kubenova.tenant",
            "kubenova.project",
            "x.k8s.io/y",
        ];
        for key in keys {
            let refused = one(key, "v").unwrap_err();
            assert_eq!((refused.key.as_str(), refused.why), (key, "is reserved"));
        }
        assert!(
            one("notkubernetes.io/x", "v").is_ok(),
            "only whole domains are reserved"
        );
        assert!(one("team", "blue").is_ok());
    }

    #[test]
    fn attack_157_an_annotation_holds_any_text_but_a_nul() {
        let parse = |value: &str| Annotations::parse(BTreeMap::from([("a".into(), value.into())]));
        assert!(parse("'; drop table tenants; --\n\u{202e}\u{1b}").is_ok());
        assert_eq!(parse("a\0b").unwrap_err().key, "a");
    }

    #[test]
    fn syntax_is_kubernetes_syntax() {
        for (key, value) in [
            ("", "v"),
            ("a/b/c", "v"),
            ("a b", "v"),
            ("a", "b c"),
            ("a", "-b"),
            ("-a", "b"),
        ] {
            assert!(one(key, value).is_err(), "{key}={value}");
        }
        assert!(one("a", &"v".repeat(64)).is_err());
        assert!(one("A_b.c", "").is_ok());
    }
}
