//! Proofs on the cluster: what each kubeconfig opens and what not, and that foreign changes do not last.

use std::time::{Duration, Instant};

use super::{NAMESPACE, PATIENCE, Tour, is_deployed, project};
use crate::demo::ground::Real;
use crate::demo::kubectl::Ending::{self, Done, Forbidden};
use crate::demo::print;
use crate::host::say;
use crate::{Failure, Result};

const NO_KUBECTL: &str = "   (clusters in memory: no kubectl, nothing to prove here)";

/// A command in the project's namespace, and how it ends for readOnly, tenantOwner and projectDev.
const INSIDE: [(&str, [Ending; 3]); 6] = [
    ("get pods", [Done, Done, Done]),
    ("get secrets", [Forbidden, Done, Done]),
    (
        "create configmap ROLE --from-literal=a=b",
        [Forbidden, Done, Done],
    ),
    (
        "create deployment ROLE --image=registry.k8s.io/pause:3.10",
        [Forbidden, Done, Done],
    ),
    (
        "create rolebinding ROLE --clusterrole=view --user=x",
        [Forbidden; 3],
    ),
    ("create quota ROLE --hard=pods=9", [Forbidden; 3]),
];

/// Commands outside of it: nobody gets there.
const OUTSIDE: [&str; 4] = [
    "-n default get pods",
    "-n kube-system get secrets",
    "-n kubenova-system get secrets",
    "get namespaces",
];

const ROLES: [&str; 3] = ["readOnly", "tenantOwner", "projectDev"];

pub(super) async fn kubectl(tour: &Tour<'_>) -> Result<()> {
    let Some(real) = tour.ground.real() else {
        say::result(NO_KUBECTL);
        return Ok(());
    };
    for (nth, role) in ROLES.into_iter().enumerate() {
        let file = &tour.of(role)?.file;
        for (words, endings) in INSIDE {
            let name = role.to_lowercase();
            let words = format!("-n {NAMESPACE} {}", words.replace("ROLE", &name));
            real.kubectl.prove(file, &words, endings[nth]).await?;
        }
        for words in OUTSIDE {
            real.kubectl.prove(file, words, Forbidden).await?;
        }
    }
    let words = format!("-n {NAMESPACE} rollout status deployment/tenantowner --timeout=40s");
    real.kubectl
        .prove(&tour.of("tenantOwner")?.file, &words, Done)
        .await
        .map(drop)
}

pub(super) async fn drift(tour: &Tour<'_>) -> Result<()> {
    let Some(real) = tour.ground.real() else {
        say::result(NO_KUBECTL);
        return Ok(());
    };
    let binding =
        format!("-n {NAMESPACE} get rolebinding kubenova:projectDev -o jsonpath={{.metadata.uid}}");
    let old = real.kubectl.prove(&real.admin, &binding, Done).await?.out;
    let delete = format!("-n {NAMESPACE} delete rolebinding kubenova:projectDev");
    real.kubectl.prove(&real.admin, &delete, Done).await?;
    returns(real, &binding, old.trim()).await?;
    real.kubectl.prove(&real.admin, &binding, Done).await?;
    let words = format!("-n {NAMESPACE} get pods");
    real.kubectl
        .prove(&tour.of("projectDev")?.file, &words, Done)
        .await?;
    tour.admin
        .until(&project(), PATIENCE, is_deployed)
        .await
        .map(drop)
}

/// Waits for another object of the same name.
async fn returns(real: &Real, binding: &str, old: &str) -> Result<()> {
    let deleted = Instant::now();
    while deleted.elapsed() < PATIENCE {
        let ran = real.kubectl.run(&real.admin, binding).await?;
        if ran.ending == Done && ran.out.trim() != old {
            let after = deleted.elapsed().as_millis();
            print::note(format!(
                "it is back; seen {after} ms after kubectl had deleted it"
            ));
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Err(Failure::new("the deleted RoleBinding did not come back"))
}
