//! One transaction: preconditions, writes, work, audit, commit.

use sqlx::Connection as _;
use sqlx::postgres::PgConnection;
use tokio::time::{Instant, timeout_at};
use tracing::debug;

use kubenova_core::change::ChangeSet;
use kubenova_core::domain::audit::AuditEntry;
use kubenova_core::ports::store::CommitError;

use super::footprint::Footprint;
use super::rows::Rows;
use super::{Context, Job};
use crate::postgres::connect::lane::Lane;
use crate::postgres::error::{Cause, Failure, Late, breaks_connection};
use crate::postgres::write::audit;
use crate::postgres::write::lock::Locks;
use crate::postgres::write::work::Asked;

/// So often a transaction that others were in the way of is tried.
const TRIES: usize = 5;

/// Commits a batch and answers everybody.
pub(super) async fn batch(lane: &mut Lane, context: &Context, jobs: Vec<Job>) {
    let jobs = in_time(jobs);
    if jobs.is_empty() {
        return;
    }
    let sets: Vec<&ChangeSet> = jobs.iter().map(|job| &job.changes).collect();
    match tried(lane, context, &sets).await {
        Ok(()) => jobs.into_iter().for_each(|job| tell(job, Ok(()))),
        Err(Failure::Unreached(cause) | Failure::Unknown(cause)) => {
            jobs.into_iter()
                .for_each(|job| tell(job, Err(cause.away().into())));
        }
        Err(failure) => match <[Job; 1]>::try_from(jobs) {
            Ok([job]) => tell(job, Err(failure.into())),
            Err(jobs) => {
                debug!(
                    size = jobs.len(),
                    "A batch conflicts; its change sets go one by one"
                );
                for job in jobs {
                    let Some(job) = in_time(vec![job]).pop() else {
                        continue;
                    };
                    let done = tried(lane, context, &[&job.changes]).await;
                    tell(job, done.map_err(CommitError::from));
                }
            }
        },
    }
}

/// Those that may still begin; the others are told that they never will.
fn in_time(jobs: Vec<Job>) -> Vec<Job> {
    let now = Instant::now();
    let (in_time, late): (Vec<Job>, Vec<Job>) =
        jobs.into_iter().partition(|job| now < job.begin_by);
    for job in late {
        tell(job, Err(Cause::new(Late).away().into()));
    }
    in_time
}

pub(super) fn tell(job: Job, done: Result<(), CommitError>) {
    // A caller who is gone needs no answer.
    let _ = job.reply.send(done);
}

impl From<Failure> for CommitError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(refusal) => refusal,
            Failure::Contended(cause) | Failure::Unreached(cause) | Failure::Unknown(cause) => {
                cause.away().into()
            }
        }
    }
}

/// Tries again while that makes sense: after deadlocks, and once on a new connection where the kept one had broken
/// before anything was committed.
async fn tried(lane: &mut Lane, context: &Context, sets: &[&ChangeSet]) -> Result<(), Failure> {
    let until = Instant::now() + context.longest;
    let mut fresh_tried = false;
    let mut tries = 1;
    loop {
        let kept = lane.is_kept();
        let done = once(lane, context, sets, until).await;
        match &done {
            Err(Failure::Contended(_)) if tries < TRIES => tries += 1,
            Err(Failure::Unreached(_)) if kept && !lane.is_kept() && !fresh_tried => {
                fresh_tried = true
            }
            Ok(()) | Err(_) => return done,
        }
    }
}

async fn once(
    lane: &mut Lane,
    context: &Context,
    sets: &[&ChangeSet],
    until: Instant,
) -> Result<(), Failure> {
    let connection = lane.get().await.map_err(Failure::Unreached)?;
    let transaction = timeout_at(until, transaction(connection, context, sets));
    let Ok(done) = context.reach.watched(transaction).await else {
        context.reach.doubt();
        // Closing the connection makes the database roll back, unless the commit had got through.
        lane.discard();
        return Err(Failure::Unknown(Cause::new(Late)));
    };
    match done {
        Ok(asked) => {
            if asked {
                context.teller.tell();
            }
            Ok(())
        }
        Err(End { failure, broken }) => {
            if broken {
                lane.discard();
            }
            Err(failure)
        }
    }
}

/// How a transaction ended that did not commit.
struct End {
    failure: Failure,
    /// The connection is of no use any more.
    broken: bool,
}

impl End {
    fn of(failure: Failure) -> Self {
        let broken = matches!(failure, Failure::Unreached(_) | Failure::Unknown(_));
        Self { failure, broken }
    }
}

/// Answers whether work was asked for.
async fn transaction(
    connection: &mut PgConnection,
    context: &Context,
    sets: &[&ChangeSet],
) -> Result<bool, End> {
    let mut open = connection
        .begin()
        .await
        .map_err(|err| End::of(err.into()))?;
    match carry_out(&mut open, context, sets).await {
        Ok(asked) => match open.commit().await {
            Ok(()) => Ok(asked),
            Err(err) => Err(not_committed(err)),
        },
        Err(failure) => {
            let mut end = End::of(failure);
            end.broken |= open.rollback().await.is_err();
            Err(end)
        }
    }
}

/// A commit that the database refused was rolled back by it; one that it did not answer may have happened.
fn not_committed(err: sqlx::Error) -> End {
    let broken = breaks_connection(&err);
    let failure = if err.as_database_error().is_some() && !broken {
        Failure::from(err)
    } else {
        Failure::Unknown(Cause::new(err))
    };
    End { failure, broken }
}

async fn carry_out(
    connection: &mut PgConnection,
    context: &Context,
    sets: &[&ChangeSet],
) -> Result<bool, Failure> {
    Locks::of(sets).take(connection).await?;
    let mut asked = false;
    let step_by_step = sets.iter().any(|set| Footprint::of(set).is_wide());
    let writes = || sets.iter().flat_map(|set| &set.writes);
    if step_by_step {
        for write in writes() {
            asked |= Rows::of(std::iter::once(write))
                .write(connection, &context.keyring)
                .await?;
        }
    } else {
        asked |= Rows::of(writes())
            .write(connection, &context.keyring)
            .await?;
    }
    let work = Asked::of(sets.iter().flat_map(|set| &set.work));
    if !work.is_empty() {
        asked = true;
        work.query().execute(&mut *connection).await?;
    }
    let entries: Vec<&AuditEntry> = sets.iter().flat_map(|set| &set.audit).collect();
    if !entries.is_empty() {
        audit::insert(&entries).execute(connection).await?;
    }
    Ok(asked)
}
