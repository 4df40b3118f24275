//! `cargo xtask demo`: the released server, a real cluster, and the tour of the README with a proof for every promise.

pub(crate) mod api;
mod ground;
mod inventory;
mod kubectl;
mod print;
pub(crate) mod server;
mod tour;

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use tokio::signal::unix::{SignalKind, signal};

use crate::host::{files, say};
use crate::{Context as _, Failure, Result};
use ground::Ground;
use server::Server;
use tour::Tour;

/// What `cargo xtask demo` takes.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// End after the tour instead of staying up
    #[arg(long)]
    once: bool,
    /// Use this cluster instead of starting one; its identity needs deploy/clusters/kubenova-rbac.yaml
    #[arg(long, value_name = "FILE", conflicts_with = "simulated")]
    kubeconfig: Option<PathBuf>,
    /// Where the server keeps its records
    #[arg(long, value_enum, default_value_t = Store::Memory)]
    store: Store,
    /// The same tour on clusters in memory, without kubectl
    #[arg(long)]
    simulated: bool,
}

impl Options {
    /// The tour alone, on the test cluster, records in memory.
    pub fn once() -> Self {
        Self {
            once: true,
            kubeconfig: None,
            store: Store::Memory,
            simulated: false,
        }
    }
}

/// Where the server keeps its records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Store {
    /// In its memory
    Memory,
    /// In a Postgres started for it
    Postgres,
}

/// Builds, brings up, shows, and takes down again whatever happened.
///
/// # Errors
/// The first thing that was not as it must be, with the step it happened in.
pub async fn run(options: &Options) -> Result<()> {
    let simulated = ground::simulated(options);
    let program = server::build(simulated)?;
    let folder = server::private_folder()?;
    let mut ground = Ground::plan(options, simulated);
    let shown = stage(options, &mut ground, &program, &folder).await;
    let lowered = ground.lower().context("step take down the cluster");
    let cleared = server::clear(options.store).context("step take down the database");
    files::remove_folder(&folder)?;
    let done = shown.and(lowered).and(cleared);
    if done.is_ok() {
        say::result("\nThe demo is through: every answer and every proof was as it must be.");
    }
    done
}

/// Cluster first, server second, then the tour; the server is stopped whatever the tour said.
async fn stage(
    options: &Options,
    ground: &mut Ground,
    program: &Path,
    folder: &Path,
) -> Result<()> {
    let raised = interruptible(ground.raise(folder)).await;
    raised.context("step bring up the cluster")?;
    let start = Server::start(program, folder, options.store, ground.real().is_none());
    let mut server = interruptible(start)
        .await
        .context("step start the server")?;
    let shown = show(options, ground, &server, folder).await;
    let shown = shown.map_err(|why| explain(&why, &server));
    let stopped = server.stop().await.context("step stop the server");
    shown.and(stopped)
}

/// The way there, the stay, the way back; an interrupted tour still cleans up.
async fn show(options: &Options, ground: &Ground, server: &Server, folder: &Path) -> Result<()> {
    let mut tour = Tour::prepare(ground, server, folder).await?;
    let mut shown = interruptible(tour.there()).await;
    if shown.is_ok() {
        if !options.once {
            stay(server, &tour);
            interrupted().await?;
        }
        shown = interruptible(tour.back()).await;
    }
    if shown.is_err() {
        tour.rescue().await;
    }
    shown
}

/// Says what can be tried now.
fn stay(server: &Server, tour: &Tour<'_>) {
    let (url, token) = (server.url(), server.token_file().display());
    say::result("\n━━ everything stays up; Ctrl-C deletes it all in reverse and ends");
    say::result(format!(
        "   API          {url}/api/v1  (document: {url}/openapi.json)"
    ));
    say::result(format!("   admin token  {token}"));
    say::result(format!("   server log   {}", server.log().display()));
    for file in tour.kubeconfigs() {
        say::result(format!("   kubeconfig   {}", file.display()));
    }
    say::result(format!(
        "   try          curl -H \"Authorization: Bearer $(cat {token})\" {url}/api/v1/clusters"
    ));
}

/// Adds the end of the server's log.
fn explain(why: &Failure, server: &Server) -> Failure {
    let last = files::tail(server.log(), 15);
    Failure::new(format!("{why}\nthe end of the server's log:\n{last}"))
}

/// Ends at the first Ctrl-C or SIGTERM from now on.
async fn interrupted() -> Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("listen for signals")?;
    tokio::select! {
        told = tokio::signal::ctrl_c() => told.context("listen for signals"),
        _ = terminate.recv() => Ok(()),
    }
}

async fn interruptible<T>(what: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::select! {
        done = what => done,
        told = interrupted() => told.and(Err(Failure::new("interrupted"))),
    }
}
