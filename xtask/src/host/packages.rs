//! Packages of the distribution, installed on demand where we may.

use std::path::PathBuf;
use std::process::Command;

use super::{say, settings, shell};
use crate::{Failure, Result};

/// The program, after installing `package` if it is missing and we are root.
///
/// # Errors
/// When it is missing and cannot be installed; the sentence says which package to install.
pub fn program(program: &str, package: &str) -> Result<PathBuf> {
    if let Some(found) = settings::which(program) {
        return Ok(found);
    }
    install(package)?;
    settings::which(program)
        .ok_or_else(|| Failure::new(format!("package {package} brought no `{program}`")))
}

/// Installs a package of the distribution.
///
/// # Errors
/// When we are not root, there is no apt, or apt fails.
pub fn install(package: &str) -> Result<()> {
    let hint = format!("install the package {package} of your distribution");
    if !shell::is_root() {
        return Err(Failure::new(format!(
            "{hint} (only root can do it by itself)"
        )));
    }
    let apt = settings::which("apt-get").ok_or_else(|| Failure::new(hint))?;
    say::progress(format!("installing {package}"));
    let apt_get = |words: &[&str]| {
        let mut command = Command::new(&apt);
        command
            .env("DEBIAN_FRONTEND", "noninteractive")
            .arg("-qq")
            .args(words);
        shell::capture(&mut command)
    };
    let install = ["install", "-y", "--no-install-recommends", package];
    if apt_get(&install).is_err() {
        apt_get(&["update"])?;
        apt_get(&install)?;
    }
    Ok(())
}
