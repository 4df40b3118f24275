//! Query parameters: unknown ones are passed over, a doubled known one is refused.

use axum::{extract::FromRequestParts, http::request::Parts};

use crate::http::Problem;

/// The pairs of a query string, decoded.
#[derive(Debug, Clone, Default)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// The parameter, if given.
    ///
    /// # Errors
    /// 400 when it is given more than once.
    pub fn one(&self, name: &str) -> Result<Option<&str>, Problem> {
        let mut values = self
            .0
            .iter()
            .filter(|(key, _)| key == name)
            .map(|(_, value)| value.as_str());
        match (values.next(), values.next()) {
            (value, None) => Ok(value),
            (_, Some(_)) => Err(Problem::parameter(name, "is given twice")),
        }
    }

    /// The parameter read by `parse`.
    ///
    /// # Errors
    /// 400 when it is given more than once or `parse` finds nothing in it.
    pub fn parsed<T>(
        &self,
        name: &str,
        reason: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Problem> {
        let Some(text) = self.one(name)? else {
            return Ok(None);
        };
        parse(text)
            .map(Some)
            .ok_or_else(|| Problem::parameter(name, reason))
    }

    /// The parameter as `true` or `false`; absent is `false`.
    ///
    /// # Errors
    /// 400 for anything else.
    pub fn flag(&self, name: &str) -> Result<bool, Problem> {
        let flag = self.parsed(name, "must be true or false", |text| text.parse().ok())?;
        Ok(flag.unwrap_or(false))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let pairs = axum::extract::Query::try_from_uri(&parts.uri)
            .map_err(|_| Problem::parameter("query", "cannot be read"))?;
        Ok(Self(pairs.0))
    }
}

/// How many items a page holds: 1..=200, 50 when not said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit(pub usize);

impl Limit {
    /// Reads `limit`.
    ///
    /// # Errors
    /// 400 outside the range.
    pub fn from_query(query: &Query) -> Result<Self, Problem> {
        let limit = query.parsed("limit", "must be 1 to 200", |text| {
            let digits = text.bytes().all(|b| b.is_ascii_digit());
            text.parse()
                .ok()
                .filter(|n| digits && (1..=200).contains(n))
        })?;
        Ok(Self(limit.unwrap_or(50)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn query(text: &str) -> Query {
        let request = http::Request::get(format!("/?{text}")).body(()).unwrap();
        Query::from_request_parts(&mut request.into_parts().0, &())
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn attack_141_a_limit_outside_the_range_is_refused() {
        for bad in [
            "0",
            "-1",
            "201",
            "1000000000",
            "+5",
            "",
            "1e2",
            "%D9%A3",
            "5%20",
            "99999999999999999999999",
        ] {
            let limit = Limit::from_query(&query(&format!("limit={bad}")).await);
            assert_eq!(limit.expect_err(bad).status().as_u16(), 400);
        }
        assert_eq!(Limit::from_query(&query("limit=200").await), Ok(Limit(200)));
        assert_eq!(
            Limit::from_query(&query("other=1&other=2").await),
            Ok(Limit(50))
        );
    }

    #[tokio::test]
    async fn attack_36_a_doubled_parameter_is_refused() {
        let doubled = query("owner=a&owner=b&owner%5B%5D=c").await;
        assert_eq!(
            doubled.one("owner").expect_err("doubled").status().as_u16(),
            400
        );
        assert_eq!(query("o%77ner=a%20b").await.one("owner"), Ok(Some("a b")));
        assert!(query("x=%ff%00&=&&&").await.one("x").unwrap().is_some());
    }

    #[tokio::test]
    async fn flags_are_true_or_false() {
        assert_eq!(query("cascade=true").await.flag("cascade"), Ok(true));
        assert_eq!(query("").await.flag("cascade"), Ok(false));
        for bad in ["cascade=1", "cascade=", "cascade"] {
            assert!(query(bad).await.flag("cascade").is_err(), "{bad}");
        }
    }
}
