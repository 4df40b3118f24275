//! Rotation of sealing keys: every sealed row under the newest key, beside running servers, resumable.

use uuid::Uuid;

use kubenova_core::ports::store::StoreError;
use kubenova_core::value::ClusterId;

use super::PgStore;
use super::sql::query::KUBECONFIG;
use crate::seal::kubeconfig_of;

/// Rows looked at in one query.
const PAGE: i64 = 100;

const SEALED_AFTER: &str =
    "select id, kubeconfig from clusters where ($1::uuid is null or id > $1) order by id limit $2";

/// Compare and set: a row that somebody else sealed meanwhile is left for the next look.
const RESEAL: &str = "update clusters set kubeconfig = $3 where id = $1 and kubeconfig = $2";

/// What a rotation found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rotated {
    /// Rows that are under the newest key now and were not before.
    pub rewrapped: u64,
    /// Rows that were so already.
    pub unchanged: u64,
}

impl PgStore {
    /// Wraps the data key of every sealed row under the newest key of the keyring; the content stays as it is. Each
    /// row is one statement, so that an interruption at any point loses nothing: a second run goes on with what is
    /// left. Rows that appear meanwhile are sealed by whoever writes them.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] naming the row that none of the keys opens: later rows are not looked at.
    /// [`StoreError::Away`].
    pub async fn rotate_keys(&self) -> Result<Rotated, StoreError> {
        let mut done = Rotated::default();
        let mut after: Option<Uuid> = None;
        loop {
            let page = sqlx::query_as::<_, (Uuid, Vec<u8>)>(SEALED_AFTER);
            let page = self.lists.rows(page.bind(after).bind(PAGE)).await?;
            let Some((last, _)) = page.last() else {
                return Ok(done);
            };
            after = Some(*last);
            for (id, sealed) in page {
                self.reseal(id, sealed, &mut done).await?;
            }
        }
    }

    async fn reseal(
        &self,
        id: Uuid,
        mut sealed: Vec<u8>,
        done: &mut Rotated,
    ) -> Result<(), StoreError> {
        let context = kubeconfig_of(ClusterId::new(id));
        loop {
            let rewrapped = self.keyring.rewrap(&context, &sealed);
            let corrupt = |why| StoreError::Corrupt(format!("kubeconfig of cluster {id}: {why}"));
            let Some(fresh) = rewrapped.map_err(corrupt)? else {
                done.unchanged += 1;
                return Ok(());
            };
            let set = sqlx::query(RESEAL).bind(id).bind(sealed).bind(fresh);
            if self.lists.execute(set).await? == 1 {
                done.rewrapped += 1;
                return Ok(());
            }
            let now = sqlx::query_as::<_, (Vec<u8>,)>(KUBECONFIG).bind(id);
            match self.lists.row(now).await? {
                Some((other,)) => sealed = other,
                None => return Ok(()), // gone meanwhile
            }
        }
    }
}
