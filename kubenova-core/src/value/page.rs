//! Pages of lists: keyset pagination by (name, id).

use uuid::Uuid;

/// Where a page ended: the sort key of its last row. Rows sort by (name, id), so inserts never shift a page.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The sort key, usually the name; at most 253 bytes.
    pub key: String,
    /// Tie-breaker.
    pub id: Uuid,
}

/// One page asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// At most this many rows, 1..=200.
    pub limit: usize,
    /// Rows after this one; `None` from the start.
    pub after: Option<Position>,
}

impl Page {
    /// The largest page (contract, section 1 "Lists").
    pub const MAX: usize = 200;
    /// The page of a caller who names no limit.
    pub const DEFAULT: usize = 50;

    /// The first page of the given size, cut to 1..=200.
    pub fn first(limit: usize) -> Self {
        Self {
            limit: limit.clamp(1, Self::MAX),
            after: None,
        }
    }
}

/// One page answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paged<T> {
    /// The rows, in order.
    pub items: Vec<T>,
    /// Where the next page begins; `None` on the last page.
    pub next: Option<Position>,
}

impl<T> Paged<T> {
    /// Cuts `limit + 1` fetched rows to a page: the surplus row proves that there is another page.
    pub fn cut(mut rows: Vec<T>, limit: usize, position: impl Fn(&T) -> Position) -> Self {
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = if more {
            rows.last().map(position)
        } else {
            None
        };
        Self { items: rows, next }
    }

    /// The same page with other items.
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Paged<U> {
        Paged {
            items: self.items.into_iter().map(f).collect(),
            next: self.next,
        }
    }
}
