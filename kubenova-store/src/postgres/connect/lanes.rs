//! Connections that callers share: checked out, used for one statement, given back.
//!
//! # Guarantees
//! A connection is used again only after its last answer was read to the end: a caller who stops waiting in the middle
//! drops it, and the next one opens a new one. How many wait is bounded, and so is how long each waits.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::TryStreamExt as _;
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgArguments, PgConnection, PgRow};
use sqlx::query::{Query, QueryAs};
use sqlx::{Either, Execute as _, Executor as _, FromRow, Postgres, SqlStr};
use tokio::sync::{Semaphore, TryAcquireError};

use super::lane::{Open, Opener};
use crate::postgres::error::{Busy, Cause, Closed, Failure, breaks_connection};

/// Callers for each connection that may be there at a time, the one who uses it included.
const CALLERS: usize = 128;

/// The connections.
pub(in crate::postgres) struct Lanes {
    opener: Opener,
    /// Open, and used by nobody. The one used last is used next, so that no more are opened than are needed.
    idle: Mutex<Vec<Open>>,
    places: Semaphore,
    callers: Semaphore,
    count: u32,
    longest: Duration,
}

/// What a statement answered.
#[derive(Default)]
struct Answer {
    rows: Vec<PgRow>,
    affected: u64,
}

impl Lanes {
    /// At most `count` connections; nobody waits for longer than `longest`.
    pub(in crate::postgres) fn new(opener: Opener, count: u32, longest: Duration) -> Self {
        let places = usize::try_from(count).unwrap_or(1);
        Self {
            opener,
            idle: Mutex::default(),
            places: Semaphore::new(places),
            callers: Semaphore::new(places * CALLERS),
            count,
            longest,
        }
    }

    /// The rows of a statement. It may be sent twice, if the connection broke before it answered.
    pub(in crate::postgres) async fn rows<R>(
        &self,
        mut query: QueryAs<'static, Postgres, R, PgArguments>,
    ) -> Result<Vec<R>, Failure>
    where
        R: for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        let arguments = query.take_arguments();
        let rows = self.ask(query.sql(), arguments).await?.rows;
        let made = rows.iter().map(R::from_row).collect::<Result<_, _>>();
        Ok(made?)
    }

    /// The first row of a statement.
    pub(in crate::postgres) async fn row<R>(
        &self,
        query: QueryAs<'static, Postgres, R, PgArguments>,
    ) -> Result<Option<R>, Failure>
    where
        R: for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        Ok(self.rows(query).await?.into_iter().next())
    }

    /// How many rows a statement touched. It may be sent twice, if the connection broke before it answered.
    pub(in crate::postgres) async fn execute(
        &self,
        mut query: Query<'static, Postgres, PgArguments>,
    ) -> Result<u64, Failure> {
        let arguments = query.take_arguments();
        Ok(self.ask(query.sql(), arguments).await?.affected)
    }

    /// Takes nothing more, waits for what was begun, and says good-bye on each connection.
    pub(in crate::postgres) async fn close(&self) {
        self.callers.close();
        if let Ok(all) = self.places.acquire_many(self.count).await {
            all.forget();
        }
        let idle = std::mem::take(&mut *self.idle());
        for open in idle {
            self.opener.close(open).await;
        }
    }

    async fn ask(
        &self,
        text: SqlStr,
        arguments: Result<Option<PgArguments>, BoxDynError>,
    ) -> Result<Answer, Failure> {
        let arguments = arguments.map_err(sqlx::Error::Encode)?.unwrap_or_default();
        let _caller = self.callers.try_acquire().map_err(|why| {
            Failure::Unreached(match why {
                TryAcquireError::NoPermits => Cause::new(Busy),
                TryAcquireError::Closed => Cause::new(Closed),
            })
        })?;
        let reach = self.opener.reach();
        reach.check().map_err(Failure::Unreached)?;
        let answer = reach.patiently(self.longest, self.answer(text, arguments));
        answer.await.map_err(Failure::Unknown)?
    }

    async fn answer(&self, text: SqlStr, arguments: PgArguments) -> Result<Answer, Failure> {
        let closed = |_| Failure::Unreached(Cause::new(Closed));
        let _place = self.places.acquire().await.map_err(closed)?;
        let idle = self.idle().pop();
        if let Some(open) = idle.filter(|open| !self.opener.is_old(open)) {
            match self.answer_on(open, text.clone(), arguments.clone()).await {
                // It may have broken long ago, unnoticed: a new one decides.
                Err((_, true)) => {}
                done => return done.map_err(|(err, _)| err.into()),
            }
        }
        let open = self.opener.open().await.map_err(Failure::Unreached)?;
        let done = self.answer_on(open, text, arguments).await;
        done.map_err(|(err, _)| err.into())
    }

    /// Uses a connection and gives it back, unless it broke; whether it did comes with the error.
    async fn answer_on(
        &self,
        mut open: Open,
        text: SqlStr,
        arguments: PgArguments,
    ) -> Result<Answer, (sqlx::Error, bool)> {
        let done = read(&mut open.connection, text, arguments).await;
        let broke = done.as_ref().is_err_and(breaks_connection);
        if !broke {
            self.idle().push(open);
        }
        done.map_err(|err| (err, broke))
    }

    // Nothing that could panic is done under the lock.
    fn idle(&self) -> MutexGuard<'_, Vec<Open>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn read(
    connection: &mut PgConnection,
    text: SqlStr,
    arguments: PgArguments,
) -> Result<Answer, sqlx::Error> {
    let mut answer = Answer::default();
    let mut parts = connection.fetch_many(sqlx::query_with(text, arguments));
    while let Some(part) = parts.try_next().await? {
        match part {
            Either::Left(done) => answer.affected += done.rows_affected(),
            Either::Right(row) => answer.rows.push(row),
        }
    }
    Ok(answer)
}
