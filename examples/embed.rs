//! KubeNova as a library: a tenant on a simulated cluster, from intent to deployed, without server and network.

use std::{error::Error, io::Write as _, sync::Arc};

use kubenova_core::access::{Actor, RequestId};
use kubenova_core::domain::service::{Clusters, Ports, Tenants};
use kubenova_core::domain::tenant::TenantAt;
use kubenova_core::ports::Clock;
use kubenova_core::{simulation::SimFleet, value::Phase, value::Ref};
use kubenova_examples::{MachineClock, MachineIds, acme, simulated_cluster, work_once};
use kubenova_store::memory::MemoryStore;

#[tokio::main]
pub(crate) async fn main() -> Result<(), Box<dyn Error>> {
    // Adapters behind the ports: kubenova-k8s brings real clusters, kubenova-store brings Postgres.
    let clock: Arc<dyn Clock> = Arc::new(MachineClock);
    let ports = Ports {
        store: Arc::new(MemoryStore::new(Arc::clone(&clock))),
        fleet: Arc::new(SimFleet::new(Arc::clone(&clock))),
        ids: Arc::new(MachineIds),
        clock,
    };
    // Use cases take the caller first. They decide and store what is wanted, and return.
    let me = Actor::system(RequestId::of(ports.ids.next()));
    let clusters = Clusters::new(ports.clone());
    let cluster = clusters.register(&me, simulated_cluster("demo")?).await?;
    let tenants = Tenants::new(ports.clone());
    let tenant = tenants.create(&me, acme(cluster.id)?).await?;
    let at = TenantAt {
        cluster: Some(Ref::Id(cluster.id.uuid())),
        tenant: Ref::Id(tenant.id.uuid()),
    };
    // The reconciler makes the cluster follow.
    while tenants.get(&me, &at).await?.status.phase != Phase::Deployed {
        work_once(&ports).await?;
    }
    writeln!(std::io::stdout(), "deployed: {}", tenant.name)?;
    Ok(())
}
