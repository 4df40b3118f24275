//! Wake-ups across processes: NOTIFY after commits, LISTEN in a task of its own.
//!
//! A NOTIFY inside of a transaction would serialise all commits of the database; so it is sent afterwards, by one task,
//! once for everything that was committed while the last one was on its way.

use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{debug, warn};
use uuid::Uuid;

use super::connect::lane::Lane;
use super::connect::reach::Reach;
use super::error::{Cause, Late};
use super::sql::queue::NOTIFY;
use crate::wake::Wake;

const CHANNEL: &str = "kubenova_work";
/// The longest way of one wake-up.
const LONGEST: Duration = Duration::from_secs(2);
/// After a failure.
const AGAIN: Duration = Duration::from_millis(250);

/// Tells this process at once, and the others soon, that there may be work.
#[derive(Debug, Clone)]
pub(super) struct Teller {
    wake: Arc<Wake>,
    pending: Arc<Notify>,
}

impl Teller {
    pub(super) fn tell(&self) {
        self.wake.wake();
        self.pending.notify_one();
    }
}

/// Starts the task that tells the other processes. `process` marks what we say, so that we do not listen to ourselves.
pub(super) fn teller(
    lane: Lane,
    wake: &Arc<Wake>,
    process: Uuid,
    tasks: &TaskTracker,
    stop: &CancellationToken,
) -> Teller {
    let pending = Arc::new(Notify::new());
    tasks.spawn(tell(lane, Arc::clone(&pending), process, stop.clone()));
    Teller {
        wake: Arc::clone(wake),
        pending,
    }
}

async fn tell(mut lane: Lane, pending: Arc<Notify>, process: Uuid, stop: CancellationToken) {
    let payload = process.to_string();
    loop {
        tokio::select! {
            () = pending.notified() => {}
            () = stop.cancelled() => break,
        }
        let told = timeout(LONGEST, notify(&mut lane, &payload)).await;
        if let Err(err) = told.unwrap_or_else(|_| Err(Cause::new(Late))) {
            lane.discard();
            debug!(error = %err, "Could not tell other processes of new work; they look by themselves");
            tokio::select! {
                () = sleep(AGAIN) => pending.notify_one(),
                () = stop.cancelled() => break,
            }
        }
    }
    lane.close().await;
}

async fn notify(lane: &mut Lane, payload: &str) -> Result<(), Cause> {
    let fresh = !lane.is_kept();
    let connection = lane.get().await?;
    if fresh {
        // A wake-up need not survive a crash.
        let set = sqlx::raw_sql("set synchronous_commit = off").execute(&mut *connection);
        set.await.map_err(Cause::new)?;
    }
    let notify = sqlx::query(NOTIFY).bind(payload).execute(connection);
    notify.await.map(drop).map_err(Cause::new)
}

/// Starts the task that listens to the other processes. Whenever it may have missed something, everybody wakes.
pub(super) fn listener(
    options: PgConnectOptions,
    (wake, process, reach): (Arc<Wake>, Uuid, Reach),
    tasks: &TaskTracker,
    stop: &CancellationToken,
) {
    let stop = stop.clone();
    tasks.spawn(async move {
        tokio::select! {
            () = listen(options, wake, process, reach) => {}
            () = stop.cancelled() => {}
        }
    });
}

async fn listen(options: PgConnectOptions, wake: Arc<Wake>, process: Uuid, reach: Reach) {
    let own = process.to_string();
    loop {
        // A database that falls silent does not end the connection.
        let lost = tokio::select! {
            ended = listen_once(&options, &wake, &own) => ended.err(),
            () = reach.known_away() => None,
        };
        if let Some(err) = lost {
            reach.doubt();
            warn!(error = %err, "Lost the channel of wake-ups; workers look by themselves until it is back");
        }
        wake.wake();
        sleep(AGAIN).await;
        reach.known_back().await;
    }
}

async fn listen_once(
    options: &PgConnectOptions,
    wake: &Wake,
    own: &str,
) -> Result<(), sqlx::Error> {
    // A pool of one: a listener takes a connection for good.
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .acquire_timeout(Duration::from_secs(2));
    let pool = pool.connect_lazy_with(options.clone());
    let mut listener = PgListener::connect_with(&pool).await?;
    listener.eager_reconnect(false);
    listener.listen(CHANNEL).await?;
    wake.wake();
    loop {
        match listener.try_recv().await? {
            Some(said) if said.payload() == own => {}
            Some(_) => wake.wake(),
            None => {
                drop(listener);
                // Nothing holds a connection of it any more.
                let _ = timeout(AGAIN, pool.close()).await;
                return Ok(());
            }
        }
    }
}
