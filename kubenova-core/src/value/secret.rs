//! Secret bytes: wiped on drop, and without any way to print or compare them by accident.

use std::fmt;

use zeroize::Zeroizing;

/// Bytes that never reach a log, an error or an answer: no `Display`, no `Serialize`, an empty `Debug`.
///
/// Two secrets are deliberately not comparable; whoever needs that compares in constant time.
#[derive(Clone)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Takes ownership of the bytes.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(Zeroizing::new(bytes.into()))
    }

    /// The bytes, for the one place that needs them; a reader greps for this name.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The bytes as text, or `None` where they are no UTF-8.
    pub fn expose_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing() {
        let shown = format!("{:?}", Secret::new("canary"));
        assert_eq!(shown, "Secret(..)");
    }
}
