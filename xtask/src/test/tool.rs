//! cargo-deny at a pinned version, built once into the cache that survives `cargo clean`.

use std::path::{Path, PathBuf};

use tokio::process::Command;

use crate::host::{files, say, settings};
use crate::{Context as _, Result};

/// A release whose rules `deny.toml` was written for.
const VERSION: &str = "0.20.2";

/// The program, built first when the cache has none; that takes minutes, once a machine.
///
/// # Errors
/// When it cannot be built; the output of `cargo install` says why.
pub(super) async fn cargo_deny() -> Result<PathBuf> {
    let root = settings::cache().join(format!("cargo-deny-{VERSION}"));
    let program = root.join("bin/cargo-deny");
    files::folder(&root)?;
    let _held = files::lock(&root.with_extension("lock"))?;
    if !program.is_file() {
        say::progress(format!("building cargo-deny {VERSION} (once; minutes)"));
        install(&root).await.context("build cargo-deny")?;
    }
    Ok(program)
}

/// Cargo moves the program into place only when it is whole, so a build that was stopped leaves none.
async fn install(root: &Path) -> Result<()> {
    let mut install: Command = super::steps::cargo();
    install
        .args(["install", "cargo-deny", "--locked", "--quiet"])
        .args(["--version", VERSION, "--root"])
        .arg(root);
    super::steps::show(&mut install).await
}
