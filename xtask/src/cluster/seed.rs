//! A seed: the data and authorities of a complete, stopped cluster. Starting from one takes seconds.
//!
//! Every name has a seed of its own, because what a seed holds keeps its UIDs, `kube-system`'s too.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::assets::Assets;
use super::capsule;
use crate::host::{files, paths, settings};
use crate::{Context as _, Result};

/// What a start takes over from its seed, besides the folders.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Facts {
    /// Port of Capsule's webhooks that the seeded objects name.
    pub hook: u16,
}

/// The seed of one name at the present versions and manifests.
#[derive(Clone, Debug)]
pub struct Seed {
    folder: PathBuf,
    name: String,
}

/// What of a cluster's folder belongs to its seed.
const KEPT: [&str; 2] = ["etcd", "kept"];

impl Seed {
    /// The seed that belongs to `name` and these programs; it need not exist yet.
    ///
    /// # Errors
    /// When manifests cannot be read.
    pub fn of(name: &str, assets: &Assets) -> Result<Self> {
        let mut parts = vec![
            assets.key.clone(),
            capsule::configuration(0, "").to_string(),
        ];
        for file in manifests() {
            parts.push(files::read(&file)?);
        }
        let key = files::short_hash(parts.iter().map(String::as_bytes));
        let folder = seeds().join(format!("{name}-{key}"));
        Ok(Self {
            folder,
            name: name.to_owned(),
        })
    }

    /// Whether it can be started from.
    pub fn exists(&self) -> bool {
        self.folder.join("facts.json").is_file()
    }

    /// Copies it into a cluster's folder.
    ///
    /// # Errors
    /// When it is damaged or the file system refuses.
    pub fn plant(&self, cluster: &Path) -> Result<Facts> {
        for part in KEPT {
            files::copy_folder(&self.folder.join(part), &cluster.join(part))?;
        }
        let facts = files::read(&self.folder.join("facts.json"))?;
        serde_json::from_str(&facts).context("read a seed")
    }

    /// Keeps a stopped cluster's folder as this seed; older seeds of the name go.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn harvest(&self, cluster: &Path, facts: Facts) -> Result<()> {
        let fresh = self
            .folder
            .with_extension(format!("new-{}", std::process::id()));
        files::remove_folder(&fresh)?;
        for part in KEPT {
            files::copy_folder(&cluster.join(part), &fresh.join(part))?;
        }
        let text = serde_json::to_string(&facts).context("write a seed")?;
        files::write_private(&fresh.join("facts.json"), text)?;
        self.remove_all_of_this_name()?;
        std::fs::rename(&fresh, &self.folder).context("keep the seed")
    }

    fn remove_all_of_this_name(&self) -> Result<()> {
        for entry in std::fs::read_dir(seeds()).into_iter().flatten().flatten() {
            let file = entry.file_name().to_string_lossy().into_owned();
            let of_this = file
                .strip_prefix(&format!("{}-", self.name))
                .is_some_and(is_key);
            if of_this {
                files::remove_folder(&entry.path())?;
            }
        }
        Ok(())
    }
}

/// The manifest files that make a cluster what it is.
pub fn manifests() -> [PathBuf; 4] {
    let own = paths::cluster_sources().join("manifests");
    let rbac = paths::workspace().join("deploy/clusters/kubenova-rbac.yaml");
    [
        own.join("base.yaml"),
        rbac,
        own.join("kwok.yaml"),
        own.join("audit.yaml"),
    ]
}

fn seeds() -> PathBuf {
    settings::cache().join("seeds")
}

fn is_key(text: &str) -> bool {
    text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_not_another_name() {
        assert!(is_key("0123456789abcdef"));
        assert!(!is_key("b-0123456789abcdef"));
    }
}
