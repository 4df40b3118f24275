//! `cargo xtask test`: everything that must pass, on a machine that has nothing but Rust, cheapest step first.

mod needs;
mod steps;
mod summary;
mod tool;

use clap::{Args, ValueEnum};

use crate::cluster::Cluster;
use crate::host::{paths, say};
use crate::{Context as _, Failure, Result, db, demo, tidy};
use summary::Summary;

/// Which cluster and database the tests use.
const NAME: &str = "default";

/// What `cargo xtask test` takes.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// Run this step alone
    #[arg(long)]
    only: Option<Step>,
    /// Leave cluster and database running
    #[arg(long)]
    keep: bool,
    /// Words for `cargo test`, e.g. a filter
    #[arg(last = true)]
    rest: Vec<String>,
}

/// A step, in the order they run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Step {
    /// `cargo fmt --check`
    Fmt,
    /// House rules, layering and banned crates
    Tidy,
    /// cargo-deny: banned crates, layering, licences, sources
    Deny,
    /// clippy, warnings denied
    Clippy,
    /// Documentation, warnings denied
    Doc,
    /// All tests, on a real cluster and a real Postgres
    Tests,
    /// The README's tour: the released server on a real cluster, with kubectl
    Demo,
}

/// Runs all steps and says at the end, as the last line, how many tests passed and failed. Every step runs, whatever
/// became of another. Says whether all is well.
///
/// # Errors
/// When it was interrupted.
pub async fn run(options: &Options) -> Result<bool> {
    let steps = Step::value_variants()
        .iter()
        .filter(|step| options.only.is_none_or(|one| one == **step));
    let mut summary = Summary::default();
    let mut failed = Vec::new();
    for step in steps {
        let name = step.name();
        say::progress(format!("── step {name}"));
        let ran = tokio::select! {
            ran = step.run(options, &mut summary) => ran,
            _ = tokio::signal::ctrl_c() => {
                tear_down(&Was::default());
                return Err(Failure::new("interrupted"));
            }
        };
        if let Err(why) = ran {
            say::progress(format!("── step {name} FAILED: {why}"));
            failed.push(name);
        }
    }
    if !failed.is_empty() {
        say::progress(format!("failed steps: {}", failed.join(", ")));
    }
    say::result(summary.to_string());
    Ok(failed.is_empty())
}

impl Step {
    fn name(self) -> String {
        self.to_possible_value()
            .map(|value| value.get_name().to_owned())
            .unwrap_or_default()
    }

    async fn run(self, options: &Options, summary: &mut Summary) -> Result<()> {
        match self {
            Self::Fmt => steps::fmt().await,
            Self::Tidy => tidy::run(),
            Self::Deny => steps::deny().await,
            Self::Clippy => steps::clippy().await,
            Self::Doc => steps::doc().await,
            Self::Tests => tests(options, summary).await,
            Self::Demo => demo::run(&demo::Options::once())
                .await
                .inspect_err(|_| summary.at_least_one_failed()),
        }
    }
}

/// What ran before us stays when we are done.
#[derive(Debug, Default)]
struct Was {
    cluster: bool,
    db: bool,
}

async fn tests(options: &Options, summary: &mut Summary) -> Result<()> {
    let was = Was {
        cluster: Cluster::find(NAME).is_ok_and(|found| found.check().is_ok()),
        db: db::status(NAME).is_ok(),
    };
    let ready = needs::bring_up(NAME).await;
    let ran = match ready {
        Ok(()) => steps::tests(&environment(NAME)?, &options.rest, summary).await,
        Err(why) => Err(why),
    };
    if !options.keep {
        tear_down(&was);
    }
    if ran.is_err() {
        summary.at_least_one_failed();
    }
    ran
}

fn tear_down(was: &Was) {
    if !was.cluster
        && let Err(why) = Cluster::down(NAME)
    {
        say::progress(format!("cluster {NAME}: {why}"));
    }
    if !was.db
        && let Err(why) = db::down(NAME)
    {
        say::progress(format!("database {NAME}: {why}"));
    }
}

/// The variables that tests read: folder of the cluster, this program (to stop and start parts), URL of a database
/// role that may create databases. Only what runs is named.
///
/// # Errors
/// When our own path is unknown.
pub fn environment(name: &str) -> Result<Vec<(String, String)>> {
    let own = std::env::current_exe().context("find this program")?;
    let mut all = vec![("KUBENOVA_TEST_XTASK".to_owned(), own.display().to_string())];
    if Cluster::find(name).is_ok() {
        let folder = paths::cluster_state(name).display().to_string();
        all.push(("KUBENOVA_TEST_CLUSTER".to_owned(), folder));
    }
    if let Ok(db) = db::status(name) {
        all.push(("KUBENOVA_TEST_DATABASE_URL".to_owned(), db.url()));
    }
    Ok(all)
}
