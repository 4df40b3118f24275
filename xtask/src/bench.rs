//! `cargo xtask bench`: the released server under load, its SQL alone, and convergence beside a plain client.
//!
//! The servers under load have the role `api`: their 10 000 tenants are intent only, and nothing touches the cluster.

mod converge;
mod drift;
mod figure;
mod fill;
mod load;
mod sql;

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;

use crate::cluster::Cluster;
use crate::demo::server::{self, Server, Setting};
use crate::host::{files, say};
use crate::{Context as _, Failure, Result, db};
use figure::{Figure, Report, median};
use load::Load;
use sql::Sql;

/// Name of the cluster that is registered, and of the database.
const CLUSTER: &str = "default";
const DATABASE: &str = "bench";
/// Starts whose median counts.
const STARTS: usize = 5;

/// What `cargo xtask bench` takes.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// Shorter loads and fewer projects
    #[arg(long)]
    quick: bool,
    /// Writes the figures there, too
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Measure this part alone
    #[arg(long, value_enum)]
    only: Option<Part>,
}

/// A part of the measurements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// The server on its memory store
    Memory,
    /// The server on Postgres, which waits for the disk, and the SQL alone
    Postgres,
    /// Projects on the cluster
    Converge,
    /// Foreign changes on the cluster
    Drift,
}

/// What every part needs.
struct Bench<'a> {
    options: &'a Options,
    program: PathBuf,
    folder: PathBuf,
    cluster: Cluster,
}

/// Builds, brings up, measures, shows, and takes down again whatever happened.
///
/// # Errors
/// The first thing that went wrong; figures that missed what was wanted are no error.
pub async fn run(options: &Options) -> Result<()> {
    let program = server::build(false)?;
    let folder = server::private_folder()?;
    let was_up = Cluster::find(CLUSTER).is_ok_and(|found| found.check().is_ok());
    let mut report = Report::begin(options.quick);
    let measured = tokio::select! {
        measured = measure(options, program, &folder, &mut report) => measured,
        _ = tokio::signal::ctrl_c() => Err(Failure::new("interrupted")),
    };
    let cleared = db::down(DATABASE).map(drop);
    let lowered = if was_up {
        Ok(())
    } else {
        Cluster::down(CLUSTER).map(drop)
    };
    files::remove_folder(&folder)?;
    say::result(report.table());
    if let Some(file) = &options.json {
        report.write(file)?;
    }
    measured.and(cleared).and(lowered)
}

async fn measure(
    options: &Options,
    program: PathBuf,
    folder: &Path,
    report: &mut Report,
) -> Result<()> {
    let bench = Bench {
        options,
        program,
        folder: folder.to_path_buf(),
        cluster: Cluster::up(CLUSTER).await?,
    };
    if bench.has(Part::Memory) {
        bench.store("memory", report).await.context("memory")?;
    }
    if bench.has(Part::Postgres) {
        bench.store("postgres", report).await.context("Postgres")?;
    }
    // Before the cluster is full of projects: it shall be quiet.
    if bench.has(Part::Drift) {
        let at = bench.room("drift")?;
        let ran = drift::measure(&bench.program, &at, &bench.cluster, options.quick, report);
        ran.await.context("drift")?;
    }
    if bench.has(Part::Converge) {
        let at = bench.room("converge")?;
        let ran = converge::measure(&bench.program, &at, &bench.cluster, options.quick, report);
        ran.await.context("convergence")?;
    }
    Ok(())
}

impl Bench<'_> {
    fn has(&self, part: Part) -> bool {
        self.options.only.is_none_or(|only| only == part)
    }

    fn seconds(&self) -> u32 {
        if self.options.quick { 4 } else { 10 }
    }

    fn room(&self, name: &str) -> Result<PathBuf> {
        let room = self.folder.join(name);
        files::folder(&room)?;
        Ok(room)
    }

    /// Everything on one store.
    async fn store(&self, on: &'static str, report: &mut Report) -> Result<()> {
        let room = self.room(on)?;
        let settings = match on {
            "postgres" => server::postgres(&self.program, &room, DATABASE)?,
            _ => Vec::new(),
        };
        self.idle(on, &room, &settings, report).await?;
        let mut server = Server::launch(&self.program, &room, "api", &settings).await?;
        let loaded = self.loads(on, &server, &room, report).await;
        let loaded = loaded.map_err(|why| {
            let last = files::tail(server.log(), 15);
            Failure::new(format!("{why}\nthe end of the server's log:\n{last}"))
        });
        loaded.and(server.stop().await)
    }

    /// Start to ready, and memory after five seconds without a request.
    async fn idle(
        &self,
        on: &'static str,
        room: &Path,
        settings: &[Setting],
        report: &mut Report,
    ) -> Result<()> {
        let mut times = Vec::new();
        // the first one is not counted: it makes the schema
        for n in 0..=STARTS {
            let mut server = Server::launch(&self.program, room, "all", settings).await?;
            if n > 0 {
                times.push(server.ready_after().as_secs_f64() * 1000.0);
            }
            if n == STARTS {
                tokio::time::sleep(Duration::from_secs(5)).await;
                let used = Figure::new("memory when idle (RSS)", on, resident(&server)?, "MiB");
                report.add(
                    Figure::new("start to ready", on, median(times.clone()), "ms").wanted("≤ 300"),
                );
                report.add(used.wanted("≤ 30"));
            }
            server.stop().await?;
        }
        Ok(())
    }

    async fn loads(
        &self,
        on: &'static str,
        server: &Server,
        room: &Path,
        report: &mut Report,
    ) -> Result<()> {
        let postgres = on == "postgres";
        let database = postgres.then(|| db::status(DATABASE)).transpose()?;
        let sql = database.as_ref().map(|db| Sql {
            db,
            folder: room,
            seconds: self.seconds(),
        });
        if let Some(sql) = &sql {
            sql.season()?;
        }
        let admin = fill::admin(server)?;
        let cluster = fill::register(&admin, &self.cluster).await?;
        let (uids, labels) = (fill::tenants(&admin, &cluster).await?, fill::labels());
        let load = Load::on(server, room, &cluster, self.seconds())?;
        let wanted = |one: &'static str, other: &'static str| if postgres { other } else { one };
        let get = load.get(&uids, on).await?;
        report.add(get.wanted(wanted("≥ 35000", "≥ 15000")));
        if let Some(sql) = &sql {
            report.add(sql.get(&uids)?);
        }
        report.add(load.list(&labels, on).await?.wanted("≥ 1700"));
        if let Some(sql) = &sql {
            report.add(sql.list(&labels, &cluster)?);
        }
        report.add(load.create("new", on).await?.wanted("≥ 4000"));
        if let Some(sql) = &sql {
            // once more, and not counted: looking on costs something
            let looking = async { sql.watch() };
            let (loaded, seen) = tokio::join!(load.create("seen", on), looking);
            loaded.and(seen)?;
            report.add(sql.create(&cluster)?);
        }
        Ok(())
    }
}

/// Resident memory of a server in MiB.
fn resident(server: &Server) -> Result<f64> {
    let pid = server.pid().context("the server has ended")?;
    let text = files::read(Path::new(&format!("/proc/{pid}/status")))?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    Ok(kib.context("the server's memory is unknown")? / 1024.0)
}
