//! The one place where the commands read their environment.

use std::path::PathBuf;

/// Value of an environment variable; empty counts as absent.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the configuration module of the commands"
)]
pub fn var(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Folder with ready-made cluster binaries, tried before PATH and before building.
pub fn assets() -> Option<PathBuf> {
    var("KUBENOVA_TESTENV_ASSETS").map(PathBuf::from)
}

/// Folder for what is dear to make and survives `cargo clean`: `$XDG_CACHE_HOME/kubenova/testenv`.
pub fn cache() -> PathBuf {
    var("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| var("HOME").map(|home| PathBuf::from(home).join(".cache")))
        .unwrap_or_else(std::env::temp_dir)
        .join("kubenova/testenv")
}

/// Folders of PATH, then those where Go and the administration tools live when PATH misses them.
pub fn search_path() -> Vec<PathBuf> {
    let path = var("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    folders.extend(["/usr/local/go/bin", "/usr/sbin", "/sbin"].map(PathBuf::from));
    folders
}

/// First executable of that name on the search path.
pub fn which(program: &str) -> Option<PathBuf> {
    search_path()
        .into_iter()
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}
