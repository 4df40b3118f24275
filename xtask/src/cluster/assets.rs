//! The programs of the test cluster: which, at which pinned version, and where a ready one is found.

pub mod build;
pub mod toolchain;

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::host::{files, paths, settings, shell};
use crate::{Context as _, Failure, Result};

/// One program and the Go package it is built from.
#[derive(Clone, Copy, Debug)]
pub struct Source {
    /// File name of the binary.
    pub name: &'static str,
    /// Folder below `xtask/cluster` with its `go.mod`.
    pub module: &'static str,
    /// Go package of the program.
    pub package: &'static str,
    /// Go module whose version is the program's version.
    pub pinned: &'static str,
}

const KUBERNETES: &str = "k8s.io/kubernetes";
const CAPSULE: &str = "github.com/projectcapsule/capsule";

/// All programs, the one that fills the Go cache for others first.
pub const SOURCES: [Source; 6] = [
    source(
        "etcd",
        "etcd",
        "go.etcd.io/etcd/server/v3",
        "go.etcd.io/etcd/server/v3",
    ),
    source(
        "kube-apiserver",
        "kubernetes",
        "k8s.io/kubernetes/cmd/kube-apiserver",
        KUBERNETES,
    ),
    source(
        "kube-controller-manager",
        "kubernetes",
        "k8s.io/kubernetes/cmd/kube-controller-manager",
        KUBERNETES,
    ),
    source(
        "kube-scheduler",
        "kubernetes",
        "k8s.io/kubernetes/cmd/kube-scheduler",
        KUBERNETES,
    ),
    source(
        "capsule",
        "capsule",
        "github.com/projectcapsule/capsule/cmd/controller",
        CAPSULE,
    ),
    source(
        "kwok",
        "kwok",
        "sigs.k8s.io/kwok/cmd/kwok",
        "sigs.k8s.io/kwok",
    ),
];

const fn source(
    name: &'static str,
    module: &'static str,
    package: &'static str,
    pinned: &'static str,
) -> Source {
    Source {
        name,
        module,
        package,
        pinned,
    }
}

/// Where every program and Capsule's CRDs lie.
#[derive(Clone, Debug)]
pub struct Assets {
    programs: Vec<(&'static str, PathBuf)>,
    /// Capsule's CRD files, in order.
    pub crds: Vec<PathBuf>,
    /// Identifies the pinned versions: equal keys, equal programs.
    pub key: String,
}

impl Assets {
    /// Finds every program, building what is missing.
    ///
    /// # Errors
    /// When something is missing and cannot be built; the sentence says what would help.
    pub fn ready() -> Result<Self> {
        let mut programs = Vec::new();
        for source in &SOURCES {
            programs.push((source.name, source.find_or_build()?));
        }
        let crds = crds()?;
        let keys = modules().map(cache_key).collect::<Result<Vec<_>>>()?;
        let key = files::short_hash(keys.iter().map(String::as_bytes));
        Ok(Self {
            programs,
            crds,
            key,
        })
    }

    /// The binary of that name.
    ///
    /// # Errors
    /// When the test cluster has no such program.
    pub fn program(&self, name: &str) -> Result<PathBuf> {
        let found = self.programs.iter().find(|(known, _)| *known == name);
        found
            .map(|(_, file)| file.clone())
            .context(format!("no program {name}"))
    }
}

/// Whether everything is there without building: true means a cluster starts in seconds.
pub fn all_present() -> bool {
    SOURCES
        .iter()
        .all(|source| source.find().is_ok_and(|found| found.is_some()))
        && crds_in_cache().is_ok_and(|found| !found.is_empty())
}

impl Source {
    /// Version the module file pins, e.g. `v1.34.4`.
    ///
    /// # Errors
    /// When the module file cannot be read or does not require it.
    pub fn version(&self) -> Result<String> {
        let text = files::read(&module_folder(self.module).join("go.mod"))?;
        required(&text, self.pinned).context(format!("{} is not pinned", self.pinned))
    }

    /// Where the built binary is kept.
    ///
    /// # Errors
    /// When the module files cannot be read.
    pub fn cached(&self) -> Result<PathBuf> {
        Ok(cache_folder(self.module)?.join(self.name))
    }

