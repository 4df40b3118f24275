//! Versions of intent.

use std::fmt;

/// Counts the changes of an object's intent, from 1. It is also the `resourceVersion` a caller sees: a reconcile
/// writes status, never intent, so it never makes an `If-Match` stale (contract, section 8 "Versions").
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Generation(u64);

impl Generation {
    /// The generation of a new object.
    pub const FIRST: Self = Self(1);
    /// Before anything was observed.
    pub const NONE: Self = Self(0);

    /// Reads what a store kept.
    pub const fn new(n: u64) -> Self {
        Self(n)
    }

    /// The number.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// After one more change of intent.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// Before the last change of intent.
    #[must_use]
    pub const fn previous(self) -> Self {
        Self(self.0.saturating_sub(1))
    }
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
