//! Commands: text becomes values at the rim, and what is a value is correct.

use std::error::Error;

use kubenova_core::domain::bounds::Bounds;
use kubenova_core::domain::service::{CreateTenant, RegisterCluster};
use kubenova_core::ports::fleet::Candidate;
use kubenova_core::simulation::SimFleet;
use kubenova_core::value::{Annotations, ClusterId, Labels, Name, Ref, Secret, Subject};

/// Registers a simulated cluster; a real one is registered with its kubeconfig.
///
/// # Errors
/// When `name` is no DNS label.
pub fn simulated_cluster(name: &str) -> Result<RegisterCluster, Box<dyn Error>> {
    Ok(RegisterCluster {
        name: Name::parse(name)?,
        display_name: String::new(),
        labels: Labels::default(),
        candidate: Candidate {
            kubeconfig: Secret::new(SimFleet::kubeconfig_of(name)),
            proxy_url: None,
            proxy_ca: None,
            proxy_kind: None,
        },
    })
}

/// Creates the tenant `acme`, which alice runs.
///
/// # Errors
/// Never: its values are good.
pub fn acme(cluster: ClusterId) -> Result<CreateTenant, Box<dyn Error>> {
    Ok(CreateTenant {
        cluster: Ref::Id(cluster.uuid()),
        name: Name::parse("acme")?,
        owners: [Subject::parse("alice")?].into(),
        labels: Labels::parse([("tier".to_owned(), "gold".to_owned())].into())?,
        annotations: Annotations::default(),
        bounds: Bounds::default(),
    })
}
