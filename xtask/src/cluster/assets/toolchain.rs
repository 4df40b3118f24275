//! The Go command: the machine's own if it is new enough, else one from the Go module proxy, checked by its hash.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::host::{files, packages, paths, say, settings, shell};
use crate::{Context as _, Failure, Result};

/// Since this version Go fetches the toolchain that a module asks for by itself.
const OLDEST: u32 = 21;

/// A usable Go command.
///
/// # Errors
/// When there is none and none can be fetched; the sentence says what would help.
pub fn go() -> Result<PathBuf> {
    if let Some(own) = settings::which("go").filter(|file| is_usable(file)) {
        return Ok(own);
    }
    fetched().context(format!(
        "the test cluster's programs are not built yet, and there is no Go 1.{OLDEST} or newer to build them (ready \
         ones may lie in the folder KUBENOVA_TESTENV_ASSETS)"
    ))
}

fn is_usable(file: &Path) -> bool {
    let printed = shell::capture(
        Command::new(file)
            .env("GOTOOLCHAIN", "local")
            .arg("version"),
    );
    printed
        .ok()
        .as_deref()
        .and_then(minor)
        .is_some_and(|minor| minor >= OLDEST)
}

/// `21` of "go version go1.21.3 linux/amd64".
fn minor(printed: &str) -> Option<u32> {
    let rest = printed.split("go1.").nth(1)?;
    rest.split(|at: char| !at.is_ascii_digit())
        .next()?
        .parse()
        .ok()
}

fn fetched() -> Result<PathBuf> {
    let pins = files::read(&paths::cluster_sources().join("go-toolchain.txt"))?;
    let (version, hash) = pin(&pins, std::env::consts::ARCH)?;
    let home = settings::cache().join(format!("go-{version}"));
    let _held = files::lock(&home.with_extension("lock"))?;
    let go = home.join("bin/go");
    if go.is_file() {
        return Ok(go);
    }
    say::progress(format!("fetching Go ({version}, 70 MB, once)"));
    let (curl, unzip) = (
        packages::program("curl", "curl")?,
        packages::program("unzip", "unzip")?,
    );
    let fresh = home.with_extension("new");
    files::remove_folder(&fresh)?;
    files::folder(&fresh)?;
    let zip = fresh.join("go.zip");
    let url = format!("{}/golang.org/toolchain/@v/{version}.zip", proxy());
    let limits = ["-fsSL", "--retry", "3", "--max-time", "900", "-o"];
    shell::capture(Command::new(curl).args(limits).arg(&zip).arg(url))?;
    let seen = files::hash([fs::read(&zip).context("read the toolchain")?.as_slice()]);
    if seen != hash {
        return Err(Failure::new(format!(
            "the fetched Go has the hash {seen}, not {hash}"
        )));
    }
    shell::capture(
        Command::new(unzip)
            .arg("-q")
            .arg(&zip)
            .arg("-d")
            .arg(&fresh),
    )?;
    let inside = fresh.join(format!("golang.org/toolchain@{version}"));
    make_executable(&inside)?;
    fs::rename(&inside, &home).context("keep the toolchain")?;
    files::remove_folder(&fresh)?;
    Ok(go)
}

/// Module zips carry no modes.
fn make_executable(root: &Path) -> Result<()> {
    let mut folders = vec![root.join("bin"), root.join("pkg/tool")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            if entry.path().is_dir() {
                folders.push(entry.path());
            } else {
                files::executable(&entry.path())?;
            }
        }
    }
    Ok(())
}

/// The first proxy of GOPROXY, as Go itself would ask it.
fn proxy() -> String {
    let list = settings::var("GOPROXY").unwrap_or_default();
    let mut urls = list.split([',', '|']).filter(|one| one.starts_with("http"));
    urls.next()
        .unwrap_or("https://proxy.golang.org")
        .trim_end_matches('/')
        .to_owned()
}

fn pin(pins: &str, arch: &str) -> Result<(String, String)> {
    let arch = match arch {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    let mut rows = pins.lines().filter_map(|line| line.split_once(' '));
    let found = rows.find(|(version, _)| version.ends_with(&format!(".linux-{arch}")));
    let (version, hash) = found.context(format!("no Go toolchain is pinned for {arch}"))?;
    Ok((version.to_owned(), hash.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn go_says_its_version() {
        assert_eq!(minor("go version go1.26.8 linux/amd64"), Some(26));
        assert_eq!(minor("go version devel"), None);
    }

    #[test]
    fn the_pin_is_of_the_machine_and_of_the_modules_version() {
        let pins = files::read(&paths::cluster_sources().join("go-toolchain.txt")).unwrap();
        let (version, hash) = pin(&pins, "x86_64").unwrap();
        let module = files::read(&paths::cluster_sources().join("etcd/go.mod")).unwrap();
        let asked = module
            .lines()
            .find_map(|line| line.strip_prefix("go "))
            .unwrap();
        assert_eq!(version, format!("v0.0.1-go{asked}.linux-amd64"));
        assert_eq!(hash.len(), 64);
    }
}
