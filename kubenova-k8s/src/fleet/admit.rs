//! Admission: parse, check the address, reach it, look at identity and rights. Nothing of the text is run.

use std::time::Duration;

use kubenova_core::domain::cluster::{Proxy, ProxyKind};
use kubenova_core::error::FieldError;
use kubenova_core::ports::cluster::{ClusterError, ClusterProbe};
use kubenova_core::ports::fleet::{Admitted, Candidate, Refusal};

use crate::client::{ClientOptions, connect};
use crate::kubeconfig::access::certificates;
use crate::kubeconfig::{Class, ClusterAccess, Endpoint, Refused, parse};
use crate::tenancy::KubeCluster;

/// The whole first look ends within this.
const DEADLINE: Duration = Duration::from_secs(10);
/// One text for everything that is no API server: closed, silent, plain HTTP, something else.
const NO_API_SERVER: &str = "no Kubernetes API server answers there";

pub(super) async fn admit(
    options: &ClientOptions,
    candidate: Candidate,
) -> Result<Admitted, Refusal> {
    match tokio::time::timeout(DEADLINE, whole(options, candidate)).await {
        Ok(admitted) => admitted,
        Err(_) => Err(about("kubeconfig")(silent())),
    }
}

async fn whole(options: &ClientOptions, candidate: Candidate) -> Result<Admitted, Refusal> {
    let access = parse(&candidate.kubeconfig).map_err(about("kubeconfig"))?;
    let proxy = proxy(options, &candidate).await?;
    let checked = options.check(&access.endpoint).await;
    checked.map_err(about("kubeconfig"))?;
    let inspection = look(options, &access).await;
    let inspection = inspection.map_err(|err| about("kubeconfig")(refused(&err)))?;
    Ok(Admitted {
        kubeconfig: access.to_stored(),
        proxy,
        inspection,
    })
}

fn about(field: &'static str) -> impl FnOnce(Refused) -> Refusal {
    move |no| Refusal(vec![FieldError::new(field, no.to_string())])
}

fn silent() -> Refused {
    Refused::new(Class::Unreachable, NO_API_SERVER)
}

async fn look(
    options: &ClientOptions,
    access: &ClusterAccess,
) -> Result<kubenova_core::ports::cluster::Inspection, ClusterError> {
    let client = connect(access, options)?;
    KubeCluster::new(client, "", options.deadline.min(DEADLINE))
        .inspect()
        .await
}

fn refused(err: &ClusterError) -> Refused {
    match err {
        ClusterError::Tls => Refused::new(
            Class::Tls,
            "the certificate of the server is not trusted by the CA in the kubeconfig",
        ),
        ClusterError::Unauthorized => Refused::new(
            Class::Unauthorized,
            "the server does not accept the credential",
        ),
        ClusterError::Forbidden { what } => {
            Refused::new(Class::Rights, format!("the credential may not {what}"))
        }
        ClusterError::IdentityChanged => {
            Refused::new(Class::Identity, "another cluster answers at this address")
        }
        ClusterError::Unreachable
        | ClusterError::Denied { .. }
        | ClusterError::WebhookDown
        | ClusterError::Missing(_)
        | ClusterError::Conflict
        | ClusterError::BadAnswer => silent(),
    }
}

async fn proxy(options: &ClientOptions, candidate: &Candidate) -> Result<Option<Proxy>, Refusal> {
    let Some(url) = &candidate.proxy_url else {
        let stray = candidate.proxy_ca.is_some() || candidate.proxy_kind.is_some();
        let why = Refused::new(Class::Format, "is required with proxyCa or proxyKind");
        return if stray {
            Err(about("proxyUrl")(why))
        } else {
            Ok(None)
        };
    };
    let endpoint = Endpoint::parse(url).map_err(about("proxyUrl"))?;
    let checked = options.check(&endpoint).await;
    checked.map_err(about("proxyUrl"))?;
    let ca_pem = match &candidate.proxy_ca {
        Some(pem) => {
            let pem = certificates(pem.as_bytes(), "proxyCa");
            Some(pem.map_err(about("proxyCa"))?)
        }
        None => None,
    };
    let kind = candidate.proxy_kind.unwrap_or(ProxyKind::CapsuleProxy);
    if kind == ProxyKind::Direct {
        let why = Refused::new(Class::Format, "must not be given for a direct cluster");
        return Err(about("proxyUrl")(why));
    }
    Ok(Some(Proxy {
        kind,
        url: endpoint.url(),
        ca_pem,
    }))
}
