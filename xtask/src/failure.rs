//! What a developer command says when it cannot go on: one sentence, the cause appended by `context`.

use std::fmt::Display;

/// A sentence for the person at the terminal. It carries no secret and is the whole explanation.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Failure(String);

/// Result of every developer command.
pub type Result<T> = std::result::Result<T, Failure>;

impl Failure {
    /// A failure that says `what`.
    pub fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }
}

/// Turns any error, or nothing at all, into a [`Failure`] that begins with what was tried.
pub trait Context<T> {
    /// `Err` becomes "`what`: cause", `None` becomes "`what`".
    ///
    /// # Errors
    /// Whenever there was no value.
    fn context<W: Display>(self, what: W) -> Result<T>;
}

impl<T, E: Display> Context<T> for std::result::Result<T, E> {
    fn context<W: Display>(self, what: W) -> Result<T> {
        self.map_err(|cause| Failure(format!("{what}: {cause}")))
    }
}

impl<T> Context<T> for Option<T> {
    fn context<W: Display>(self, what: W) -> Result<T> {
        self.ok_or_else(|| Failure(what.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_appended() {
        let gone: std::result::Result<(), _> = Err("no such file");
        assert_eq!(
            gone.context("read x").unwrap_err().to_string(),
            "read x: no such file"
        );
    }

    #[test]
    fn nothing_says_what_was_tried() {
        assert_eq!(
            None::<()>.context("find go").unwrap_err().to_string(),
            "find go"
        );
    }
}
