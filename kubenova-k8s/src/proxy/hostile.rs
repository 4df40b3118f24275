//! Requests that a proxy must refuse: headers by which a caller claims to be somebody else (attack 117).

use http::{HeaderName, HeaderValue, Request, StatusCode};
use kube::client::Body;

use kubenova_core::ports::cluster::ClusterError;

/// Secrets of a namespace that no tenant owns: an answer with them proves that the claim was believed.
const TARGET: &str = "/api/v1/namespaces/kube-system/secrets?limit=1";

type Headers = &'static [(&'static str, &'static str)];

/// Claims in the request's own words, and the trick that makes a proxy drop the headers by which *it* says who calls.
const CLAIMS: &[Headers] = &[
    &[
        ("impersonate-user", "system:admin"),
        ("impersonate-group", "system:masters"),
    ],
    &[
        ("impersonate-user", "system:admin"),
        ("impersonate-uid", "0"),
        ("impersonate-extra-scopes", "all"),
    ],
    &[("connection", "Impersonate-User, Impersonate-Group")],
    &[("connection", "impersonate-user, IMPERSONATE-GROUP")],
    &[(
        "x-forwarded-client-cert",
        "Subject=\"O=system:masters,CN=system:admin\"",
    )],
];

/// Whether the proxy believes one of the claims. `client` shows a credential without rights.
///
/// # Errors
/// [`ClusterError::Unreachable`] where it answers with a failure of its own, so that nothing is proven.
pub(super) async fn is_believed(client: &kube::Client) -> Result<bool, ClusterError> {
    for claims in CLAIMS {
        // A proxy that hangs up has refused.
        let Ok(answer) = client.send(request(claims)).await else {
            continue;
        };
        if answer.status().is_success() {
            return Ok(true);
        }
        if answer.status() == StatusCode::TOO_MANY_REQUESTS || answer.status().as_u16() >= 502 {
            return Err(ClusterError::Unreachable);
        }
    }
    Ok(false)
}

fn request(claims: Headers) -> Request<Body> {
    let mut request = Request::new(Body::empty());
    *request.uri_mut() = http::Uri::from_static(TARGET);
    for (name, value) in claims {
        let name = HeaderName::from_static(name);
        request
            .headers_mut()
            .append(name, HeaderValue::from_static(value));
    }
    request
}
