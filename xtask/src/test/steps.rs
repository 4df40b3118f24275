//! The commands behind the steps. One feature set everywhere, so that nothing is compiled twice for its features.

use std::process::Stdio;

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

use super::summary::Summary;
use crate::host::{paths, say, settings};
use crate::{Context as _, Failure, Result};

const ALL: [&str; 2] = ["--workspace", "--all-features"];

pub(super) async fn fmt() -> Result<()> {
    component("fmt", "rustfmt").await?;
    show(cargo().args(["fmt", "--all", "--check"])).await
}

pub(super) async fn clippy() -> Result<()> {
    component("clippy", "clippy").await?;
    let mut clippy = cargo();
    show(
        clippy
            .arg("clippy")
            .args(ALL)
            .args(["--all-targets", "--", "-D", "warnings"]),
    )
    .await
}

pub(super) async fn doc() -> Result<()> {
    let mut doc = cargo();
    doc.env("RUSTDOCFLAGS", "-D warnings")
        .arg("doc")
        .args(ALL)
        .arg("--no-deps");
    show(&mut doc).await
}

/// Banned crates, layering, licences, sources. Advisories are not asked: their database is not on loopback.
pub(super) async fn deny() -> Result<()> {
    let mut deny = Command::new(super::tool::cargo_deny().await?);
    deny.current_dir(paths::workspace())
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .args(["--all-features", "--log-level", "error", "check"])
        .args(["bans", "licenses", "sources"]);
    show(&mut deny).await
}

/// Runs all tests, passing their output on and counting their results.
pub(super) async fn tests(
    environment: &[(String, String)],
    rest: &[String],
    summary: &mut Summary,
) -> Result<()> {
    let mut test = cargo();
    test.arg("test").args(ALL).arg("--no-fail-fast").args(rest);
    test.envs(environment.iter().map(|(key, value)| (key, value)));
    let mut child = test
        .stdout(Stdio::piped())
        .spawn()
        .context("start cargo test")?;
    let output = child.stdout.take().context("read from cargo test")?;
    let mut lines = BufReader::new(output).lines();
    while let Some(line) = lines.next_line().await.context("read from cargo test")? {
        summary.read(&line);
        say::result(line);
    }
    ended(
        "cargo test",
        child.wait().await.context("wait for cargo test")?,
    )
}

/// Makes sure that a part of the Rust toolchain is there.
async fn component(command: &str, component: &str) -> Result<()> {
    let asked = cargo()
        .args([command, "--version"])
        .stdout(Stdio::null())
        .status()
        .await;
    if asked.is_ok_and(|status| status.success()) {
        return Ok(());
    }
    say::progress(format!("installing the Rust component {component}"));
    let mut rustup = Command::new("rustup");
    show(rustup.args(["component", "add", component])).await
}

pub(super) fn cargo() -> Command {
    let mut cargo = Command::new(settings::var("CARGO").unwrap_or_else(|| "cargo".to_owned()));
    cargo
        .current_dir(paths::workspace())
        .stdin(Stdio::null())
        .kill_on_drop(true);
    cargo
}

pub(super) async fn show(command: &mut Command) -> Result<()> {
    let name = format!("{:?}", command.as_std().get_program());
    let status = command.status().await.context(format!("start {name}"))?;
    ended("the command", status)
}

fn ended(what: &str, status: std::process::ExitStatus) -> Result<()> {
    if status.success() {
        Ok(())
    } else {
        Err(Failure::new(format!("{what} ended with {status}")))
    }
}
