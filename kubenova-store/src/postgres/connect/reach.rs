//! Whether the database answers, as far as this process knows: once it is known to be away, nobody waits for it.
//!
//! Nobody's failure decides: whoever got no answer, or waits for long, asks for a look. One task looks, with a connection
//! of its own; while that fails the database is known to be away, and the task looks on until it is back.

use std::convert::Infallible;
use std::future::{Future, pending};
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};
use tokio::sync::{Notify, watch};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

use crate::postgres::error::{Cause, Gone, Late};

/// Who waits for longer asks for a look.
const LONG: Duration = Duration::from_millis(500);
/// A look that takes longer has failed.
const LOOK: Duration = Duration::from_secs(1);
/// Between two looks at a database that is away: this at first, then twice as long, up to the second one.
const SOON: Duration = Duration::from_millis(25);
const LATER: Duration = Duration::from_millis(200);
/// Between two looks at one that answers, however many ask for them.
const REST: Duration = Duration::from_millis(100);

/// What is known, and the way to ask for a look.
#[derive(Debug, Clone)]
pub(in crate::postgres) struct Reach {
    away: Arc<watch::Sender<bool>>,
    doubt: Arc<Notify>,
}

impl Reach {
    /// Starts the task that looks; it ends with `stop`.
    pub(in crate::postgres) fn start(
        options: PgConnectOptions,
        tasks: &TaskTracker,
        stop: &CancellationToken,
    ) -> Self {
        let reach = Self {
            away: Arc::new(watch::Sender::new(false)),
            doubt: Arc::default(),
        };
        let (looking, stop) = (reach.clone(), stop.clone());
        tasks.spawn(async move {
            tokio::select! {
                () = looking.look_when_asked(&options) => {}
                () = stop.cancelled() => {}
            }
        });
        reach
    }

    /// # Errors
    /// While the database is known to be away.
    pub(in crate::postgres) fn check(&self) -> Result<(), Cause> {
        if *self.away.borrow() {
            Err(Cause::new(Gone))
        } else {
            Ok(())
        }
    }

    /// Asks for a look.
    pub(in crate::postgres) fn doubt(&self) {
        self.doubt.notify_one();
    }

    /// Returns while the database is known to be away.
    pub(in crate::postgres) async fn known_away(&self) {
        self.until(true).await;
    }

    /// Returns while nothing is known against it.
    pub(in crate::postgres) async fn known_back(&self) {
        self.until(false).await;
    }

    async fn until(&self, state: bool) {
        let mut away = self.away.subscribe();
        if away.wait_for(|away| *away == state).await.is_err() {
            // The sender lives in `self`: this cannot happen.
            pending::<()>().await;
        }
    }

    /// Waits for a read at most so long, and no longer once the database is known to be away.
    pub(in crate::postgres) async fn patiently<T>(
        &self,
        longest: Duration,
        read: impl Future<Output = T> + Send,
    ) -> Result<T, Cause> {
        let known_away = async {
            sleep(LONG).await;
            self.doubt();
            self.known_away().await;
        };
        tokio::select! {
            biased;
            done = read => Ok(done),
            () = known_away => Err(Cause::new(Gone)),
            () = sleep(longest) => {
                self.doubt();
                Err(Cause::new(Late))
            }
        }
    }

    /// Waits for a write; how long is the caller's affair.
    pub(in crate::postgres) async fn watched<T>(&self, write: impl Future<Output = T> + Send) -> T {
        let doubts = async {
            sleep(LONG).await;
            self.doubt();
            pending::<Infallible>().await
        };
        tokio::select! {
            biased;
            done = write => done,
            never = doubts => match never {},
        }
    }

    async fn look_when_asked(&self, options: &PgConnectOptions) {
        loop {
            self.doubt.notified().await;
            let mut wait = SOON;
            while let Err(err) = look(options).await {
                if !self.away.send_replace(true) {
                    warn!(error = %err, "The database does not answer; requests that need it are refused at once");
                }
                sleep(wait).await;
                wait = LATER.min(wait * 2);
            }
            if self.away.send_replace(false) {
                info!("The database answers again");
            }
            sleep(REST).await;
        }
    }
}

/// One look. A server that refuses us with a reason of its own answers, and what it refused is told to who asked for it.
async fn look(options: &PgConnectOptions) -> Result<(), Cause> {
    let ask = async {
        let mut connection = options.connect().await?;
        connection.ping().await?;
        connection.close().await
    };
    let done = timeout(LOOK, ask).await.map_err(|_| Cause::new(Late))?;
    match done {
        Ok(()) => Ok(()),
        Err(err) => match err.as_database_error().and_then(|err| err.code()) {
            // 57P: it starts, stops or recovers.
            Some(code) if !code.starts_with("57P") => Ok(()),
            Some(_) | None => Err(Cause::new(err)),
        },
    }
}
