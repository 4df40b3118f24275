//! The work set in Postgres. Single statements, each of which is a transaction of its own.

use std::time::Duration;

use async_trait::async_trait;
use tokio::time::timeout;
use uuid::Uuid;

use kubenova_core::change::{Receipt, Work, WorkRequest};
use kubenova_core::ports::store::{Claim, ClaimRequest, Finish, StoreError, WorkQueue};
use kubenova_core::value::ClusterId;

use super::PgStore;
use super::error::{Cause, Failure, Late};
use super::sql::queue as sql;
use super::write::work::Asked;

/// A full pass over a large installation takes longer than other statements may.
pub(super) const FULL_PASS: Duration = Duration::from_secs(60);
/// So often a statement that others were in the way of is tried.
const TRIES: usize = 4;

#[derive(sqlx::FromRow)]
struct ClaimRow {
    kind: String,
    id: Uuid,
    cluster_id: Uuid,
    ticket: i64,
    failures: i32,
    was_due: jiff_sqlx::Timestamp,
}

/// Microseconds, as intervals come in.
pub(super) fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX / 2)
}

/// A ticket as the database has it; they count from 1.
fn ticket(receipt: &Receipt) -> i64 {
    i64::try_from(receipt.ticket).unwrap_or(-1)
}

impl PgStore {
    async fn claimed(&self, want: &ClaimRequest) -> Result<Vec<ClaimRow>, Failure> {
        let (clusters, places): (Vec<Uuid>, Vec<i64>) = want
            .caps
            .iter()
            .map(|(id, places)| (id.uuid(), count(*places)))
            .unzip();
        self.work.execute(sqlx::query(sql::EXPIRE)).await?;
        let query = sqlx::query_as::<_, ClaimRow>(sql::CLAIM)
            .bind(want.lease.0)
            .bind(micros(want.lease_for))
            .bind(count(want.limit))
            .bind(count(want.per_cluster));
        self.work.rows(query.bind(clusters).bind(places)).await
    }

    async fn ended(&self, receipt: Receipt, how: Finish) -> Result<(), Failure> {
        let item = receipt.item;
        let begin = |text: &'static str| sqlx::query(text).bind(item.kind()).bind(item.uuid());
        let full = |text| begin(text).bind(ticket(&receipt)).bind(receipt.lease.0);
        let query = match how {
            Finish::Done => full(sql::DONE),
            Finish::Again(after) => full(sql::LATER).bind(micros(after)).bind(false),
            Finish::Failed(after) => full(sql::LATER).bind(micros(after)).bind(true),
        };
        if self.work.execute(query).await? == 0 {
            let give_back = begin(sql::GIVE_BACK).bind(receipt.lease.0);
            self.work.execute(give_back).await?;
        }
        Ok(())
    }
}

fn count(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

fn claim(row: &ClaimRow, want: &ClaimRequest) -> Option<Claim> {
    Some(Claim {
        receipt: Receipt {
            item: Work::from_parts(&row.kind, row.id)?,
            ticket: u64::try_from(row.ticket).ok()?,
            lease: want.lease,
        },
        cluster: ClusterId::new(row.cluster_id),
        failures: u32::try_from(row.failures).unwrap_or_default(),
    })
}

#[async_trait]
impl WorkQueue for PgStore {
    async fn claim(&self, want: ClaimRequest) -> Result<Vec<Claim>, StoreError> {
        let seen = self.wake.count();
        let mut rows = self.claimed(&want).await?;
        rows.sort_by_key(|row| row.was_due.to_jiff());
        if rows.len() < want.limit {
            self.wake.drained(seen);
        }
        // A kind that this version does not know waits for the end of its lease, and for a version that knows it.
        Ok(rows.iter().filter_map(|row| claim(row, &want)).collect())
    }

    async fn extend(
        &self,
        receipts: &[Receipt],
        lease_for: Duration,
    ) -> Result<Vec<Receipt>, StoreError> {
        let kinds: Vec<&str> = receipts.iter().map(|one| one.item.kind()).collect();
        let ids: Vec<Uuid> = receipts.iter().map(|one| one.item.uuid()).collect();
        let tickets: Vec<i64> = receipts.iter().map(ticket).collect();
        let leases: Vec<Uuid> = receipts.iter().map(|one| one.lease.0).collect();
        let query = sqlx::query_as::<_, (i64,)>(sql::EXTEND)
            .bind(kinds)
            .bind(ids)
            .bind(tickets)
            .bind(leases)
            .bind(micros(lease_for));
        let places: Vec<(i64,)> = self.work.rows(query).await?;
        let held = places.into_iter().filter_map(|(place,)| {
            let nth = usize::try_from(place).ok()?.checked_sub(1)?;
            receipts.get(nth).copied()
        });
        Ok(held.collect())
    }

    async fn finish(&self, receipt: Receipt, how: Finish) -> Result<(), StoreError> {
        Ok(self.ended(receipt, how).await?)
    }

    async fn ask(&self, items: Vec<WorkRequest>) -> Result<(), StoreError> {
        let asked = Asked::of(items.iter());
        if asked.is_empty() {
            return Ok(());
        }
        let mut tries = 1;
        loop {
            match self.work.execute(asked.query()).await {
                Err(Failure::Contended(_)) if tries < TRIES => tries += 1,
                done => {
                    done?;
                    self.notify.tell();
                    return Ok(());
                }
            }
        }
    }

    async fn ask_everything(
        &self,
        cluster: Option<ClusterId>,
        spread: Duration,
    ) -> Result<(), StoreError> {
        let query = sqlx::query(sql::ASK_EVERYTHING)
            .bind(cluster.map(ClusterId::uuid))
            .bind(micros(spread));
        let pass = async {
            let mut open = self.full_pass.open().await.map_err(Failure::Unreached)?;
            query.execute(&mut open.connection).await?;
            self.full_pass.close(open).await;
            Ok::<_, Failure>(())
        };
        match timeout(FULL_PASS, pass).await {
            Ok(done) => done?,
            Err(_) => return Err(Cause::new(Late).away()),
        }
        self.notify.tell();
        Ok(())
    }

    async fn woken(&self) {
        self.wake.woken().await;
    }

    async fn next_due(&self) -> Result<Option<Duration>, StoreError> {
        let query = sqlx::query_as::<_, (Option<i64>,)>(sql::NEXT_DUE);
        let left = self.work.row(query).await?.and_then(|(left,)| left);
        Ok(left.map(|micros| Duration::from_micros(u64::try_from(micros).unwrap_or(0))))
    }
}
