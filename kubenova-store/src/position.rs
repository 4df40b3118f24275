//! Cursor positions of lists, in the one form both stores use.

use jiff::Timestamp;
use uuid::Uuid;

use kubenova_core::ports::store::StoreError;
use kubenova_core::value::Position;

/// The position of a row in a list that is ordered by (creation, id).
pub(crate) fn of_time(at: Timestamp, id: Uuid) -> Position {
    Position {
        key: at.as_microsecond().to_string(),
        id,
    }
}

/// Reads such a position back. Cursors are authenticated at the rim: another shape is a defect of ours.
pub(crate) fn time(position: &Position) -> Result<Timestamp, StoreError> {
    let micros = position.key.parse().ok();
    micros
        .and_then(|micros| Timestamp::from_microsecond(micros).ok())
        .ok_or_else(|| StoreError::Corrupt("a cursor of another list".to_owned()))
}
