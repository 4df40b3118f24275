//! `cargo xtask`: KubeNova's developer commands.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use xtask::cluster::{self, Cluster};
use xtask::host::say;
use xtask::{Result, bench, db, demo, test, tidy};

#[derive(Debug, Parser)]
#[command(name = "cargo xtask", about = "KubeNova's developer commands")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// A real Kubernetes control plane with Capsule, as processes on this machine
    #[command(subcommand)]
    Cluster(ClusterCommand),
    /// A private Postgres
    #[command(subcommand)]
    Db(DbCommand),
    /// The README's tour: server, cluster, tenants, kubeconfigs, each promise with its proof
    Demo(demo::Options),
    /// How fast: server and store under load, SQL alone, convergence beside a plain client
    Bench(bench::Options),
    /// Check the house rules that a program can check
    Tidy,
    /// Everything that must pass, cheapest first
    Test(test::Options),
}

#[derive(Debug, clap::Args)]
struct Named {
    /// Which one; several run side by side
    #[arg(long, default_value = "default")]
    name: String,
}

#[derive(Debug, Subcommand)]
enum ClusterCommand {
    /// Start it, or say that it runs
    Up(Named),
    /// Stop it and remove what it had
    Down(Named),
    /// Say what runs; fails when a part has crashed
    Status(Named),
    /// Print the variables that tests read
    Env(Named),
    /// Stop one part, e.g. capsule or kube-apiserver
    StopPart { name: String, part: String },
    /// Start a stopped part again
    StartPart { name: String, part: String },
    /// Build or find the programs, and start nothing
    Build,
}

#[derive(Debug, Subcommand)]
enum DbCommand {
    /// Start it, or say that it runs; prints its URL
    Up {
        #[command(flatten)]
        named: Named,
        /// Do not wait for the disk: for tests, where nothing outlives the machine
        #[arg(long)]
        no_fsync: bool,
    },
    /// Stop it and remove its data
    Down(Named),
    /// Print its URL; fails when it does not run
    Status(Named),
}

#[tokio::main]
async fn main() -> ExitCode {
    let ran = match Arguments::parse().command {
        Command::Cluster(command) => run_cluster(command).await,
        Command::Db(command) => run_db(command),
        Command::Demo(options) => demo::run(&options).await,
        Command::Bench(options) => bench::run(&options).await,
        Command::Tidy => tidy::run(),
        Command::Test(options) => match test::run(&options).await {
            Ok(false) => return ExitCode::FAILURE, // it has said what failed
            ran => ran.map(drop),
        },
    };
    match ran {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            say::progress(format!("error: {failure}"));
            ExitCode::FAILURE
        }
    }
}

async fn run_cluster(command: ClusterCommand) -> Result<()> {
    match command {
        ClusterCommand::Up(named) => cluster::report::show(&Cluster::up(&named.name).await?),
        ClusterCommand::Down(named) => match Cluster::down(&named.name)? {
            true => say::result(format!("cluster {} is down", named.name)),
            false => say::result(format!("cluster {} was not up", named.name)),
        },
        ClusterCommand::Status(named) => {
            let cluster = Cluster::find(&named.name)?;
            cluster::report::show(&cluster);
            cluster.check()?;
        }
        ClusterCommand::Env(named) => {
            for (key, value) in test::environment(&named.name)? {
                say::result(format!("export {key}={value}"));
            }
        }
        ClusterCommand::StopPart { name, part } => Cluster::find(&name)?.stop(&part)?,
        ClusterCommand::StartPart { name, part } => Cluster::find(&name)?.start(&part).await?,
        ClusterCommand::Build => drop(cluster::assets::Assets::ready()?),
    }
    Ok(())
}

fn run_db(command: DbCommand) -> Result<()> {
    match command {
        DbCommand::Up { named, no_fsync } => say::result(db::up(&named.name, !no_fsync)?.url()),
        DbCommand::Down(named) => match db::down(&named.name)? {
            true => say::result(format!("database {} is down", named.name)),
            false => say::result(format!("database {} was not up", named.name)),
        },
        DbCommand::Status(named) => say::result(db::status(&named.name)?.url()),
    }
    Ok(())
}
