//! What the tour stands on: the test cluster, a cluster of the caller's, or the fleet in memory.

use std::path::{Path, PathBuf};

use super::Options;
use super::kubectl::Kubectl;
use crate::Result;
use crate::cluster::{Cluster, assets};
use crate::host::{files, say};

/// The test cluster that the demo uses.
const NAME: &str = "default";

/// What stands behind the cluster that the tour registers.
#[derive(Debug)]
pub(super) struct Ground {
    source: Source,
    real: Option<Real>,
}

#[derive(Debug)]
enum Source {
    /// The fleet in memory.
    Simulated,
    /// A cluster that is not ours.
    Given(PathBuf),
    /// The test cluster; one that was up before stays up.
    Own { was_up: bool },
}

/// A cluster that kubectl can ask.
#[derive(Clone, Debug)]
pub(super) struct Real {
    pub(super) kubectl: Kubectl,
    /// What is registered: KubeNova's own identity.
    pub(super) registered: PathBuf,
    /// Who tampers and takes inventories: somebody who may.
    pub(super) admin: PathBuf,
}

/// Whether the tour runs on the fleet in memory: because it was asked for, or because nothing else is possible.
pub(super) fn simulated(options: &Options) -> bool {
    if options.simulated || options.kubeconfig.is_some() {
        return options.simulated;
    }
    if Cluster::find(NAME).is_ok() || assets::all_present() {
        return false;
    }
    let Err(why) = assets::toolchain::go() else {
        return false;
    };
    say::progress(format!(
        "NOTICE: no real cluster is possible on this machine: {why}.\n\
         NOTICE: the tour runs on clusters simulated in memory, without kubectl; this proves the API, not Kubernetes."
    ));
    true
}

impl Ground {
    /// What the options ask for; nothing is started yet.
    pub(super) fn plan(options: &Options, simulated: bool) -> Self {
        let source = match (&options.kubeconfig, simulated) {
            (_, true) => Source::Simulated,
            (Some(file), false) => Source::Given(file.clone()),
            (None, false) => Source::Own {
                was_up: Cluster::find(NAME).is_ok_and(|found| found.check().is_ok()),
            },
        };
        Self { source, real: None }
    }

    /// Brings it up.
    ///
    /// # Errors
    /// When a cluster does not start, or kubectl cannot be had.
    pub(super) async fn raise(&mut self, folder: &Path) -> Result<()> {
        let (registered, admin) = match &self.source {
            Source::Simulated => return Ok(()),
            Source::Given(file) => (file.clone(), file.clone()),
            Source::Own { .. } => {
                let cluster = Cluster::up(NAME).await?;
                (cluster.kubeconfig("kubenova"), cluster.kubeconfig("admin"))
            }
        };
        self.real = Some(Real {
            kubectl: Kubectl::find(folder)?,
            registered,
            admin,
        });
        Ok(())
    }

    /// The cluster that kubectl can ask, if there is one.
    pub(super) fn real(&self) -> Option<&Real> {
        self.real.as_ref()
    }

    /// The kubeconfig to register.
    ///
    /// # Errors
    /// When its file cannot be read.
    pub(super) fn kubeconfig(&self) -> Result<String> {
        match &self.real {
            Some(real) => files::read(&real.registered),
            // what the fleet in memory takes for a kubeconfig
            None => Ok("apiVersion: v1\nkind: Config\nserver: https://demo.invalid\n".to_owned()),
        }
    }

    /// Stops what was started.
    ///
    /// # Errors
    /// When the test cluster does not stop.
    pub(super) fn lower(&self) -> Result<()> {
        if matches!(self.source, Source::Own { was_up: false }) {
            Cluster::down(NAME)?;
        }
        Ok(())
    }
}
