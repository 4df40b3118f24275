//! Pages of lists: `limit` and `cursor`, the latter bound to caller, route and filter.

use axum::{
    extract::{FromRequestParts, OriginalUri},
    http::request::Parts,
};

use kubenova_core::{
    access::Actor,
    value::{LabelSelector, Page, Position},
};

use super::{Limit, Query};
use crate::http::{App, Problem};

/// The question a list answers, besides who asks: path, query, page size.
#[derive(Debug, Clone)]
pub struct ListQuery {
    /// All parameters.
    pub query: Query,
    path: String,
    limit: Limit,
}

impl<S: Send + Sync> FromRequestParts<S> for ListQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let query = Query::from_request_parts(parts, state).await?;
        let uri = parts
            .extensions
            .get::<OriginalUri>()
            .map_or(&parts.uri, |original| &original.0);
        Ok(Self {
            limit: Limit::from_query(&query)?,
            path: uri.path().to_owned(),
            query,
        })
    }
}

impl ListQuery {
    /// Reads `labelSelector`.
    ///
    /// # Errors
    /// 400 when it is malformed.
    pub fn selector(&self) -> Result<LabelSelector, Problem> {
        let read = self
            .query
            .parsed("labelSelector", "is not a label selector", |text| {
                LabelSelector::parse(text).ok()
            })?;
        Ok(read.unwrap_or_default())
    }

    /// The page asked for. `filters` names the parameters that the list reads.
    ///
    /// # Errors
    /// 400 for a cursor of another caller, route or filter.
    pub fn page(&self, app: &App, actor: &Actor, filters: &[&str]) -> Result<Page, Problem> {
        let limit = self.limit.0;
        let after = match self.query.one("cursor")? {
            Some(cursor) => {
                let bound = self.bound(actor, filters)?;
                Some(app.cursors.decode(cursor, &parts(&bound))?)
            }
            None => None,
        };
        Ok(Page { limit, after })
    }

    /// The cursor after a page that [`ListQuery::page`] asked for.
    ///
    /// # Errors
    /// None after [`ListQuery::page`] succeeded.
    pub fn cursor(
        &self,
        app: &App,
        actor: &Actor,
        filters: &[&str],
        next: Option<&Position>,
    ) -> Result<Option<String>, Problem> {
        let Some(next) = next else { return Ok(None) };
        let bound = self.bound(actor, filters)?;
        Ok(Some(app.cursors.encode(next, &parts(&bound))))
    }

    /// What a cursor is good for: this caller with these rights, this path, these filters.
    fn bound(&self, actor: &Actor, filters: &[&str]) -> Result<Vec<String>, Problem> {
        let mut bound = vec![actor.subject.as_str().to_owned(), self.path.clone()];
        bound.push(
            actor
                .roles
                .iter()
                .map(|role| role.as_str())
                .collect::<Vec<_>>()
                .join(","),
        );
        if let Some(scope) = &actor.scope {
            bound.push(scope.tenant.to_string());
            bound.extend(
                scope
                    .projects
                    .iter()
                    .flat_map(|list| list.iter())
                    .map(ToString::to_string),
            );
        }
        for name in filters {
            bound.push((*name).to_owned());
            bound.push(self.query.one(name)?.unwrap_or_default().to_owned());
        }
        Ok(bound)
    }
}

fn parts(bound: &[String]) -> Vec<&str> {
    bound.iter().map(String::as_str).collect()
}