    fn find(&self) -> Result<Option<PathBuf>> {
        let version = self.version()?;
        let given = settings::assets().map(|folder| folder.join(self.name));
        if let Some(file) = given.filter(|file| self.is_version(file, &version)) {
            return Ok(Some(file));
        }
        let cached = self.cached()?;
        if cached.is_file() {
            return Ok(Some(cached));
        }
        Ok(settings::which(self.name).filter(|file| self.is_version(file, &version)))
    }

    fn find_or_build(&self) -> Result<PathBuf> {
        match self.find()? {
            Some(found) => Ok(found),
            None => build::program(self),
        }
    }

    /// Asks the program for its version; Capsule has no such flag, but every Go binary lists its modules.
    fn is_version(&self, file: &Path, version: &str) -> bool {
        if !file.is_file() {
            return false;
        }
        if self.name == "capsule" {
            let built_from = format!("{}\t{version}\t", self.pinned);
            return std::fs::read(file).is_ok_and(|bytes| contains(&bytes, built_from.as_bytes()));
        }
        let said = shell::capture(Command::new(file).arg("--version")).unwrap_or_default();
        let number = version.trim_start_matches('v');
        said.split_whitespace()
            .any(|word| word.trim_start_matches('v') == number)
    }
}

/// Folder with the `go.mod` of a module of the test cluster.
pub fn module_folder(module: &str) -> PathBuf {
    paths::cluster_sources().join(module)
}

/// Folder in the cache for what is built from a module: its name and a hash of its pins.
///
/// # Errors
/// When the module files cannot be read.
pub fn cache_folder(module: &str) -> Result<PathBuf> {
    Ok(settings::cache().join(format!("{module}-{}", cache_key(module)?)))
}

fn modules() -> impl Iterator<Item = &'static str> {
    ["etcd", "kubernetes", "capsule", "kwok"].into_iter()
}

fn cache_key(module: &str) -> Result<String> {
    let folder = module_folder(module);
    let pins = files::read(&folder.join("go.mod"))?;
    let sums = files::read(&folder.join("go.sum"))?;
    Ok(files::short_hash([pins.as_bytes(), sums.as_bytes()]))
}

fn required(go_mod: &str, module: &str) -> Option<String> {
    let mut lines = go_mod
        .lines()
        .map(|line| line.trim().trim_start_matches("require "));
    lines.find_map(|line| {
        let (path, rest) = line.split_once(' ')?;
        (path == module).then(|| rest.split_whitespace().next().unwrap_or_default().into())
    })
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

fn crds() -> Result<Vec<PathBuf>> {
    let found = crds_in_cache()?;
    if !found.is_empty() {
        return Ok(found);
    }
    if let Some(given) = settings::assets().map(|folder| folder.join("crds")) {
        let found = yaml_files(&given);
        if !found.is_empty() {
            return Ok(found);
        }
    }
    let charts = build::module_source("capsule", CAPSULE)?.join("charts/capsule/crds");
    let beside = cache_folder("capsule")?;
    let fresh = beside.join("crds.new");
    files::remove_folder(&fresh)?;
    files::folder(&fresh)?;
    for file in yaml_files(&charts) {
        let name = file.file_name().context("a file has a name")?;
        std::fs::write(fresh.join(name), files::read(&file)?).context("copy a CRD")?;
    }
    std::fs::rename(&fresh, beside.join("crds")).context("keep the CRDs")?;
    match crds_in_cache()? {
        none if none.is_empty() => Err(Failure::new("the Capsule module holds no CRD files")),
        found => Ok(found),
    }
}

fn crds_in_cache() -> Result<Vec<PathBuf>> {
    Ok(yaml_files(&cache_folder("capsule")?.join("crds")))
}

fn yaml_files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "yaml"))
        .collect();
    files.sort();
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_is_read_in_a_block_and_alone() {
        let text = "module x\n\nrequire (\n\ta.b/c v1.2.3 // indirect\n)\nrequire d.e/f v4.5.6\n";
        assert_eq!(required(text, "a.b/c").as_deref(), Some("v1.2.3"));
        assert_eq!(required(text, "d.e/f").as_deref(), Some("v4.5.6"));
        assert_eq!(required(text, "a.b"), None);
    }

    #[test]
    fn every_program_is_pinned() {
        for source in &SOURCES {
            assert!(
                source.version().unwrap().starts_with('v'),
                "{}",
                source.name
            );
        }
    }
}
