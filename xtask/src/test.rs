//! Everything that must pass.
use crate::Result;
/// x
#[derive(Debug, clap::Args)]
pub struct Options {}
/// x
pub async fn run(_: &Options) -> Result<()> {
    Ok(())
}
/// x
pub fn environment(_: &str) -> Result<Vec<(String, String)>> {
    Ok(vec![])
}
