//! Health: one round trip, and whose schema it found.

use super::kit::ok;
use crate::ports::Store;

/// A store that tests were given answers, and what it found is what this build expects: a schema of its version, or none
/// where there is none.
pub async fn a_store_that_answers_is_of_this_build(store: &dyn Store) {
    let first = ok(store.health().await);
    assert_eq!(first.migration, first.expected);
    assert_eq!(ok(store.health().await), first, "asking changes nothing");
}
