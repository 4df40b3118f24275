//! Builds programs of the test cluster from their pinned Go modules, once, with a word every 20 seconds.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::{Source, cache_folder, module_folder, toolchain};
use crate::host::{files, say, shell};
use crate::{Context as _, Failure, Result};

/// Builds one program into the cache and says where it is.
///
/// # Errors
/// When there is no usable Go or the build fails; then with the end of its output.
pub fn program(source: &Source) -> Result<PathBuf> {
    let target = source.cached()?;
    let folder = cache_folder(source.module)?;
    let _held = files::lock(&folder.with_extension("lock"))?;
    if target.is_file() {
        return Ok(target); // another command built it meanwhile
    }
    files::folder(&folder)?;
    let version = source.version()?;
    say::progress(format!(
        "building {} {version} (once; minutes on a small machine)",
        source.name
    ));
    let fresh = folder.join(format!("{}.new", source.name));
    let log = folder.join(format!("{}.log", source.name));
    let started = Instant::now();
    let mut build = go()?;
    build
        .current_dir(module_folder(source.module))
        .env("CGO_ENABLED", "0")
        .args(["build", "-trimpath", &link_flags(source, &version), "-o"])
        .arg(&fresh)
        .arg(source.package);
    watch(&mut build, source.name, &log)?;
    files::executable(&fresh)?;
    std::fs::rename(&fresh, &target).context("keep the binary")?;
    let _ = std::fs::remove_file(&log);
    say::progress(format!(
        "built {} in {} s",
        source.name,
        started.elapsed().as_secs()
    ));
    Ok(target)
}

/// Folder with the sources of a module that one of ours requires, downloaded if need be.
///
/// # Errors
/// When there is no usable Go or the download fails.
pub fn module_source(ours: &str, module: &str) -> Result<PathBuf> {
    let folder = module_folder(ours);
    shell::capture(go()?.current_dir(&folder).args(["mod", "download", module]))?;
    let list = ["list", "-m", "-f", "{{.Dir}}", module];
    let printed = shell::capture(go()?.current_dir(&folder).args(list))?;
    Ok(PathBuf::from(printed.trim()))
}

/// The Go command, told to fetch the toolchain that a module asks for.
fn go() -> Result<Command> {
    let mut command = Command::new(toolchain::go()?);
    command
        .env("GOTOOLCHAIN", "auto")
        .env("GOWORK", "off")
        .stdin(Stdio::null());
    Ok(command)
}

fn link_flags(source: &Source, version: &str) -> String {
    let mut flags = "-ldflags=-s -w".to_owned();
    let mut numbers = version.trim_start_matches('v').split('.');
    if source.module == "kubernetes"
        && let (Some(major), Some(minor)) = (numbers.next(), numbers.next())
    {
        let at = "k8s.io/component-base/version";
        for (key, value) in [
            ("gitVersion", version),
            ("gitMajor", major),
            ("gitMinor", minor),
        ] {
            flags.push_str(&format!(" -X {at}.{key}={value}"));
        }
    }
    flags
}

/// Runs a build, its output in a log, with a sign of life on the terminal.
fn watch(build: &mut Command, name: &str, log: &Path) -> Result<()> {
    let output = std::fs::File::create(log).context(format!("open {}", log.display()))?;
    let errors = output
        .try_clone()
        .context(format!("open {}", log.display()))?;
    let mut child: Child = build
        .stdout(output)
        .stderr(errors)
        .spawn()
        .context(format!("build {name}"))?;
    let started = Instant::now();
    let mut next = Duration::from_secs(20);
    loop {
        if let Some(status) = child.try_wait().context(format!("build {name}"))? {
            let end = || format!("building {name} failed:\n{}", files::tail(log, 20));
            return if status.success() {
                Ok(())
            } else {
                Err(Failure::new(end()))
            };
        }
        if started.elapsed() >= next {
            say::progress(format!("  still building {name}, {} s", next.as_secs()));
            next += Duration::from_secs(20);
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_kubernetes_is_told_its_version() {
        let with = |name| {
            super::super::SOURCES
                .iter()
                .find(|source| source.name == name)
                .unwrap()
        };
        assert_eq!(link_flags(with("kwok"), "v0.8.0"), "-ldflags=-s -w");
        let flags = link_flags(with("kube-scheduler"), "v1.34.4");
        assert!(
            flags.ends_with("gitMajor=1 -X k8s.io/component-base/version.gitMinor=34"),
            "{flags}"
        );
    }
}
