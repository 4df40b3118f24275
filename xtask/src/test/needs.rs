//! What the tests need around them: a cluster and a database. Without one of them the run fails, it never skips.

use crate::cluster::Cluster;
use crate::host::{say, settings};
use crate::{Context as _, Result, db};

/// Brings up both; what is missing on the machine is installed where we may.
///
/// # Errors
/// When one of them cannot be had.
pub(super) async fn bring_up(name: &str) -> Result<()> {
    if settings::which("kubectl").is_none() {
        say::progress("kubectl is not installed: tests ask through their own client only");
    }
    db::up(name, false).context("the tests need a Postgres")?;
    Cluster::up(name)
        .await
        .context("the tests need a cluster")?;
    Ok(())
}
