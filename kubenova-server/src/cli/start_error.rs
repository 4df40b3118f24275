//! Why the process does not start, or a command does not work: one line that names the key or the dependency.

use std::{error::Error, fmt};

use crate::{config::ConfigError, http::chain};

/// A failure of a command: what is to blame, and why.
#[derive(Debug)]
pub struct StartError {
    what: String,
    why: String,
}

impl StartError {
    /// Blames a key of the configuration or a dependency.
    pub fn new(what: impl Into<String>, why: impl fmt::Display) -> Self {
        // One line, whatever the cause printed.
        let why = why.to_string().replace(['\n', '\r'], " ");
        Self {
            what: what.into(),
            why,
        }
    }

    /// Blames with an error and its sources.
    pub fn because(what: impl Into<String>, error: &(dyn Error + 'static)) -> Self {
        Self::new(what, chain(error))
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, self.why)
    }
}

impl Error for StartError {}

impl From<ConfigError> for StartError {
    fn from(bad: ConfigError) -> Self {
        Self::new(bad.key, bad.reason)
    }
}
