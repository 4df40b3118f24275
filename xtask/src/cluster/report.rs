//! What `cluster up` and `cluster status` print.

use super::{Cluster, kubeconfig};
use crate::host::say;

/// One line a part, then where things are.
pub fn show(cluster: &Cluster) {
    let state = cluster.state();
    for part in &state.parts {
        let told = match part.handle {
            Some(handle) if handle.is_alive() => format!("running, process {}", handle.pid),
            Some(_) => "CRASHED".to_owned(),
            None => "stopped".to_owned(),
        };
        say::result(format!("{:24} {told}", part.program.name));
    }
    let identities: Vec<&str> = kubeconfig::IDENTITIES
        .iter()
        .map(|(file, ..)| *file)
        .collect();
    say::result(format!("{:24} {}", "API server", state.server));
    say::result(format!(
        "{:24} {}",
        "logs",
        cluster.state_dir().join("log").display()
    ));
    let folder = cluster.state_dir().join("kubeconfig");
    say::result(format!(
        "{:24} {}/{{{}}}.yaml",
        "kubeconfigs",
        folder.display(),
        identities.join(",")
    ));
}
