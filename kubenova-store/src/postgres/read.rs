//! Reads of more than one row, each with a deadline; lists page by page.

mod cluster;
mod credential;
mod project;
mod selected;
mod tenant;

use std::future::Future;

use uuid::Uuid;

use kubenova_core::ports::store::StoreError;
use kubenova_core::value::{LabelSelector, Name, Page, Paged, Position};

use super::PgStore;
use super::error::Failure;
use super::row::{Labelled, Row};
use selected::Selected;

/// Where lists begin: before every name and every id.
const START: Position = Position {
    key: String::new(),
    id: Uuid::nil(),
};

/// Rows looked at for one page when a condition is not the database's to check.
const CHUNK: usize = 250;
/// So many chunks at most: then the page ends early, with a cursor, instead of late.
const CHUNKS: usize = 40;

/// A list that can be fetched from a position on.
trait Listing: Sync {
    type Row: Labelled;

    /// At most `limit` rows after a position.
    fn chunk(
        &self,
        store: &PgStore,
        after: Position,
        limit: i64,
    ) -> impl Future<Output = Result<Vec<Self::Row>, Failure>> + Send;
}

/// One page of a list. What the database could not check of the selector is checked here, chunk by chunk.
async fn page<L: Listing>(
    store: &PgStore,
    list: &L,
    selector: &LabelSelector,
    page: Page,
) -> Result<Paged<<L::Row as Row>::Value>, StoreError> {
    let exact = Selected::is_whole(selector);
    let wanted = page.limit + 1;
    let fetch = if exact { wanted } else { wanted.max(CHUNK) };
    let (mut rows, mut after, mut cut_short) = (Vec::new(), page.after.unwrap_or(START), None);
    for n in 1..=CHUNKS {
        let chunk = list
            .chunk(store, after, i64::try_from(fetch).unwrap_or(i64::MAX))
            .await?;
        let last = chunk.len() < fetch;
        after = chunk.last().map_or(START, Row::position);
        rows.extend(
            chunk
                .into_iter()
                .filter(|row| exact || selector.matches(row.labels())),
        );
        if last || rows.len() >= wanted {
            break;
        }
        if n == CHUNKS {
            cut_short = Some(after.clone());
        }
    }
    let mut cut = Paged::cut(rows, page.limit, Row::position);
    cut.next = cut.next.or(cut_short);
    values(cut)
}

/// The values of a page of rows.
fn values<R: Row>(page: Paged<R>) -> Result<Paged<R::Value>, StoreError> {
    let items = page
        .items
        .into_iter()
        .map(Row::value)
        .collect::<Result<_, _>>()?;
    Ok(Paged {
        items,
        next: page.next,
    })
}

fn size(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// The page of a list that can hold one row only.
fn alone<T>(
    found: Option<T>,
    page: &Page,
    place: impl Fn(&T) -> (&Name, Uuid),
    fits: impl Fn(&T) -> bool,
) -> Paged<T> {
    let beyond = |row: &T| {
        let (name, id) = place(row);
        page.after
            .as_ref()
            .is_none_or(|after| (name.as_str(), id) > (after.key.as_str(), after.id))
    };
    Paged {
        items: found
            .filter(|row| fits(row) && beyond(row))
            .into_iter()
            .collect(),
        next: None,
    }
}
