//! Kubeconfigs that we hand out: one cluster, one user, one context.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::json;
use zeroize::Zeroizing;

use kubenova_core::ports::cluster::ClusterError;
use kubenova_core::ports::proxy::KubeconfigParts;
use kubenova_core::value::Secret;

use super::access::Endpoint;

/// Builds a kubeconfig (YAML) for a bearer token. Values go through the serializer, so no name can become a field.
///
/// # Errors
/// [`ClusterError::BadAnswer`] for a token that is no text.
pub fn kubeconfig(
    parts: &KubeconfigParts,
    endpoint: &Endpoint,
    ca_pem: Option<&str>,
) -> Result<Secret, ClusterError> {
    let token = parts.token.expose_str().ok_or(ClusterError::BadAnswer)?;
    let (name, user) = (parts.cluster_name.as_str(), parts.user_name.as_str());
    let mut cluster = json!({"server": endpoint.url()});
    if let Some(ca) = ca_pem {
        cluster["certificate-authority-data"] = BASE64.encode(ca).into();
    }
    let mut context = json!({"cluster": name, "user": user});
    if let Some(namespace) = &parts.namespace {
        context["namespace"] = namespace.as_str().into();
    }
    let whole = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": cluster}],
        "users": [{"name": user, "user": {"token": token}}],
        "contexts": [{"name": name, "context": context}],
        "current-context": name,
    });
    let text = serde_saphyr::to_string(&whole).map_err(|_| ClusterError::BadAnswer)?;
    Ok(Secret::new(Zeroizing::new(text).as_bytes()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use kubenova_core::value::Name;

    use super::*;
    use crate::kubeconfig::{Credential, parse};

    proptest! {
        #[test]
        fn attack_114_what_is_issued_parses_back_to_exactly_that(
            token in "[!-~]{1,40}",
            user in "[!-~]{1,20}",
            namespace in prop::option::of("[a-z]{1,9}"),
        ) {
            let parts = KubeconfigParts {
                cluster_name: Name::parse("c1").unwrap(),
                user_name: user,
                namespace: namespace.map(|ns| Name::parse(&ns).unwrap()),
                token: Secret::new(token.clone()),
            };
            let endpoint = Endpoint::parse("https://proxy.example.com:9001").unwrap();
            let made = kubeconfig(&parts, &endpoint, None).unwrap();
            let read = parse(&made).unwrap();
            prop_assert_eq!(read.endpoint, endpoint);
            let Credential::Token(found) = read.credential else { panic!("a token") };
            prop_assert_eq!(found.expose(), token.as_bytes());
        }
    }
}
