//! `serve`: runs until SIGTERM or Ctrl-C, then finishes what was begun; a second signal ends at once.

use rustix::{
    io::Errno,
    process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit},
};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::{Role, Server, StartError};
use crate::{
    config::Config,
    telemetry::{self, Exporter},
};

/// Exit code of a process that was told twice.
const TOLD_TWICE: i32 = 130;

/// Starts the server and waits for its end.
pub(super) async fn serve(config: Config, role: Role) -> Result<(), StartError> {
    telemetry::install(&config.log).map_err(|e| StartError::because("log.filter", &e))?;
    if let Err(error) = keep_memory() {
        warn!(%error, "Cannot forbid core files: one would hold credentials in clear");
    }
    let exporter = Exporter::install().map_err(|e| StartError::because("metrics", &e))?;
    let stop = CancellationToken::new();
    // Listening begins before anything is started: a signal is never lost.
    let told = told().map_err(|e| StartError::new("signals", e))?;
    tokio::spawn(obey(told, stop.clone()));
    Server::start(config, role, exporter, stop)
        .await?
        .ended()
        .await?;
    info!("Stopped");
    Ok(())
}

/// Whatever ends the process, its memory is not written anywhere: credentials of clusters are in it. The limit alone does
/// not hold where the system pipes core files into a program.
fn keep_memory() -> Result<(), Errno> {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    setrlimit(Resource::Core, none)?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable)
}

fn told() -> std::io::Result<[Signal; 2]> {
    Ok([
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    ])
}

async fn obey([mut terminate, mut interrupt]: [Signal; 2], stop: CancellationToken) {
    let mut told = async || {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    told().await;
    info!("Told to stop: finishing what was begun");
    stop.cancel();
    told().await;
    warn!("Told to stop twice: ending at once");
    std::process::exit(TOLD_TWICE);
}
