//! Small file helpers: private files, whole-file replacement, locks, copies, hashes.

use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use std::process::Command;

use aws_lc_rs::digest;

use super::shell;
use crate::{Context as _, Failure, Result};

/// Creates a folder and its parents.
///
/// # Errors
/// When the file system refuses.
pub fn folder(path: &Path) -> Result<()> {
    fs::create_dir_all(path).context(format!("create {}", path.display()))
}

/// Replaces a file in one step; only its owner may read it.
///
/// # Errors
/// When the file system refuses.
pub fn write_private(path: &Path, content: impl AsRef<[u8]>) -> Result<()> {
    let beside = path.with_extension("new");
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&beside)
        .context(format!("write {}", beside.display()))?;
    file.write_all(content.as_ref())
        .context(format!("write {}", beside.display()))?;
    fs::rename(&beside, path).context(format!("write {}", path.display()))
}

/// Whole content of a text file.
///
/// # Errors
/// When it cannot be read or is not UTF-8.
pub fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).context(format!("read {}", path.display()))
}

/// Removes a folder with all below; absence is fine.
///
/// # Errors
/// When the file system refuses.
pub fn remove_folder(path: &Path) -> Result<()> {
    match fs::remove_dir_all(path) {
        Err(err) if err.kind() != std::io::ErrorKind::NotFound => {
            Err(Failure::new(format!("remove {}: {err}", path.display())))
        }
        _ => Ok(()),
    }
}

/// Copies a folder with all below, keeping modes and leaving holes in files unwritten.
///
/// # Errors
/// When the file system refuses.
pub fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    if let Some(parent) = to.parent() {
        folder(parent)?;
    }
    let mut copy = Command::new("cp");
    shell::capture(copy.args(["-a", "--sparse=always", "-T"]).args([from, to])).map(drop)
}

/// Marks a file as executable for everybody.
///
/// # Errors
/// When the file system refuses.
pub fn executable(path: &Path) -> Result<()> {
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
        .context(format!("set mode of {}", path.display()))
}

/// Holds an exclusive lock until dropped; waits for another command that has it.
///
/// # Errors
/// When the lock file cannot be made.
pub fn lock(path: &Path) -> Result<File> {
    if let Some(parent) = path.parent() {
        folder(parent)?;
    }
    let file = File::create(path).context(format!("open {}", path.display()))?;
    if file.try_lock().is_err() {
        super::say::progress(format!("waiting for another command ({})", path.display()));
        file.lock().context(format!("lock {}", path.display()))?;
    }
    Ok(file)
}

/// The SHA-256 of all parts together, in hexadecimal digits.
pub fn hash<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(part);
    }
    context
        .finish()
        .as_ref()
        .iter()
        .fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
}

/// The first 16 digits of [`hash`].
pub fn short_hash<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> String {
    hash(parts).chars().take(16).collect()
}

/// The last `lines` lines of a log file; empty when there is none.
pub fn tail(path: &Path, lines: usize) -> String {
    let text = fs::read(path).map(|raw| String::from_utf8_lossy(&raw).into_owned());
    let text = text.unwrap_or_default();
    let all: Vec<&str> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_of_all_parts_in_order() {
        let whole = short_hash([b"ab".as_slice()]);
        assert_eq!(whole, "fb8e20fc2e4c3f24");
        assert_eq!(whole, short_hash([b"a".as_slice(), b"b".as_slice()]));
    }
}
