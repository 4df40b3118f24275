//! Connections: how they are opened, and lanes, each of which belongs to one task.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions as _, Connection as _};
use tokio::time::{Instant, timeout};

use super::PgOptions;
use super::reach::Reach;
use crate::postgres::error::{Cause, Late};

/// Opens connections, unless the database is known to be away.
#[derive(Debug, Clone)]
pub(in crate::postgres) struct Opener {
    options: PgConnectOptions,
    connect_timeout: Duration,
    max_lifetime: Duration,
    reach: Reach,
}

/// An open connection, and when it was opened.
pub(in crate::postgres) struct Open {
    pub(in crate::postgres) connection: PgConnection,
    born: Instant,
}

impl Opener {
    pub(in crate::postgres) fn new(
        options: PgConnectOptions,
        limits: &PgOptions,
        reach: &Reach,
    ) -> Self {
        Self {
            options,
            connect_timeout: limits.connect_timeout,
            max_lifetime: limits.max_lifetime,
            reach: reach.clone(),
        }
    }

    pub(in crate::postgres) const fn reach(&self) -> &Reach {
        &self.reach
    }

    /// A new connection.
    pub(in crate::postgres) async fn open(&self) -> Result<Open, Cause> {
        self.reach.check()?;
        let made = match timeout(self.connect_timeout, self.options.connect()).await {
            Ok(made) => made.map_err(Cause::new),
            Err(_) => Err(Cause::new(Late)),
        };
        let connection = made.inspect_err(|_| self.reach.doubt())?;
        let born = Instant::now();
        Ok(Open { connection, born })
    }

    /// Whether a connection is too old to be used again.
    pub(in crate::postgres) fn is_old(&self, open: &Open) -> bool {
        open.born.elapsed() > self.max_lifetime
    }

    /// Says good-bye. What counts was committed before; a server that does not listen any more needs none.
    pub(in crate::postgres) async fn close(&self, open: Open) {
        let _ = timeout(self.connect_timeout, open.connection.close()).await;
    }
}

/// A connection that one task owns: made when it is needed, kept while it works. A pool would test a connection each
/// time it is given back, which costs as much as a point read.
pub(in crate::postgres) struct Lane {
    opener: Opener,
    open: Option<Open>,
}

impl Lane {
    pub(in crate::postgres) const fn new(opener: Opener) -> Self {
        Self { opener, open: None }
    }

    pub(in crate::postgres) const fn reach(&self) -> &Reach {
        self.opener.reach()
    }

    /// The connection; a new one where there is none, or where it is old. None while the database is known to be away.
    pub(in crate::postgres) async fn get(&mut self) -> Result<&mut PgConnection, Cause> {
        self.opener.reach.check()?;
        let open = match self.open.take() {
            Some(open) if !self.opener.is_old(&open) => open,
            Some(_) | None => self.opener.open().await?,
        };
        Ok(&mut self.open.insert(open).connection)
    }

    /// Whether the connection was used before, so that it may have broken unnoticed.
    pub(in crate::postgres) const fn is_kept(&self) -> bool {
        self.open.is_some()
    }

    /// Drops the connection; what it was doing is rolled back.
    pub(in crate::postgres) fn discard(&mut self) {
        self.open = None;
    }

    /// Says good-bye.
    pub(in crate::postgres) async fn close(&mut self) {
        if let Some(open) = self.open.take() {
            self.opener.close(open).await;
        }
    }
}
