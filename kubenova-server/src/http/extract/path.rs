//! Path segments: a uid or a name each, or 400.

use axum::{
    extract::{FromRequestParts, RawPathParams},
    http::request::Parts,
};
use uuid::Uuid;

use kubenova_core::{
    domain::{project::ProjectAt, tenant::TenantAt},
    value::Ref,
};

use crate::http::Problem;

/// `{c}`.
#[derive(Debug, Clone)]
pub struct ClusterPath(pub Ref);

/// `{t}`, perhaps below `{c}`.
#[derive(Debug, Clone)]
pub struct TenantPath(pub TenantAt);

/// `{p}` below `{t}`, perhaps below `{c}`.
#[derive(Debug, Clone)]
pub struct ProjectPath(pub ProjectAt);

/// `{id}`: an object that has no name.
#[derive(Debug, Clone, Copy)]
pub struct IdPath(pub Uuid);

/// `{c}`, and `{component}` below it.
#[derive(Debug, Clone)]
pub struct PartPath {
    /// The cluster.
    pub cluster: Ref,
    /// A word from a closed list, not looked at here.
    pub part: String,
}

/// The segments of a path, decoded.
struct Segments(RawPathParams);

impl Segments {
    async fn of<S: Send + Sync>(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let params = RawPathParams::from_request_parts(parts, state).await;
        params
            .map(Self)
            .map_err(|_| Problem::parameter("path", "is not UTF-8"))
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value)
    }

    fn optional(&self, name: &str) -> Result<Option<Ref>, Problem> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        let reason = "is neither a uid nor a possible name";
        Ref::parse(text)
            .map(Some)
            .map_err(|_| Problem::parameter(name, reason))
    }

    fn required(&self, name: &str) -> Result<Ref, Problem> {
        self.optional(name)?.ok_or_else(Problem::internal)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for ClusterPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Ok(Self(Segments::of(parts, state).await?.required("c")?))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for TenantPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let segments = Segments::of(parts, state).await?;
        let (cluster, tenant) = (segments.optional("c")?, segments.required("t")?);
        Ok(Self(TenantAt { cluster, tenant }))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for ProjectPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let segments = Segments::of(parts, state).await?;
        let (cluster, tenant) = (segments.optional("c")?, segments.optional("t")?);
        Ok(Self(ProjectAt {
            cluster,
            tenant,
            project: segments.required("p")?,
        }))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IdPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Segments::of(parts, state).await?.required("id")? {
            Ref::Id(uuid) => Ok(Self(uuid)),
            Ref::Name(_) => Err(Problem::parameter("id", "is not a uid")),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for PartPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let segments = Segments::of(parts, state).await?;
        let part = segments.text("component").ok_or_else(Problem::internal)?;
        Ok(Self {
            cluster: segments.required("c")?,
            part: part.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use axum::{Router, body::Body, routing::get};
    use tower::ServiceExt as _;

    use super::*;

    async fn status(path: &str) -> u16 {
        let router = Router::new()
            .route("/clusters/{c}/tenants/{t}", get(|_: TenantPath| async {}))
            .route("/tokens/{id}", get(|_: IdPath| async {}));
        let request = http::Request::get(path).body(Body::empty()).unwrap();
        router.oneshot(request).await.unwrap().status().as_u16()
    }

    #[tokio::test]
    async fn attack_158_a_segment_that_can_name_nothing_is_400() {
        let uid = Uuid::from_u128(7);
        for (path, expected) in [
            ("/clusters/c1/tenants/acme", 200),
            (&*format!("/clusters/{uid}/tenants/{uid}"), 200),
            ("/clusters/c1/tenants/Acme", 400),
            ("/clusters/c1/tenants/a'%20or%201=1", 400),
            ("/clusters/c1/tenants/%00", 400),
            ("/clusters/c1/tenants/%ff", 400),
            ("/clusters/..%2f..%2fetc/tenants/acme", 400),
            ("/clusters/c1/tenants/web%3Adeploy", 400),
            (&*format!("/clusters/c1/tenants/{}", "a".repeat(64)), 400),
            (&*format!("/clusters/c1/tenants/{}", uid.simple()), 400),
            (&*format!("/tokens/{uid}"), 200),
            ("/tokens/acme", 400),
        ] {
            assert_eq!(status(path).await, expected, "{path}");
        }
    }
}
