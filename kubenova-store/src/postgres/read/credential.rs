//! Reads of tokens and grants.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use uuid::Uuid;

use kubenova_core::domain::credential::{CredentialState, Grant, Token};
use kubenova_core::ports::store::{
    CredentialReads, GrantFilter, StoreError, TokenFilter, TokenLookup,
};
use kubenova_core::value::{GrantId, Page, Paged, TokenId};

use super::{size, values};
use crate::position;
use crate::postgres::PgStore;
use crate::postgres::row::Row as _;
use crate::postgres::row::credential::{GrantRow, TokenRow};
use crate::postgres::sql::query as sql;

/// The position a page begins after.
fn start(page: &Page) -> Result<(jiff_sqlx::Timestamp, Uuid), StoreError> {
    match &page.after {
        Some(after) => Ok((position::time(after)?.to_sqlx(), after.id)),
        // Every credential was issued after the year 0.
        None => Ok((
            Timestamp::from_second(-62_000_000_000)
                .unwrap_or(Timestamp::UNIX_EPOCH)
                .to_sqlx(),
            Uuid::nil(),
        )),
    }
}

/// What a state says of a grant: revoked, expired.
const fn conditions(state: CredentialState) -> (Option<bool>, Option<bool>) {
    match state {
        CredentialState::Active => (Some(false), Some(false)),
        CredentialState::Revoked => (Some(true), None),
        CredentialState::Expired => (Some(false), Some(true)),
    }
}

#[async_trait]
impl CredentialReads for PgStore {
    async fn token(&self, id: TokenId) -> Result<Option<TokenLookup>, StoreError> {
        self.reader.token(id.uuid()).await
    }

    async fn tokens(&self, filter: TokenFilter, page: Page) -> Result<Paged<Token>, StoreError> {
        let (at, id) = start(&page)?;
        let limit = size(page.limit + 1);
        let query = match filter.tenant {
            Some(tenant) => {
                let query = sqlx::query_as::<_, TokenRow>(sql::TOKENS_OF_TENANT);
                query.bind(at).bind(id).bind(limit).bind(tenant.uuid())
            }
            None => sqlx::query_as(sql::TOKENS).bind(at).bind(id).bind(limit),
        };
        let rows = self.lists.rows(query).await?;
        let found = values(Paged::cut(rows, page.limit, TokenRow::position))?;
        Ok(found.map(|lookup| lookup.token))
    }

    async fn revoked_within(&self, window: Duration) -> Result<Vec<TokenId>, StoreError> {
        let query = sqlx::query_as::<_, (Uuid,)>(sql::REVOKED_WITHIN).bind(window.as_secs_f64());
        let ids = self.lists.rows(query).await?;
        Ok(ids.into_iter().map(|(id,)| TokenId::new(id)).collect())
    }

    async fn has_admin(&self, now: Timestamp) -> Result<bool, StoreError> {
        let query = sqlx::query_as::<_, (bool,)>(sql::HAS_ADMIN).bind(now.to_sqlx());
        Ok(self.lists.row(query).await?.is_some_and(|(found,)| found))
    }

    async fn grant(&self, id: GrantId) -> Result<Option<Grant>, StoreError> {
        let query = sqlx::query_as::<_, GrantRow>(sql::GRANT).bind(id.uuid());
        let row = self.lists.row(query).await?;
        row.map(GrantRow::value).transpose()
    }

    async fn grants(&self, filter: GrantFilter, page: Page) -> Result<Paged<Grant>, StoreError> {
        let (at, id) = start(&page)?;
        let (revoked, expired) = filter
            .state
            .map_or((None, None), |(state, _)| conditions(state));
        let now = filter.state.map(|(_, now)| now.to_sqlx());
        let subject = filter.subject.map(|subject| subject.as_str().to_owned());
        let begin = |text: &'static str| {
            let query = sqlx::query_as::<_, GrantRow>(text)
                .bind(at)
                .bind(id)
                .bind(size(page.limit + 1));
            query.bind(subject).bind(now).bind(revoked).bind(expired)
        };
        let tenant = filter.tenant.map(|tenant| tenant.uuid());
        let query = match (filter.project, tenant) {
            (Some(project), tenant) => begin(sql::GRANTS_OF_PROJECT)
                .bind(project.uuid())
                .bind(tenant),
            (None, Some(tenant)) => begin(sql::GRANTS_OF_TENANT).bind(tenant),
            (None, None) => begin(sql::GRANTS),
        };
        let rows = self.lists.rows(query).await?;
        values(Paged::cut(rows, page.limit, GrantRow::position))
    }
}
