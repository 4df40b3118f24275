//! Turns a decision into an answer: hidden and absent become one error.

use crate::access::{Action, Actor, Decision, Target, decide};
use crate::error::{Error, Noun};

/// Something a decision can be about.
pub trait Guarded {
    /// What a caller who may not see it is told does not exist.
    const NOUN: Noun;

    /// What the policy decides on.
    fn target(&self) -> Target;
}

/// Passes what was found on, if it exists for the actor and he may do this to it.
///
/// # Errors
/// [`Error::NotFound`] when it is absent or hidden (one answer), [`Error::Forbidden`] when it is known but not allowed.
pub fn require<T: Guarded>(actor: &Actor, action: Action, found: Option<T>) -> Result<T, Error> {
    let found = found.ok_or(Error::NotFound(T::NOUN))?;
    match decide(actor, action, &found.target()) {
        Decision::Allowed => Ok(found),
        Decision::Forbidden => Err(Error::Forbidden),
        Decision::Hidden => Err(Error::NotFound(T::NOUN)),
    }
}

/// Passes if the actor may do this to the installation.
///
/// # Errors
/// [`Error::Forbidden`].
pub fn require_system(actor: &Actor, action: Action) -> Result<(), Error> {
    match decide(actor, action, &Target::System) {
        Decision::Allowed => Ok(()),
        Decision::Forbidden | Decision::Hidden => Err(Error::Forbidden),
    }
}
