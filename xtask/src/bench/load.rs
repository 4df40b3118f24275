//! Load by wrk on one server.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use tokio::process::Command;

use super::figure::{Figure, load};
use crate::demo::server::Server;
use crate::host::{files, packages, paths};
use crate::{Context as _, Failure, Result};

/// wrk, and what it needs to know about a server.
#[derive(Debug)]
pub(super) struct Load<'a> {
    wrk: PathBuf,
    server: &'a Server,
    folder: &'a Path,
    /// Path of the list of tenants.
    tenants: String,
    seconds: u32,
}

#[derive(Deserialize)]
struct Told {
    requests: u64,
    micros: u64,
    p50: u64,
    p99: u64,
    bad: u64,
}

impl<'a> Load<'a> {
    /// Load for so many seconds each; files go into `folder`.
    ///
    /// # Errors
    /// When wrk is missing and cannot be installed.
    pub(super) fn on(
        server: &'a Server,
        folder: &'a Path,
        cluster: &str,
        seconds: u32,
    ) -> Result<Self> {
        Ok(Self {
            wrk: packages::program("wrk", "wrk")?,
            server,
            folder,
            tenants: format!("/api/v1/clusters/{cluster}/tenants"),
            seconds,
        })
    }

    /// One tenant by its uid, each in turn.
    ///
    /// # Errors
    /// When an answer was no success.
    pub(super) async fn get(&self, uids: &[String], on: &'static str) -> Result<Figure> {
        let values: Vec<String> = uids.iter().map(|uid| format!("/{uid}")).collect();
        let values = self.values("uids", &values)?;
        let what = ("get a tenant by uid", on);
        self.run(what, "get", 64, &values.display().to_string())
            .await
    }

    /// 50 tenants by each label in turn.
    ///
    /// # Errors
    /// When an answer was no success.
    pub(super) async fn list(&self, labels: &[String], on: &'static str) -> Result<Figure> {
        let query = |label: &String| {
            let label = label.replace('=', "%3D");
            format!("?labelSelector={label}&limit=50")
        };
        let values: Vec<String> = labels.iter().map(query).collect();
        let values = self.values("labels", &values)?;
        let what = ("list 50 of 10 000 tenants by label", on);
        self.run(what, "list", 16, &values.display().to_string())
            .await
    }

    /// New tenants, audited, with their work.
    ///
    /// # Errors
    /// When an answer was no success.
    pub(super) async fn create(&self, prefix: &str, on: &'static str) -> Result<Figure> {
        self.run(("create a tenant", on), "create", 64, prefix)
            .await
    }

    fn values(&self, name: &str, values: &[String]) -> Result<PathBuf> {
        let file = self.folder.join(name);
        files::write_private(&file, values.join("\n"))?;
        Ok(file)
    }

    async fn run(
        &self,
        (what, on): (&str, &'static str),
        kind: &str,
        connections: u32,
        values: &str,
    ) -> Result<Figure> {
        let before = load();
        let mut wrk = Command::new(&self.wrk);
        wrk.arg("--threads=2")
            .arg(format!("--connections={connections}"))
            .arg(format!("--duration={}s", self.seconds))
            .args(["--timeout=10s", "--latency", "--script"])
            .arg(paths::workspace().join("xtask/src/bench/load.lua"))
            .args([self.server.url(), "--", kind, &self.tenants])
            .arg(self.server.token_file())
            .arg(values);
        let done = wrk.kill_on_drop(true).output().await.context("start wrk")?;
        let text = String::from_utf8_lossy(&done.stdout);
        let last = text.lines().rev().find(|line| line.starts_with('{'));
        let last = last.context(format!(
            "wrk: {text}{}",
            String::from_utf8_lossy(&done.stderr)
        ))?;
        let told: Told = serde_json::from_str(last).context("read what wrk measured")?;
        if told.bad > 0 {
            let (bad, all) = (told.bad, told.requests);
            return Err(Failure::new(format!(
                "{kind}: {bad} of {all} answers were no success"
            )));
        }
        let (p50, p99) = (
            Duration::from_micros(told.p50),
            Duration::from_micros(told.p99),
        );
        let seconds = Duration::from_micros(told.micros).as_secs_f64();
        let rate = told.requests as f64 / seconds;
        Ok(Figure::new(what, on, rate, "/s")
            .latency(p50, p99)
            .under(before))
    }
}
