//! Where things lie: workspace, target folder, state of clusters and databases.

use std::path::{Path, PathBuf};

use super::settings;

/// Root of the workspace this command was built from.
pub fn workspace() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own).to_path_buf()
}

/// The target folder: `CARGO_TARGET_DIR`, else `target` in the workspace.
pub fn target() -> PathBuf {
    match settings::var("CARGO_TARGET_DIR").map(PathBuf::from) {
        Some(folder) if folder.is_absolute() => folder,
        Some(folder) => workspace().join(folder),
        None => workspace().join("target"),
    }
}

/// Folder of the pinned modules and manifests of the test cluster.
pub fn cluster_sources() -> PathBuf {
    workspace().join("xtask/cluster")
}

/// State folder of the cluster `name`.
pub fn cluster_state(name: &str) -> PathBuf {
    target().join("cluster").join(name)
}

/// State folder of the database `name`.
pub fn db_state(name: &str) -> PathBuf {
    target().join("db").join(name)
}
