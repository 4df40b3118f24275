//! The batched writer: whatever waits is committed together, each change set still all or nothing by itself.
//!
//! A batch is one transaction of set-based statements. When anything in it conflicts it is rolled back, and its members
//! are committed one by one by the same code, so that only the guilty fails, and with its exact reason. Two change sets
//! that touch one row never meet in a batch. The tasks belong to the store: a caller who leaves cancels nothing.

mod execute;
mod footprint;
mod rows;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use kubenova_core::change::ChangeSet;
use kubenova_core::ports::store::CommitError;

use self::footprint::Footprint;
use super::connect::lane::Lane;
use super::connect::reach::Reach;
use super::error::{Cause, Closed, Gone, Late};
use super::listen::Teller;
use crate::seal::Keyring;

/// Change sets of one transaction.
const BATCH: usize = 128;
/// Rows of one transaction, about.
const BATCH_WRITES: usize = 2000;
/// Change sets that may wait; more wait to wait.
const WAITING: usize = 4096;

/// A change set on its way.
struct Job {
    changes: ChangeSet,
    /// It begins before this moment, or never.
    begin_by: Instant,
    reply: oneshot::Sender<Result<(), CommitError>>,
}

/// What every transaction needs.
struct Context {
    keyring: Arc<Keyring>,
    teller: Teller,
    reach: Reach,
    /// The longest a transaction may take.
    longest: Duration,
}

/// Hands change sets to the task that writes.
#[derive(Debug, Clone)]
pub(super) struct Writer {
    jobs: mpsc::Sender<Job>,
    reach: Reach,
    /// The longest commit.
    longest: Duration,
}

impl Writer {
    /// Starts writing on these lanes, as many transactions at a time. When `stop` is cancelled, what waits is still
    /// written, and nothing more is taken. Nobody waits for longer than `longest`.
    pub(super) fn start(
        lanes: Vec<Lane>,
        (keyring, teller, reach, longest): (Arc<Keyring>, Teller, Reach, Duration),
        tasks: &TaskTracker,
        stop: &CancellationToken,
    ) -> Self {
        let (jobs, waiting) = mpsc::channel(WAITING);
        let context = Arc::new(Context {
            keyring,
            teller,
            reach: reach.clone(),
            longest: transaction(longest),
        });
        tasks.spawn(dispatch(
            waiting,
            lanes,
            context,
            tasks.clone(),
            stop.clone(),
        ));
        Self {
            jobs,
            reach,
            longest,
        }
    }

    /// Commits one change set.
    pub(super) async fn commit(&self, changes: ChangeSet) -> Result<(), CommitError> {
        if let Err(gone) = self.reach.check() {
            return Err(gone.away().into());
        }
        let (reply, answer) = oneshot::channel();
        let job = Job {
            changes,
            begin_by: Instant::now() + self.longest.saturating_sub(transaction(self.longest)),
            reply,
        };
        let done = timeout(self.longest, async {
            self.jobs.send(job).await.map_err(|_| Closed)?;
            answer.await.map_err(|_| Closed)
        });
        match done.await {
            Ok(Ok(done)) => done,
            Ok(Err(closed)) => Err(Cause::new(closed).away().into()),
            Err(_) => Err(Cause::new(Late).away().into()),
        }
    }
}

/// The longest transaction, where this is the longest commit.
pub(super) fn transaction(commit: Duration) -> Duration {
    commit / 2
}

/// Takes what waits whenever a lane is free.
async fn dispatch(
    mut waiting: mpsc::Receiver<Job>,
    lanes: Vec<Lane>,
    context: Arc<Context>,
    tasks: TaskTracker,
    stop: CancellationToken,
) {
    let count = lanes.len().max(1);
    let (give_back, mut free) = mpsc::channel(count);
    for lane in lanes {
        // There is a place for each.
        let _ = give_back.try_send(lane);
    }
    let mut left_over = None;
    while let Some(mut lane) =
        free_lane(&mut free, &mut waiting, &mut left_over, &context.reach).await
    {
        let first = match left_over.take() {
            Some(job) => Some(job),
            None => next(&mut waiting, &stop).await,
        };
        let Some(first) = first else {
            lane.close().await;
            break;
        };
        let batch = gather(first, &mut waiting, &mut left_over);
        let (context, give_back) = (Arc::clone(&context), give_back.clone());
        tasks.spawn(async move {
            execute::batch(&mut lane, &context, batch).await;
            // When the dispatcher is gone nobody needs the lane.
            let _ = give_back.send(lane).await;
        });
    }
    // The other lanes come back when their transactions end.
    drop(give_back);
    while let Some(mut lane) = free.recv().await {
        lane.close().await;
    }
}

/// The next lane that is free. Who waits while the database is known to be away is told at once: no lane is free then,
/// because each of them waits for an answer.
async fn free_lane(
    free: &mut mpsc::Receiver<Lane>,
    waiting: &mut mpsc::Receiver<Job>,
    left_over: &mut Option<Job>,
    reach: &Reach,
) -> Option<Lane> {
    loop {
        tokio::select! {
            biased;
            lane = free.recv() => return lane,
            () = reach.known_away() => {}
        }
        while let Some(job) = left_over.take().or_else(|| waiting.try_recv().ok()) {
            execute::tell(job, Err(Cause::new(Gone).away().into()));
        }
        tokio::select! {
            biased;
            lane = free.recv() => return lane,
            () = reach.known_back() => {}
        }
    }
}

/// The next change set; after the stop, what waits is still taken, and then nothing.
async fn next(waiting: &mut mpsc::Receiver<Job>, stop: &CancellationToken) -> Option<Job> {
    tokio::select! {
        biased;
        job = waiting.recv() => job,
        () = stop.cancelled() => {
            waiting.close();
            waiting.recv().await
        }
    }
}

/// As many change sets as fit into one transaction; the first that does not begins the next one.
fn gather(first: Job, waiting: &mut mpsc::Receiver<Job>, left_over: &mut Option<Job>) -> Vec<Job> {
    let mut footprint = Footprint::of(&first.changes);
    let mut writes = first.changes.writes.len();
    let mut batch = vec![first];
    while batch.len() < BATCH && writes < BATCH_WRITES && !footprint.is_wide() {
        let Ok(job) = waiting.try_recv() else { break };
        if !footprint.join(Footprint::of(&job.changes)) {
            *left_over = Some(job);
            break;
        }
        writes += job.changes.writes.len();
        batch.push(job);
    }
    batch
}
