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
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use kubenova_core::change::ChangeSet;
use kubenova_core::ports::store::CommitError;

use self::footprint::Footprint;
use super::connect::Lane;
use super::error::{Cause, Closed, Late};
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
    reply: oneshot::Sender<Result<(), CommitError>>,
}

/// What every transaction needs.
struct Context {
    keyring: Arc<Keyring>,
    teller: Teller,
    /// The longest a transaction may take.
    deadline: Duration,
}

/// Hands change sets to the task that writes.
#[derive(Debug, Clone)]
pub(super) struct Writer {
    jobs: mpsc::Sender<Job>,
    deadline: Duration,
}

impl Writer {
    /// Starts writing on these lanes, as many transactions at a time. When `stop` is cancelled, what waits is still
    /// written, and nothing more is taken.
    pub(super) fn start(
        lanes: Vec<Lane>,
        (keyring, teller, deadline): (Arc<Keyring>, Teller, Duration),
        tasks: &TaskTracker,
        stop: &CancellationToken,
    ) -> Self {
        let (jobs, waiting) = mpsc::channel(WAITING);
        let context = Arc::new(Context {
            keyring,
            teller,
            deadline,
        });
        tasks.spawn(dispatch(
            waiting,
            lanes,
            context,
            tasks.clone(),
            stop.clone(),
        ));
        Self { jobs, deadline }
    }

    /// Commits one change set.
    pub(super) async fn commit(&self, changes: ChangeSet) -> Result<(), CommitError> {
        let (reply, answer) = oneshot::channel();
        let job = Job { changes, reply };
        // A batch before ours, then ours, each member perhaps alone: later than that nobody waits.
        let patience = self.deadline * 3;
        let done = timeout(patience, async {
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
    while let Some(mut lane) = free.recv().await {
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
