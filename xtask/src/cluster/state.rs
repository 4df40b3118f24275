//! `state.json`: what runs for a cluster, under which ports, as which processes. Tests read it too.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::netns::Network;
use crate::host::process::{Handle, Program};
use crate::host::{files, paths};
use crate::{Context as _, Failure, Result};

/// Everything known about a running cluster.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct State {
    /// Name given to `--name`.
    pub name: String,
    /// URL of the API server as this machine reaches it.
    pub server: String,
    /// Where it lives.
    pub network: Network,
    /// Ports, all on loopback of that place except `api`.
    pub ports: Ports,
    /// Whether its start was completed; an interrupted one leaves `false`.
    pub ready: bool,
    /// Its processes in start order.
    pub parts: Vec<Part>,
}

/// A process of the cluster.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Part {
    /// What runs.
    pub program: Program,
    /// As which process; `None` after `stop-part`.
    pub handle: Option<Handle>,
}

/// Ports of the parts.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Ports {
    /// etcd, clients.
    pub etcd: u16,
    /// etcd, peers.
    pub peer: u16,
    /// API server.
    pub api: u16,
    /// Controller manager.
    pub controllers: u16,
    /// Scheduler.
    pub scheduler: u16,
    /// kwok's kubelet.
    pub kubelet: u16,
    /// Capsule's webhooks.
    pub hook: u16,
}

impl State {
    /// The state of the cluster `name`, if it has one.
    ///
    /// # Errors
    /// When the file is there but damaged.
    pub fn load(name: &str) -> Result<Option<Self>> {
        let file = file(&paths::cluster_state(name));
        if !file.is_file() {
            return Ok(None);
        }
        let text = files::read(&file)?;
        serde_json::from_str(&text)
            .context(format!("read {}", file.display()))
            .map(Some)
    }

    /// Writes it down.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn save(&self) -> Result<()> {
        let text = serde_json::to_string_pretty(self).context("write the cluster's state")?;
        files::write_private(&file(&self.folder()), text)
    }

    /// Its folder.
    pub fn folder(&self) -> PathBuf {
        paths::cluster_state(&self.name)
    }

    /// The part of that name.
    ///
    /// # Errors
    /// When there is none; the sentence lists those that exist.
    pub fn part(&mut self, name: &str) -> Result<&mut Part> {
        let known = self
            .parts
            .iter()
            .map(|part| part.program.name.clone())
            .collect::<Vec<_>>();
        let found = self.parts.iter_mut().find(|part| part.program.name == name);
        found.context(format!("no part {name}; there are {}", known.join(", ")))
    }

    /// Parts that should run and do not.
    pub fn crashed(&self) -> impl Iterator<Item = &Part> {
        self.parts
            .iter()
            .filter(|part| part.handle.is_some_and(|handle| !handle.is_alive()))
    }

    /// `Err` that names every crashed part with the end of its log, else nothing.
    ///
    /// # Errors
    /// When at least one part has crashed.
    pub fn check(&self) -> Result<()> {
        let said: Vec<String> = self.crashed().map(Part::obituary).collect();
        if said.is_empty() {
            Ok(())
        } else {
            Err(Failure::new(said.join("\n")))
        }
    }
}

impl Part {
    /// Whether it runs.
    pub fn is_alive(&self) -> bool {
        self.handle.is_some_and(Handle::is_alive)
    }

    fn obituary(&self) -> String {
        let Program { name, log, .. } = &self.program;
        let last = files::tail(log, 8).replace('\n', "\n    ");
        format!(
            "{name} has ended; the end of {}:\n    {last}",
            log.display()
        )
    }
}

fn file(folder: &Path) -> PathBuf {
    folder.join("state.json")
}
