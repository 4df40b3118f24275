//! `serve`: runs until SIGTERM or Ctrl-C, then finishes what was begun; a second signal ends at once.

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
